/** OHLCV over one timeframe. On the hot path bars are rows of a `BarBatch`; a `Bar` is one row taken out. */

/** The three bar events: a bar in progress, a final one, a late change of a final one. */
export const UPDATE = 0;
export const CLOSE = 1;
export const PATCH = 2;
export type BarEventKind = typeof UPDATE | typeof CLOSE | typeof PATCH;

/** Number in the store and on the wire: never reorder. */
export const barStates = ["forming", "closed", "patched", "backfilled", "corrected"] as const;
export type BarState = (typeof barStates)[number];
export const FORMING = 0;
export const CLOSED = 1;
export const PATCHED = 2;
export const BACKFILLED = 3;
export const CORRECTED = 4;

export interface Bar {
  /** Epoch ms of the bar's start. */
  time: number;
  /** Minor units. */
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Traded value in minor units x quantity where ticks made the bar, else 0 (history does not tell). VWAP = value / volume. */
  value: number;
  ticks: number;
  /** -1 when none is known. */
  openInterest: number;
  rev: number;
  state: BarState;
  /** True when the feed was away during part of it and history has not healed it yet. */
  incomplete: boolean;
}

/** Bars of one instrument and timeframe, oldest first: what stores and histories answer. */
export interface BarColumns {
  length: number;
  time: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  volume: Float64Array;
  value: Float64Array;
  ticks: Float64Array;
  openInterest: Float64Array;
  rev: Int32Array;
  state: Uint8Array;
  incomplete: Uint8Array;
}

export const barColumns = (capacity: number): BarColumns => ({
  length: 0,
  time: new Float64Array(capacity), open: new Float64Array(capacity), high: new Float64Array(capacity),
  low: new Float64Array(capacity), close: new Float64Array(capacity), volume: new Float64Array(capacity),
  value: new Float64Array(capacity), ticks: new Float64Array(capacity), openInterest: new Float64Array(capacity),
  rev: new Int32Array(capacity), state: new Uint8Array(capacity), incomplete: new Uint8Array(capacity),
});

/** Bars on their way between stages: an instrument and a timeframe per row. Reused like tick batches. */
export interface BarBatch extends BarColumns {
  event: Uint8Array;
  /** Dense number. */
  instrument: Int32Array;
  /** Position in `timeframes`. */
  timeframe: Uint8Array;
  /** Epoch ms at which the bar ends: start + length, or the session's close. */
  end: Float64Array;
}

export const barBatch = (capacity: number): BarBatch => ({
  ...barColumns(capacity), event: new Uint8Array(capacity), instrument: new Int32Array(capacity), timeframe: new Uint8Array(capacity), end: new Float64Array(capacity),
});

/** One row as an object, for the cold paths. */
export const barAt = (columns: BarColumns, row: number): Bar => ({
  time: columns.time[row]!, open: columns.open[row]!, high: columns.high[row]!, low: columns.low[row]!, close: columns.close[row]!,
  volume: columns.volume[row]!, value: columns.value[row]!, ticks: columns.ticks[row]!, openInterest: columns.openInterest[row]!,
  rev: columns.rev[row]!, state: barStates[columns.state[row]!] ?? "closed", incomplete: columns.incomplete[row] === 1,
});

/** Objects to columns, oldest first as given. */
export const columnsOf = (bars: readonly Bar[]): BarColumns => {
  const columns = barColumns(bars.length);
  columns.length = bars.length;
  bars.forEach((bar, row) => setBar(columns, row, bar));
  return columns;
};

export const setBar = (columns: BarColumns, row: number, bar: Bar): void => {
  columns.time[row] = bar.time; columns.open[row] = bar.open; columns.high[row] = bar.high; columns.low[row] = bar.low;
  columns.close[row] = bar.close; columns.volume[row] = bar.volume; columns.value[row] = bar.value; columns.ticks[row] = bar.ticks;
  columns.openInterest[row] = bar.openInterest; columns.rev[row] = bar.rev; columns.state[row] = barStates.indexOf(bar.state);
  columns.incomplete[row] = bar.incomplete ? 1 : 0;
};
