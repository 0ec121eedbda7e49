/**
 * Bars from outside (a broker's history, a file) are checked row by row. Invalid rows are rejected with a reason; the
 * others are returned in order, one per start.
 */
import { type BarColumns, barColumns } from "./bar";
import { copyRow } from "./bar-rows";
import { MOST_PRICE, MOST_VOLUME } from "@/server/domain/basics/bounds";
import type { Stretch } from "./completeness";
import { istText } from "@/server/domain/time/ist-text";
import { istDay, istMidnight } from "@/server/domain/time/session";

export const rowFaults = [
  "unreadable", // no row of figures at all
  "outside_span", // not of the time that was asked for
  "off_grid", // it begins where no bar of its timeframe does
  "price_out_of_bounds", // zero, negative, a part of the smallest unit, or more than any price is
  "prices_contradict", // high below low, or open or close outside them
  "volume_out_of_bounds", // negative, no whole number, or more than any volume is
  "repeated", // the same start again: the last one counts
  "of_auction", // sound, but of an auction: no bar of continuous trading
] as const;
export type RowFault = (typeof rowFaults)[number];

/** What was set aside of one answer. */
export class RefusedRows {
  readonly counts = new Map<RowFault, number>();
  /** The first rejected rows in words, for the log. */
  first = "";
  /** Starts (epoch ms) without a readable bar; it is unknown whether anything traded there. Null: unknown which. */
  private readonly starts = new Set<number>();
  private lost = false;

  /** `time`: the row's start where it can be read. */
  add(fault: RowFault, time: number | null, words: () => string): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    if (this.first === "" && fault !== "of_auction") this.first = words();
    if (fault === "repeated" || fault === "outside_span" || fault === "of_auction") return;
    if (time === null || !Number.isFinite(time)) this.lost = true;
    else if (this.starts.size < MOST_STARTS) this.starts.add(time);
    else this.lost = true;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.counts.values()) sum += count;
    return sum;
  }

  /** Rows with something wrong in them; those of auctions are only not wanted here. */
  get faulty(): number {
    return this.total - (this.counts.get("of_auction") ?? 0);
  }

  /** True if they may include a bar that has no other row. */
  get hidesAny(): boolean {
    return this.lost || this.starts.size > 0;
  }

  /** True where history's silence about a bar that begins in [from, to) proves nothing. */
  hides(from: number, to: number): boolean {
    if (this.lost) return true;
    for (const start of this.starts) if (start >= from && start < to) return true;
    return false;
  }

  /** Stretches of [from, to) about which nothing readable is missing: only there does history's silence prove anything. */
  spoken(from: number, to: number, lengthMs: number): Stretch[] {
    if (this.lost) return [];
    const told: Stretch[] = [];
    let begin = from;
    for (const start of [...this.starts].filter((each) => each < to && each + lengthMs > from).sort((a, b) => a - b)) {
      if (start > begin) told.push({ from: begin, to: start });
      begin = Math.max(begin, start + lengthMs);
    }
    if (begin < to) told.push({ from: begin, to });
    return told;
  }

  /** Another readable row with this start exists. */
  found(time: number): void {
    this.starts.delete(time);
  }
}

/** Beyond a page's number of starts they are no longer distinguished. */
const MOST_STARTS = 100_000;

const isVolume = (volume: number): boolean => Number.isInteger(volume) && volume >= 0 && volume <= MOST_VOLUME;

const faultOf = (bars: BarColumns, row: number): RowFault | null => {
  const [open, high, low, close, volume] = [
    bars.open[row]!,
    bars.high[row]!,
    bars.low[row]!,
    bars.close[row]!,
    bars.volume[row]!,
  ];
  const isPrice = (price: number): boolean => Number.isInteger(price) && price > 0 && price <= MOST_PRICE;
  if (!(isPrice(open) && isPrice(high) && isPrice(low) && isPrice(close))) return "price_out_of_bounds";
  if (high < low || open > high || open < low || close > high || close < low) return "prices_contradict";
  return isVolume(volume) ? null : "volume_out_of_bounds";
};

/**
 * Rows that can be bars, oldest first, one a start. `days`: they are labelled by their date. Both ends are inclusive, as
 * brokers read them.
 */
export const checkedRows = (
  bars: BarColumns,
  { from, to, days }: { from: number; to: number; days: boolean },
  refused: RefusedRows,
): BarColumns => {
  const first = days ? istMidnight(istDay(from)) : from;
  const order: number[] = [];
  let ordered = true;
  for (let row = 0; row < bars.length; row++) {
    const time = bars.time[row]!;
    const fault = !Number.isInteger(time)
      ? "unreadable"
      : time < first || time > to
        ? "outside_span"
        : faultOf(bars, row);
    if (fault !== null) {
      refused.add(
        fault,
        time,
        () =>
          `${istText(Number.isFinite(time) ? time : 0)}: ${[bars.open, bars.high, bars.low, bars.close, bars.volume].map((column) => column[row]).join(", ")} (${fault})`,
      );
      continue;
    }
    if (order.length > 0 && time <= bars.time[order[order.length - 1]!]!) ordered = false;
    order.push(row);
  }
  if (!ordered) order.sort((a, b) => bars.time[a]! - bars.time[b]! || a - b);
  let last = -1;
  for (const row of order) {
    if (last >= 0 && bars.time[order[last]!] === bars.time[row])
      refused.add("repeated", bars.time[row]!, () => `${istText(bars.time[row]!)} appears more than once`);
    else last++;
    order[last] = row;
  }
  const kept = barColumns(last + 1);
  for (let at = 0; at <= last; at++) {
    const row = order[at]!;
    copyRow(bars, row, kept);
    if (!isVolume(kept.openInterest[at]!)) kept.openInterest[at] = -1;
    refused.found(bars.time[row]!);
  }
  return kept;
};
