import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(2).max(1_000).default(20), deviations: z.number().min(0.1).max(10).default(2) });

interface State { ring: number[]; count: number; base: number; sum: number; squares: number }

/**
 * Sums of whole differences from a near base are exact, where sums of squared prices lose the digits that a quiet
 * market's deviation is made of. The base follows the price at each turn of the ring.
 */
class Bollinger implements Indicator {
  /** Closes less the base. */
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private base = 0;
  private sum = 0;
  private squares = 0;

  constructor(private readonly period: number, private readonly deviations: number) { this.ring = new Float64Array(period); }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    if (this.count === 0) this.base = bar.close;
    this.peek(bar, out, at);
    const old = this.ring[this.place]!;
    const value = bar.close - this.base;
    this.sum += value - old;
    this.squares += value * value - old * old;
    this.ring[this.place] = value;
    this.count++;
    if (++this.place === this.period) this.rebase(bar.close);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const { period } = this;
    if (this.count + 1 < period) { out[at] = Number.NaN; out[at + 1] = Number.NaN; out[at + 2] = Number.NaN; return; }
    const old = this.ring[this.place]!;
    const value = bar.close - this.base;
    const sum = this.sum + value - old;
    const squares = this.squares + value * value - old * old;
    const mean = this.base + sum / period;
    const width = (this.deviations * Math.sqrt(Math.max(0, period * squares - sum * sum))) / period;
    out[at] = mean + width;
    out[at + 1] = mean;
    out[at + 2] = mean - width;
  }
  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count, base: this.base, sum: this.sum, squares: this.squares } satisfies State;
  }
  restore(snapshot: unknown): void {
    const state = snapshot as State;
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.base = state.base;
    this.sum = state.sum;
    this.squares = state.squares;
  }

  private rebase(base: number): void {
    this.place = 0;
    this.sum = 0;
    this.squares = 0;
    for (let at = 0; at < this.period; at++) {
      const value = this.ring[at]! + this.base - base;
      this.ring[at] = value;
      this.sum += value;
      this.squares += value * value;
    }
    this.base = base;
  }
}

export const bollinger = defineIndicator({
  id: "BB",
  title: "Bollinger bands",
  group: "volatility",
  pane: "price",
  guides: [],
  plots: [
    { id: "upper", title: "Upper", kind: "band", unit: "price" },
    { id: "middle", title: "Middle", kind: "line", unit: "price" },
    { id: "lower", title: "Lower", kind: "band", unit: "price" },
  ],
  params,
  order: ["period", "deviations"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period, deviations }) => new Bollinger(period, deviations),
  source: "SMA of n closes and their population deviation times k above and below (TA-Lib BBANDS with SMA)",
});
