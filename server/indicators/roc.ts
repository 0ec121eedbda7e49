import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { exactPriceOf, type PriceSource, sourceParam } from "./price-source";
import { Delay } from "./windows";

const params = z.object({ period: bars(10), source: sourceParam() });

class Roc extends Composed {
  private readonly before: Delay;
  protected readonly parts;

  constructor(
    period: number,
    private readonly source: PriceSource,
  ) {
    super();
    this.before = new Delay(period);
    this.parts = [this.before];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const price = exactPriceOf(bar, this.source);
    const before = this.before.take(price, keep);
    out[at] = before === 0 ? 0 : (price / before - 1) * 100;
  }
}

export const roc = defineIndicator({
  id: "ROC",
  title: "Rate of change",
  group: "momentum",
  pane: "own",
  guides: [0],
  plots: [{ id: "value", title: "ROC %", kind: "line", unit: "value" }],
  params,
  order: ["period", "source"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period,
  create: ({ period, source }) => new Roc(period, source),
  source: "Change of the price against n bars before, in percent (TA-Lib ROC)",
});
