/** Plans what to fetch: which days of which instruments, in how many requests. Pure. */
import { expectedBars } from "@/server/domain/bars/bar-time";
import { dayEnd } from "@/server/domain/calendar/day-end";
import {
  type Calendar,
  dayOfDate,
  type HoursKey,
  istMidnight,
  isUnknown,
  type Session,
} from "@/server/domain/time/session";
import { timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import type { Turns } from "@/server/domain/basics/turns";
import type { AnsweredSpan, DayTally } from "@/server/ports/gap-stores";

/** An instrument as far as planning goes. */
export interface PlannedInstrument {
  id: number;
  hours: HoursKey;
  expiry: string | null;
}

/** One request to a source. */
export interface Page {
  instrumentId: number;
  /** IST day numbers to fill, oldest first. The source returns days between them too. */
  days: number[];
  /** Epoch ms, `to` exclusive. */
  from: number;
  to: number;
}

export interface Plan {
  pages: Page[];
  /** Days of instruments to be filled, and those that are complete. */
  days: number;
  skipped: number;
  /** Days among them that no holiday list covers: they are asked for, and one without bars was closed. */
  unknown: number;
  /** The maximum the sessions can have. */
  bars: number;
}

export interface PlanOrder {
  instruments: readonly PlannedInstrument[];
  timeframe: TimeframeName;
  /** IST day numbers, both included. */
  first: number;
  last: number;
  now: number;
  daysPerRequest: number;
  calendar: Calendar;
  isComplete(instrumentId: number, session: Session): boolean;
  /** Decades of thousands of instruments are planned in turns. */
  turns: Turns;
}

/** Plans trading days that have begun (for day bars: have ended), oldest first, one instrument after another. */
export const planBackfill = async (order: PlanOrder): Promise<Plan> => {
  const { timeframe: name, first, last, now, daysPerRequest, calendar, turns } = order;
  const of = timeframeNamed(name);
  const plan: Plan = { pages: [], days: 0, skipped: 0, unknown: 0, bars: 0 };
  // Worked out once: a calendar remembers some years only.
  const sessions = new Map<HoursKey, Session[]>();
  const sessionsOf = async (hours: HoursKey): Promise<Session[]> => {
    let known = sessions.get(hours);
    if (known !== undefined) return known;
    sessions.set(hours, (known = []));
    for (let day = first; day <= last; day++) {
      const session = calendar.on(hours, day);
      if (session !== null && now > (of.kind === "day" ? dayEnd(session) : session.open)) known.push(session);
      await turns.take(20);
    }
    return known;
  };
  for (const { id, hours, expiry } of order.instruments) {
    let page: Page | null = null;
    const end = expiry === null ? last : Math.min(last, dayOfDate(expiry));
    for (const session of await sessionsOf(hours)) {
      const { day } = session;
      if (day > end) break;
      await turns.take(2);
      if (order.isComplete(id, session)) {
        plan.skipped++;
        continue;
      }
      plan.days++;
      if (isUnknown(session)) plan.unknown++;
      plan.bars += expectedBars(session, of);
      if (page === null || day - page.days[0]! >= daysPerRequest) {
        page = { instrumentId: id, days: [], from: istMidnight(day), to: 0 };
        plan.pages.push(page);
      }
      page.days.push(day);
      page.to = Math.min(istMidnight(day + 1), now);
    }
  }
  return plan;
};

/**
 * True for days that need not be asked for again: history has answered for the whole session, or every bar it can have
 * is stored without a hole.
 */
export const completeness = (
  name: TimeframeName,
  answers: readonly AnsweredSpan[],
  tallies: readonly DayTally[],
): ((instrumentId: number, session: Session) => boolean) => {
  const of = timeframeNamed(name);
  const spans = new Map<number, AnsweredSpan[]>();
  for (const span of answers) {
    const known = spans.get(span.instrument);
    if (known === undefined) spans.set(span.instrument, [span]);
    else known.push(span);
  }
  const whole = new Map<number, Map<number, number>>();
  for (const { instrument, day, whole: bars, incomplete } of tallies) {
    if (incomplete > 0) continue;
    let days = whole.get(instrument);
    if (days === undefined) whole.set(instrument, (days = new Map()));
    days.set(day, bars);
  }
  return (instrumentId, session) => {
    const until = of.kind === "day" ? dayEnd(session) : session.close;
    if (spans.get(instrumentId)?.some(({ from, to }) => from <= session.open && to >= until) === true) return true;
    const stored = whole.get(instrumentId)?.get(session.day);
    return stored !== undefined && stored >= expectedBars(session, of);
  };
};

/** Splits the days of a page into pieces of at most that many bars, each merged and committed together. */
export const pieces = (days: readonly number[], barsOfDay: number, most: number): number[][] => {
  const size = Math.max(1, Math.floor(most / Math.max(1, barsOfDay)));
  return Array.from({ length: Math.ceil(days.length / size) }, (_, at) => days.slice(at * size, (at + 1) * size));
};
