import { z } from "zod";
import { istDay } from "@/server/domain/time/session";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed, Numbers } from "./composed";
import { barsOfDays, defineIndicator } from "./define";

const DAY = 0;
/** Sums since the session began: (high + low + close) x volume, and volume. */
const VALUE = 1;
const VOLUME = 2;

class Vwap extends Composed {
  private readonly state = new Numbers(3);
  protected readonly parts = [this.state];

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { at: state } = this.state;
    const day = istDay(bar.time);
    const same = day === state[DAY];
    const value = (same ? state[VALUE]! : 0) + (bar.high + bar.low + bar.close) * bar.volume;
    const volume = (same ? state[VOLUME]! : 0) + bar.volume;
    if (keep) {
      state[DAY] = day;
      state[VALUE] = value;
      state[VOLUME] = volume;
    }
    out[at] = volume > 0 ? value / (3 * volume) : Number.NaN;
  }
}

export const vwap = defineIndicator({
  id: "VWAP",
  title: "Volume-weighted average price",
  group: "volume",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "VWAP", kind: "line", unit: "price", perSession: true }],
  params: z.object({}),
  order: [],
  warmUp: () => 0,
  settle: (_, lengthMs) => barsOfDays(1, lengthMs),
  create: () => new Vwap(),
  source:
    "Typical price (high + low + close) / 3 of each bar weighted by its volume, since the session's first bar (an IST date is one session); no value until something was traded",
});
