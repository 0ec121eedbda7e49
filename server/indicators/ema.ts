import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { exponentialSettle } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { priceOf, pricesOf, type PriceSource, sourceParam } from "./price-source";

const params = z.object({ period: bars(20), source: sourceParam() });

/** State in fields: a number captured by closures would be a new object at every bar. */
class Ema implements Indicator {
  private readonly weight: number;
  private count = 0;
  /** Sum of the prices until seeded, then the average. */
  private value = 0;

  constructor(
    private readonly period: number,
    private readonly source: PriceSource,
  ) {
    this.weight = 2 / (period + 1);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.take(priceOf(bar, this.source));
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const count = this.count + 1;
    out[at] = count < this.period ? Number.NaN : this.after(count, priceOf(bar, this.source));
  }
  over(columns: BarColumns, [plot]: readonly [Float64Array]): void {
    const prices = pricesOf(columns, this.source);
    for (let row = 0; row < columns.length; row++) plot[row] = this.take(prices[row]!);
  }
  snapshot(): unknown {
    return { count: this.count, value: this.value };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { count: number; value: number };
    this.count = state.count;
    this.value = state.value;
  }

  private take(price: number): number {
    const count = ++this.count;
    if (count < this.period) {
      this.value += price;
      return Number.NaN;
    }
    return (this.value = this.after(count, price));
  }

  private after(count: number, price: number): number {
    return count > this.period ? this.value + (price - this.value) * this.weight : (this.value + price) / this.period;
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
  order: ["period", "source"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1 + exponentialSettle(period),
  create: ({ period, source }) => new Ema(period, source),
  source: "Weight 2/(n+1), seeded by the mean of the first n prices (TA-Lib EMA, unstable period 0)",
});
