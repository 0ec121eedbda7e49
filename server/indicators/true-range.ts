import type { IndicatorBar } from "@/server/domain/bars/indicator";
import type { Part } from "./composed";

/** Wilder's true range: the bar and the step from the close before it. NaN on the first bar, as TA-Lib has it. */
export class TrueRange implements Part {
  private close = 0;
  private known = false;

  take(bar: IndicatorBar, keep: boolean): number {
    const range = this.known ? Math.max(bar.high, this.close) - Math.min(bar.low, this.close) : Number.NaN;
    if (keep) {
      this.close = bar.close;
      this.known = true;
    }
    return range;
  }
  snapshot(): unknown {
    return [this.close, this.known];
  }
  restore(snapshot: unknown): void {
    [this.close, this.known] = snapshot as [number, boolean];
  }
}
