import { widen } from "./columns";
import { type Calendar, DAY_MS, istDay, istMidnight, type Session } from "./session";
import type { InstrumentTable } from "./instrument-table";

/**
 * "May a tick of this instrument at this instant enter a bar?", answered from two cached borders per instrument.
 * The calendar is asked only when time leaves the cached window.
 */
export class SessionWindows {
  private from = new Float64Array(64);
  private to = new Float64Array(64);
  private open = new Uint8Array(64);

  constructor(private readonly calendar: Calendar, private readonly table: InstrumentTable) {}

  /** True inside a continuous phase. */
  continuous(instrument: number, instant: number): boolean {
    if (instrument >= this.from.length) this.grow(instrument + 1);
    if (instant < this.from[instrument]! || instant >= this.to[instrument]!) this.move(instrument, instant);
    return this.open[instrument] === 1;
  }

  /** The session of the instant's trading date, or null. */
  session(instrument: number, instant: number): Session | null {
    return this.calendar.on(this.table.hours(instrument), istDay(instant));
  }

  /** Forget what was cached: the calendar has been edited. */
  reset(): void {
    this.to.fill(0);
    this.from.fill(0);
  }

  private move(instrument: number, instant: number): void {
    const day = istDay(instant);
    const session = this.calendar.on(this.table.hours(instrument), day);
    let from = istMidnight(day);
    let to = from + DAY_MS;
    let open = 0;
    for (const phase of session?.phases ?? []) {
      if (phase.to <= instant) from = Math.max(from, phase.to);
      else if (phase.from > instant) { to = Math.min(to, phase.from); break; }
      else { from = phase.from; to = phase.to; open = phase.phase === "continuous" ? 1 : 0; break; }
    }
    this.from[instrument] = from;
    this.to[instrument] = to;
    this.open[instrument] = open;
  }

  private grow(capacity: number): void {
    const size = Math.max(capacity, this.from.length * 2);
    this.from = widen(this.from, size);
    this.to = widen(this.to, size);
    this.open = widen(this.open, size);
  }
}
