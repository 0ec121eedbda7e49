import { addHash, type BarBatch, type BarColumns, type BarPassport } from "./bar";
import type { CLOSED, FORMING } from "./bar";
import { widen } from "@/server/domain/basics/columns";

/** Places of a bar's figures in its cell: two cache lines. */
const enum At {
  time,
  end,
  open,
  high,
  low,
  close,
  volume,
  value,
  ticks,
  openInterest,
  marks, // sources, `Mark.incomplete`, and late ticks x `Mark.late`: parts mostly agree in all three at a glance
  // The rest of the passport.
  firstTime,
  lastTime,
  firstSequence,
  lastSequence,
  hash,
  size,
}

/**
 * Value a part adds to a bar. History has no value, so a bar with a part of unknown value has none: NaN stays NaN
 * whatever is added.
 */
const known = (value: number, volume: number): number => (value === 0 && volume > 0 ? Number.NaN : value);

/** Units of `At.marks` above all bits of `BarPassport.sources`. */
const enum Mark {
  incomplete = 0x100_0000,
  late = 0x200_0000,
}

const sourcesOf = (marks: number): number => marks & (Mark.incomplete - 1);
const incompleteOf = (marks: number): number => ((marks & Mark.incomplete) === 0 ? 0 : 1);
const lateOf = (marks: number): number => Math.floor(marks / Mark.late);
const marksOf = (sources: number, incomplete: number, late: number): number =>
  late * Mark.late + incomplete * Mark.incomplete + sources;
/** Marks of a bar made of two parts. */
const joinMarks = (a: number, b: number): number => (lateOf(a) + lateOf(b)) * Mark.late + ((a | b) & (Mark.late - 1));

/**
 * Bars being built: cell k is one bar, its figures side by side, because with thousands of instruments the time goes
 * into fetching memory: a fold touches two cache lines, in columns it would touch eleven. The one place that knows how
 * bars fold into a longer bar, used live, on read and for files, so that they can never disagree.
 */
export class Accumulators {
  private figures: Float64Array<ArrayBuffer>;

  constructor(public capacity: number) {
    this.figures = new Float64Array(capacity * At.size);
  }

  /** Grows the arrays and keeps their content. */
  grow(capacity: number): void {
    if (capacity <= this.capacity) return;
    this.capacity = Math.max(capacity, this.capacity * 2);
    this.figures = widen(this.figures, this.capacity * At.size);
  }

  isEmpty(cell: number): boolean {
    return this.figures[cell * At.size + At.end] === 0;
  }
  clear(cell: number): void {
    this.figures[cell * At.size + At.end] = 0;
  }
  /** Start and end, epoch ms; an empty cell ends at 0. */
  timeOf(cell: number): number {
    return this.figures[cell * At.size + At.time]!;
  }
  endOf(cell: number): number {
    return this.figures[cell * At.size + At.end]!;
  }
  markIncomplete(cell: number): void {
    const at = cell * At.size + At.marks;
    this.figures[at] = joinMarks(this.figures[at]!, Mark.incomplete);
  }

  /** Starts a bar from its first part, whose ticks are unknown. */
  begin(
    cell: number,
    time: number,
    end: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    value: number,
    ticks: number,
    openInterest: number,
    incomplete: number,
  ): void {
    const { figures } = this;
    const at = cell * At.size;
    figures[at + At.time] = time;
    figures[at + At.end] = end;
    figures[at + At.open] = open;
    figures[at + At.high] = high;
    figures[at + At.low] = low;
    figures[at + At.close] = close;
    figures[at + At.volume] = volume;
    figures[at + At.value] = known(value, volume);
    figures[at + At.ticks] = ticks;
    figures[at + At.openInterest] = openInterest;
    figures[at + At.marks] = incomplete * Mark.incomplete;
    for (let figure = at + At.firstTime; figure < at + At.size; figure++) figures[figure] = 0;
  }

  /** A late tick inside the bar (row `row`): it widens it, and is its open or close where time says so. Its volume has been counted. */
  late(cell: number, batch: BarBatch, row: number): void {
    const { figures } = this;
    const at = cell * At.size;
    const price = batch.close[row]!;
    if (price > figures[at + At.high]!) figures[at + At.high] = price;
    if (price < figures[at + At.low]!) figures[at + At.low] = price;
    if (batch.firstTime[row]! < figures[at + At.firstTime]!) figures[at + At.open] = price;
    if (batch.lastTime[row]! >= figures[at + At.lastTime]!) figures[at + At.close] = price;
    figures[at + At.ticks]!++;
    this.stamp(at, batch, row);
  }

