import { type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import { type Auction, auctionAt, RANDOM_END_MS } from "@/server/domain/calendar/auction-times";
import { type Calendar, type HoursKey, istDay, type Session } from "@/server/domain/time/session";
import { type AuctionConvention, isClosingRow } from "@/server/domain/instruments/source-conventions";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import type { FileBar } from "./bar-file";
import type { LabelKind } from "./bar-labels";

/** An auction that a file of intraday bars has rows of. */
export interface FileAuction {
  session: Session;
  auction: Auction;
  /** Minor units: the price at which orders were matched. */
  price: number;
  volume: number;
  rows: number;
}

export interface FileAuctionRules {
  labels: LabelKind;
  /** The file's own timeframe. */
  of: AnyTimeframe;
  calendar: Calendar;
  hours: HoursKey;
  isIndex: boolean;
  /** How the file's source prints auctions on an IST day. */
  convention(day: number): AuctionConvention;
}

/** The closing auction whose row a source labels so, although orders are not collected yet at that instant (Kite's index candle of 15:15). */
const labelledClosing = (
  session: Session,
  start: number,
  { of, convention }: FileAuctionRules,
): { auction: Auction; tells: boolean } | null => {
  const closing = session.phases.find(({ phase }) => phase === "closing_auction");
  if (closing === undefined || start < session.close || !isClosingRow(convention(session.day), start)) return null;
  return { auction: auctionAt(session, closing.from)!, tells: start + of.lengthMs > closing.to - RANDOM_END_MS };
};

/**
 * The auctions of a file's bars, oldest first, by the rule of ticks (`pipeline/auction.ts`): prices before the match are no
 * trades, nothing matched is no auction, of an index the last value is taken. `rows`: how many rows they are made of.
 */
export const auctionsOf = (
  bars: readonly FileBar[],
  rules: FileAuctionRules,
): { auctions: FileAuction[]; rows: number } => {
  const { labels, calendar, hours, isIndex } = rules;
  const found = new Map<number, FileAuction>();
  let rows = 0;
  // If several rows have one label, the last in the file applies, as everywhere.
  const byLabel = [...new Map(bars.map((bar) => [bar.label, bar]))].sort(([a], [b]) => a - b);
  for (const [label, bar] of byLabel) {
    const session = calendar.on(hours, istDay(label));
    const inside = labels === "start" ? label : label - 1;
    if (session === null) continue;
    const within = auctionAt(session, inside);
    const labelled =
      within === null ? labelledClosing(session, labels === "start" ? label : label - rules.of.lengthMs, rules) : null;
    const auction = within ?? labelled?.auction;
    if (auction === undefined) continue;
    rows++;
    if (labelled?.tells === false) continue;
    if (!isIndex && bar.volume === 0) continue;
    const before = found.get(auction.from);
    found.set(auction.from, {
      session,
      auction,
      price: bar.close,
      volume: (before?.volume ?? 0) + bar.volume,
      rows: (before?.rows ?? 0) + 1,
    });
  }
  return { auctions: [...found.values()], rows };
};

/** The same as bars of auctions. */
export const auctionColumns = (auctions: readonly FileAuction[]): BarColumns =>
  columnsOf(
    auctions.map(({ auction, price, volume }) => ({
      time: auction.from,
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      value: 0,
      ticks: 0,
      openInterest: -1,
      rev: 1,
      state: "closed",
      incomplete: false,
    })),
  );

/** Rows of a file that are of closing auctions as their source labels them, by their start, oldest first. */
export const closingRows = (
  bars: readonly FileBar[],
  labels: LabelKind,
  of: AnyTimeframe,
  calendar: Calendar,
  hours: HoursKey,
  convention: (day: number) => AuctionConvention,
): BarColumns => {
  const rows = new Map<number, FileBar>();
  for (const bar of bars) {
    const start = labels === "start" ? bar.label : bar.label - of.lengthMs;
    const session = calendar.on(hours, istDay(bar.label));
    if (session !== null && start >= session.close && isClosingRow(convention(session.day), start))
      rows.set(start, bar);
  }
  return columnsOf(
    [...rows]
      .sort(([a], [b]) => a - b)
      .map(([time, { open, high, low, close, volume }]) => ({
        time,
        open,
        high,
        low,
        close,
        volume,
        value: 0,
        ticks: 0,
        openInterest: -1,
        rev: 1,
        state: "closed",
        incomplete: false,
      })),
  );
};

/**
 * Adds auctions to their days' bars: the pre-open's price is the open, the closing auction's the close, all volumes count.
 * A reopening after a halt widens the day only.
 */
export const addAuctions = (days: BarColumns, auctions: readonly FileAuction[]): void => {
  const rows = new Map<number, number>();
  for (let row = 0; row < days.length; row++) rows.set(days.time[row]!, row);
  for (const { session, auction, price, volume } of auctions) {
    const row = rows.get(session.open);
    if (row === undefined) continue;
    if (auction.from < session.open) days.open[row] = price;
    else if (auction.from >= session.close) days.close[row] = price;
    days.high[row] = Math.max(days.high[row]!, price);
    days.low[row] = Math.min(days.low[row]!, price);
    days.volume[row]! += volume;
  }
};
