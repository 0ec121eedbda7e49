/** OHLCV over one timeframe. On the hot path bars are rows of a `BarBatch`; a `Bar` is one row taken out. */

/** The three bar events: a bar in progress, a final one, a late change of a final one. */
export const UPDATE = 0;
export const CLOSE = 1;
export const PATCH = 2;
/** Between the stages only: the feed was away at `time`, whatever bar of the instrument is open has a hole. */
export const CUT = 3;

/**
 * Stored in place of a timeframe's position by bars of an auction (pre-open, closing auction, post-close): a kind of
 * their own, in no timeframe, seen by no indicator. `time` is the start of the phase's order entry.
 */
export const AUCTION_BAR = 100;

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
  /**
   * Traded value in minor units x quantity if ticks made the whole bar, otherwise 0 because history has none. VWAP =
   * value / volume.
   */
  value: number;
  ticks: number;
  /** -1 when none is known. */
  openInterest: number;
  rev: number;
  state: BarState;
  /** True if the feed was down during part of the bar and history has not filled it yet. */
  incomplete: boolean;
}

/** Sources of a bar's values: bits of `BarPassport.sources`. Bits 8 to 23 are the collectors (number mod 16). */
export const FROM_STREAM = 1;
export const FROM_HISTORY = 2;
/** Ticks that came after the watermark. */
export const FROM_LATE = 4;
/** Ticks placed in their second by the exchange's stamp, and by the time of receipt. */
export const BY_EXCHANGE_CLOCK = 8;
export const BY_OUR_CLOCK = 16;
export const fromCollector = (collector: number): number => 1 << (8 + (collector & 15));

/** What a bar knows about its making. Hash and counts cover the ticks that came as a stream. */
export interface BarPassport {
  /** Ticks that came after the watermark. */
  late: number;
  /** Bucketing times of the earliest and the latest tick, epoch ms; 0 when no tick made it. */
  firstTime: number;
  lastTime: number;
  /** Our sequence numbers of the first and the last tick that arrived; 0 when no tick made it. */
  firstSequence: number;
  lastSequence: number;
  sources: number;
  /** Sum of the ticks' hashes (`tickHash`) modulo 2^48: the same ticks in any order, in any grouping, give the same. */
  hash: number;
}
export const HASH_SIZE = 2 ** 48;
export const addHash = (a: number, b: number): number => (a + b >= HASH_SIZE ? a + b - HASH_SIZE : a + b);

/** 32 bits of a tick: bucketing time (epoch ms), price (minor units), day volume (-1 none). Detects changes, is no signature. */
export const tickHash = (time: number, price: number, volume: number): number => {
  let hash = Math.imul((price | 0) ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + (volume | 0), 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + (time | 0), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Names of the columns of `BarColumns` and of `PassportColumns`, for what treats all columns alike. */
export const barColumnNames = [
  "time",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "value",
  "ticks",
  "openInterest",
  "rev",
  "state",
  "incomplete",
] as const;
export const passportColumnNames = [
  "late",
  "firstTime",
  "lastTime",
  "firstSequence",
  "lastSequence",
  "sources",
  "hash",
] as const;

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
  time: new Float64Array(capacity),
  open: new Float64Array(capacity),
  high: new Float64Array(capacity),
  low: new Float64Array(capacity),
  close: new Float64Array(capacity),
  volume: new Float64Array(capacity),
  value: new Float64Array(capacity),
  ticks: new Float64Array(capacity),
  openInterest: new Float64Array(capacity),
  rev: new Int32Array(capacity),
  state: new Uint8Array(capacity),
  incomplete: new Uint8Array(capacity),
});

/** Passports of bars, row by row. Kept apart from `BarColumns`: a chart reads thousands of bars and no passport. */
export interface PassportColumns {
  late: Int32Array;
  firstTime: Float64Array;
  lastTime: Float64Array;
  firstSequence: Float64Array;
  lastSequence: Float64Array;
  sources: Int32Array;
  hash: Float64Array;
}

export const passportColumns = (capacity: number): PassportColumns => ({
  late: new Int32Array(capacity),
  firstTime: new Float64Array(capacity),
  lastTime: new Float64Array(capacity),
  firstSequence: new Float64Array(capacity),
  lastSequence: new Float64Array(capacity),
  sources: new Int32Array(capacity),
  hash: new Float64Array(capacity),
});

export const noPassport: BarPassport = {
  late: 0,
  firstTime: 0,
  lastTime: 0,
  firstSequence: 0,
  lastSequence: 0,
  sources: 0,
  hash: 0,
};

export const passportAt = (columns: PassportColumns, row: number): BarPassport => ({
  late: columns.late[row]!,
  firstTime: columns.firstTime[row]!,
  lastTime: columns.lastTime[row]!,
  firstSequence: columns.firstSequence[row]!,
  lastSequence: columns.lastSequence[row]!,
  sources: columns.sources[row]!,
  hash: columns.hash[row]!,
});

/** Passport of a bar made of two parts, the earlier one first or not. */
export const joinPassports = (a: BarPassport, b: BarPassport): BarPassport => {
  if (a.firstSequence === 0) return { ...b, sources: a.sources | b.sources };
  if (b.firstSequence === 0) return { ...a, sources: a.sources | b.sources };
  return {
    late: a.late + b.late,
    firstTime: Math.min(a.firstTime, b.firstTime),
    lastTime: Math.max(a.lastTime, b.lastTime),
    firstSequence: Math.min(a.firstSequence, b.firstSequence),
    lastSequence: Math.max(a.lastSequence, b.lastSequence),
    sources: a.sources | b.sources,
    hash: addHash(a.hash, b.hash),
  };
};

