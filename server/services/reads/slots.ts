import { barEnd, barStart, expectedBars, periodSpan } from "@/server/domain/bars/bar-time";
import type { BarColumns } from "@/server/domain/bars/bar";
import {
  type Calendar,
  DAY_MS,
  type HoursKey,
  istMidnight,
  isUnknown,
  type Session,
} from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import type { Turns } from "@/server/domain/basics/turns";

/** Bars begin and end on the calendar's grid: where there should be one if something trades. */
export interface Slots {
  calendar: Calendar;
  hours: HoursKey;
  timeframe: AnyTimeframe;
  /** Slots with from <= start < to. */
  from: number;
  to: number;
  /** Slots that end at or before this instant. */
  ended: number;
  /** Bars of the span, oldest first: a day that no holiday list covers has slots only where it has a bar. */
  bars?: Pick<BarColumns, "length" | "time">;
  /** A span may be decades long: it is walked in turns. */
  turns: Turns;
}

/** True when the columns have a row of that session's day. */
const holds = ({ length, time }: Pick<BarColumns, "length" | "time">, { day }: Session): boolean => {
  const midnight = istMidnight(day);
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle]! < midnight) low = middle + 1;
    else high = middle;
  }
  return low < length && time[low]! < midnight + DAY_MS;
};

/** Starts of one session's slots within continuous phases, oldest first. */
const ofSession = (session: Session, timeframe: AnyTimeframe): number[] => {
  const starts: number[] = [];
  let next = session.open;
  for (const { phase, from, to } of session.phases) {
    if (phase !== "continuous") continue;
    for (let start = Math.max(next, barStart(session, timeframe, from)); start < to; start += timeframe.lengthMs) {
      starts.push(start);
      next = start + timeframe.lengthMs;
    }
  }
  return starts;
};

/** A session that has to be worked out first costs as much as this many slots. */
const SESSION_UNITS = 20;

/** Sessions that may hold slots of the span, newest first. */
async function* sessions({ calendar, hours, from, to, bars, turns }: Slots): AsyncGenerator<Session> {
  let session = calendar.previous(hours, to - 1);
  while (session !== null && session.close > from) {
    await turns.take(SESSION_UNITS);
    if (!isUnknown(session) || bars === undefined || holds(bars, session)) yield session;
    session = calendar.previous(hours, session.open - 1);
  }
}

/** Starts of the newest `most` slots, oldest first. */
export const slotStarts = async (slots: Slots, most: number): Promise<number[]> => {
  const { calendar, hours, timeframe, from, to, ended, turns } = slots;
  const newestFirst: number[] = [];
  const take = (start: number, end: number): void => {
    if (start >= from && start < to && end <= ended && start !== newestFirst.at(-1)) newestFirst.push(start);
  };
  // A week's bar begins with its first session, the span may begin later in it: its start is then before `from`.
  for await (const session of sessions(slots)) {
    if (newestFirst.length >= most) break;
    if (timeframe.kind === "intraday") await turns.take((session.close - session.open) / timeframe.lengthMs / 10);
    if (timeframe.kind === "week" || timeframe.kind === "month") {
      const period = periodSpan(calendar, hours, timeframe, session.open)!;
      take(period.start, period.end);
    } else if (timeframe.kind === "day") take(session.open, barEnd(session, timeframe, session.open));
    else for (const start of ofSession(session, timeframe).reverse()) take(start, barEnd(session, timeframe, start));
  }
  return newestFirst.slice(0, most).reverse();
};

/** How many slots there are; whole sessions are counted without looking at each. */
export const countSlots = async (slots: Slots): Promise<number> => {
  const { timeframe, from, to, ended } = slots;
  if (timeframe.kind !== "intraday") return (await slotStarts(slots, Number.POSITIVE_INFINITY)).length;
  let count = 0;
  for await (const session of sessions(slots)) {
    if (session.open >= from && session.close <= to && session.close <= ended)
      count += expectedBars(session, timeframe);
    else
      for (const start of ofSession(session, timeframe))
        if (start >= from && start < to && barEnd(session, timeframe, start) <= ended) count++;
  }
  return count;
};

/** A day of the span without a known holiday list; null if there is none at its ends. */
export const unknownDay = (calendar: Calendar, hours: HoursKey, from: number, to: number): Session | null =>
  [calendar.next(hours, from), calendar.previous(hours, to - 1)].find(
    (session) => session !== null && isUnknown(session) && session.open < to && session.close > from,
  ) ?? null;

/** True when nothing trades in the whole span: no phase of any session reaches into it. */
export const isClosedAllOver = (calendar: Calendar, hours: HoursKey, from: number, to: number): boolean => {
  // The post-close comes after `close` and the pre-open before `open`: the sessions beside the span are looked at too.
  for (const session of [calendar.previous(hours, from), calendar.next(hours, from)]) {
    if (session?.phases.some((phase) => phase.phase !== "halt" && phase.from < to && phase.to > from) === true)
      return false;
  }
  return true;
};
