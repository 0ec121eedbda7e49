/** Times in unusual formats: recognised by their content, or refused. */
import type { TimeRules } from "@/server/domain/time/read-time";
import { inDoubt } from "./doubt";
import type { Asked, Head, Layout } from "./first-rows";
import type { Table } from "./rows";

const DAY_SECONDS = 86_400;

/** True for digit times of which some are not a clock time (33360 would be 3:33:60), but all are seconds of a day. */
export const areSecondsOfDay = (clocks: readonly string[]): boolean => {
  const texts = clocks.map((text) => text.trim()).filter((text) => text !== "");
  const isClock = (text: string): boolean =>
    /^(?:\d{1,2}[0-5]\d|\d[0-5]\d[0-5]\d)$/.test(text) && Number(text.slice(0, text.length > 4 ? 1 : -2)) < 24;
  return (
    texts.length > 0 &&
    texts.every((text) => /^\d{4,5}$/.test(text) && Number(text) < DAY_SECONDS) &&
    !texts.every(isClock)
  );
};

/** The first interface of Dhan counts `start_Time` from 1980, which no row shows: read from 1970 its bars are ten years old. */
export const epochDoubt = (
  head: Head,
  { places, names, from }: Layout,
  times: TimeRules,
  asked: Asked,
  table: Table,
): void => {
  const at = places.time[0];
  if (
    at === undefined ||
    times.epochFrom !== null ||
    names?.[at] !== "start_Time" ||
    !/^\d{9,10}$/.test(head.rows[from]?.[at] ?? "")
  )
    return;
  const value = head.rows[from]![at]!;
  const year = (start: number): number => new Date(Number(value) * 1_000 + start).getUTCFullYear();
  throw inDoubt({
    file: asked.file,
    line: head.lines[from]!,
    unit: table.unit,
    field: "time",
    value,
    why: `counted from 1980, as in Dhan's first API, it is in ${year(Date.UTC(1980, 0, 1))}; counted from 1970, in ${year(0)}`,
    option: "--date-format epoch1980 or --date-format epoch",
  });
};
