import { clockDoubt, clockWords } from "@/server/domain/time/clock-doubt";
import { type Calendar, type HoursKey } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { inDoubt } from "./doubt";
import type { OpenTable } from "./read-table";

/**
 * Throws if a table's times indicate a different zone than the one used to read them and `--zone` is not given.
 * `times`: those of its rows, epoch ms. `lineOf`: a time's line in the file.
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
