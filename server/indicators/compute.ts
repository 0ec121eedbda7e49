import type { BarBatch, BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";

/** Room for the plots of one value: no indicator has more. */
export const STRIDE = 8;

export const emptyBar = (): IndicatorBar => ({
  time: 0,
  open: 0,
  high: 0,
  low: 0,
  close: 0,
  volume: 0,
  openInterest: -1,
});

/** Reads a row into a reused bar. */
export const barOf = (bars: BarBatch | BarColumns, row: number, into: IndicatorBar): IndicatorBar => {
  into.time = bars.time[row]!;
  into.open = bars.open[row]!;
  into.high = bars.high[row]!;
  into.low = bars.low[row]!;
  into.close = bars.close[row]!;
  into.volume = bars.volume[row]!;
  into.openInterest = bars.openInterest[row]!;
  return into;
};

/** Processes every bar, oldest first, and fills one array per plot; afterwards the indicator is at the last bar. */
export const runOver = (indicator: Indicator, bars: BarColumns, plots: readonly Float64Array[]): void => {
  if (indicator.over !== undefined) {
    indicator.over(bars, plots);
    return;
  }
  const scratch = new Float64Array(STRIDE);
  const bar = emptyBar();
  for (let row = 0; row < bars.length; row++) {
    indicator.next(barOf(bars, row, bar), scratch, 0);
    for (let plot = 0; plot < plots.length; plot++) plots[plot]![row] = scratch[plot]!;
  }
};
