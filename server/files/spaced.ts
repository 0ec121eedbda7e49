/** Tables whose columns spaces align: what pandas, databases and old programs print. */
import { placesOfNames, type TableKind, timeColumns } from "./columns";
import type { RowBlock } from "./row-block";

/** How such a table's lines are taken apart. */
export interface Spacing {
  /** Line of the names, counted from 0; -1 without. */
  namesAt: number;
  /** Line under the names that only names the times; -1 without. */
  under: number;
  names: readonly string[];
  between: RegExp;
  /** A date and its clock time share one name. */
  joined: boolean;
  /** Fields of a row. */
  width: number;
}

/** The header is one of the first lines; this many rows below it are examined. */
const NAMES_WITHIN = 40;
const LOOK = 50;
/** At least this many of them must have as many fields as the header. */
const ALIKE = 0.5;
const DELIMITED = /[,;\t|]/;
const REMARK = /^\s*(?:#|\/\/|%)/;
const CLOCK = /^\d{1,2}:\d{2}/;
const HALF = /^[ap]\.?m\.?$/i;

const fieldsOf = (line: string, between: RegExp, joined: boolean): string[] => {
  const fields = line.trim().split(between);
  const clock = fields.findIndex((field) => CLOCK.test(field));
  if (clock === -1) return fields;
  if (HALF.test(fields[clock + 1] ?? "")) fields.splice(clock, 2, `${fields[clock]!} ${fields[clock + 1]!}`);
  if (joined && clock > 0) fields.splice(clock - 1, 2, `${fields[clock - 1]!} ${fields[clock]!}`);
  return fields;
};

/** Null if something else separates the columns, or the lines have no common number of fields. */
export const spacingOf = (head: string, kind: TableKind): Spacing | null => {
  const lines = head.split("\n");
  for (let at = 0; at < Math.min(lines.length, NAMES_WITHIN); at++) {
    const line = lines[at]!;
    if (DELIMITED.test(line) || REMARK.test(line)) continue;
    for (const between of [/\s+/, /\s{2,}/]) {
      const names = line.trim().split(between);
      const { missing } = placesOfNames(names, kind);
      if (names.length < 3 || names.at(-1) === "\\" || missing.some((role) => role !== "time")) continue;
      const next = (lines[at + 1] ?? "").trim();
      const under = missing.length > 0 && next !== "" && timeColumns([next]).length === 1;
      const spacing = fitting(lines.slice(at + (under ? 2 : 1)), under ? [next, ...names] : names, between, kind);
      if (spacing !== null) return { ...spacing, namesAt: at, under: under ? at + 1 : -1 };
    }
  }
  return lines.some((line) => DELIMITED.test(line) && !REMARK.test(line)) ? null : nameless(lines, kind);
};

/** A date has more digits than the number of a row or a day of the month. */
const isTime = (text: string): boolean => text.replaceAll(/\D/g, "").length >= 4;

/** A line that begins with a date, or with whose row it is and a date. */
const isRow = (line: string): boolean =>
  /^\s*['"]?\d/.test(line) ||
  line
    .trim()
    .split(/\s+/, 3)
    .some((field) => /^\d{1,4}[-/.]\w|^\d{6,}/.test(field));

const fitting = (
  below: readonly string[],
  names: readonly string[],
  between: RegExp,
  kind: TableKind,
): Pick<Spacing, "names" | "between" | "joined" | "width"> | null => {
  const rows = below.filter(isRow).slice(0, LOOK);
  if (rows.length === 0) return null;
  const [time] = placesOfNames(names, kind).places.time;
  // A nameless column before the others is the index of a table of pandas: the rows' numbers or their times.
  for (const [index, joined] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    if (time === undefined && !index) continue;
    const width = names.length + (index ? 1 : 0);
    const stamp = time === undefined ? 0 : time + (index ? 1 : 0);
    const fit = rows
      .map((row) => fieldsOf(row, between, joined))
      .filter((fields) => fields.length === width && isTime(fields[stamp]!));
    if (fit.length >= rows.length * ALIKE) return { names: index ? ["", ...names] : names, between, joined, width };
  }
  return null;
};

/** Without a header: a date, possibly a clock time, and figures. */
const nameless = (lines: readonly string[], kind: TableKind): Spacing | null => {
  const rows = lines
    .filter(isRow)
    .slice(0, LOOK)
    .map((line) => fieldsOf(line, /\s+/, false).length);
  const width = rows[0] ?? 0;
  if (width < (kind === "bars" ? 5 : 2) || rows.filter((count) => count === width).length < rows.length * ALIKE)
    return null;
  return { namesAt: -1, under: -1, names: [], between: /\s+/, joined: false, width };
};

/** A row whose fields are fewer or more is refused: an empty cell would move those behind it. */
export async function* spacedBlocks(
  pieces: AsyncIterable<string>,
  { namesAt, under, names, between, joined, width }: Spacing,
): AsyncGenerator<RowBlock> {
  let line = 0;
  for await (const piece of pieces) {
    const block: RowBlock = { rows: [], lines: [], broken: null };
    for (const text of piece.slice(0, -1).split("\n")) {
      const at = line++;
      if (at === under || text.trim() === "") continue;
      let fields = at === namesAt ? [...names] : at < namesAt ? [text.trim()] : fieldsOf(text, between, joined);
      if (at > namesAt && fields.length !== width) {
        if (!isRow(text)) fields = [text.trim()];
        else
          (block.broken ??= new Map()).set(
            block.rows.length,
            `${fields.length} fields where ${width} are expected; with space-separated columns, no cell may be empty`,
          );
      }
      block.rows.push(fields);
      block.lines.push(at + 1);
    }
    yield block;
  }
}
