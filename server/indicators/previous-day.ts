import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { istDay } from "@/server/domain/time/session";
import type { Part } from "./composed";

interface DayLevels {
  day: number;
  high: number;
  low: number;
  close: number;
}

/** High, low and close of the day before, an IST date being one trading day. */
export class PreviousDay implements Part {
  private today: DayLevels | null = null;
  private before: DayLevels | null = null;

  /** Levels of the day before the bar's; null while no such day was seen. */
  take(bar: IndicatorBar, keep: boolean): Readonly<DayLevels> | null {
    const day = istDay(bar.time);
    const fresh = this.today === null || day !== this.today.day;
    const before = fresh ? this.today : this.before;
    if (keep) {
      this.before = before;
      if (fresh || this.today === null) this.today = { day, high: bar.high, low: bar.low, close: bar.close };
      else {
        this.today.high = Math.max(this.today.high, bar.high);
        this.today.low = Math.min(this.today.low, bar.low);
        this.today.close = bar.close;
      }
    }
    return before;
  }
  snapshot(): unknown {
    return { today: copyOf(this.today), before: copyOf(this.before) };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { today: DayLevels | null; before: DayLevels | null };
    this.today = copyOf(state.today);
    this.before = copyOf(state.before);
  }
}

const copyOf = (levels: DayLevels | null): DayLevels | null => (levels === null ? null : { ...levels });
