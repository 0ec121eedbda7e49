import { z } from "zod";
import { DAY_MS, istDay } from "@/server/domain/time/session";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed, Numbers } from "./composed";
import { barsOfDays, defineIndicator } from "./define";

const DAY = 0;
const CLOSE = 1;
const TOTAL = 2;
/** 1 when the last bar was not the first of its day. */
const INTRADAY = 3;
const BARS = 4;

const yearOf = (day: number): number => new Date(day * DAY_MS).getUTCFullYear();
const YEAR_DAYS = 366;

class Obv extends Composed {
  private readonly state = new Numbers(5);
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
    const newDay = day !== state[DAY];
    const begins = state[BARS] === 0 || (newDay && (state[INTRADAY] === 1 || yearOf(day) !== yearOf(state[DAY]!)));
    const total = begins ? bar.volume : state[TOTAL]! + Math.sign(bar.close - state[CLOSE]!) * bar.volume;
    if (keep) {
      state[DAY] = day;
      state[CLOSE] = bar.close;
      state[TOTAL] = total;
      state[INTRADAY] = newDay ? 0 : 1;
      state[BARS] = 1;
    }
    out[at] = total;
  }
}

export const obv = defineIndicator({
  id: "OBV",
  title: "On-balance volume",
  group: "volume",
  pane: "own",
  guides: [],
  plots: [{ id: "value", title: "OBV", kind: "line", unit: "value" }],
  params: z.object({}),
  order: [],
  warmUp: () => 0,
  settle: (_, lengthMs) => (lengthMs < DAY_MS ? barsOfDays(1, lengthMs) : Math.ceil((YEAR_DAYS * DAY_MS) / lengthMs)),
  create: () => new Obv(),
  source:
    "Volume added at a higher close, taken away at a lower, begun with the first bar's volume (TA-Lib OBV) of each session; on daily and longer bars of each year. Its level means nothing, so it begins where every reader agrees",
});
