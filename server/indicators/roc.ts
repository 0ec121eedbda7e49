import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { Delay } from "./windows";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(10) });

class Roc extends Composed {
  private readonly before: Delay;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.before = new Delay(period);
    this.parts = [this.before];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const before = this.before.take(bar.close, keep);
    out[at] = before === 0 ? 0 : (bar.close / before - 1) * 100;
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
  order: ["period"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period,
  create: ({ period }) => new Roc(period),
  source: "Change of the close against n bars before, in percent (TA-Lib ROC)",
});
