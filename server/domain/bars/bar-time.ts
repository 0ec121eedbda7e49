/**
 * Where bars begin and end. Intraday bars count from the session's open (09:15 for NSE, 09:00 for MCX), never from
 * midnight or the epoch. A session's last bar may be short, and halts do not shift the grid. Days, weeks and months
 * contain whole sessions.
 */
import {
  FIRST_DAY,
  istDate,
  istDay,
  LAST_DAY,
  dayOfDate,
  type Calendar,
  type HoursKey,
  type Session,
} from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { dayEnd } from "@/server/domain/calendar/day-end";

export interface Span {
  start: number;
  end: number;
}

/** Start of the intraday or day bar an instant of the session falls in. Allocates nothing. */
export const barStart = (session: Session, timeframe: AnyTimeframe, instant: number): number => {
  if (timeframe.kind === "intraday") {
    return session.open + Math.floor((instant - session.open) / timeframe.lengthMs) * timeframe.lengthMs;
  }
  if (timeframe.kind === "day") return session.open;
  throw new RangeError(`a bar of ${timeframe.name} spans sessions: use periodSpan`);
};

/** End (exclusive) of the bar that begins at `start`, cut at the session's close; a day's bar waits for the closing auction and the post-close. Allocates nothing. */
export const barEnd = (session: Session, timeframe: AnyTimeframe, start: number): number => {
  if (timeframe.kind === "intraday") {
    const end = start + timeframe.lengthMs;
    return end < session.close ? end : session.close;
  }
  if (timeframe.kind === "day") return dayEnd(session);
  throw new RangeError(`a bar of ${timeframe.name} spans sessions: use periodSpan`);
};

/**
 * Open of the first session and end of the last one's trading (`dayEnd`) of the trading day, week (Monday to Sunday) or month that holds
 * the instant's IST date; for an intraday timeframe the bar that holds the instant. Null when there is no session.
 */
export const periodSpan = (
  calendar: Calendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  instant: number,
): Span | null => {
  const day = istDay(instant);
  if (timeframe.kind === "intraday") {
    const session = calendar.on(hours, day);
    if (session === null || instant < session.open || instant >= session.close) return null;
    const start = barStart(session, timeframe, instant);
    return { start, end: barEnd(session, timeframe, start) };
  }
  if (!(day >= FIRST_DAY && day <= LAST_DAY)) return null;
  const [first, last] = daysOfPeriod(timeframe.kind, day);
  let start: number | null = null;
  let end = 0;
  for (let each = first; each <= last; each++) {
    const session = calendar.on(hours, each);
    if (session === null) continue;
    start ??= session.open;
    end = dayEnd(session);
  }
  return start === null ? null : { start, end };
};

/** First and last IST day of the period a day belongs to. */
const daysOfPeriod = (kind: "day" | "week" | "month", day: number): readonly [number, number] => {
  if (kind === "day") return [day, day];
  if (kind === "week") {
    const monday = day - ((((day + 3) % 7) + 7) % 7); // day -3 was a Monday
    return [monday, monday + 6];
  }
  const first = dayOfDate(`${istDate(day).slice(0, 7)}-01`);
  const month = new Date(first * 86_400_000);
  return [first, Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0) / 86_400_000];
};

/** Opens of the sessions that open in [from, to), in order; the span is as long as the reader's bars are. */
export const sessionOpens = (calendar: Calendar, hours: HoursKey, from: number, to: number): number[] => {
  const opens: number[] = [];
  for (let day = Math.max(istDay(from), FIRST_DAY); day <= Math.min(istDay(to), LAST_DAY); day++) {
    const session = calendar.on(hours, day);
    if (session !== null && session.open >= from && session.open < to) opens.push(session.open);
  }
  return opens;
};

/** Number of bars of a session with continuous trading: what a busy instrument should have by the close. */
export const expectedBars = (session: Session, timeframe: AnyTimeframe): number => {
  if (timeframe.kind !== "intraday") return 1;
  let count = 0;
  let next = 0; // first place on the grid not counted yet
  for (const { phase, from, to } of session.phases) {
    if (phase !== "continuous") continue;
    const first = Math.max(next, Math.floor((from - session.open) / timeframe.lengthMs));
    const after = Math.ceil((to - session.open) / timeframe.lengthMs);
    if (after > first) count += after - first;
    next = Math.max(next, after);
  }
  return count;
};
