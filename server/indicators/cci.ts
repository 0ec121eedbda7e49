import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { exactPriceOf, type PriceSource, sourceParam } from "./price-source";
import { WindowSum } from "./windows";

const params = z.object({ period: bars(20, 2, 200), source: sourceParam("hlc3") });

class Cci extends Composed {
  /** The scale of the price falls out of the index. */
  private readonly window: WindowSum;
  protected readonly parts;

  constructor(
    private readonly period: number,
    private readonly source: PriceSource,
  ) {
    super();
    this.window = new WindowSum(period);
    this.parts = [this.window];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { period, window } = this;
    const typical = exactPriceOf(bar, this.source);
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
  order: ["period", "source"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period, source }) => new Cci(period, source),
  source:
    "Typical price less its mean of n, over 0.015 of its mean deviation; 0 where nothing moved (TA-Lib CCI). The deviation is of all n, at every bar: its cost grows with n, never with history",
});
