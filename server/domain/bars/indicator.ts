import type { BarColumns } from "./bar";

/** Indicator values in columns: one row per instance and bar. `values` holds `plots` numbers a row, NaN before warm-up. */
export interface PointBatch {
  length: number;
  instance: Int32Array;
  instrument: Int32Array;
  timeframe: Uint16Array;
  time: Float64Array;
  /** Row-major, `stride` per row. */
  values: Float64Array;
  stride: number;
}

/** What an indicator sees of a bar: numbers in minor units. */
export interface IndicatorBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Contracts open at its end; -1 when none is known. */
  openInterest: number;
}

export interface Plot {
  id: string;
  title: string;
  kind: "line" | "histogram" | "band";
  /** `price`: minor units, drawn on the price scale; `value`: a number of its own. */
  unit: "price" | "value";
  /** Starts again with each session; it is not connected to the previous day. */
  perSession?: boolean;
}

/** A running indicator. `next` takes a closed bar, `peek` a forming one and changes nothing. */
export interface Indicator {
  /** Writes one number per plot into `out` at `at` (NaN while warming up). */
  next(bar: IndicatorBar, out: Float64Array, at: number): void;
  peek(bar: IndicatorBar, out: Float64Array, at: number): void;
  /** Plain JSON with finite numbers, of a size independent of history; `restore` continues exactly from it. */
  snapshot(): unknown;
  restore(snapshot: unknown): void;
  /** `next` on every row, oldest first, into one array per plot: the same numbers to the last bit, without bars in between. */
  over?(bars: BarColumns, plots: readonly Float64Array[]): void;
}

/** One wish of a reader: an indicator by id with its parameters, e.g. `{ id: "EMA", params: { period: 20 } }`. */
export interface IndicatorSpec {
  id: string;
  params: Record<string, number | string>;
}