  /** Starts a bar from row `row` of the stream. */
  beginBatch(cell: number, time: number, end: number, batch: BarBatch, row: number): void {
    this.beginRow(cell, time, end, batch, row);
    const { figures } = this;
    const at = cell * At.size;
    figures[at + At.marks] = marksOf(batch.sources[row]!, batch.incomplete[row]!, batch.late[row]!);
    figures[at + At.firstTime] = batch.firstTime[row]!;
    figures[at + At.lastTime] = batch.lastTime[row]!;
    figures[at + At.firstSequence] = batch.firstSequence[row]!;
    figures[at + At.lastSequence] = batch.lastSequence[row]!;
    figures[at + At.hash] = batch.hash[row]!;
  }

  /** Folds a later row of the stream in. */
  foldBatch(cell: number, batch: BarBatch, row: number): void {
    this.foldRow(cell, batch, row);
    this.stamp(cell * At.size, batch, row);
  }

  /** Adds the passport of a part that was folded in by `beginRow` or `foldRow`. */
  foldPassport(cell: number, part: BarPassport): void {
    this.fuse(
      cell * At.size,
      marksOf(part.sources, 0, part.late),
      part.firstTime,
      part.lastTime,
      part.firstSequence,
      part.lastSequence,
      part.hash,
    );
  }

  private stamp(at: number, batch: BarBatch, row: number): void {
    const marks = marksOf(batch.sources[row]!, batch.incomplete[row]!, batch.late[row]!);
    this.fuse(
      at,
      marks,
      batch.firstTime[row]!,
      batch.lastTime[row]!,
      batch.firstSequence[row]!,
      batch.lastSequence[row]!,
      batch.hash[row]!,
    );
  }

  /** Merges the passport of another part into that of the bar at `at`. A part without known ticks has sequence 0. */
  private fuse(
    at: number,
    marks: number,
    firstTime: number,
    lastTime: number,
    firstSequence: number,
    lastSequence: number,
    hash: number,
  ): void {
    const { figures } = this;
    const known = figures[at + At.marks]!;
    if (marks !== known || marks >= Mark.late) figures[at + At.marks] = joinMarks(known, marks);
    if (firstSequence === 0) return;
    const begun = figures[at + At.firstSequence] !== 0;
    if (!begun || firstTime < figures[at + At.firstTime]!) figures[at + At.firstTime] = firstTime;
    if (!begun || lastTime > figures[at + At.lastTime]!) figures[at + At.lastTime] = lastTime;
    if (!begun || firstSequence < figures[at + At.firstSequence]!) figures[at + At.firstSequence] = firstSequence;
    if (lastSequence > figures[at + At.lastSequence]!) figures[at + At.lastSequence] = lastSequence;
    figures[at + At.hash] = addHash(figures[at + At.hash]!, hash);
  }

  /** Starts a bar from row `row`. */
  beginRow(cell: number, time: number, end: number, bars: BarColumns, row: number): void {
    this.begin(
      cell,
      time,
      end,
      bars.open[row]!,
      bars.high[row]!,
      bars.low[row]!,
      bars.close[row]!,
      bars.volume[row]!,
      bars.value[row]!,
      bars.ticks[row]!,
      bars.openInterest[row]!,
      bars.incomplete[row]!,
    );
  }

  /** Folds a later row in: the open stays, the close moves. Rows, not figures, are handed over: a figure on its way into a function may cost an allocation. */
  foldRow(cell: number, bars: BarColumns, row: number): void {
    const { figures } = this;
    const at = cell * At.size;
    const high = bars.high[row]!;
    const low = bars.low[row]!;
    const openInterest = bars.openInterest[row]!;
    if (high > figures[at + At.high]!) figures[at + At.high] = high;
    if (low < figures[at + At.low]!) figures[at + At.low] = low;
    figures[at + At.close] = bars.close[row]!;
    figures[at + At.volume]! += bars.volume[row]!;
    figures[at + At.value]! += known(bars.value[row]!, bars.volume[row]!);
    figures[at + At.ticks]! += bars.ticks[row]!;
    if (openInterest >= 0) figures[at + At.openInterest] = openInterest;
    if (bars.incomplete[row] === 1) this.markIncomplete(cell);
  }

  /** Folds an earlier row in; it sets the open. */
  foldBefore(cell: number, bars: BarColumns, row: number): void {
    const { figures } = this;
    const at = cell * At.size;
    const close = figures[at + At.close]!;
    const openInterest = figures[at + At.openInterest]!;
    this.foldRow(cell, bars, row);
    figures[at + At.open] = bars.open[row]!;
    figures[at + At.close] = close;
    if (openInterest >= 0) figures[at + At.openInterest] = openInterest;
  }

