import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { OfPreviousDay } from "./bases";
import { barsOfDays, defineIndicator } from "./define";

class Pivots extends OfPreviousDay {
  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const before = this.day.take(bar, keep);
    if (before === null) {
      out.fill(Number.NaN, at, at + 7);
      return;
    }
    const { high, low, close } = before;
    const pivot = (high + low + close) / 3;
    const middle = (high + low) / 2;
    const mirrored = 2 * pivot - middle;
    out[at] = Math.max(middle, mirrored);
    out[at + 1] = pivot;
    out[at + 2] = Math.min(middle, mirrored);
    out[at + 3] = 2 * pivot - low;
    out[at + 4] = 2 * pivot - high;
    out[at + 5] = pivot + high - low;
    out[at + 6] = pivot - high + low;
  }
}

const level = (id: string, title: string, kind: "line" | "band" = "line") =>
  ({ id, title, kind, unit: "price", perSession: true }) as const;

export const pivots = defineIndicator({
  id: "CPR",
  title: "Central pivot range and pivots",
  group: "levels",
  pane: "price",
  guides: [],
  plots: [
    level("top", "Top of the range", "band"),
    level("pivot", "Pivot"),
    level("bottom", "Bottom of the range", "band"),
    level("r1", "R1"),
    level("s1", "S1"),
    level("r2", "R2"),
    level("s2", "S2"),
  ],
  params: z.object({}),
  order: [],
  warmUp: () => 1,
  settle: (_, lengthMs) => barsOfDays(2, lengthMs),
  create: () => new Pivots(),
  source:
    "Floor pivots of the session before: P = (H + L + C) / 3, R1 = 2P - L, S1 = 2P - H, R2 = P + H - L, S2 = P - H + L; the central range lies between (H + L) / 2 and its mirror 2P - (H + L) / 2",
});
