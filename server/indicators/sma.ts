import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(20) });

/**
 * Ring buffer and a running sum. Closes are integers (minor units), so the sum is exact and never drifts.
 * State in fields: a number captured by closures would be a new object at every bar.
 */
class Sma implements Indicator {
  private ring: Float64Array;
  /** Closes taken, and where the oldest of a full ring stands. */
  private count = 0;
  private place = 0;
  private sum = 0;

  constructor(private readonly period: number) { this.ring = new Float64Array(period); }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    // Free places hold 0.
    this.sum += bar.close - this.ring[this.place]!;
    this.ring[this.place] = bar.close;
    this.place = this.place + 1 === this.period ? 0 : this.place + 1;
    this.count++;
    out[at] = this.count >= this.period ? this.sum / this.period : Number.NaN;
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.count + 1 >= this.period ? (this.sum - this.ring[this.place]! + bar.close) / this.period : Number.NaN;
  }
  snapshot(): unknown { return { ring: Array.from(this.ring), count: this.count, sum: this.sum }; }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number; sum: number };
    this.ring = Float64Array.from(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.sum = state.sum;
  }
}

export const sma = defineIndicator({
  id: "SMA",
  title: "Simple moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "SMA", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new Sma(period),
  source: "Mean of the last n closes (TA-Lib SMA)",
});
