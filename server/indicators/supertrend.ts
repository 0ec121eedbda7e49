import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { type Smoothed, wilder, wilderSettle } from "./averages";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";
import { bars, factor } from "./params";
import { TrueRange } from "./true-range";

const params = z.object({ period: bars(10), multiplier: factor(3, 0.1, 20) });

/** 0 before the bands stand, then 1 in an up trend, -1 in a down trend. */
const TREND = 0;
const UPPER = 1;
const LOWER = 2;
const CLOSE = 3;

class Supertrend extends Composed {
  private readonly range = new TrueRange();
  private readonly average: Smoothed;
  private readonly state = new Numbers(4);
  protected readonly parts;

  constructor(period: number, private readonly multiplier: number) {
    super();
    this.average = wilder(period);
    this.parts = [this.range, this.average, this.state];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { at: state } = this.state;
    const width = this.multiplier * this.average.take(this.range.take(bar, keep), keep);
    out[at] = Number.NaN;
    out[at + 1] = Number.NaN;
    if (Number.isNaN(width)) return;
    const middle = (bar.high + bar.low) / 2;
    let upper = middle + width;
    let lower = middle - width;
    let trend = state[TREND]!;
    if (trend === 0) trend = bar.close > middle ? 1 : -1;
    else {
      // A band moves away from the price only after a close beyond it.
      if (upper > state[UPPER]! && state[CLOSE]! <= state[UPPER]!) upper = state[UPPER]!;
      if (lower < state[LOWER]! && state[CLOSE]! >= state[LOWER]!) lower = state[LOWER]!;
      if (trend === -1 && bar.close > upper) trend = 1;
      else if (trend === 1 && bar.close < lower) trend = -1;
    }
    if (keep) { state[TREND] = trend; state[UPPER] = upper; state[LOWER] = lower; state[CLOSE] = bar.close; }
    if (trend === 1) out[at] = lower; else out[at + 1] = upper;
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
  // Two changes of trend forget the start; how far they lie apart is the market's affair.
  settle: ({ period, multiplier }) => period + wilderSettle(period) + Math.ceil(200 * multiplier),
  create: ({ period, multiplier }) => new Supertrend(period, multiplier),
  source: "Median price plus and minus k times Wilder's ATR of n; the bands only close in while the price stays within, the trend turns at a close beyond the band. One of the two plots has a value: the band behind the trend",
});
