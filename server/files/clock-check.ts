import { clockDoubt, clockWords } from "@/server/domain/time/clock-doubt";
import { type Calendar, type HoursKey, istText } from "@/server/domain/time/session";
import { inDoubt } from "./doubt";
import type { OpenTable } from "./read-table";

/**
 * Throws where a table's clocks show another zone than the one they were read in, and nobody has said which (`--zone`).
 * `times`: those of its rows, epoch ms. `lineOf`: where a time stands in the file.
 */
export const checkClocks = (
  file: string,
  table: OpenTable,
  what: "bar" | "tick",
  times: ArrayLike<number> & Iterable<number>,
  calendar: Calendar,
  hours: HoursKey,
  lineOf?: (time: number) => number,
): void => {
  if (table.rules.zone !== null) return;
  const doubt = clockDoubt(times, calendar, hours, what === "tick");
  if (doubt === null) return;
  throw inDoubt({
    file,
    ...(lineOf === undefined ? {} : { line: lineOf(doubt.first), unit: table.seen.unit }),
    field: "time",
    value: istText(doubt.first),
    ...clockWords(doubt, what, table.zoneless === 0),
  });
};
