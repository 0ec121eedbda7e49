/** What an exchange does at an instant, and when that changes. */
import type { TradingCalendar } from "./calendar";
import { istDate, istDay, type HoursKey, type PhaseName, type SessionKind } from "./session";

export interface MarketStatus {
  hours: HoursKey;
  /** The instant asked about, epoch ms. */
  time: number;
  /** `unknown`: the exchange trades on this date and no source tells when. */
  phase: PhaseName | "closed" | "unknown";
  /** When that ends: the phase's end, or the start of the next phase of any kind; null when no source tells. */
  until: number | null;
  /** The next instants at which continuous trading begins and ends, a halt's stop and reopening included; null when none is in sight. */
  nextOpen: number | null;
  nextClose: number | null;
  /** Today's session if it has not ended, else the next one with known times. */
  session: { date: string; kind: SessionKind; name: string; open: number; close: number } | null;
  /** What makes the answer less than certain. */
  note?: string;
}

/** Looking ahead gives up after this many days. */
const AHEAD_DAYS = 400;

/** Reads the calendar forward from the instant. `nextOpen` and `nextClose` are later than it, always. */
export const marketStatus = (calendar: TradingCalendar, hours: HoursKey, time: number): MarketStatus => {
  const today = istDay(time);
  const status: MarketStatus = { hours, time, phase: "closed", until: null, nextOpen: null, nextClose: null, session: null };
  const notes: string[] = [];
  for (let day = today; day <= today + AHEAD_DAYS && status.nextOpen === null; day++) {
    const found = calendar.dayOf(hours, day);
    if (found === null) continue;
    if (found.session === null) {
      if (day === today) status.phase = "unknown";
      notes.push(`${istDate(day)} (${found.name}) is a trading day whose times no source tells`);
      continue;
    }
    if (!found.known && found.session.close > time) notes.push(`no holiday list covers ${istDate(day)}: weekdays count as open`);
    for (const { phase, from, to } of found.session.phases) {
      if (to <= time) continue;
      if (from <= time) status.phase = phase;
      if (status.phase !== "unknown") status.until ??= from <= time ? to : from;
      if (phase !== "continuous") continue;
      if (from > time) status.nextOpen ??= from;
      status.nextClose ??= to;
    }
    const { kind, name, open, close } = found.session;
    if (close > time) status.session ??= { date: istDate(day), kind, name, open, close };
  }
  return notes.length === 0 ? status : { ...status, note: notes.join("; ") };
};
