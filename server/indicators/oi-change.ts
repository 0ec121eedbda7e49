import { z } from "zod";
import { istDay } from "@/server/domain/time/session";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed, Numbers } from "./composed";
import { barsOfDays, defineIndicator } from "./define";

const bases = ["bar", "session", "day"] as const;
type Base = (typeof bases)[number];
const params = z.object({ against: z.enum(bases).default("bar") });

const DAY = 0;
/** What the running day's changes count from; -1 unknown. */
const BASE = 1;
/** For `bar` the previous bar's, for `day` the last one known on the running day; -1 if unknown. */
const LAST = 2;
const UNKNOWN = -1;

class OiChange extends Composed {
  private readonly state = new Numbers(3, UNKNOWN);
  protected readonly parts = [this.state];

  constructor(private readonly against: Base) {
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
    const { openInterest, time } = bar;
    const day = istDay(time);
    const fresh = day !== state[DAY];
    const base = this.baseOf(openInterest, fresh);
    if (keep) {
      state[DAY] = day;
      state[BASE] = base;
      if (openInterest >= 0 || fresh || this.against === "bar") state[LAST] = openInterest;
    }
    out[at] = openInterest < 0 || base < 0 ? Number.NaN : openInterest - base;
  }

  private baseOf(openInterest: number, fresh: boolean): number {
    const { at: state } = this.state;
    if (this.against === "bar") return state[LAST]!;
    if (this.against === "day") return fresh ? state[LAST]! : state[BASE]!;
    return fresh || state[BASE]! < 0 ? openInterest : state[BASE]!;
  }
}

export const oiChange = defineIndicator({
  id: "OICHG",
  title: "Change in open interest",
  group: "volume",
  pane: "own",
  guides: [0],
  plots: [{ id: "value", title: "OI change", kind: "histogram", unit: "value" }],
  params,
  order: ["against"],
  warmUp: ({ against }) => (against === "session" ? 0 : 1),
  settle: ({ against }, lengthMs) => (against === "bar" ? 1 : barsOfDays(against === "session" ? 1 : 2, lengthMs)),
  create: ({ against }) => new OiChange(against),
  source:
    "Contracts open at the bar's end less those at the end of the bar before (bar), of the session's first bar (session), or of the day before (day: the exchange's own change in OI). No value where either is unknown",
});
