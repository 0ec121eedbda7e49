/**
 * What a table's first rows show: header, columns, decimal mark, date order. Ambiguities are refused, never guessed.
 */
import { badInput } from "@/server/domain/basics/errors";
import { type DecimalMark, markOf } from "@/server/domain/basics/read-number";
import { type DateOrder, TimeReader, type TimeRules } from "@/server/domain/time/read-time";
import type { Places, TableKind } from "./columns";
import { columnOrder, orderNames } from "./date-order";
import { inDoubt } from "./doubt";
import type { Asked, Head, Layout } from "./first-rows";
import { layoutOf } from "./layout";
import { namingDoubt } from "./naming-doubt";
import { areSecondsOfDay, epochDoubt } from "./odd-times";
import { paiseDoubt } from "./odd-prices";
import { timeRules } from "./options";
import { placesDoubt } from "./places-doubt";
import type { RowBlock } from "./row-block";
import type { Table } from "./rows";
import { namedZone, settleSecondClock, settleTimes } from "./time-columns";
import { volumeDoubt } from "./volume-doubt";

export interface Understanding {
  kind: TableKind;
  format: Table["format"];
  /** Null unless delimited. */
  delimiter: string | null;
  unit: "line" | "row";
  places: Places;
  /** Column names; null if the file has none and columns were recognised by position. */
  names: readonly string[] | null;
  /** Number of columns of the rows. */
  width: number;
  /** The last line of names, 0 without. */
  namesLine: number;
  /** Lines before the names that are no rows: titles, remarks. */
  preamble: string[];
  decimal: DecimalMark;
  times: TimeRules;
  /** Labels of sources that are known: which end of a bar they name. */
  labels: "start" | "end" | null;
  /** Instruments that lines above the names name. */
  titles: readonly string[];
  /** What a person should know. */
  notes: string[];
  /** Rows, those already looked at first. */
  blocks: AsyncIterable<RowBlock>;
}

/** So many rows are looked at. */
const LOOK = 2_000;
/** Dates may leave day and month open for longer: up to so many rows. */
const LOOK_FOR_DATES = 200_000;

/** Throws `bad_input` on a table that cannot be understood, naming file, line, value and the option that settles it. */
export const understand = async (table: Table, asked: Asked): Promise<Understanding> => {
  const blocks = table.blocks[Symbol.asyncIterator]();
  const head: Head = { blocks: [], rows: [], lines: [] };
  const more = async (): Promise<boolean> => {
    const { value, done } = await blocks.next();
    if (done === true) return false;
    head.blocks.push(value);
    for (let row = 0; row < value.rows.length; row++) {
      if (value.broken?.has(row) === true || isEmpty(value.rows[row]!)) continue;
      head.rows.push(value.rows[row]!);
      head.lines.push(value.lines[row]!);
    }
    return true;
  };
  while (head.rows.length < LOOK && (await more()));
  if (head.rows.length === 0)
    throw badInput("file", asked.file, `a file of ${asked.kind === "bars" ? "bars" : "ticks"} (it is empty)`);

  const layout = layoutOf(table, head, asked);
  const { places, from } = layout;
  settleTimes(head, layout, asked, table);
  let order = asked.rules.dates ?? orderOf(head, layout, asked, table, false);
  while (order === null && head.rows.length < LOOK_FOR_DATES && (await more()))
    order = orderOf(head, layout, asked, table, false);
  order ??= orderOf(head, layout, asked, table, true)!;
  const times: TimeRules = { ...timeRules(asked.rules), ...namedZone(layout, asked, table), order: order.order };
  const decimal = asked.rules.decimal ?? markOfTable(head, places, from, asked, table);
  const { notes } = layout;
  if (layout.names === null) placesDoubt(head, layout, times, decimal, asked, table);
  paiseDoubt(head, layout, asked, table);
  epochDoubt(head, layout, times, asked, table);
  if (places.clock !== -1 && areSecondsOfDay(head.rows.slice(from).map((row) => row[places.clock] ?? ""))) {
    times.secondsOfDay = true;
    notes.push("times are read as seconds of the day: some are not valid hours, minutes and seconds");
  }
  settleSecondClock(head, layout, times);
  namingDoubt(head, layout, new TimeReader(times), asked, table);
  volumeDoubt(head, layout, decimal, asked, table, notes);
  return {
    kind: asked.kind,
    format: table.format,
    delimiter: table.delimiter,
    unit: table.unit,
    places,
    names: layout.names,
    width: layout.width,
    namesLine: layout.namesLine,
    preamble: layout.preamble,
    decimal,
    times,
    labels: layout.labels,
    titles: layout.titles,
    notes,
    blocks: rejoin(head.blocks, blocks, layout.namesLine, table.names !== null),
  };
};

