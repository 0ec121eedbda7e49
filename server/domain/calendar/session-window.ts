import { type Calendar, DAY_MS, istDay, istMidnight, type PhaseName, type Session } from "@/server/domain/time/session";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";

/** What a tick may enter at a given time. */
export const NOTHING = 0;
export const CONTINUOUS_BAR = 1;
export const AUCTION_PHASE = 2;

const entryOf = (phase: PhaseName): number =>
  phase === "continuous" ? CONTINUOUS_BAR : phase === "halt" || phase === "transition" ? NOTHING : AUCTION_PHASE;

/** Places of `SessionWindows.trading`: epoch ms, `to` exclusive. */
export const enum Border {
  from,
  to,
  count,
}

/** What `InstrumentTable.hoursNumber` can hold. */
const MOST_HOURS = 256;

/**
 * "May a tick of this instrument at this instant enter a bar?", answered from two cached borders per trading hours.
 * The calendar is asked only when time leaves the cached window.
 */
export class SessionWindows {
  private readonly from = new Float64Array(MOST_HOURS);
  private readonly to = new Float64Array(MOST_HOURS);
  private readonly open = new Uint8Array(MOST_HOURS);
  /** Borders of the continuous phase that was asked for last, `Border.count` numbers for each trading hours. */
  readonly trading = new Float64Array(MOST_HOURS * Border.count);

  constructor(
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
  ) {}

  /** True inside a continuous phase. */
  continuous(instrument: number, instant: number): boolean {
    return this.entry(instrument, instant) === CONTINUOUS_BAR;
  }

  /** `CONTINUOUS_BAR`, `AUCTION_PHASE` (pre-open to the open, closing auction, post-close) or `NOTHING`. */
  entry(instrument: number, instant: number): number {
    const hours = this.table.hoursNumber[instrument]!;
    if (instant < this.from[hours]! || instant >= this.to[hours]!) this.move(instrument, hours, instant);
    return this.open[hours]!;
  }

  /** True in the second in which a continuous phase ends, where no auction begins in it. */
  justClosed(instrument: number, instant: number): boolean {
    return (
      this.entry(instrument, instant) === NOTHING &&
      this.continuous(instrument, Math.floor(instant / 1_000) * 1_000 - 1)
    );
  }

  /** The session of the instant's trading date, or null. */
  session(instrument: number, instant: number): Session | null {
    return this.calendar.on(this.table.hours(instrument), istDay(instant));
  }

  /** Clears the cache after an edit of the calendar. */
  reset(): void {
    this.to.fill(0);
    this.from.fill(0);
    this.trading.fill(0);
  }

  private move(instrument: number, hours: number, instant: number): void {
    const day = istDay(instant);
    const session = this.calendar.on(this.table.hours(instrument), day);
    let from = istMidnight(day);
    let to = from + DAY_MS;
    let open = 0;
    for (const phase of session?.phases ?? []) {
      if (phase.to <= instant) from = Math.max(from, phase.to);
      else if (phase.from > instant) {
        to = Math.min(to, phase.from);
        break;
      } else {
        from = phase.from;
        to = phase.to;
        open = entryOf(phase.phase);
        break;
      }
    }
    this.from[hours] = from;
    this.to[hours] = to;
    this.open[hours] = open;
    if (open !== CONTINUOUS_BAR) return;
    this.trading[hours * Border.count + Border.from] = from;
    this.trading[hours * Border.count + Border.to] = to;
  }
}
