import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfPreviousDay } from "./bases";
import { barsOfDays, defineIndicator } from "./define";

class PreviousDayLevels extends OfPreviousDay {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const before = this.day.take(bar, keep);
    out[at] = before === null ? Number.NaN : before.high;
    out[at + 1] = before === null ? Number.NaN : before.low;
    out[at + 2] = before === null ? Number.NaN : before.close;
  }
}

export const previousDayLevels = defineIndicator({
  id: "PDL",
  title: "Previous day's high, low and close",
  group: "levels",
  pane: "price",
  guides: [],
  plots: [
    { id: "high", title: "High", kind: "line", unit: "price", perSession: true },
    { id: "low", title: "Low", kind: "line", unit: "price", perSession: true },
    { id: "close", title: "Close", kind: "line", unit: "price", perSession: true },
  ],
  params: z.object({}),
  order: [],
  warmUp: () => 1,
  // A weekend and holidays have no bars: two days of bars reach back over two sessions.
  settle: (_, lengthMs) => barsOfDays(2, lengthMs),
  create: () => new PreviousDayLevels(),
  source: "Highest high, lowest low and last close of the bars of the session before (an IST date is one session)",
});
