/**
 * Joins auctions and intraday bars. They are stored apart: bars of continuous trading, and auctions as bars of their
 * own. This is the only file that joins them, for reads, live frames and files.
 */
import type { AuctionConvention } from "@/server/domain/instruments/source-conventions";
import { type BarColumns, barColumns } from "./bar";
import { copyOf, copyRow } from "./bar-rows";
import { auctionAt } from "@/server/domain/calendar/auction-times";
import { type Calendar, type HoursKey, istDay, type Session } from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

/** `broker`: as the login's broker prints them; `merged`: every auction in the bar beside it; `apart`: in no bar. */
export const auctionModes = ["broker", "merged", "apart"] as const;
export type AuctionMode = (typeof auctionModes)[number];

export interface PrintRules {
  calendar: Calendar;
  hours: HoursKey;
  mode: AuctionMode;
  /** The broker's convention on an IST day. */
  convention(day: number): AuctionConvention;
}

/** One auction with its place in its session. */
export interface PlacedAuction {
  session: Session;
  place: "pre_open" | "reopening" | "closing" | "post_close";
  /** Row of the columns it came from. */
  row: number;
  /** End of its last phase. */
  to: number;
}

/** A day's auctions that belong to a session, in order; those outside its phases are excluded. */
export const placeAuctions = (auctions: BarColumns, calendar: Calendar, hours: HoursKey): PlacedAuction[] => {
  const placed: PlacedAuction[] = [];
  for (let row = 0; row < auctions.length; row++) {
    const time = auctions.time[row]!;
    const session = calendar.on(hours, istDay(time));
    const auction = session === null ? null : auctionAt(session, time);
    if (session === null || auction === null) continue;
    const place = auction.opening
      ? time < session.open
        ? "pre_open"
        : "reopening"
      : session.phases.find(({ from, to }) => from <= time && time < to)!.phase === "post_close"
        ? "post_close"
        : "closing";
    placed.push({ session, place, row, to: auction.to });
  }
  return placed;
};

/** Whether a first bar opens at the pre-open's price, and whether it includes its volume. */
export const openingOf = (
  mode: AuctionMode,
  { firstOpen, preOpenVolume }: AuctionConvention,
): { opens: boolean; withVolume: boolean } =>
  mode === "merged"
    ? { opens: true, withVolume: true }
    : mode === "apart"
      ? { opens: false, withVolume: false }
      : { opens: firstOpen === "auction", withVolume: preOpenVolume === "included" };

/** An auction's figures: it has one price. */
export interface AuctionFigures {
  price: number;
  volume: number;
  value: number;
}
export const figuresAt = (auctions: BarColumns, row: number): AuctionFigures => ({
  price: auctions.close[row]!,
  volume: auctions.volume[row]!,
  value: auctions.value[row]!,
});

/** The bar at `row` opens at the auction's price, which its high and low contain. Saying it twice changes nothing, but for the volume. */
export const openAt = (
  bars: BarColumns,
  row: number,
  { price, volume, value }: AuctionFigures,
  withVolume: boolean,
): void => {
  bars.open[row] = price;
  if (price > bars.high[row]!) bars.high[row] = price;
  if (price < bars.low[row]!) bars.low[row] = price;
  if (withVolume) addVolume(bars, row, volume, value);
};

const closeAt = (bars: BarColumns, row: number, { price, volume, value }: AuctionFigures): void => {
  bars.close[row] = price;
  if (price > bars.high[row]!) bars.high[row] = price;
  if (price < bars.low[row]!) bars.low[row] = price;
  addVolume(bars, row, volume, value);
};

/** A bar with an unknown traded value still has none after volume is added. */
const addVolume = (bars: BarColumns, row: number, volume: number, value: number): void => {
  if (volume > 0)
    bars.value[row] = (bars.value[row]! > 0 || bars.volume[row] === 0) && value > 0 ? bars.value[row]! + value : 0;
  bars.volume[row]! += volume;
};

/** Merges an auction into the bar at `row`: as its open (and close), or within it if trading resumed in that bar. */
export interface PrintedAuction {
  row: number;
  place: PlacedAuction["place"];
  does: "opens" | "closes" | "widens";
  withVolume: boolean;
  figures: AuctionFigures;
}

/**
 * Which intraday bars of one instrument hold auctions as they are printed, oldest first. `isFirst`: whether a row that has none
 * of its day before it among the rows is the day's first bar. `to`: bars at or after it were not asked for.
 */
