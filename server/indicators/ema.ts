import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(20) });

/** State in fields: a number captured by closures would be a new object at every bar. */
class Ema implements Indicator {
  private readonly weight: number;
  private count = 0;
  /** Sum of the closes until the seed stands, the average from then on. */
  private value = 0;

  constructor(private readonly period: number) { this.weight = 2 / (period + 1); }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.count++;
    if (this.count < this.period) { this.value += bar.close; out[at] = Number.NaN; return; }
    this.value = this.after(this.count, bar.close);
    out[at] = this.value;
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const then = this.count + 1;
    out[at] = then < this.period ? Number.NaN : this.after(then, bar.close);
  }
  snapshot(): unknown { return { count: this.count, value: this.value }; }
  restore(snapshot: unknown): void {
    const state = snapshot as { count: number; value: number };
    this.count = state.count;
    this.value = state.value;
  }

  private after(count: number, close: number): number {
    return count === this.period ? (this.value + close) / this.period : this.value + (close - this.value) * this.weight;
  }
}

export const ema = defineIndicator({
  id: "EMA",
  title: "Exponential moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "EMA", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  // (1 - 2/(n+1))^k < 1e-9 after about 10.4 (n + 1) bars.
  settle: ({ period }) => period - 1 + Math.ceil(10.4 * (period + 1)),
  create: ({ period }) => new Ema(period),
  source: "Weight 2/(n+1), seeded by the mean of the first n closes (TA-Lib EMA, unstable period 0)",
});
