import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { type Extreme, highest, lowest, RecentMean } from "./windows";

const params = z.object({ period: bars(14), smooth: bars(3, 1, 100), signal: bars(3, 1, 100) });

class Stochastic extends Composed {
  private readonly high: Extreme;
  private readonly low: Extreme;
  private readonly slow: RecentMean;
  private readonly average: RecentMean;
  protected readonly parts;

  constructor(period: number, smooth: number, signal: number) {
    super();
    this.high = highest(period);
    this.low = lowest(period);
    this.slow = new RecentMean(smooth);
    this.average = new RecentMean(signal);
    this.parts = [this.high, this.low, this.slow, this.average];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const low = this.low.take(bar.low, keep);
    const range = this.high.take(bar.high, keep) - low;
    const fast = range === 0 ? 0 : (100 * (bar.close - low)) / range;
    const slow = this.slow.take(fast, keep);
    const average = this.average.take(slow, keep);
    out[at] = Number.isNaN(average) ? Number.NaN : slow;
    out[at + 1] = average;
  }
}

export const stochastic = defineIndicator({
  id: "STOCH",
  title: "Stochastic oscillator",
  group: "momentum",
  pane: "own",
  guides: [20, 80],
  plots: [
    { id: "k", title: "%K", kind: "line", unit: "value" },
    { id: "d", title: "%D", kind: "line", unit: "value" },
  ],
  params,
  order: ["period", "smooth", "signal"],
  warmUp: ({ period, smooth, signal }) => period + smooth + signal - 3,
  settle: ({ period, smooth, signal }) => period + smooth + signal - 3,
  create: ({ period, smooth, signal }) => new Stochastic(period, smooth, signal),
  source:
    "Close within the range of n bars, 0 where there is none; %K its SMA, %D the SMA of %K; both begin together (TA-Lib STOCH with SMA)",
});
