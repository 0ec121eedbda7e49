import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { WindowSum } from "./windows";

const params = z.object({ period: z.number().int().min(2).max(200).default(20) });

class Cci extends Composed {
  /** Three times the typical price: whole numbers. */
  private readonly window: WindowSum;
  protected readonly parts;

  constructor(private readonly period: number) {
    super();
    this.window = new WindowSum(period);
    this.parts = [this.window];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { period, window } = this;
    const typical = bar.high + bar.low + bar.close;
    const full = window.size + 1 >= period;
    const mean = window.wouldSum(typical) / period;
    const deviation = full ? window.deviation(typical, mean) / period : 0;
    if (keep) window.take(typical, true);
    out[at] = !full ? Number.NaN : deviation === 0 ? 0 : (typical - mean) / (0.015 * deviation);
  }
}

export const cci = defineIndicator({
  id: "CCI",
  title: "Commodity channel index",
  group: "momentum",
  pane: "own",
  guides: [-100, 100],
  plots: [{ id: "value", title: "CCI", kind: "line", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new Cci(period),
  source: "Typical price less its mean of n, over 0.015 of its mean deviation; 0 where nothing moved (TA-Lib CCI). The deviation is of all n, at every bar: its cost grows with n, never with history",
});
