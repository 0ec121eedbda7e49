/** Finds the time columns: a date beside another one, a clock under any name or in parts, a zone in a column's name. */
import { isNothing } from "@/server/domain/basics/read-number";
import { TimeReader, type TimeRules, zoneOf } from "@/server/domain/time/read-time";
import { IST_OFFSET_MS, istDay } from "@/server/domain/time/session";
import { clockParts, clockText, type Places, placesAt, timeColumns, zoneOfName } from "./columns";
import { inDoubt } from "./doubt";
import { type Asked, type Head, type Layout, usedPlaces } from "./first-rows";
import { timeRules } from "./options";
import type { Table } from "./rows";

/** So many rows are looked at. */
const LOOK = 500;

/** Determines a layout's time columns. Throws if two of them give different days, or several may be the clock. */
export const settleTimes = (head: Head, layout: Layout, asked: Asked, table: Table): void => {
  const { names, from } = layout;
  if (names === null || asked.kind !== "bars" || asked.rules.wishes.has("time")) return;
  const rows = head.rows.slice(from, from + LOOK);
  settleDates(rows, head, layout, names, asked, table);
  if (layout.places.clock === -1 && !asked.rules.wishes.has("clock")) settleClock(rows, layout, names, asked, table);
};

const readers = (asked: Asked): readonly TimeReader[] =>
  (["dmy", "mdy", "ymd"] as const).map(
    (order) => new TimeReader({ ...timeRules(asked.rules), order: asked.rules.dates?.order ?? order }),
  );

/** IST day numbers that a text may mean. */
const daysOf = (text: string, of: readonly TimeReader[]): number[] =>
  of
    .map((reader) => reader.read(text))
    .filter((time) => !Number.isNaN(time))
    .map(istDay);

const settleDates = (
  rows: readonly string[][],
  head: Head,
  layout: Layout,
  names: readonly string[],
  asked: Asked,
  table: Table,
): void => {
  const of = readers(asked);
  const own = layout.places.time[0]!;
  for (const other of timeColumns(names)) {
    if (other === own || other === layout.places.clock) continue;
    const both = rows
      .map((row, at) => ({ at, own: daysOf(row[own] ?? "", of), other: daysOf(row[other] ?? "", of) }))
      .filter((row) => row.own.length > 0 && row.other.length > 0);
    const differs = both.find((row) => !row.own.some((day) => row.other.includes(day)));
    if (differs === undefined) continue;
    const distinct = (which: "own" | "other"): number => new Set(both.map((row) => row[which][0])).size;
    // A time of writing is the same in every row.
    if (distinct("other") === 1 && distinct("own") > 1) continue;
    if (distinct("own") === 1 && distinct("other") > 1) {
      placesAt(layout.places, names, other);
      return;
    }
    throw inDoubt({
      file: asked.file,
      line: head.lines[layout.from + differs.at]!,
      unit: table.unit,
      field: "time",
      value: `${rows[differs.at]![own]}, ${rows[differs.at]![other]}`,
      why: `the columns ${names[own]!.trim()} and ${names[other]!.trim()} give different dates`,
      option: `--columns time=${names[own]!.trim()} or --columns time=${names[other]!.trim()}`,
    });
  }
};

const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[ap]\.?m\.?)?$/i;

/** Beside dates, a clock may have its own name, or be in hours and minutes. */
const settleClock = (
  rows: readonly string[][],
  layout: Layout,
  names: readonly string[],
  asked: Asked,
  table: Table,
): void => {
  const { places } = layout;
  const of = readers(asked);
  const dates = rows
    .map((row) => (row[places.time[0]!] ?? "").trim())
    .filter((text) => of.some((reader) => !Number.isNaN(reader.read(text)) && reader.dateOnly));
  if (dates.length === 0) return;
  const dated = rows.filter((row) => dates.includes((row[places.time[0]!] ?? "").trim()));
  const parts = clockParts(names);
  const isPart = (at: number, most: number): boolean =>
    dated.every((row) => /^\d{1,2}(?:\.0+)?$/.test((row[at] ?? "").trim()) && Number(row[at]) <= most);
  if (parts.hour !== -1 && isPart(parts.hour, 23) && (parts.minute === -1 || isPart(parts.minute, 59))) {
    [places.clock, places.minute, places.second] = [
      parts.hour,
      parts.minute,
      parts.minute !== -1 && parts.second !== -1 && isPart(parts.second, 59) ? parts.second : -1,
    ];
    places.inParts = true;
    return;
  }
  // Dates that occur once are days, whatever clock is beside them.
  if (new Set(dates).size === dates.length) return;
  const used = usedPlaces(places);
  const clocks = names
    .map((_, at) => at)
    .filter(
      (at) =>
        !used.has(at) &&
        dated.every((row) => CLOCK.test((row[at] ?? "").trim())) &&
        new Set(dated.map((row) => row[at])).size > 1,
    );
  if (clocks.length === 0) return;
  if (clocks.length > 1) {
    throw inDoubt({
      file: asked.file,
      ...(layout.namesLine === 0 ? {} : { line: layout.namesLine }),
      unit: table.unit,
      field: "clock",
      value: clocks.map((at) => names[at]!.trim()).join(", "),
      why: "the column names do not show which one is the time of day",
      option: clocks.map((at) => `--columns clock=${names[at]!.trim()}`).join(" or "),
    });
  }
  places.clock = clocks[0]!;
  layout.notes.push(`the column ${names[places.clock]!.trim()} is read as the time of day`);
};

/** A date that writes its own clock needs no second one, unless it is midnight in every row. */
export const settleSecondClock = (head: Head, { places, from }: Layout, times: TimeRules): void => {
  if (places.clock === -1) return;
  const reader = new TimeReader(times);
  const stamps = head.rows
    .slice(from, from + LOOK)
    .map((row) => row[places.time[0]!] ?? "")
    .filter((text) => !isNothing(text) && !Number.isNaN(reader.read(text)));
  if (
    stamps.some((text) => {
      reader.read(text);
      return !reader.dateOnly && !reader.isMidnight(text);
    })
  )
    [places.clock, places.minute, places.second] = [-1, -1, -1];
};

/** The rules by which a table's times are read: a column that calls its zone, or a document that does, is believed where no other was said. */
export const namedZone = ({ names, places, notes }: Layout, asked: Asked, table: Table): Partial<TimeRules> => {
  if (asked.rules.zone !== null) return {};
  if (table.zone !== undefined && table.zone !== null) {
    const zone = zoneOf(table.zone);
    if (zone === null)
      throw inDoubt({
        file: asked.file,
        field: "time zone",
        value: table.zone,
        why: "the file names an unknown time zone",
        option: "--zone ZONE",
      });
    if (zone !== IST_OFFSET_MS) notes.push(`times without a zone are read as ${table.zone}, as the file states`);
    return { zone };
  }
  if (names === null) return {};
  const name = [places.clock, places.time[0]!].map((at) => names[at] ?? "").find((each) => zoneOfName(each) !== null);
  if (name === undefined) return {};
  if (zoneOfName(name) === 0) notes.push(`times are read as UTC because of the column ${name.trim()}`);
  return { zone: zoneOfName(name)! };
};

export const stampText = (row: readonly string[], places: Places): string =>
  `${row[places.time[0]!] ?? ""} ${clockText(row, places)}`;
