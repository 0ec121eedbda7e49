/** Do a file's clocks show another zone than the one they were read in? */
import { type Calendar, type HoursKey, IST_OFFSET_MS, istDay, type Session } from "./session";

/** First and last time of a trading date. */
export interface DaySpan { session: Session; first: number; last: number }

/** Spans of the dates that have a session, by their day; `times` in any order. */
export const daySpans = (times: Iterable<number>, calendar: Calendar, hours: HoursKey): DaySpan[] => {
  const spans = new Map<number, DaySpan | null>();
  for (const time of times) {
    const day = istDay(time);
    let span = spans.get(day);
    if (span === undefined) {
      const session = calendar.on(hours, day);
      spans.set(day, span = session === null ? null : { session, first: time, last: time });
    }
    if (span === null) continue;
    if (time < span.first) span.first = time;
    if (time > span.last) span.last = time;
  }
  return [...spans.values()].filter((span) => span !== null);
};

/** A last label may name the end of the last bar. */
const SLACK_MS = 60_000;

/**
 * `utc`: the days begin before anything trades, 5 h 30 min early, and lie inside the session with that added: clocks in UTC read
 * as Indian ones. `clock`: the other way round, Indian clocks that are written as UTC. Null: they are where they belong.
 */
export const clockDoubt = (days: readonly DaySpan[]): "utc" | "clock" | null => {
  let utc = 0;
  let clock = 0;
  for (const { session, first, last } of days) {
    const [begins, ends] = [session.phases[0]!.from, session.phases.at(-1)!.to + SLACK_MS];
    if (first < begins && first + IST_OFFSET_MS >= begins && last + IST_OFFSET_MS <= ends) utc++;
    else if (first < session.close && last > ends && first - IST_OFFSET_MS >= begins && last - IST_OFFSET_MS <= ends) clock++;
  }
  return utc * 2 > days.length ? "utc" : clock * 2 > days.length ? "clock" : null;
};
