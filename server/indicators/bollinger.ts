import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { defineIndicator } from "./define";
import { bars, factor } from "./params";
import { exactPriceOf, exactPricesOf, type PriceSource, scaleOf, sourceParam } from "./price-source";

const params = z.object({ period: bars(20, 2), deviations: factor(2, 0.1, 10), source: sourceParam() });

interface State {
  ring: number[];
  count: number;
  base: number;
  sum: number;
  squares: number;
}

/**
 * Sums of whole differences from a nearby base are exact, whereas sums of squared prices lose the digits that make up a
 * quiet market's deviation. The result does not depend on the base; it is moved only when the price is so far from it
 * that n times a squared difference might need more than 53 bits.
 */
const FAR = 2 ** 24;

class Bollinger implements Indicator {
  /** Prices less the base. */
  private readonly ring: Float64Array;
  private readonly divisor: number;
  private count = 0;
  private place = 0;
  private base = 0;
  private sum = 0;
  private squares = 0;

  constructor(
    private readonly period: number,
    private readonly deviations: number,
    private readonly source: PriceSource,
  ) {
    this.ring = new Float64Array(period);
    this.divisor = period * scaleOf(source);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.take(exactPriceOf(bar, this.source));
    this.write(this.count, this.sum, this.squares, out, at);
    this.follow();
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const old = this.ring[this.place]!;
    const value = exactPriceOf(bar, this.source) - this.base;
    this.write(this.count + 1, this.sum + value - old, this.squares + value * value - old * old, out, at);
  }
  over(columns: BarColumns, [upper, middle, lower]: readonly [Float64Array, Float64Array, Float64Array]): void {
    const prices = exactPricesOf(columns, this.source);
    for (let row = 0; row < columns.length; row++) {
      this.take(prices[row]!);
      const mean = this.count < this.period ? Number.NaN : this.mean(this.sum);
      const width = this.width(this.sum, this.squares);
      upper[row] = mean + width;
      middle[row] = mean;
      lower[row] = mean - width;
      this.follow();
    }
  }
  snapshot(): unknown {
    return {
      ring: Array.from(this.ring),
      count: this.count,
      base: this.base,
      sum: this.sum,
      squares: this.squares,
    } satisfies State;
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

  private take(price: number): void {
    if (this.count === 0) this.base = price;
    const old = this.ring[this.place]!;
    const value = price - this.base;
    this.sum += value - old;
    this.squares += value * value - old * old;
    this.ring[this.place] = value;
    this.count++;
  }

  private write(count: number, sum: number, squares: number, out: Float64Array, at: number): void {
    const mean = count < this.period ? Number.NaN : this.mean(sum);
    const width = this.width(sum, squares);
    out[at] = mean + width;
    out[at + 1] = mean;
    out[at + 2] = mean - width;
  }

  private mean(sum: number): number {
    return (this.base * this.period + sum) / this.divisor;
  }
  private width(sum: number, squares: number): number {
    return (this.deviations * Math.sqrt(Math.max(0, this.period * squares - sum * sum))) / this.divisor;
  }

  /** Moves to the next slot of the ring; the base follows the price. */
  private follow(): void {
    const { place, period } = this;
    this.place = place + 1 === period ? 0 : place + 1;
    if (this.place > 0) return;
    const value = this.ring[place]!;
    if (Math.abs(value) * period > FAR) this.rebase(this.base + value);
  }

  private rebase(base: number): void {
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
  order: ["period", "deviations", "source"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period, deviations, source }) => new Bollinger(period, deviations, source),
  source: "SMA of n prices and their population deviation times k above and below (TA-Lib BBANDS with SMA)",
});
