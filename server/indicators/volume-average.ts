import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfVolumes } from "./bases";
import { defineIndicator } from "./define";
import { bars } from "./params";

const params = z.object({ period: bars(20) });

class VolumeAverage extends OfVolumes {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const average = this.window.take(bar.volume, keep) / this.period;
    out[at] = average;
    out[at + 1] = Number.isNaN(average) ? Number.NaN : bar.volume;
  }
}

export const volumeAverage = defineIndicator({
  id: "VOLMA",
  title: "Volume and its average",
  group: "volume",
  pane: "own",
  guides: [],
  plots: [
    { id: "average", title: "Average", kind: "line", unit: "value" },
    { id: "volume", title: "Volume", kind: "histogram", unit: "value" },
  ],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create: ({ period }) => new VolumeAverage(period),
  source: "Mean volume of the last n bars, this one included (TA-Lib SMA of volume)",
});
