import { z } from "zod";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { smooth, wilderSettle } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(14) });

class Atr implements Indicator {
  /** True ranges taken; -1 before the first bar, which has none. */
  private count = -1;
  private close = 0;
  /** Sum until seeded, then Wilder's average. */
  private value = 0;
  private readonly weight: number;

  constructor(private readonly period: number) {
    this.weight = 1 / period;
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }
  snapshot(): unknown {
    return [this.count, this.close, this.value];
  }
  restore(snapshot: unknown): void {
    [this.count, this.close, this.value] = snapshot as [number, number, number];
  }

  private write({ high, low, close }: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const count = this.count + 1;
    const before = this.close;
    const range = (high > before ? high : before) - (low < before ? low : before);
    const value = count === 0 ? 0 : smooth(this.value, range, count, this.period, this.weight);
    if (keep) {
      this.count = count;
      this.close = close;
      this.value = value;
    }
    out[at] = count < this.period ? Number.NaN : value;
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
  source:
    "Wilder's average of true ranges, the first at the second bar, seeded by the mean of the first n (TA-Lib ATR)",
});
