import type { PointBatch } from "@/server/domain/indicator";
import type { InstrumentTable } from "@/server/domain/instrument-table";
import { timeframes } from "@/server/domain/timeframe";
import type { Sink } from "@/server/pipeline/stage";
import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestPoint } from "@/server/ports/latest";

/** What an instance is called and what it draws. */
export interface PointSource {
  name: string;
  plots: readonly { id: string; unit: "price" | "value" }[];
}

const FLUSH_MS = 10;
/** Points handed over in one turn of the event loop: a minute of 9,000 instruments closes at once. */
const TURN = 1_000;

interface Row { instance: number; instrument: number; timeframe: number; time: number; values: Float64Array }

/**
 * From the pipeline to `Latest`: the newest value of each running indicator. `on` keeps rows; they are handed over by a
 * timer, some at a time. Corrections of older bars are for who reads the bars.
 */
export class PointPublisher implements Sink<PointBatch> {
  /** Rows that wait, the newest of each instance. */
  private readonly waiting = new Map<number, Row>();
  private cancelFlush: (() => void) | null = null;

  constructor(private readonly parts: {
    latest: Latest;
    table: InstrumentTable;
    /** Null once an instance has ended. */
    source(instance: number): PointSource | null;
    /** Time of the last bar an instance has taken. */
    lastTime(instance: number): number;
    /** Real time. */
    clock: Clock;
  }) {}

  on({ length, stride, instance, instrument, timeframe, time, values }: PointBatch): void {
    for (let row = 0; row < length; row++) {
      if (time[row]! < this.parts.lastTime(instance[row]!)) continue;
      this.waiting.set(instance[row]!, { instance: instance[row]!, instrument: instrument[row]!, timeframe: timeframe[row]!, time: time[row]!, values: values.slice(row * stride, (row + 1) * stride) });
    }
    this.arm(0);
  }

  /** Hands over what it still has. */
  stop(): void {
    this.cancelFlush?.();
    while (this.waiting.size > 0) this.flush();
    this.cancelFlush?.();
  }

  private arm(delayMs: number): void {
    if (this.waiting.size > 0) this.cancelFlush ??= this.parts.clock.after(delayMs, () => this.flush());
  }

  private flush(): void {
    this.cancelFlush = null;
    const rows: LatestPoint[] = [];
    for (const [instance, row] of this.waiting) {
      if (rows.length === TURN) break;
      this.waiting.delete(instance);
      const source = this.parts.source(instance);
      if (source !== null) rows.push(this.point(source, row));
    }
    if (rows.length > 0) this.parts.latest.publishPoints(rows);
    this.arm(FLUSH_MS);
  }

  private point({ name, plots }: PointSource, { instrument, timeframe, time, values }: Row): LatestPoint {
    const { key, decimals } = this.parts.table.at(instrument);
    return {
      name, key, decimals, timeframe: timeframes[timeframe]!.name, time, live: false,
      values: plots.map(({ id, unit }, place) => ({ plot: id, unit, value: values[place]! })),
    };
  }
}
