/**
 * A day's first bar beside history's: brokers print the pre-open into it, we keep it apart. Both sides are put into one
 * form before they are judged, so that a way of printing is no difference.
 */
import type { AuctionFigures } from "@/server/domain/bars/auction-print";
import type { BarColumns } from "@/server/domain/bars/bar";
import { filterRows } from "@/server/domain/bars/bar-rows";
import type { AuctionConvention } from "@/server/domain/instruments/source-conventions";
import type { StoredBar } from "@/server/ports/stores";

/** The pre-open of a day, and how the source prints it. */
export interface Opening extends AuctionFigures {
  /** Continuous trading of the day, epoch ms. */
  open: number;
  close: number;
  convention: AuctionConvention;
}

/** History's rows as we keep bars: a first bar that holds the pre-open's volume gives it back. */
export const withoutOpenings = (
  history: BarColumns,
  ours: readonly StoredBar[],
  openings: readonly Opening[],
): BarColumns => {
  let out = history;
  for (const { open, close, volume, convention } of openings) {
    const row = firstOf(history.length, (at) => history.time[at]!, open, close);
    if (row < 0 || volume <= 0) continue;
    const told = history.volume[row]!;
    const mine = ours.find(({ time, ticks, incomplete }) => time === history.time[row] && ticks > 0 && !incomplete);
    // If the source's convention is unknown, our own ticks decide: its bar is read with the pre-open.
    const holds =
      convention.preOpenVolume === "included" ||
      (convention.preOpenVolume === "unknown" && mine !== undefined && told === mine.volume + volume);
    if (!holds || told < volume) continue;
    if (out === history) out = filterRows(history, () => true);
    out.volume[row] = told - volume;
  }
  return out;
};

/** Our bars as the source prints them: the first of a day opens at the pre-open's price. The others are those that were given. */
export const printedOpenings = (
  ours: readonly StoredBar[],
  history: BarColumns,
  openings: readonly Opening[],
): StoredBar[] => {
  const printed = [...ours];
  for (const { open, close, price, convention } of openings) {
    const at = firstOf(ours.length, (row) => ours[row]!.time, open, close);
    if (at < 0) continue;
    const bar = ours[at]!;
    const row = firstOf(history.length, (each) => history.time[each]!, open, close);
    const opens =
      convention.firstOpen === "auction" ||
      (convention.firstOpen === "unknown" && row >= 0 && history.open[row] === price);
    // A day's first bar on one side only is no first bar of the other: where history begins later, ours is not printed.
    if (opens && (row < 0 || history.time[row] === bar.time))
      printed[at] = { ...bar, open: price, high: Math.max(bar.high, price), low: Math.min(bar.low, price) };
  }
  return printed;
};

const firstOf = (length: number, timeOf: (at: number) => number, from: number, to: number): number => {
  for (let at = 0; at < length; at++) if (timeOf(at) >= from) return timeOf(at) < to ? at : -1;
  return -1;
};
