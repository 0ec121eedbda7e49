import type { SeriesStore } from "./series-store";

/** One bar as the legend reads it. Prices in minor units. */
export interface BarReading {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Close of the bar before it, what its change is counted from; null for the first bar we hold. */
  before: number | null;
  /** At or above its open. */
  rising: boolean;
}

export const readBar = (store: SeriesStore, row: number): BarReading | null => {
  if (row < 0 || row >= store.length) return null;
  const close = store.close[row]!;
  const open = store.open[row]!;
  return {
    time: store.time[row]!,
    open,
    high: store.high[row]!,
    low: store.low[row]!,
    close,
    volume: store.volume[row]!,
    before: row === 0 ? null : store.close[row - 1]!,
    rising: close >= open,
  };
};

/** Values of every plot of an indicator at a row; null while it warms up. */
export const readPoints = (store: SeriesStore, indicator: number, row: number): (number | null)[] =>
  (store.points[indicator] ?? []).map((plot) => {
    const value = row < 0 || row >= store.length ? Number.NaN : plot[row]!;
    return Number.isNaN(value) ? null : value;
  });

/**
 * True at a row without a value between rows with values, or after the last of them: the broker's candle row for the
 * closing auction. Lines skip it.
 */
export const isPassed = (store: SeriesStore, indicator: number, row: number): boolean => {
  const has = (at: number): boolean => store.points[indicator]?.some((plot) => !Number.isNaN(plot[at]!)) ?? false;
  return row > 0 && row < store.length && !has(row) && has(row - 1) && (row + 1 === store.length || has(row + 1));
};

/** The newest row for which an indicator may have a value. */
export const newestRead = (store: SeriesStore, indicator: number): number =>
  isPassed(store, indicator, store.length - 1) ? store.length - 2 : store.length - 1;

/** The row a legend shows: the one under the crosshair, otherwise the newest. */
export const legendRow = (store: SeriesStore, hoveredTime: number | null): number => {
  const hovered = hoveredTime === null ? -1 : store.rowOf(hoveredTime);
  return hovered === -1 ? store.length - 1 : hovered;
};
