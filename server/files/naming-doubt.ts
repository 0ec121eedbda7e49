/** Rows that may be another instrument's, where no column of symbols says so. */
import type { TimeReader } from "@/server/domain/time/read-time";
import { inDoubt } from "./doubt";
import { type Asked, type Head, type Layout, usedPlaces } from "./first-rows";
import { holdsNoName, titleNames, unknownNaming } from "./naming";
import type { Table } from "./rows";
import { stampText } from "./time-columns";

/** A line above or between tables that names another instrument. */
export const anotherTitle = (file: string, line: number, unit: "line" | "row", names: readonly string[]) =>
  inDoubt({
    file,
    line,
    unit,
    field: "symbol",
    value: names.join(", "),
    why: "this line names another instrument than the one requested",
    option: `--symbol ${JSON.stringify(names[0])}, if that is the file's name for it, or --columns symbol=none`,
  });

/** Signs that rows belong to another instrument without a symbol column: a title, an unknown text column. */
export const namingDoubt = (head: Head, layout: Layout, reader: TimeReader, asked: Asked, table: Table): void => {
  const { places, names, from } = layout;
  if (asked.rules.wishes.has("symbol")) return;
  const rows = head.rows.slice(from).filter((row) => !Number.isNaN(reader.read(row[places.time[0]!] ?? "")));
  // An instrument's kind is not its name.
  places.symbol = places.symbol.filter((at) => !holdsNoName(rows.map((row) => row[at] ?? "")));
  if (places.symbol.length > 0) return;
  // One line may have the company, another its symbol.
  const above = head.rows
    .slice(0, names === null ? from : layout.preamble.length)
    .map((row, at) => ({ line: head.lines[at]!, titled: titleNames(row) }))
    .filter(({ titled }) => titled.length > 0);
  layout.titles = above.flatMap(({ titled }) => titled);
  if (above.length > 0 && !layout.titles.some(asked.wanted))
    throw anotherTitle(asked.file, above[0]!.line, table.unit, layout.titles);
  const found = unknownNaming(rows, names, usedPlaces(places), (row) => stampText(row, places));
  if (found === null) return;
  if (found.texts.some(asked.wanted)) {
    places.symbol = [found.at];
    return;
  }
  const column = names?.[found.at] ?? `column ${found.at + 1}`;
  throw inDoubt({
    file: asked.file,
    line: head.lines[head.rows.indexOf(rows[0]!)]!,
    unit: table.unit,
    field: "symbol",
    value: found.texts.slice(0, 5).join(", "),
    why: `the column ${JSON.stringify(column)} may name the instrument, but differs from the requested one`,
    option: `--symbol ${JSON.stringify(found.texts[0])}, if that is the file's name for it, or --columns symbol=none`,
  });
};
