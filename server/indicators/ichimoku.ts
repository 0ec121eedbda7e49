import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { Delay, type Extreme, highest, lowest } from "./windows";

const params = z.object({
  conversionPeriod: bars(9),
  basePeriod: bars(26),
  spanPeriod: bars(52),
  displacement: bars(26, 1, 200),
});

class Ichimoku extends Composed {
  private readonly extremes: readonly (readonly [high: Extreme, low: Extreme])[];
  private readonly spans: readonly [Delay, Delay];
  protected readonly parts;

  constructor(conversion: number, base: number, span: number, displacement: number) {
    super();
    this.extremes = [conversion, base, span].map((each) => [highest(each), lowest(each)] as const);
    this.spans = [new Delay(displacement), new Delay(displacement)];
    this.parts = [...this.extremes.flat(), ...this.spans];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const conversion = this.middle(0, bar, keep);
    const base = this.middle(1, bar, keep);
    const span = this.middle(2, bar, keep);
    out[at] = conversion;
    out[at + 1] = base;
    out[at + 2] = this.spans[0].take((conversion + base) / 2, keep);
    out[at + 3] = this.spans[1].take(span, keep);
  }

  /** Middle of the range of a period. */
  private middle(which: number, bar: IndicatorBar, keep: boolean): number {
    const [high, low] = this.extremes[which]!;
    return (high.take(bar.high, keep) + low.take(bar.low, keep)) / 2;
  }
}

export const ichimoku = defineIndicator({
  id: "ICHIMOKU",
  title: "Ichimoku cloud",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [
    { id: "conversion", title: "Conversion", kind: "line", unit: "price" },
    { id: "base", title: "Base", kind: "line", unit: "price" },
    { id: "spanA", title: "Span A", kind: "band", unit: "price" },
    { id: "spanB", title: "Span B", kind: "band", unit: "price" },
  ],
  params,
  order: ["conversionPeriod", "basePeriod", "spanPeriod", "displacement"],
  warmUp: ({ conversionPeriod, basePeriod }) => Math.min(conversionPeriod, basePeriod) - 1,
  settle: ({ conversionPeriod, basePeriod, spanPeriod, displacement }) =>
    Math.max(conversionPeriod, basePeriod, spanPeriod) + displacement,
  create: ({ conversionPeriod, basePeriod, spanPeriod, displacement }) =>
    new Ichimoku(conversionPeriod, basePeriod, spanPeriod, displacement),
  source:
    "Middles of the high-low ranges of three periods; each bar shows the cloud that stood `displacement` bars before it. The cloud ahead of the last bar and the lagging close (which is the close itself, drawn earlier) are left out",
});
