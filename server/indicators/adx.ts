import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { isNothing, smooth, wilderSettle, wilderSum } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(14, 2) });

class Adx implements Indicator {
  /** Moves taken; -1 before the first bar. */
  private count = -1;
  private high = 0;
  private low = 0;
  private close = 0;
  /** Wilder's running sums. */
  private ranges = 0;
  private rises = 0;
  private falls = 0;
  /** Sum of the indices until seeded, then their average. */
  private average = 0;

  constructor(private readonly period: number) {}

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }
  snapshot(): unknown {
    return [this.count, this.high, this.low, this.close, this.ranges, this.rises, this.falls, this.average];
  }
  restore(snapshot: unknown): void {
    [this.count, this.high, this.low, this.close, this.ranges, this.rises, this.falls, this.average] = snapshot as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
  }

  private write({ high, low, close }: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { period } = this;
    const count = this.count + 1;
    let { ranges, rises, falls, average } = this;
    let plus = 0;
    let minus = 0;
    if (count > 0) {
      const before = this.close;
      const up = high - this.high;
      const down = this.low - low;
      ranges = wilderSum(ranges, Math.max(high, before) - Math.min(low, before), count, period);
      rises = wilderSum(rises, up > 0 && up > down ? up : 0, count, period);
      falls = wilderSum(falls, down > 0 && down > up ? down : 0, count, period);
    }
    if (count >= period) {
      const still = isNothing(ranges);
      plus = still ? 0 : (100 * rises) / ranges;
      minus = still ? 0 : (100 * falls) / ranges;
      // Where neither side moved there is no movement to average: 0 while seeding, later the average stays.
      const moved = plus + minus;
      const indices = count - period + 1;
      if (!isNothing(moved))
        average = smooth(average, (100 * Math.abs(plus - minus)) / moved, indices, period, 1 / period);
      else if (indices === period) average /= period;
    }
    if (keep) {
      this.count = count;
      this.high = high;
      this.low = low;
      this.close = close;
      this.ranges = ranges;
      this.rises = rises;
      this.falls = falls;
      this.average = average;
    }
    const known = count >= 2 * period - 1;
    out[at] = known ? average : Number.NaN;
    out[at + 1] = known ? plus : Number.NaN;
    out[at + 2] = known ? minus : Number.NaN;
  }
}

export const adx = defineIndicator({
  id: "ADX",
  title: "Average directional index",
  group: "trend",
  pane: "own",
  guides: [25],
  plots: [
    { id: "adx", title: "ADX", kind: "line", unit: "value" },
    { id: "plus", title: "+DI", kind: "line", unit: "value" },
    { id: "minus", title: "−DI", kind: "line", unit: "value" },
  ],
  params,
  order: ["period"],
  warmUp: ({ period }) => 2 * period - 1,
  // One forgetting average feeds another: a little longer than the sum of both.
  settle: ({ period }) => 2 * period + Math.ceil(1.3 * wilderSettle(period)),
  create: ({ period }) => new Adx(period),
  source:
    "Wilder's directional movement over n: running sums begun with n - 1 bars, ADX seeded by the mean of the first n indices (TA-Lib ADX, PLUS_DI, MINUS_DI); all three lines begin with ADX",
});
