import { z } from "zod";
import type { BarColumns } from "@/server/domain/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/indicator";
import { exponentialSettle, smooth } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { priceOf, pricesOf, type PriceSource, sourceParam } from "./price-source";

const params = z.object({ fast: bars(12, 2), slow: bars(26, 2), signal: bars(9), source: sourceParam() });

class Macd implements Indicator {
  private readonly fastPeriod: number;
  private readonly slowPeriod: number;
  private readonly fastWeight: number;
  private readonly slowWeight: number;
  private readonly signalWeight: number;
  /** Prices taken. */
  private count = 0;
  /** Sums until their seeds stand, averages from then on. */
  private fast = 0;
  private slow = 0;
  private signal = 0;

  constructor(fast: number, slow: number, private readonly signalPeriod: number, private readonly source: PriceSource) {
    this.fastPeriod = Math.min(fast, slow);
    this.slowPeriod = Math.max(fast, slow);
    this.fastWeight = 2 / (this.fastPeriod + 1);
    this.slowWeight = 2 / (this.slowPeriod + 1);
    this.signalWeight = 2 / (signalPeriod + 1);
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void { this.write(priceOf(bar, this.source), out, at, true); }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void { this.write(priceOf(bar, this.source), out, at, false); }
  over(columns: BarColumns, [lines, signals, histogram]: readonly [Float64Array, Float64Array, Float64Array]): void {
    const prices = pricesOf(columns, this.source);
    const out = new Float64Array(3);
    for (let row = 0; row < columns.length; row++) {
      this.write(prices[row]!, out, 0, true);
      lines[row] = out[0]!;
      signals[row] = out[1]!;
      histogram[row] = out[2]!;
    }
  }
  snapshot(): unknown { return [this.count, this.fast, this.slow, this.signal]; }
  restore(snapshot: unknown): void { [this.count, this.fast, this.slow, this.signal] = snapshot as [number, number, number, number]; }

  private write(price: number, out: Float64Array, at: number, keep: boolean): void {
    const { slowPeriod, fastPeriod, signalPeriod } = this;
    const count = this.count + 1;
    // The fast average begins late, so that both are seeded at the same bar: of 12 and 26 it is the mean of prices 14 to 25, counted from 0.
    const late = slowPeriod - fastPeriod;
    const fast = count > late ? smooth(this.fast, price, count - late, fastPeriod, this.fastWeight) : 0;
    const slow = smooth(this.slow, price, count, slowPeriod, this.slowWeight);
    const macd = fast - slow;
    const lines = count - slowPeriod + 1;
    const signal = lines > 0 ? smooth(this.signal, macd, lines, signalPeriod, this.signalWeight) : 0;
    if (keep) { this.count = count; this.fast = fast; this.slow = slow; this.signal = signal; }
    const known = lines >= signalPeriod;
    out[at] = known ? macd : Number.NaN;
    out[at + 1] = known ? signal : Number.NaN;
    out[at + 2] = known ? macd - signal : Number.NaN;
  }
}

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
  settle: ({ fast, slow, signal }) => Math.max(fast, slow) + signal + exponentialSettle(Math.max(fast, slow)) + exponentialSettle(signal),
  create: ({ fast, slow, signal, source }) => new Macd(fast, slow, signal, source),
  source: "Fast minus slow EMA, both seeded at bar `slow` (the fast one by the prices just before it), signal seeded by its first n; all three lines begin together; the shorter period is the fast one (TA-Lib MACD)",
});
