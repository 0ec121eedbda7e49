import { type BarBatch, type BarColumns, barColumns } from "@/server/domain/bars/bar";
import type { PointBatch } from "@/server/domain/bars/indicator";
import type { Timeframe } from "@/server/domain/time/timeframe";
import type { ResolvedIndicator } from "@/server/indicators";
import { type IndicatorInstance, Indicators } from "@/server/pipeline/indicate";
import type { IndicatorLine } from "./bar-lines";

/** The server's indicator stage behind a replay: it begins with the recording's first bar and takes each as it closes. */
export class ReplayIndicators {
  private readonly stage = new Indicators();
  private readonly wishes: { text: string; instance: IndicatorInstance; values: Map<number, Float64Array> }[];
  private readonly keep = (points: PointBatch): void => {
    for (let row = 0; row < points.length; row++) {
      const wish = this.wishes.find(({ instance }) => instance.id === points.instance[row]);
      wish?.values.set(
        points.time[row]!,
        points.values.slice(row * points.stride, row * points.stride + wish.instance.plots),
      );
    }
  };

  constructor(
    instrument: number,
    timeframe: Timeframe,
    wishes: readonly { text: string; resolved: ResolvedIndicator }[],
  ) {
    this.wishes = wishes.map(({ text, resolved }) => {
      const instance = this.stage.acquire(instrument, timeframe.index, resolved);
      this.stage.seed(instance, barColumns(0));
      return { text, instance, values: new Map<number, Float64Array>() };
    });
  }

  on(batch: BarBatch): void {
    this.stage.on(batch, this.keep);
  }

  /** Values by row of the closed bars; changes from late ticks are applied. */
  lines(bars: BarColumns): IndicatorLine[] {
    for (const instance of this.stage.takeOutdated())
      if (this.stage.beginHealing(instance) !== null) this.stage.heal(instance, bars);
    this.stage.at(0, this.keep);
    return this.wishes.map(({ text, instance, values }) => ({
      text,
      plots: instance.resolved.definition.plots.map(({ id, unit }, plot) => ({
        id,
        unit,
        values: Float64Array.from(
          { length: bars.length },
          (_, row) => values.get(bars.time[row]!)?.[plot] ?? Number.NaN,
        ),
      })),
    }));
  }
}
