/** An exchange's state at a given time, and when it changes. */
import type { TradingCalendar } from "./calendar";
import { coverageState } from "./calendar-coverage";
import { istDate, istDay, type HoursKey, type PhaseName, type SessionKind } from "@/server/domain/time/session";

export interface MarketStatus {
  hours: HoursKey;
  /** The instant asked about, epoch ms. */
  time: number;
  /** `unknown`: the exchange's hours on this date are unknown, or no holiday list covers it. */
  phase: PhaseName | "closed" | "unknown";
  /** When that ends: at the phase's end, or at the start of the next phase of any kind; null if unknown. */
  until: number | null;
  /**
   * The next instants at which continuous trading begins and ends, a halt's stop and reopening included; null when none is
   * in sight. Beyond the holiday lists they are those of the next weekday, and `note` says so.
   */
  nextOpen: number | null;
  nextClose: number | null;
  /** Today's session if it has not ended, otherwise the next one with known times. */
  session: { date: string; kind: SessionKind; name: string; open: number; close: number } | null;
  /** False where no holiday list covers the date. */
  known: boolean;
  /** Last date known without a break; null where the date is not known, or the exchange has no holidays. */
  knownTo: string | null;
  /** What makes the answer less than certain. */
  note?: string;
}

/** Looking ahead gives up after this many days. */
const AHEAD_DAYS = 400;

/** Reads the calendar forward from the instant. `nextOpen` and `nextClose` are later than it, always. */
export const marketStatus = (calendar: TradingCalendar, hours: HoursKey, time: number): MarketStatus => {
  const today = istDay(time);
  const { known, knownTo, warning } = coverageState(hours, calendar.coverage(hours), today);
  const status: MarketStatus = {
    hours,
    time,
    phase: "closed",
    until: null,
    nextOpen: null,
    nextClose: null,
    session: null,
    known,
    knownTo,
  };
  const notes: string[] = warning === null ? [] : [warning];
  for (let day = today; day <= today + AHEAD_DAYS && status.nextOpen === null; day++) {
    const found = calendar.dayOf(hours, day);
    if (found === null) continue;
    if (found.session === null) {
      if (day === today) status.phase = "unknown";
      notes.push(`${istDate(day)} (${found.name}) is a trading day whose hours are unknown`);
      continue;
    }
    const unknown = found.kind === "unknown";
    if (unknown && day === today) status.phase = "unknown";
    if (unknown && found.session.close > time)
      notes.push(
        `no holiday list covers ${istDate(day)}: it is unknown whether ${hours} trades; the hours shown are those of a regular weekday`,
      );
    for (const { phase, from, to } of found.session.phases) {
      if (to <= time) continue;
      if (from <= time && !unknown) status.phase = phase;
      if (status.phase !== "unknown" && !unknown) status.until ??= from <= time ? to : from;
      if (phase !== "continuous") continue;
      if (from > time) status.nextOpen ??= from;
      status.nextClose ??= to;
    }
    const { kind, name, open, close } = found.session;
    if (close > time) status.session ??= { date: istDate(day), kind, name, open, close };
  }
  return notes.length === 0 ? status : { ...status, note: notes.join("; ") };
};
