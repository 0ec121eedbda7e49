/** Days a file has rows for although the calendar does not know their session: the exchange's regular hours are assumed. */
import { createCalendar, type TradingCalendar } from "@/server/domain/calendar/calendar";
import { calendarDays } from "@/server/domain/calendar/calendar-days";
import { type HoursKey, istDate } from "@/server/domain/time/session";

export interface AssumedDays {
  /** Knows the project's days, and the file's as regular ones. */
  calendar: TradingCalendar;
  /** Knows the project's days alone. */
  known: TradingCalendar;
  /** One sentence per assumed day. */
  notes: string[];
}

/**
 * Returns a sentence for each year with days outside all holiday lists; rows in the file count as evidence that they
 * traded.
 */
const uncovered = (calendar: TradingCalendar, hours: HoursKey, days: Iterable<number>): string[] => {
  const byYear = new Map<string, Set<number>>();
  for (const day of days) {
    if (calendar.dayOf(hours, day)?.kind !== "unknown") continue;
    const year = istDate(day).slice(0, 4);
    byYear.set(year, (byYear.get(year) ?? new Set()).add(day));
  }
  return [...byYear].map(
    ([year, of]) =>
      `${year}: no holiday list of ${hours} covers ${of.size === 1 ? "one day" : `${of.size} days`} of the file that have rows: ${of.size === 1 ? "it is read as a trading day" : "they are read as trading days"} with regular hours`,
  );
};

/** `days`: IST day numbers of the file's rows. */
export const assumeDays = (hours: HoursKey, days: Iterable<number>): AssumedDays => {
  const known = createCalendar();
  const missing = [...new Set(days)].filter((day) => known.on(hours, day) === null);
  const notes = uncovered(known, hours, days);
  if (missing.length === 0) return { calendar: known, known, notes };
  const specials = missing.map((day) => ({
    date: istDate(day),
    hours: [hours],
    kind: "special" as const,
    name: "Assumed from a file",
    phases: "regular" as const,
    source: "the file read",
    confidence: "low" as const,
  }));
  return {
    known,
    calendar: createCalendar({ days: { ...calendarDays, specials: [...calendarDays.specials, ...specials] } }),
    notes: [
      ...notes,
      ...missing.map((day) => {
        const closed = known.dayOf(hours, day);
        const why =
          closed === null ? `the calendar says ${hours} is closed` : `the hours of the ${closed.name} are unknown`;
        return `${istDate(day)}: ${why}, but the file has rows; the regular session is assumed`;
      }),
    ],
  };
};
