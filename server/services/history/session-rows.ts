/** What a broker's rows are in our sessions: which of them are bars, and which of them are final. */
import type { BarColumns } from "@/server/domain/bars/bar";
import { filterRows } from "@/server/domain/bars/bar-rows";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { istText } from "@/server/domain/time/ist-text";
import { type Calendar, type HoursKey, istDay } from "@/server/domain/time/session";
import { isAuctionRow } from "./closing-prints";

interface Traded {
  calendar: Pick<Calendar, "on">;
  hours: HoursKey;
}

/** Minutes within a continuous session that have ended; labels are starts. */
export const sessionMinutes = (
  { calendar, hours }: Traded,
  bars: BarColumns,
  now: number,
  refused: RefusedRows,
): BarColumns =>
  filterRows(bars, (row) => {
    const time = bars.time[row]!;
    const session = calendar.on(hours, istDay(time));
    if (
      session === null ||
      isAuctionRow(session, time, refused) ||
      time < session.open ||
      time >= session.close ||
      time + 60_000 > now
    )
      return false;
    if ((time - session.open) % 60_000 === 0) return true;
    refused.add("off_grid", time, () => `${istText(time)} is not the start of a minute`);
    return false;
  });

/** Day bars are labelled by the date's midnight; ours start at the session's open. The running day is excluded. */
export const sessionDays = (traded: Traded, bars: BarColumns, now: number): BarColumns => {
  const over = filterRows(bars, (row) => hasEnded(traded, bars.time[row]!, now));
  for (let row = 0; row < over.length; row++)
    over.time[row] = traded.calendar.on(traded.hours, istDay(over.time[row]!))!.open;
  return over;
};

/**
 * Day bars that are the source's last word, and those of this evening, which the exchange's file replaces overnight; null
 * where there are none. `settledFrom`: epoch ms from which on the source's bar of a day is its last word.
 */
export const partDays = (
  traded: Traded,
  days: BarColumns,
  now: number,
  settledFrom: (day: number) => number,
): { settled: BarColumns; provisional: BarColumns | null } => {
  const isSettled = (row: number): boolean => {
    const day = istDay(days.time[row]!);
    return !hasAuctions(traded, day) || settledFrom(day) <= now;
  };
  const provisional = filterRows(days, (row) => !isSettled(row));
  return provisional.length === 0
    ? { settled: days, provisional: null }
    : { settled: filterRows(days, isSettled), provisional };
};

/** A day without auctions and post-close is the sum of its candles, this evening as tomorrow. */
const hasAuctions = ({ calendar, hours }: Traded, day: number): boolean =>
  calendar.on(hours, day)?.phases.some(({ phase }) => phase !== "continuous" && phase !== "halt") ?? false;

/** True when the trading day of an instant is over, auctions included: the broker's history has its bar. */
export const hasEnded = ({ calendar, hours }: Traded, instant: number, now: number): boolean => {
  const session = calendar.on(hours, istDay(instant));
  return session !== null && dayEnd(session) <= now;
};
