import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfRange } from "./bases";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(14) });

class Williams extends OfRange {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const high = this.high.take(bar.high, keep);
    const range = high - this.low.take(bar.low, keep);
    out[at] = range === 0 ? 0 : (-100 * (high - bar.close)) / range;
  }
}

export const williams = defineIndicator({
  id: "WILLR",
  title: "Williams %R",
  group: "momentum",
  pane: "own",
  guides: [-80, -20],
  plots: [{ id: "value", title: "%R", kind: "line", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new Williams(period),
  source:
    "How far the close is under the highest high of n, in percent of their range, 0 to -100; 0 where there is no range (TA-Lib WILLR)",
});
