/** Which dates the calendar's data speak for, and when that ends. A weekday outside is `unknown`: neither open nor closed. */
import type { CalendarDays } from "./calendar-days";
import { dayOfDate, exchangeOfHours, istDate, type HoursKey } from "@/server/domain/time/session";
import type { TradingHours } from "./trading-hours";

/** First and last date, `YYYY-MM-DD`, both included; null is open-ended. */
export interface CoveredSpan {
  from: string | null;
  to: string | null;
}

/** Spans without a break between them, oldest first. Hours that trade on every day of the year need no holidays. */
export const coverageOf = (hours: HoursKey, rows: TradingHours, days: CalendarDays): CoveredSpan[] => {
  if (rows.some((row) => row.hours === hours && row.days === "every")) return [{ from: null, to: null }];
  const spans: { from: string; to: string }[] = [];
  const lists = days.lists.filter((list) => list.hours.includes(hours)).sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const { from, to } of lists) {
    const last = spans.at(-1);
    if (last === undefined || dayOfDate(from) > dayOfDate(last.to) + 1) spans.push({ from, to });
    else if (to > last.to) last.to = to;
  }
  return spans;
};

/** The span that contains a day; null if the data do not cover it. */
export const spanOf = (spans: readonly CoveredSpan[], day: number): CoveredSpan | null => {
  const date = istDate(day);
  return spans.find(({ from, to }) => (from ?? "") <= date && date <= (to ?? "9999")) ?? null;
};

export interface CoverageState {
  /** False where the data say nothing of the day: of a weekday whether it trades, of a weekend whether it is a special one. */
  known: boolean;
  /** Last date known without a break from that day on; null where it is not known, or has no end. */
  knownTo: string | null;
  /** One sentence when the data end within a month, or have ended; null otherwise. */
  warning: string | null;
}

/** The exchanges publish the next year's list in December. */
const WARN_DAYS = 31;

export const coverageState = (hours: HoursKey, spans: readonly CoveredSpan[], day: number): CoverageState => {
  const span = spanOf(spans, day);
  if (span === null) {
    const last = spans.findLast(({ to }) => to !== null && to < istDate(day));
    const told =
      last === undefined
        ? `no holiday list for ${exchangeOfHours(hours)} goes back to ${istDate(day)}`
        : `the holiday list for ${exchangeOfHours(hours)} ends on ${last.to}`;
    return { known: false, knownTo: null, warning: `${told}; whether it trades is unknown` };
  }
  if (span.to === null) return { known: true, knownTo: null, warning: null };
  const left = dayOfDate(span.to) - day;
  return {
    known: true,
    knownTo: span.to,
    warning:
      left > WARN_DAYS
        ? null
        : `the holiday list for ${exchangeOfHours(hours)} ends on ${span.to}, ${left === 0 ? "today" : left === 1 ? "tomorrow" : `in ${left} days`}: from ${istDate(dayOfDate(span.to) + 1)} on, trading days are unknown`,
  };
};
