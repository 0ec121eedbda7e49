import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfVolumes } from "./bases";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(20) });

class RelativeVolume extends OfVolumes {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { held, size } = this.window;
    out[at] = size < this.period ? Number.NaN : held === 0 ? 0 : (bar.volume * this.period) / held;
    if (keep) this.window.take(bar.volume, true);
  }
}

export const relativeVolume = defineIndicator({
  id: "RVOL",
  title: "Relative volume",
  group: "volume",
  pane: "own",
  guides: [1],
  plots: [{ id: "value", title: "RVOL", kind: "histogram", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period,
  create: ({ period }) => new RelativeVolume(period),
  source: "Volume over the mean of the n bars before it, 0 where nothing was traded in them",
});
