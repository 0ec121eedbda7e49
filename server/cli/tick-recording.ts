import type { TickRows } from "@/server/feeds/tick-file";
import { widen } from "@/server/domain/basics/columns";
import type { TickColumns } from "@/server/pipeline/file-run";

/** A recording in order of time. */
export interface RecordedTicks extends TickColumns {
  time: Float64Array;
  /** Ticks that stood before an earlier one in the file. */
  outOfOrder: number;
  /** Ticks left out because their time has not come yet. */
  future: number;
}

/** The ticks of a file, gathered piece by piece. */
export class TickRecording {
  length = 0;
  private time = new Float64Array(4_096);
  private price = new Float64Array(4_096);
  private volume = new Float64Array(4_096);

  add(rows: TickRows): void {
    const length = this.length + rows.length;
    if (length > this.time.length) {
      const size = Math.max(length, this.time.length * 2);
      this.time = widen(this.time, size);
      this.price = widen(this.price, size);
      this.volume = widen(this.volume, size);
    }
    this.time.set(rows.time.subarray(0, rows.length), this.length);
    this.price.set(rows.price.subarray(0, rows.length), this.length);
    this.volume.set(rows.volume.subarray(0, rows.length), this.length);
    this.length = length;
  }

  /**
   * Ticks by time; those of one time keep the file's order. Times after `now` are left out, unless the whole recording
   * is later than this machine's clock: then it is the clock that is wrong.
   */
  inOrder(now: number): RecordedTicks {
    const all = this.time.subarray(0, this.length);
    let past = 0;
    for (const time of all) if (time <= now) past++;
    const until = past === 0 ? Number.POSITIVE_INFINITY : now;
    let outOfOrder = 0;
    let latest = Number.NEGATIVE_INFINITY;
    for (const time of all) {
      if (time > until) continue;
      if (time < latest) outOfOrder++;
      else latest = time;
    }
    const length = past === 0 ? all.length : past;
    const future = all.length - length;
    // Most recordings are in order: then a long one is not held twice.
    if (outOfOrder === 0 && future === 0)
      return { length, time: all, price: this.price, volume: this.volume, outOfOrder, future };
    const rows = new Uint32Array(length);
    let kept = 0;
    for (let row = 0; row < all.length; row++) if (all[row]! <= until) rows[kept++] = row;
    if (outOfOrder > 0) rows.sort((a, b) => all[a]! - all[b]! || a - b);
    const sorted = (column: Float64Array): Float64Array => {
      const out = new Float64Array(length);
      for (let row = 0; row < length; row++) out[row] = column[rows[row]!]!;
      return out;
    };
    return {
      length,
      time: sorted(this.time),
      price: sorted(this.price),
      volume: sorted(this.volume),
      outOfOrder,
      future,
    };
  }
}
