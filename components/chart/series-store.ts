import type { BarTuple, IndicatorSeries } from "@/server/contract/live";
import { type BarColumns, FORMING } from "@/server/domain/bars/bar";

/** Bars kept when the view follows the market, and the most that scrolling back may add to. */
export const KEPT_BARS = 6_000;
export const MOST_BARS = 12_000;

const numberColumns = ["time", "open", "high", "low", "close", "volume", "ticks"] as const;
const byteColumns = ["state", "incomplete"] as const;

/** A new bar behind the last, the last bar again, an older bar we hold, an older bar we do not hold. */
export type BarPath = "append" | "last" | "older" | "absent";

/**
 * The bars and indicator values of one chart, in columns, oldest first, each time once. The truth the drawing follows:
 * the library drops whitespace from its own data and must not be asked. Times are epoch ms, prices minor units.
 */
export class SeriesStore {
  length = 0;
  time = new Float64Array(0);
  open = new Float64Array(0);
  high = new Float64Array(0);
  low = new Float64Array(0);
  close = new Float64Array(0);
  volume = new Float64Array(0);
  ticks = new Float64Array(0);
  /** Index into `barStates`. */
  state = new Uint8Array(0);
  incomplete = new Uint8Array(0);
  /** Values by indicator, then plot; NaN where there is none. */
  points: Float64Array[][] = [];
  /** Live number of each indicator, in the order of `points`. */
  instances: number[] = [];

  /** Row of the bar that starts at `time`, or -1. */
  rowOf(time: number): number {
    const row = this.rowFrom(time);
    return row < this.length && this.time[row] === time ? row : -1;
  }

