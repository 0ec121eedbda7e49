import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { exponentialSettle, smooth, step } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { priceOf, pricesOf, type PriceSource, sourceParam } from "./price-source";

const params = z.object({ fast: bars(12, 2), slow: bars(26, 2), signal: bars(9), source: sourceParam() });

class Macd implements Indicator {
  private readonly fastPeriod: number;
  private readonly slowPeriod: number;
  /** Prices before the fast average's first, and up to the first value of all lines. */
  private readonly late: number;
  private readonly first: number;
  private readonly fastWeight: number;
  private readonly slowWeight: number;
  private readonly signalWeight: number;
  /** Prices taken. */
  private count = 0;
  /** Sums until seeded, then averages. */
  private fast = 0;
  private slow = 0;
  private signal = 0;

  constructor(
    fast: number,
    slow: number,
    private readonly signalPeriod: number,
    private readonly source: PriceSource,
  ) {
    this.fastPeriod = Math.min(fast, slow);
    this.slowPeriod = Math.max(fast, slow);
    this.late = this.slowPeriod - this.fastPeriod;
    this.first = this.slowPeriod + signalPeriod - 1;
    this.fastWeight = 2 / (this.fastPeriod + 1);
    this.slowWeight = 2 / (this.slowPeriod + 1);
    this.signalWeight = 2 / (signalPeriod + 1);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.take(priceOf(bar, this.source));
    write(this.count >= this.first, this.fast - this.slow, this.signal, out, at);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const price = priceOf(bar, this.source);
    const count = this.count + 1;
    const macd = this.fastAfter(price, count) - this.slowAfter(price, count);
    write(count >= this.first, macd, this.signalAfter(macd, count), out, at);
  }
  /** Once all is seeded, state is in local numbers: a field would be written and read again at every row. */
  over(columns: BarColumns, [lines, signals, histogram]: readonly [Float64Array, Float64Array, Float64Array]): void {
    const prices = pricesOf(columns, this.source);
    const { length } = columns;
    let row = 0;
    for (; row < length && this.count < this.first; row++) {
      this.take(prices[row]!);
      const known = this.count >= this.first;
      lines[row] = known ? this.fast - this.slow : Number.NaN;
      signals[row] = known ? this.signal : Number.NaN;
      histogram[row] = known ? this.fast - this.slow - this.signal : Number.NaN;
    }
    const { fastWeight, slowWeight, signalWeight } = this;
    let { fast, slow, signal } = this;
    this.count += length - row;
    for (; row < length; row++) {
      fast = step(fast, prices[row]!, fastWeight);
      slow = step(slow, prices[row]!, slowWeight);
      const macd = fast - slow;
      signal = step(signal, macd, signalWeight);
      lines[row] = macd;
      signals[row] = signal;
      histogram[row] = macd - signal;
    }
    this.fast = fast;
    this.slow = slow;
    this.signal = signal;
  }
  snapshot(): unknown {
    return [this.count, this.fast, this.slow, this.signal];
  }
  restore(snapshot: unknown): void {
    [this.count, this.fast, this.slow, this.signal] = snapshot as [number, number, number, number];
  }

  private take(price: number): void {
    const count = ++this.count;
    this.fast = this.fastAfter(price, count);
    this.slow = this.slowAfter(price, count);
    this.signal = this.signalAfter(this.fast - this.slow, count);
  }

  /** It begins late, so that both are seeded at the same bar: of 12 and 26 it is the mean of prices 14 to 25, counted from 0. */
  private fastAfter(price: number, count: number): number {
    return count > this.late ? smooth(this.fast, price, count - this.late, this.fastPeriod, this.fastWeight) : 0;
  }
  private slowAfter(price: number, count: number): number {
    return smooth(this.slow, price, count, this.slowPeriod, this.slowWeight);
  }
  private signalAfter(macd: number, count: number): number {
    return count >= this.slowPeriod
      ? smooth(this.signal, macd, count - this.slowPeriod + 1, this.signalPeriod, this.signalWeight)
      : 0;
  }
}

const write = (known: boolean, macd: number, signal: number, out: Float64Array, at: number): void => {
  out[at] = known ? macd : Number.NaN;
  out[at + 1] = known ? signal : Number.NaN;
  out[at + 2] = known ? macd - signal : Number.NaN;
};

export const macd = defineIndicator({
  id: "MACD",
  title: "Moving average convergence divergence",
  group: "momentum",
  pane: "own",
  guides: [0],
  plots: [
    { id: "macd", title: "MACD", kind: "line", unit: "price" },
    { id: "signal", title: "Signal", kind: "line", unit: "price" },
    { id: "histogram", title: "Histogram", kind: "histogram", unit: "price" },
  ],
  params,
  order: ["fast", "slow", "signal", "source"],
  warmUp: ({ fast, slow, signal }) => Math.max(fast, slow) - 1 + signal - 1,
  settle: ({ fast, slow, signal }) =>
    Math.max(fast, slow) + signal + exponentialSettle(Math.max(fast, slow)) + exponentialSettle(signal),
  create: ({ fast, slow, signal, source }) => new Macd(fast, slow, signal, source),
  source:
    "Fast minus slow EMA, both seeded at bar `slow` (the fast one by the prices just before it), signal seeded by its first n; all three lines begin together; the shorter period is the fast one (TA-Lib MACD)",
});