  /** Folds row `row` of stored bars into the cell, or starts the cell if it is empty. */
  addRow(cell: number, time: number, end: number, bars: BarColumns, row: number): void {
    if (this.isEmpty(cell)) this.beginRow(cell, time, end, bars, row);
    else this.foldRow(cell, bars, row);
  }

  /** Starts a bar from another cell. */
  beginCell(cell: number, time: number, end: number, from: Accumulators, source: number): void {
    const { figures } = this;
    const parts = from.figures;
    const at = cell * At.size;
    const part = source * At.size;
    for (let figure = 0; figure < At.size; figure++) figures[at + figure] = parts[part + figure]!;
    figures[at + At.time] = time;
    figures[at + At.end] = end;
  }

  /** Folds another, later cell in. Its close is the bar's, unless a tick after it has been folded in already (a closing auction). */
  foldCell(cell: number, from: Accumulators, source: number): void {
    const { figures } = this;
    const parts = from.figures;
    const at = cell * At.size;
    const part = source * At.size;
    if (parts[part + At.high]! > figures[at + At.high]!) figures[at + At.high] = parts[part + At.high]!;
    if (parts[part + At.low]! < figures[at + At.low]!) figures[at + At.low] = parts[part + At.low]!;
    const last = parts[part + At.lastTime]!;
    if (last === 0 || last >= figures[at + At.lastTime]!) figures[at + At.close] = parts[part + At.close]!;
    figures[at + At.volume]! += parts[part + At.volume]!;
    figures[at + At.value]! += parts[part + At.value]!;
    figures[at + At.ticks]! += parts[part + At.ticks]!;
    if (parts[part + At.openInterest]! >= 0) figures[at + At.openInterest] = parts[part + At.openInterest]!;
    this.fuse(
      at,
      parts[part + At.marks]!,
      parts[part + At.firstTime]!,
      parts[part + At.lastTime]!,
      parts[part + At.firstSequence]!,
      parts[part + At.lastSequence]!,
      parts[part + At.hash]!,
    );
  }

  /** Folds another cell in, or starts the cell if it is empty. */
  addCell(cell: number, time: number, end: number, from: Accumulators, source: number): void {
    if (this.isEmpty(cell)) this.beginCell(cell, time, end, from, source);
    else this.foldCell(cell, from, source);
  }

  /** Writes the cell as the next row of a batch. */
  toBatch(cell: number, batch: BarBatch, event: number, instrument: number, timeframe: number, state: number): void {
    const row = batch.length;
    this.toColumns(cell, batch, state as typeof FORMING | typeof CLOSED);
    batch.event[row] = event;
    batch.instrument[row] = instrument;
    batch.timeframe[row] = timeframe;
    batch.end[row] = this.endOf(cell);
    const { figures } = this;
    const at = cell * At.size;
    batch.late[row] = lateOf(figures[at + At.marks]!);
    batch.firstTime[row] = figures[at + At.firstTime]!;
    batch.lastTime[row] = figures[at + At.lastTime]!;
    batch.firstSequence[row] = figures[at + At.firstSequence]!;
    batch.lastSequence[row] = figures[at + At.lastSequence]!;
    batch.sources[row] = sourcesOf(figures[at + At.marks]!);
    batch.hash[row] = figures[at + At.hash]!;
  }

  /** Takes over `count` cells. */
  copy(from: Accumulators, source: number, count: number, cell: number): void {
    this.figures.set(from.figures.subarray(source * At.size, (source + count) * At.size), cell * At.size);
  }

  /** The state of all cells, to continue from later. */
  snapshot(): Float64Array {
    return this.figures.slice();
  }
  restore(figures: Float64Array): void {
    this.figures = Float64Array.from(figures);
    this.capacity = this.figures.length / At.size;
  }

  /** Appends the cell to columns (which must have room). */
  toColumns(cell: number, columns: BarColumns, state: typeof FORMING | typeof CLOSED): void {
    const { figures } = this;
    const at = cell * At.size;
    const row = columns.length++;
    columns.time[row] = figures[at + At.time]!;
    columns.open[row] = figures[at + At.open]!;
    columns.high[row] = figures[at + At.high]!;
    columns.low[row] = figures[at + At.low]!;
    columns.close[row] = figures[at + At.close]!;
    columns.volume[row] = figures[at + At.volume]!;
    const value = figures[at + At.value]!;
    columns.value[row] = value >= 0 ? value : 0;
    columns.ticks[row] = figures[at + At.ticks]!;
    columns.openInterest[row] = figures[at + At.openInterest]!;
    columns.rev[row] = 1;
    columns.state[row] = state;
    columns.incomplete[row] = incompleteOf(figures[at + At.marks]!);
  }
}