/** Bars on their way between stages: an instrument and a timeframe per row. Reused like tick batches. */
export interface BarBatch extends BarColumns, PassportColumns {
  event: Uint8Array;
  /** Dense number. */
  instrument: Int32Array;
  /** Position in `timeframes`, or of a derived one. */
  timeframe: Uint16Array;
  /** Epoch ms at which the bar ends: start + length, or the session's close. */
  end: Float64Array;
}

export const barBatch = (capacity: number): BarBatch => ({
  ...barColumns(capacity),
  ...passportColumns(capacity),
  event: new Uint8Array(capacity),
  instrument: new Int32Array(capacity),
  timeframe: new Uint16Array(capacity),
  end: new Float64Array(capacity),
});

/** Appends a bar at one price that has no other figure, as patches are; returns its row. The batch must have room. */
export const appendFlat = (
  batch: BarBatch,
  event: number,
  instrument: number,
  timeframe: number,
  time: number,
  end: number,
  price: number,
): number => {
  const row = batch.length++;
  batch.event[row] = event;
  batch.instrument[row] = instrument;
  batch.timeframe[row] = timeframe;
  batch.time[row] = time;
  batch.end[row] = end;
  batch.open[row] = price;
  batch.high[row] = price;
  batch.low[row] = price;
  batch.close[row] = price;
  batch.volume[row] = 0;
  batch.value[row] = 0;
  batch.ticks[row] = 0;
  batch.openInterest[row] = -1;
  batch.rev[row] = 1;
  batch.state[row] = PATCHED;
  batch.incomplete[row] = 0;
  setPassport(batch, row, noPassport);
  return row;
};

/** Appends row `row` of another batch; returns its new row. The batch must have room. */
export const appendRow = (batch: BarBatch, from: BarBatch, row: number): number => {
  const at = batch.length++;
  batch.event[at] = from.event[row]!;
  batch.instrument[at] = from.instrument[row]!;
  batch.timeframe[at] = from.timeframe[row]!;
  batch.end[at] = from.end[row]!;
  copyBar(batch, at, from, row);
  copyPassport(batch, at, from, row);
  return at;
};

/** Row `row` of `from` into row `at`. */
export const copyBar = (into: BarColumns, at: number, from: BarColumns, row: number): void => {
  into.time[at] = from.time[row]!;
  into.open[at] = from.open[row]!;
  into.high[at] = from.high[row]!;
  into.low[at] = from.low[row]!;
  into.close[at] = from.close[row]!;
  into.volume[at] = from.volume[row]!;
  into.value[at] = from.value[row]!;
  into.ticks[at] = from.ticks[row]!;
  into.openInterest[at] = from.openInterest[row]!;
  into.rev[at] = from.rev[row]!;
  into.state[at] = from.state[row]!;
  into.incomplete[at] = from.incomplete[row]!;
};
export const copyPassport = (into: PassportColumns, at: number, from: PassportColumns, row: number): void => {
  into.late[at] = from.late[row]!;
  into.firstTime[at] = from.firstTime[row]!;
  into.lastTime[at] = from.lastTime[row]!;
  into.firstSequence[at] = from.firstSequence[row]!;
  into.lastSequence[at] = from.lastSequence[row]!;
  into.sources[at] = from.sources[row]!;
  into.hash[at] = from.hash[row]!;
};
export const setPassport = (into: PassportColumns, row: number, passport: BarPassport): void => {
  into.late[row] = passport.late;
  into.firstTime[row] = passport.firstTime;
  into.lastTime[row] = passport.lastTime;
  into.firstSequence[row] = passport.firstSequence;
  into.lastSequence[row] = passport.lastSequence;
  into.sources[row] = passport.sources;
  into.hash[row] = passport.hash;
};

/** One row as an object, for the cold paths. */
export const barAt = (columns: BarColumns, row: number): Bar => ({
  time: columns.time[row]!,
  open: columns.open[row]!,
  high: columns.high[row]!,
  low: columns.low[row]!,
  close: columns.close[row]!,
  volume: columns.volume[row]!,
  value: columns.value[row]!,
  ticks: columns.ticks[row]!,
  openInterest: columns.openInterest[row]!,
  rev: columns.rev[row]!,
  state: barStates[columns.state[row]!] ?? "closed",
  incomplete: columns.incomplete[row] === 1,
});

/** Objects to columns, oldest first as given. */
export const columnsOf = (bars: readonly Bar[]): BarColumns => {
  const columns = barColumns(bars.length);
  columns.length = bars.length;
  bars.forEach((bar, row) => setBar(columns, row, bar));
  return columns;
};

export const setBar = (columns: BarColumns, row: number, bar: Bar): void => {
  columns.time[row] = bar.time;
  columns.open[row] = bar.open;
  columns.high[row] = bar.high;
  columns.low[row] = bar.low;
  columns.close[row] = bar.close;
  columns.volume[row] = bar.volume;
  columns.value[row] = bar.value;
  columns.ticks[row] = bar.ticks;
  columns.openInterest[row] = bar.openInterest;
  columns.rev[row] = bar.rev;
  columns.state[row] = barStates.indexOf(bar.state);
  columns.incomplete[row] = bar.incomplete ? 1 : 0;
};
