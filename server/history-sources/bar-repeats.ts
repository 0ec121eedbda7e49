/** Detects bars with the same time, and bars of weeks and months where days are requested. */
import { istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { inDoubt } from "@/server/files/doubt";
import type { OpenTable } from "@/server/files/read-table";
import type { FileBar } from "./bar-file";

export const isEqual = (a: FileBar, b: FileBar): boolean =>
  a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;

/**
 * Throws if two rows have the same time and different values, because neither can be preferred. Equal ones are one row.
 */
export const checkRepeats = (file: string, table: OpenTable, bars: readonly FileBar[]): void => {
  if (table.rules.lenient) return;
  const { unit, places } = table.seen;
  const seen = new Map<number, FileBar>();
  for (const bar of bars) {
    const before = seen.get(bar.label);
    if (before === undefined) {
      seen.set(bar.label, bar);
      continue;
    }
    if (isEqual(before, bar)) continue;
    throw inDoubt({
      file,
      line: bar.line,
      unit,
      field: "time",
      value: istText(bar.label),
      why: `${unit}s ${before.line} and ${bar.line} have the same time and different values`,
      option: `${places.symbol.length === 0 ? "--columns symbol=NAME, if a column distinguishes them, or " : ""}--lenient (keeps the last one in the file)`,
    });
  }
};

/** Spacing of bars longer than a day, in days: first and last of each kind. */
const LONGER = [
  ["weeks", 6, 8],
  ["fortnights", 13, 15],
  ["months", 27, 34],
  ["quarters", 85, 98],
  ["years", 358, 373],
] as const;

/** What the rows seem to be if their usual spacing is more than days; null for days. */
export const longerThanDays = (labels: Iterable<number>): (typeof LONGER)[number][0] | null => {
  const days = [...new Set([...labels].map(istDay))].sort((a, b) => a - b);
  const apart = days.slice(1).map((day, at) => day - days[at]!);
  return (
    LONGER.find(
      ([, least, most]) =>
        apart.length > 0 && apart.filter((each) => each >= least && each <= most).length * 2 >= apart.length,
    )?.[0] ?? null
  );
};

/** Throws if rows of days are spaced like weeks or months. */
export const checkDays = (file: string, table: OpenTable, bars: readonly FileBar[], of: AnyTimeframe): void => {
  if (of.kind !== "day" || table.rules.lenient) return;
  const found = longerThanDays(bars.map(({ label }) => label));
  if (found === null) return;
  const first = bars.reduce((least, bar) => (bar.label < least.label ? bar : least));
  throw inDoubt({
    file,
    line: first.line,
    unit: table.seen.unit,
    field: "time",
    value: istText(first.label).slice(0, 10),
    why: `the rows are spaced like bars of ${found}, not days`,
    option: "--lenient, if they are days and most are missing,",
  });
};
