import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { istDay } from "@/server/domain/time/session";
import { Composed, Numbers } from "./composed";
import { barsOfDays, defineIndicator } from "./define";

const params = z.object({ minutes: z.number().int().min(1).max(240).default(15).meta({ unit: "minutes" }) });
const MINUTE_MS = 60_000;

const DAY = 0;
/** Time of the session's first bar. */
const OPEN = 1;
const HIGH = 2;
const LOW = 3;

class OpeningRange extends Composed {
  private readonly state = new Numbers(4);
  protected readonly parts = [this.state];

  constructor(private readonly minutes: number) {
    super();
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { at: state } = this.state;
    const day = istDay(bar.time);
    const fresh = day !== state[DAY];
    const open = fresh ? bar.time : state[OPEN]!;
    const inside = bar.time < open + this.minutes * MINUTE_MS;
    const high = fresh ? bar.high : inside ? Math.max(state[HIGH]!, bar.high) : state[HIGH]!;
    const low = fresh ? bar.low : inside ? Math.min(state[LOW]!, bar.low) : state[LOW]!;
    if (keep) {
      state[DAY] = day;
      state[OPEN] = open;
      state[HIGH] = high;
      state[LOW] = low;
    }
    out[at] = high;
    out[at + 1] = low;
  }
}

export const openingRange = defineIndicator({
  id: "OR",
  title: "Opening range",
  group: "levels",
  pane: "price",
  guides: [],
  plots: [
    { id: "high", title: "High", kind: "band", unit: "price", perSession: true },
    { id: "low", title: "Low", kind: "band", unit: "price", perSession: true },
  ],
  params,
  order: ["minutes"],
  warmUp: () => 0,
  settle: (_, lengthMs) => barsOfDays(1, lengthMs),
  create: ({ minutes }) => new OpeningRange(minutes),
  source:
    "Highest high and lowest low of the bars that begin in the session's first minutes, counted from its first bar; growing until they are over",
});
