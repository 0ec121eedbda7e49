import { widen } from "./columns";
import type { Bar, BarBatch, BarColumns } from "./bar";
import type { CLOSED, FORMING } from "./bar";

/**
 * Bars being built, in columns: cell k is one bar. The one place that knows how bars fold into a longer bar,
 * used live, on read and for files, so that they can never disagree.
 */
export class Accumulators {
  time: Float64Array<ArrayBuffer>; end: Float64Array<ArrayBuffer>;
  open: Float64Array<ArrayBuffer>; high: Float64Array<ArrayBuffer>; low: Float64Array<ArrayBuffer>; close: Float64Array<ArrayBuffer>;
  volume: Float64Array<ArrayBuffer>; value: Float64Array<ArrayBuffer>; ticks: Float64Array<ArrayBuffer>; openInterest: Float64Array<ArrayBuffer>;
  incomplete: Uint8Array<ArrayBuffer>;

  constructor(public capacity: number) {
    const column = (): Float64Array<ArrayBuffer> => new Float64Array(capacity);
    this.time = column(); this.end = column(); this.open = column(); this.high = column(); this.low = column(); this.close = column();
    this.volume = column(); this.value = column(); this.ticks = column(); this.openInterest = column();
    this.incomplete = new Uint8Array(capacity);
  }

  /** Room for more cells; what is there stays. */
  grow(capacity: number): void {
    if (capacity <= this.capacity) return;
    const size = Math.max(capacity, this.capacity * 2);
    this.time = widen(this.time, size); this.end = widen(this.end, size); this.open = widen(this.open, size); this.high = widen(this.high, size);
    this.low = widen(this.low, size); this.close = widen(this.close, size); this.volume = widen(this.volume, size); this.value = widen(this.value, size);
    this.ticks = widen(this.ticks, size); this.openInterest = widen(this.openInterest, size);
    this.incomplete = widen(this.incomplete, size);
    this.capacity = size;
  }

  isEmpty(cell: number): boolean { return this.end[cell] === 0; }
  clear(cell: number): void { this.end[cell] = 0; this.time[cell] = 0; this.ticks[cell] = 0; this.incomplete[cell] = 0; }

  /** Starts a bar from its first part. */
  begin(
    cell: number, time: number, end: number, open: number, high: number, low: number, close: number,
    volume: number, value: number, ticks: number, openInterest: number, incomplete: number,
  ): void {
    this.time[cell] = time; this.end[cell] = end;
    this.open[cell] = open; this.high[cell] = high; this.low[cell] = low; this.close[cell] = close;
    this.volume[cell] = volume; this.value[cell] = value; this.ticks[cell] = ticks;
    this.openInterest[cell] = openInterest; this.incomplete[cell] = incomplete;
  }

  /** Adds a later part: the open stays, the close moves. */
  add(
    cell: number, high: number, low: number, close: number,
    volume: number, value: number, ticks: number, openInterest: number, incomplete: number,
  ): void {
    if (high > this.high[cell]!) this.high[cell] = high;
    if (low < this.low[cell]!) this.low[cell] = low;
    this.close[cell] = close;
    this.volume[cell]! += volume;
    this.value[cell]! += value;
    this.ticks[cell]! += ticks;
    if (openInterest >= 0) this.openInterest[cell] = openInterest;
    if (incomplete === 1) this.incomplete[cell] = 1;
  }

  /** Folds row `row` of stored bars into the cell, which is begun when empty. */
  addRow(cell: number, time: number, end: number, bars: BarColumns, row: number): void {
    if (this.end[cell] === 0) {
      this.begin(cell, time, end, bars.open[row]!, bars.high[row]!, bars.low[row]!, bars.close[row]!,
        bars.volume[row]!, bars.value[row]!, bars.ticks[row]!, bars.openInterest[row]!, bars.incomplete[row]!);
    } else {
      this.add(cell, bars.high[row]!, bars.low[row]!, bars.close[row]!,
        bars.volume[row]!, bars.value[row]!, bars.ticks[row]!, bars.openInterest[row]!, bars.incomplete[row]!);
    }
  }

  /** Folds another cell in, which is begun when empty. */
  addCell(cell: number, time: number, end: number, from: Accumulators, source: number): void {
    if (this.end[cell] === 0) {
      this.begin(cell, time, end, from.open[source]!, from.high[source]!, from.low[source]!, from.close[source]!,
        from.volume[source]!, from.value[source]!, from.ticks[source]!, from.openInterest[source]!, from.incomplete[source]!);
    } else {
      this.add(cell, from.high[source]!, from.low[source]!, from.close[source]!,
        from.volume[source]!, from.value[source]!, from.ticks[source]!, from.openInterest[source]!, from.incomplete[source]!);
    }
  }

  /** Writes the cell as the next row of a batch. */
  toBatch(cell: number, batch: BarBatch, event: number, instrument: number, timeframe: number, state: number): void {
    const row = batch.length++;
    batch.event[row] = event; batch.instrument[row] = instrument; batch.timeframe[row] = timeframe;
    batch.time[row] = this.time[cell]!; batch.end[row] = this.end[cell]!;
    batch.open[row] = this.open[cell]!; batch.high[row] = this.high[cell]!; batch.low[row] = this.low[cell]!; batch.close[row] = this.close[cell]!;
    batch.volume[row] = this.volume[cell]!; batch.value[row] = this.value[cell]!; batch.ticks[row] = this.ticks[cell]!;
    batch.openInterest[row] = this.openInterest[cell]!; batch.rev[row] = 1; batch.state[row] = state; batch.incomplete[row] = this.incomplete[cell]!;
  }

  toBar(cell: number, state: "forming" | "closed"): Bar {
    return {
      time: this.time[cell]!, open: this.open[cell]!, high: this.high[cell]!, low: this.low[cell]!, close: this.close[cell]!,
      volume: this.volume[cell]!, value: this.value[cell]!, ticks: this.ticks[cell]!, openInterest: this.openInterest[cell]!,
      rev: 1, state, incomplete: this.incomplete[cell] === 1,
    };
  }

  /** Appends the cell to columns (which must have room). */
  toColumns(cell: number, columns: BarColumns, state: typeof FORMING | typeof CLOSED): void {
    const row = columns.length++;
    columns.time[row] = this.time[cell]!; columns.open[row] = this.open[cell]!; columns.high[row] = this.high[cell]!;
    columns.low[row] = this.low[cell]!; columns.close[row] = this.close[cell]!; columns.volume[row] = this.volume[cell]!;
    columns.value[row] = this.value[cell]!; columns.ticks[row] = this.ticks[cell]!; columns.openInterest[row] = this.openInterest[cell]!;
    columns.rev[row] = 1; columns.state[row] = state; columns.incomplete[row] = this.incomplete[cell]!;
  }
}