/** The blocks looked at and those to come, without the lines up to the names. */
async function* rejoin(
  seen: readonly RowBlock[],
  rest: AsyncIterator<RowBlock>,
  namesLine: number,
  namedApart: boolean,
): AsyncGenerator<RowBlock> {
  try {
    for (const block of seen) {
      if (namedApart || (block.lines[0] ?? 0) > namesLine) {
        yield block;
        continue;
      }
      const first = block.lines.findIndex((line) => line > namesLine);
      if (first === -1) continue;
      const broken =
        block.broken === null
          ? null
          : new Map([...block.broken].filter(([row]) => row >= first).map(([row, why]) => [row - first, why]));
      yield { rows: block.rows.slice(first), lines: block.lines.slice(first), broken };
    }
    for (;;) {
      const { value, done } = await rest.next();
      if (done === true) return;
      yield value as RowBlock;
    }
  } finally {
    await rest.return?.();
  }
}

export const isEmpty = (row: readonly string[]): boolean => {
  for (const field of row) if (field !== "" && field.trim() !== "") return false;
  return true;
};

const dateText = (row: readonly string[], places: Places): string => (row[places.time[0] ?? -1] ?? "").trim();

/** The order of dates that all rows allow: null while they leave it open. Throws where rows contradict each other, or with `sure`. */
const orderOf = (
  head: Head,
  { places, from }: Layout,
  asked: Asked,
  table: Table,
  sure: boolean,
): { order: DateOrder | null } | null => {
  const found = columnOrder(
    head.rows.slice(from).map((row) => dateText(row, places)),
    timeRules(asked.rules),
  );
  if ("order" in found) return found;
  const doubt = (at: number, why: string, option: string) =>
    inDoubt({
      file: asked.file,
      line: head.lines[from + at]!,
      unit: table.unit,
      field: "time",
      value: dateText(head.rows[from + at]!, places),
      why,
      option,
    });
  if ("contradiction" in found) {
    const { at, told } = found.contradiction;
    throw doubt(
      at,
      `day, month and year are in a different order here than in line ${head.lines[from + told]}`,
      "--date-format",
    );
  }
  if ("mixed" in found) {
    const { at, told, by } = found.mixed;
    const line = head.lines[from + told];
    throw doubt(
      at,
      by === "separator"
        ? `dates are written differently from ${table.unit} ${line}: a spreadsheet may have swapped day and month in some of them`
        : `dates jump here, after ${table.unit} ${line}, but are in order with day and month swapped: a spreadsheet seems to have swapped some of them`,
      "--date-format (applied to every row)",
    );
  }
  if (!sure) return null;
  throw doubt(
    found.at,
    found.open.includes("ymd")
      ? "no row shows which number is the year and which the day"
      : "no row shows which of the first two numbers is the day",
    found.open.map((order) => `--date-format ${orderNames[order]}`).join(" or "),
  );
};

/** The decimal mark that prices and volumes show. Throws where they show both, or leave `1,234` open. */
const markOfTable = (head: Head, places: Places, from: number, asked: Asked, table: Table): DecimalMark => {
  const prices = [places.open, places.high, places.low, places.close, places.price].filter((place) => place !== -1);
  const first = new Map<DecimalMark, number>();
  let open = -1;
  let openText = "";
  /** A row whose points may group thousands: `1.500`. */
  let grouped = -1;
  for (let at = from; at < head.rows.length; at++) {
    const row = head.rows[at]!;
    for (const place of [...prices, ...(places.volume === -1 ? [] : [places.volume])]) {
      const text = row[place] ?? "";
      if (!text.includes(",")) {
        // A point alone is a point, unless commas are decimals elsewhere; and then it groups thousands.
        if (!text.includes(".") || place === places.volume) continue;
        if (markOf(text) === ".") {
          if (!first.has(".")) first.set(".", at);
        } else if (grouped === -1) grouped = at;
        continue;
      }
      const mark = markOf(text.trim(), place === places.volume);
      if (mark === null) {
        if (open === -1) {
          open = at;
          openText = text;
        }
      } else if (!first.has(mark)) first.set(mark, at);
    }
  }
  const [point, comma] = [first.get("."), first.get(",")];
  if (point !== undefined && comma !== undefined) {
    throw inDoubt({
      file: asked.file,
      line: head.lines[comma]!,
      unit: table.unit,
      field: "decimal mark",
      value: head.rows[comma]!.join(table.delimiter ?? ","),
      why: `the decimal mark is a comma here, but a point in line ${head.lines[point]}`,
      option: "--decimal point or --decimal comma",
    });
  }
  if (comma !== undefined) return ",";
  // If commas do not separate columns, a comma may be the decimal mark, and `1.500` fifteen hundred.
  if (grouped !== -1 && point === undefined && table.format === "delimited" && table.delimiter !== ",") {
    throw inDoubt({
      file: asked.file,
      line: head.lines[grouped]!,
      unit: table.unit,
      field: "decimal mark",
      value: head.rows[grouped]!.join(table.delimiter!),
      why: "a point before three digits may be a thousands separator or a decimal mark",
      option: "--decimal point or --decimal comma",
    });
  }
  // Quotation marks, as in "83,125", keep a decimal comma from separating columns as well as a group of thousands.
  if (open !== -1 && point === undefined) {
    throw inDoubt({
      file: asked.file,
      line: head.lines[open]!,
      unit: table.unit,
      field: "decimal mark",
      value: openText,
      why: "the comma may be a thousands separator or a decimal mark",
      option: "--decimal point or --decimal comma",
    });
  }
  return ".";
};
