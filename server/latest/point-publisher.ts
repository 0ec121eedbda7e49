import type { PointBatch } from "@/server/domain/bars/indicator";
import { widen } from "@/server/domain/basics/columns";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { timeframes } from "@/server/domain/time/timeframe";
import type { Sink } from "@/server/pipeline/stage";
import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestPoint } from "@/server/ports/latest";

/** An instrument's name and plots. */
export interface PointSource {
  name: string;
  plots: readonly { id: string; unit: "price" | "value" }[];
}

const FLUSH_MS = 10;
/** Points handed over in one turn of the event loop: a minute of 9,000 instruments closes at once. */
const TURN = 1_000;

/**
 * From the pipeline to `Latest`: the newest value of each running indicator. `on` keeps it in a row of its instance;
 * rows are handed over by a timer, some at a time. Corrections of older bars are for who reads the bars.
 */
export class PointPublisher implements Sink<PointBatch> {
  private readonly rowOf = new Map<number, number>();
  private readonly free: number[] = [];
  private instance = new Int32Array(64);
  private instrument = new Int32Array(64);
  private timeframe = new Uint8Array(64);
  private time = new Float64Array(64);
  private values = new Float64Array(0);
  private waits = new Uint8Array(64);
  private queue: number[] = [];
  private cancelFlush: (() => void) | null = null;

  constructor(
    private readonly parts: {
      latest: Latest;
      table: InstrumentTable;
      /** Null once an instance has ended. */
      source(instance: number): PointSource | null;
      /** Real time. */
      clock: Clock;
    },
  ) {}

  on({ length, stride, instance, instrument, timeframe, time, values }: PointBatch): void {
    if (!this.parts.latest.isRead) return;
    for (let at = 0; at < length; at++) {
      if (timeframe[at]! >= timeframes.length) continue; // derived for a chart
      const row = this.rowOf.get(instance[at]!) ?? this.newRow(instance[at]!, stride);
      if (time[at]! < this.time[row]!) continue;
      this.instrument[row] = instrument[at]!;
      this.timeframe[row] = timeframe[at]!;
      this.time[row] = time[at]!;
      for (let place = 0; place < stride; place++) this.values[row * stride + place] = values[at * stride + place]!;
      if (this.waits[row] === 0) {
        this.waits[row] = 1;
        this.queue.push(row);
      }
    }
    this.arm(0);
  }

  /** Flushes what it still has. */
  stop(): void {
    this.cancelFlush?.();
    while (this.queue.length > 0) this.flush();
    this.cancelFlush?.();
  }

  private arm(delayMs: number): void {
    if (this.queue.length > 0) this.cancelFlush ??= this.parts.clock.after(delayMs, () => this.flush());
  }

  private flush(): void {
    this.cancelFlush = null;
    const points: LatestPoint[] = [];
    for (const row of this.queue.splice(0, TURN)) {
      this.waits[row] = 0;
      const source = this.parts.source(this.instance[row]!);
      if (source === null) this.letGo(row);
      else points.push(this.point(source, row));
    }
    if (points.length > 0) this.parts.latest.publishPoints(points);
    this.arm(FLUSH_MS);
  }

  private point({ name, plots }: PointSource, row: number): LatestPoint {
    const { key, decimals } = this.parts.table.at(this.instrument[row]!);
    const stride = this.values.length / this.instance.length;
    return {
      name,
      key,
      decimals,
      timeframe: timeframes[this.timeframe[row]!]!.name,
      time: this.time[row]!,
      live: false,
      values: plots.map(({ id, unit }, place) => ({ plot: id, unit, value: this.values[row * stride + place]! })),
    };
  }

  private letGo(row: number): void {
    this.rowOf.delete(this.instance[row]!);
    this.time[row] = 0;
    this.free.push(row);
  }

  /** Rows of instances that ended in silence. */
  private sweep(): void {
    for (const [instance, row] of this.rowOf)
      if (this.waits[row] === 0 && this.parts.source(instance) === null) this.letGo(row);
  }

  private newRow(instance: number, stride: number): number {
    if (this.free.length === 0 && this.rowOf.size === this.instance.length) this.sweep();
    const row = this.free.pop() ?? this.rowOf.size;
    if (this.values.length === 0) this.values = new Float64Array(this.instance.length * stride);
    if (row >= this.instance.length) {
      const size = this.instance.length * 2;
      this.instance = widen(this.instance, size);
      this.instrument = widen(this.instrument, size);
      this.timeframe = widen(this.timeframe, size);
      this.time = widen(this.time, size);
      this.waits = widen(this.waits, size);
      this.values = widen(this.values, size * stride);
    }
    this.instance[row] = instance;
    this.rowOf.set(instance, row);
    return row;
  }
}