  /** First row at or after `time`; `length` when all are older. */
  rowFrom(time: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.time[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How a bar of that time would be inserted; changes nothing. */
  pathOf(time: number): BarPath {
    const last = this.length - 1;
    if (last < 0 || time > this.time[last]!) return "append";
    if (time === this.time[last]) return "last";
    return this.rowOf(time) === -1 ? "absent" : "older";
  }

  /** Puts a live bar in its place and says which way it went; an absent one is inserted in order. */
  put(bar: BarTuple): BarPath {
    const path = this.pathOf(bar[1]);
    const row =
      path === "append"
        ? this.addRow(this.length)
        : path === "absent"
          ? this.addRow(this.rowFrom(bar[1]))
          : this.rowOf(bar[1]);
    this.time[row] = bar[1];
    this.open[row] = bar[3];
    this.high[row] = bar[4];
    this.low[row] = bar[5];
    this.close[row] = bar[6];
    this.volume[row] = bar[7];
    this.ticks[row] = bar[8];
    this.state[row] = bar[9] & 0x7f;
    this.incomplete[row] = bar[9] >> 7;
    return path;
  }

  /**
   * Makes empty rows for times in the middle that we do not hold, in one pass, and answers which: history filled behind
   * a chart comes as thousands of bars at once. `put` then finds their places.
   */
  makeRoom(times: readonly number[]): ReadonlySet<number> {
    const last = this.length === 0 ? Number.NEGATIVE_INFINITY : this.time[this.length - 1]!;
    const missing = [...new Set(times)].filter((time) => time < last && this.rowOf(time) === -1).sort((a, b) => a - b);
    if (missing.length === 0) return new Set();
    const all = new Float64Array([...this.time.subarray(0, this.length), ...missing]).sort();
    const from = Array.from(all, (time) => this.rowOf(time));
    const spread = <C extends Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
      column: C,
      wide: C,
      none: number,
    ): C => {
      from.forEach((row, at) => {
        wide[at] = row === -1 ? none : column[row]!;
      });
      return wide;
    };
    this.points = this.points.map((plots) =>
      plots.map((plot) => spread(plot as Float64Array<ArrayBuffer>, new Float64Array(all.length), Number.NaN)),
    );
    for (const name of numberColumns)
      if (name !== "time") this[name] = spread(this[name], new Float64Array(all.length), 0);
    for (const name of byteColumns) this[name] = spread(this[name], new Uint8Array(all.length), 0);
    this.time = all;
    this.length = all.length;
    return new Set(missing);
  }

  /** Puts one indicator's values at a bar we hold; false when the bar or the indicator is unknown. */
  putPoint(instance: number, time: number, values: readonly (number | null)[]): boolean {
    const row = this.rowOf(time);
    if (row === -1) return false;
    let known = false;
    // The same indicator added twice is one instance on the server.
    this.instances.forEach((each, at) => {
      if (each !== instance) return;
      known = true;
      this.points[at]!.forEach((plot, index) => {
        plot[row] = values[index] ?? Number.NaN;
      });
    });
    return known;
  }

  /** Replaces everything by a snapshot. */
  replace(bars: BarColumns, indicators: readonly IndicatorSeries[]): void {
    this.length = bars.length;
    for (const name of numberColumns) this[name] = bars[name].slice(0, bars.length);
    for (const name of byteColumns) this[name] = bars[name].slice(0, bars.length);
    this.instances = indicators.map((indicator) => indicator.instance);
    this.points = indicators.map((indicator) => indicator.values.map((values) => numbersOf(values, bars.length)));
  }

  /**
   * Merges newer bars into ours row by row and returns how each was inserted. Indicators must be the same, in the same
   * order.
   */
  merge(bars: BarColumns, indicators: readonly IndicatorSeries[]): BarPath[] {
    this.instances = indicators.map((indicator) => indicator.instance);
    const values = indicators.map((indicator) => indicator.values.map((bytes) => numbersOf(bytes, bars.length)));
    const paths: BarPath[] = [];
    for (let row = 0; row < bars.length; row++) {
      const time = bars.time[row]!;
      paths.push(
        this.put([
          0,
          time,
          0,
          bars.open[row]!,
          bars.high[row]!,
          bars.low[row]!,
          bars.close[row]!,
          bars.volume[row]!,
          bars.ticks[row]!,
          bars.state[row]! | (bars.incomplete[row]! << 7),
        ]),
      );
      values.forEach((plots, index) =>
        this.putPoint(
          this.instances[index]!,
          time,
          plots.map((plot) => plot[row]!),
        ),
      );
    }
    return paths;
  }

  /** Prepends a page of older bars and skips rows that are not older than ours. Returns how many were added. */
  prepend(bars: BarColumns, indicators: readonly IndicatorSeries[]): number {
    const first = this.length === 0 ? Number.POSITIVE_INFINITY : this.time[0]!;
    let added = bars.length;
    while (added > 0 && bars.time[added - 1]! >= first) added--;
    if (added === 0) return 0;
    for (const name of numberColumns)
      this[name] = joined(bars[name].subarray(0, added), this[name].subarray(0, this.length));
    for (const name of byteColumns)
      this[name] = joinedBytes(bars[name].subarray(0, added), this[name].subarray(0, this.length));
    this.points = this.points.map((plots, index) =>
      plots.map((plot, at) => {
        const bytes = indicators[index]?.values[at];
        const older =
          bytes === undefined
            ? new Float64Array(added).fill(Number.NaN)
            : numbersOf(bytes, bars.length).subarray(0, added);
        return joined(older, plot.subarray(0, this.length));
      }),
    );
    this.length += added;
    return added;
  }

  /** Drops the oldest rows until `most` are left. */
  evictOldest(most: number): void {
    const from = this.length - most;
    if (from > 0) this.keep(from, this.length);
  }

  /** Drops the newest rows until `most` are left. */
  evictNewest(most: number): void {
    if (this.length > most) this.keep(0, most);
  }

  /** Start of the newest final bar, or null: where a client continues after an absence. */
  lastClosed(): number | null {
    for (let row = this.length - 1; row >= 0; row--) if (this.state[row] !== FORMING) return this.time[row]!;
    return null;
  }

  private keep(from: number, to: number): void {
    for (const name of numberColumns) this[name] = this[name].slice(from, to);
    for (const name of byteColumns) this[name] = this[name].slice(from, to);
    this.points = this.points.map((plots) => plots.map((plot) => plot.slice(from, to)));
    this.length = to - from;
  }

  private addRow(row: number): number {
    if (this.length === this.time.length) this.grow();
    if (row < this.length) {
      for (const name of numberColumns) this[name].copyWithin(row + 1, row, this.length);
      for (const name of byteColumns) this[name].copyWithin(row + 1, row, this.length);
    }
    for (const plots of this.points)
      for (const plot of plots) {
        plot.copyWithin(row + 1, row, this.length);
        plot[row] = Number.NaN;
      }
    this.length++;
    return row;
  }

  private grow(): void {
    const capacity = Math.max(256, this.length * 2);
    const larger = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(capacity);
      next.set(column.subarray(0, this.length));
      return next;
    };
    for (const name of numberColumns) this[name] = larger(this[name]);
    for (const name of byteColumns) {
      const next = new Uint8Array(capacity);
      next.set(this[name].subarray(0, this.length));
      this[name] = next;
    }
    this.points = this.points.map((plots) => plots.map(larger));
  }
}

/** Bytes of the wire as numbers; a view into a larger buffer need not be aligned. */
const numbersOf = (bytes: ArrayBuffer | ArrayBufferView, rows: number): Float64Array<ArrayBuffer> => {
  const buffer =
    bytes instanceof ArrayBuffer
      ? bytes
      : (bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  if (buffer.byteLength !== rows * 8)
    throw new RangeError(`an indicator has ${buffer.byteLength / 8} values for ${rows} bars`);
  return new Float64Array(buffer.slice(0));
};

const joined = (a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> => {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

const joinedBytes = (a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};
