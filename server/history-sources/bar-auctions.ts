import type { BarColumns } from "@/server/domain/bar";
import { type Auction, auctionAt } from "@/server/domain/auction-times";
import { type Calendar, type HoursKey, istDay, type Session } from "@/server/domain/session";
import type { FileBar } from "./bar-file";
import type { LabelKind } from "./bar-labels";

/** An auction that a file of intraday bars has rows of. */
export interface FileAuction {
  session: Session;
  auction: Auction;
  /** Minor units: the price at which orders were matched. */
  price: number;
  volume: number;
}

/**
 * The auctions of a file's bars, oldest first, by the rule of ticks (`pipeline/auction.ts`): prices before the match are no
 * trades, nothing matched is no auction, of an index the last value is taken. `rows`: how many rows they are made of.
 */
export const auctionsOf = (
  bars: readonly FileBar[], labels: LabelKind, calendar: Calendar, hours: HoursKey, isIndex: boolean,
): { auctions: FileAuction[]; rows: number } => {
  const found = new Map<number, FileAuction>();
  let rows = 0;
  // Of several rows with one label the last in the file holds, as everywhere.
  const byLabel = [...new Map(bars.map((bar) => [bar.label, bar]))].sort(([a], [b]) => a - b);
  for (const [label, bar] of byLabel) {
    const session = calendar.on(hours, istDay(label));
    const auction = session === null ? null : auctionAt(session, labels === "start" ? label : label - 1);
    if (session === null || auction === null) continue;
    rows++;
    if (!isIndex && bar.volume === 0) continue;
    const before = found.get(auction.from);
    found.set(auction.from, { session, auction, price: bar.close, volume: (before?.volume ?? 0) + bar.volume });
  }
  return { auctions: [...found.values()], rows };
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