export const auctionsIn = (
  bars: BarColumns,
  auctions: BarColumns,
  rules: PrintRules,
  isFirst: (row: number, session: Session) => boolean = () => true,
  to = Number.POSITIVE_INFINITY,
): PrintedAuction[] => {
  const printed: PrintedAuction[] = [];
  if (rules.mode === "apart" || auctions.length === 0 || bars.length === 0) return printed;
  for (const { session, place, row: at, to: end } of placeAuctions(auctions, rules.calendar, rules.hours)) {
    const figures = figuresAt(auctions, at);
    const first = firstRow(bars, session.open, session.close);
    if (place === "pre_open") {
      const { opens, withVolume } = openingOf(rules.mode, rules.convention(session.day));
      if (opens && first >= 0 && (bars.time[first] === session.open || isFirst(first, session)))
        printed.push({ row: first, place, does: "opens", withVolume, figures });
    } else if (rules.mode === "merged" && place === "reopening") {
      // The bar in which trading resumes may have begun before the halt; then the auction only widens it.
      const next = firstRow(bars, end, session.close);
      if (next >= 0 || first >= 0)
        printed.push({
          row: next >= 0 ? next : first,
          place,
          does: next >= 0 ? "opens" : "widens",
          withVolume: true,
          figures,
        });
    } else if (rules.mode === "merged" && to >= session.close) {
      const last = lastRow(bars, session.open, session.close);
      if (last >= 0) printed.push({ row: last, place, does: "closes", withVolume: true, figures });
    }
  }
  return printed;
};

/** Prints auctions into the bars that hold them; the rest as in `auctionsIn`. */
export const printAuctions = (
  bars: BarColumns,
  auctions: BarColumns,
  rules: PrintRules,
  isFirst?: (row: number, session: Session) => boolean,
  to?: number,
): BarColumns => {
  const printed = auctionsIn(bars, auctions, rules, isFirst, to);
  if (printed.length === 0) return bars;
  // The rows are shared with whoever read them.
  const out = copyOf(bars);
  for (const { row, does, withVolume, figures } of printed) {
    const open = out.open[row]!;
    if (does === "closes") closeAt(out, row, figures);
    else openAt(out, row, figures, withVolume);
    if (does === "widens") out.open[row] = open;
  }
  return out;
};

/**
 * Adds auctions to their days' bars (which begin at the session's open): the pre-open's price is the open, the closing
 * auction's the close, every volume counts. A reopening after a halt widens the day only.
 */
export const addToDays = (days: BarColumns, auctions: BarColumns, calendar: Calendar, hours: HoursKey): void => {
  for (const { session, place, row } of placeAuctions(auctions, calendar, hours)) {
    const at = firstRow(days, session.open, session.open + 1);
    if (at < 0) continue;
    const [open, close] = [days.open[at]!, days.close[at]!];
    closeAt(days, at, figuresAt(auctions, row));
    if (place === "pre_open") {
      days.open[at] = auctions.close[row]!;
      days.close[at] = close;
    } else if (place === "reopening") {
      days.open[at] = open;
      days.close[at] = close;
    }
  }
};

const firstRow = (bars: BarColumns, from: number, to: number): number => {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars.time[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low < bars.length && bars.time[low]! < to ? low : -1;
};
const lastRow = (bars: BarColumns, from: number, to: number): number => {
  const after = firstRow(bars, to, Number.POSITIVE_INFINITY);
  const last = (after < 0 ? bars.length : after) - 1;
  return last >= 0 && bars.time[last]! >= from ? last : -1;
};

/** Timeframes in which a broker's candles continue to the closing auction. */
export const showsClosing = ({ kind, lengthMs }: AnyTimeframe): boolean => kind === "intraday" && lengthMs >= 60_000;

/** Trading days whose closing auction overlaps [from, to); `before`: the last price before it on the day of `from`. */
export interface ClosingSpan {
  from: number;
  to: number;
  before?: number | null;
}

/**
 * Builds the rows in which a broker's candles continue to the closing auction's value (Kite's index candle of 15:15).
 * Each begins where continuous trading ends, starts at the last price and ends at the auction's. They are for display
 * only, not for indicators.
 */
export const closingRowsOf = (
  bars: BarColumns,
  auctions: BarColumns,
  { calendar, hours, mode, convention }: PrintRules,
  timeframe: AnyTimeframe,
  { from, to, before = null }: ClosingSpan,
): BarColumns => {
  const out = barColumns(auctions.length);
  if (mode !== "broker" || !showsClosing(timeframe)) return out;
  for (const { session, place, row, to: end } of placeAuctions(auctions, calendar, hours)) {
    if (
      place !== "closing" ||
      session.close >= to ||
      end <= from ||
      convention(session.day).closingAuction !== "in_last_bar"
    )
      continue;
    const last = lastRow(bars, session.open, session.close);
    const open = last >= 0 ? bars.close[last]! : session.day === istDay(from) ? before : null;
    if (open === null) continue;
    const at = out.length;
    copyRow(auctions, row, out);
    out.time[at] = session.close;
    out.open[at] = open;
    out.high[at] = Math.max(open, out.close[at]!);
    out.low[at] = Math.min(open, out.close[at]!);
  }
  return out;
};
