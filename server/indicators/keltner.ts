import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { exponential, exponentialSettle, type Smoothed, wilder, wilderSettle } from "./averages";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars, factor } from "./params";
import { priceOf, type PriceSource, sourceParam } from "./price-source";
import { TrueRange } from "./true-range";

const params = z.object({
  period: bars(20),
  multiplier: factor(2, 0.1, 20),
  atrPeriod: bars(10),
  source: sourceParam(),
});

class Keltner extends Composed {
  private readonly middle: Smoothed;
  private readonly range = new TrueRange();
  private readonly average: Smoothed;
  protected readonly parts;

  constructor(
    period: number,
    private readonly multiplier: number,
    atrPeriod: number,
    private readonly source: PriceSource,
  ) {
    super();
    this.middle = exponential(period);
    this.average = wilder(atrPeriod);
    this.parts = [this.middle, this.range, this.average];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const middle = this.middle.take(priceOf(bar, this.source), keep);
    const width = this.multiplier * this.average.take(this.range.take(bar, keep), keep);
    out[at] = middle + width;
    out[at + 1] = Number.isNaN(width) ? Number.NaN : middle;
    out[at + 2] = middle - width;
  }
}

export const keltner = defineIndicator({
  id: "KC",
  title: "Keltner channels",
  group: "volatility",
  pane: "price",
  guides: [],
  plots: [
    { id: "upper", title: "Upper", kind: "band", unit: "price" },
    { id: "middle", title: "Middle", kind: "line", unit: "price" },
    { id: "lower", title: "Lower", kind: "band", unit: "price" },
  ],
  params,
  order: ["period", "multiplier", "atrPeriod", "source"],
  warmUp: ({ period, atrPeriod }) => Math.max(period - 1, atrPeriod),
  settle: ({ period, atrPeriod }) => Math.max(period + exponentialSettle(period), atrPeriod + wilderSettle(atrPeriod)),
  create: ({ period, multiplier, atrPeriod, source }) => new Keltner(period, multiplier, atrPeriod, source),
  source: "EMA of n prices, and k times Wilder's ATR above and below (Raschke's form), both as TA-Lib seeds them",
});
