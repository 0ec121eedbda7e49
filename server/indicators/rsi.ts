import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(2).max(1_000).default(14) });

const ratio = (up: number, down: number): number => (up + down === 0 ? 0 : (100 * up) / (up + down));

/** State in fields: a number captured by closures would be a new object at every bar. */
class Rsi implements Indicator {
  /** Changes seen; -1 before the first close. */
  private count = -1;
  private previous = 0;
  /** Sums until the seed stands, Wilder's averages from then on. */
  private gain = 0;
  private loss = 0;

  constructor(private readonly period: number) {}

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    const { period } = this;
    const change = bar.close - this.previous;
    this.previous = bar.close;
    this.count++;
    if (this.count === 0) { out[at] = Number.NaN; return; }
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    if (this.count <= period) {
      this.gain += up;
      this.loss += down;
      if (this.count < period) { out[at] = Number.NaN; return; }
      this.gain /= period;
      this.loss /= period;
    } else {
      this.gain = (this.gain * (period - 1) + up) / period;
      this.loss = (this.loss * (period - 1) + down) / period;
    }
    out[at] = ratio(this.gain, this.loss);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const { period, count } = this;
    if (count + 1 < period) { out[at] = Number.NaN; return; }
    const change = bar.close - this.previous;
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    // Before the seed stands gain and loss are sums.
    const weight = count + 1 === period ? 1 : period - 1;
    out[at] = ratio((this.gain * weight + up) / period, (this.loss * weight + down) / period);
  }
  snapshot(): unknown { return { count: this.count, previous: this.previous, gain: this.gain, loss: this.loss }; }
  restore(snapshot: unknown): void {
    const state = snapshot as { count: number; previous: number; gain: number; loss: number };
    this.count = state.count;
    this.previous = state.previous;
    this.gain = state.gain;
    this.loss = state.loss;
  }
}

export const rsi = defineIndicator({
  id: "RSI",
  title: "Relative strength index",
  group: "momentum",
  pane: "own",
  guides: [30, 70],
  plots: [{ id: "value", title: "RSI", kind: "line", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period,
  // (1 - 1/n)^k < 1e-9 after about 20.8 n bars.
  settle: ({ period }) => period + Math.ceil(20.8 * period),
  create: ({ period }) => new Rsi(period),
  source: "Wilder's smoothing, seeded by the mean of the first n changes; a price that never moved reads 0 (TA-Lib RSI)",
});
