import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";
import { WindowSum } from "./windows";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(20) });

/** Whole prices keep both sums exact: the weighted one gains n times the new close and loses the plain one. */
class Wma extends Composed {
  private readonly window: WindowSum;
  /** Sum of the closes held, the newest weighted with their number, the oldest with 1. */
  private readonly weighted = new Numbers(1);
  protected readonly parts;

  constructor(private readonly period: number) {
    super();
    this.window = new WindowSum(period);
    this.parts = [this.window, this.weighted];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { period, window } = this;
    const full = window.size === period;
    const weighted = this.weighted.at[0]! + (full ? period : window.size + 1) * bar.close - (full ? window.held : 0);
    const sum = window.take(bar.close, keep);
    if (keep) this.weighted.at[0] = weighted;
    out[at] = Number.isNaN(sum) ? Number.NaN : weighted / ((period * (period + 1)) / 2);
  }
}

export const wma = defineIndicator({
  id: "WMA",
  title: "Weighted moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "WMA", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new Wma(period),
  source: "Last n closes weighted 1 to n, the newest most (TA-Lib WMA)",
});
