import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { exactPriceOf, exactPricesOf, type PriceSource, scaleOf, sourceParam } from "./price-source";

const params = z.object({ period: bars(20), source: sourceParam() });

interface State {
  ring: number[];
  count: number;
  sum: number;
  weighted: number;
}

/** Whole prices keep both sums exact: the weighted one gains n times the new price and loses the plain one. */
class Wma implements Indicator {
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private sum = 0;
  /** The newest price weighted with the number of those held, the oldest with 1. */
  private weighted = 0;
  private readonly divisor: number;

  constructor(
    private readonly period: number,
    private readonly source: PriceSource,
  ) {
    this.ring = new Float64Array(period);
    this.divisor = ((period * (period + 1)) / 2) * scaleOf(source);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.take(exactPriceOf(bar, this.source));
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.count + 1 < this.period ? Number.NaN : this.after(exactPriceOf(bar, this.source)) / this.divisor;
  }
  over(columns: BarColumns, [plot]: readonly [Float64Array]): void {
    const prices = exactPricesOf(columns, this.source);
    for (let row = 0; row < columns.length; row++) plot[row] = this.take(prices[row]!);
  }
  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count, sum: this.sum, weighted: this.weighted } satisfies State;
  }
  restore(snapshot: unknown): void {
    const state = snapshot as State;
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.sum = state.sum;
    this.weighted = state.weighted;
  }

  private take(price: number): number {
    this.weighted = this.after(price);
    // Free places hold 0.
    this.sum += price - this.ring[this.place]!;
    this.ring[this.place] = price;
    this.place = this.place + 1 === this.period ? 0 : this.place + 1;
    this.count++;
    return this.count >= this.period ? this.weighted / this.divisor : Number.NaN;
  }

  /** The weighted sum with this price in. */
  private after(price: number): number {
    return this.count >= this.period
      ? this.weighted + this.period * price - this.sum
      : this.weighted + (this.count + 1) * price;
  }
}

export const wma = defineIndicator({
  id: "WMA",
  title: "Weighted moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "WMA", kind: "line", unit: "price" }],
  params,
  order: ["period", "source"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period, source }) => new Wma(period, source),
  source: "Last n prices weighted 1 to n, the newest most (TA-Lib WMA)",
});
