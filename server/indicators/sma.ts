import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { exactPriceOf, exactPricesOf, type PriceSource, scaleOf, sourceParam } from "./price-source";

const params = z.object({ period: bars(20), source: sourceParam() });

/**
 * Ring buffer and a running sum. Prices are whole numbers (minor units), so the sum is exact and never drifts.
 * State in fields: a number captured by closures would be a new object at every bar.
 */
class Sma implements Indicator {
  private readonly ring: Float64Array;
  /** Number of prices, and the position of the oldest in a full ring. */
  private count = 0;
  private place = 0;
  private sum = 0;
  private readonly divisor: number;

  constructor(
    private readonly period: number,
    private readonly source: PriceSource,
  ) {
    this.ring = new Float64Array(period);
    this.divisor = period * scaleOf(source);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.take(exactPriceOf(bar, this.source));
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] =
      this.count + 1 >= this.period
        ? (this.sum - this.ring[this.place]! + exactPriceOf(bar, this.source)) / this.divisor
        : Number.NaN;
  }
  over(columns: BarColumns, [plot]: readonly [Float64Array]): void {
    const prices = exactPricesOf(columns, this.source);
    for (let row = 0; row < columns.length; row++) plot[row] = this.take(prices[row]!);
  }
  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count, sum: this.sum };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number; sum: number };
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.sum = state.sum;
  }

  private take(price: number): number {
    // Free places hold 0.
    this.sum += price - this.ring[this.place]!;
    this.ring[this.place] = price;
    this.place = this.place + 1 === this.period ? 0 : this.place + 1;
    this.count++;
    return this.count >= this.period ? this.sum / this.divisor : Number.NaN;
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
  order: ["period", "source"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period, source }) => new Sma(period, source),
  source: "Mean of the last n prices (TA-Lib SMA)",
});
