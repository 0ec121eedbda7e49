/** Are a file's dates where trading is: none that has not come, and none moved by a day? */
import { type Calendar, DAY_MS, type HoursKey, istDate, istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { inDoubt } from "@/server/files/doubt";
import type { OpenTable } from "@/server/files/read-table";
import type { FileBar } from "./bar-file";

/** Clocks of two machines may differ by this. */
const SKEW_MS = 300_000;

/**
 * Bars of times that have come. Throws on another one: its date is read wrongly, or it was made in advance. Leniently those are
 * left out with a note, unless all are: then it is the machine's clock that is wrong.
 */
export const pastBars = (
  file: string,
  table: OpenTable,
  bars: readonly FileBar[],
  of: AnyTimeframe,
  now: number,
  notes: string[],
): readonly FileBar[] => {
  const isFuture = ({ label }: FileBar): boolean =>
    of.kind === "intraday" ? label > now + of.lengthMs + SKEW_MS : istDay(label) > istDay(now + SKEW_MS);
  const first = bars.find(isFuture);
  if (first === undefined) return bars;
  if (!table.rules.lenient) {
    throw inDoubt({
      file,
      line: first.line,
      unit: table.seen.unit,
      field: "time",
      value: istText(first.label),
      why: `it is in the future: this machine's clock shows ${istText(now).slice(0, 16)}`,
      option:
        "--date-format, if the date is misread, or --lenient (future rows are skipped; if all are in the future, the clock is ignored),",
    });
  }
  const past = bars.filter((bar) => !isFuture(bar));
  notes.push(
    past.length === 0
      ? "all rows are in the future by this machine's clock"
      : `${bars.length - past.length} rows are in the future and were skipped`,
  );
  return past.length === 0 ? bars : past;
};

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const weekdayOf = (day: number): number => new Date(day * DAY_MS).getUTCDay();

/**
 * Throws if days fall on a Saturday or Sunday without trading, and fewer would if every date were a day later or
 * earlier: a time zone has shifted them. `calendar`: the known calendar, without assumptions from the file's rows.
 */
export const checkWeekdays = (
  file: string,
  table: OpenTable,
  bars: readonly FileBar[],
  of: AnyTimeframe,
  calendar: Calendar,
  hours: HoursKey,
): void => {
  if (of.kind !== "day" || table.rules.lenient) return;
  const days = [...new Set(bars.map(({ label }) => istDay(label)))];
  const isClosed = (day: number): boolean => weekdayOf(day) % 6 === 0 && calendar.on(hours, day) === null;
  const closed = (by: number): number => days.filter((day) => isClosed(day + by)).length;
  const now = closed(0);
  const by = now === 0 ? undefined : [1, -1].find((shift) => closed(shift) < now);
  if (by === undefined) return;
  const first = bars.find(({ label }) => isClosed(istDay(label)))!;
  const hasClock = bars.some(({ label }) => !istText(label).endsWith("00:00:00"));
  throw inDoubt({
    file,
    line: first.line,
    unit: table.seen.unit,
    field: "time",
    value: istText(first.label),
    why: `it is a ${WEEKDAYS[weekdayOf(istDay(first.label))]}, when nothing trades; if every date were a day ${by === 1 ? "later" : "earlier"}, ${closed(by) === 0 ? "none" : "fewer"} would be: ${istDate(istDay(first.label))} seems to be ${istDate(istDay(first.label) + by)}, shifted by a time zone`,
    option: hasClock
      ? "--zone clock (dates as written), --zone with the right zone, or --lenient (dates as read)"
      : "--lenient, if the dates are correct,",
  });
};
