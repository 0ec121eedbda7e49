import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfRange } from "./bases";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(20) });

class Donchian extends OfRange {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const high = this.high.take(bar.high, keep);
    const low = this.low.take(bar.low, keep);
    out[at] = high;
    out[at + 1] = (high + low) / 2;
    out[at + 2] = low;
  }
}

export const donchian = defineIndicator({
  id: "DC",
  title: "Donchian channels",
  group: "volatility",
  pane: "price",
  guides: [],
  plots: [
    { id: "upper", title: "Upper", kind: "band", unit: "price" },
    { id: "middle", title: "Middle", kind: "line", unit: "price" },
    { id: "lower", title: "Lower", kind: "band", unit: "price" },
  ],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new Donchian(period),
  source:
    "Highest high and lowest low of the last n bars, this one included, and their middle (TA-Lib MAX of high, MIN of low)",
});
