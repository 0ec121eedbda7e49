import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { smooth, wilderSettle } from "./averages";
import { defineIndicator } from "./define";
import { bars, factor } from "./params";

const params = z.object({ period: bars(10), multiplier: factor(3, 0.1, 20) });

class Supertrend implements Indicator {
  /** True ranges taken; -1 before the first bar, which has none. */
  private count = -1;
  private close = 0;
  /** Sum of the ranges until seeded, then Wilder's average. */
  private range = 0;
  /** 0 before the bands exist, then 1 in an up trend, -1 in a down trend. */
  private trend = 0;
  private upper = 0;
  private lower = 0;
  private readonly weight: number;

  constructor(
    private readonly period: number,
    private readonly multiplier: number,
  ) {
    this.weight = 1 / period;
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }
  snapshot(): unknown {
    return [this.count, this.close, this.range, this.trend, this.upper, this.lower];
  }
  restore(snapshot: unknown): void {
    [this.count, this.close, this.range, this.trend, this.upper, this.lower] = snapshot as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
  }

  private write({ high, low, close }: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const count = this.count + 1;
    const before = this.close;
    const range =
      count === 0
        ? 0
        : smooth(
            this.range,
            (high > before ? high : before) - (low < before ? low : before),
            count,
            this.period,
            this.weight,
          );
    let { trend, upper, lower } = this;
    if (count >= this.period) {
      const middle = (high + low) / 2;
      const width = this.multiplier * range;
      // A band moves away from the price only after a close beyond it.
      if (trend === 0 || middle + width < upper || before > upper) upper = middle + width;
      if (trend === 0 || middle - width > lower || before < lower) lower = middle - width;
      if (trend === 0) trend = close > middle ? 1 : -1;
      else if (trend === -1 && close > upper) trend = 1;
      else if (trend === 1 && close < lower) trend = -1;
    }
    if (keep) {
      this.count = count;
      this.close = close;
      this.range = range;
      this.trend = trend;
      this.upper = upper;
      this.lower = lower;
    }
    out[at] = trend === 1 ? lower : Number.NaN;
    out[at + 1] = trend === -1 ? upper : Number.NaN;
  }
}

export const supertrend = defineIndicator({
  id: "SUPERTREND",
  title: "Supertrend",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [
    { id: "up", title: "Up trend", kind: "line", unit: "price" },
    { id: "down", title: "Down trend", kind: "line", unit: "price" },
  ],
  params,
  order: ["period", "multiplier"],
  warmUp: ({ period }) => period,
  // After two changes of trend the start no longer matters; their distance depends on the market.
  settle: ({ period, multiplier }) => period + wilderSettle(period) + Math.ceil(200 * multiplier),
  create: ({ period, multiplier }) => new Supertrend(period, multiplier),
  source:
    "Median price plus and minus k times Wilder's ATR of n; the bands only close in while the price stays within, the trend turns at a close beyond the band. One of the two plots has a value: the band behind the trend",
});
