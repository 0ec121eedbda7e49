import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { type Smoothed, wilder, wilderSettle } from "./averages";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { TrueRange } from "./true-range";

const params = z.object({ period: bars(14) });

class Atr extends Composed {
  private readonly range = new TrueRange();
  private readonly average: Smoothed;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.average = wilder(period);
    this.parts = [this.range, this.average];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    out[at] = this.average.take(this.range.take(bar, keep), keep);
  }
}

export const atr = defineIndicator({
  id: "ATR",
  title: "Average true range",
  group: "volatility",
  pane: "own",
  guides: [],
  plots: [{ id: "value", title: "ATR", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period + wilderSettle(period),
  create: ({ period }) => new Atr(period),
  source: "Wilder's average of true ranges, the first at the second bar, seeded by the mean of the first n (TA-Lib ATR)",
});
