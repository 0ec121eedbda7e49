/** Rows of a file of text: delimited columns in whatever dialect, JSON lines, or a JSON document as brokers answer it. */
import Papa from "papaparse";
import { badInput } from "@/server/domain/basics/errors";
import { documentRows, isFlat, type Json, type ListWanted, namesOf, parsed, rowOf } from "./json-lists";
import type { RowBlock } from "./row-block";
import { spacedBlocks, spacingOf } from "./spaced";
import type { TextPieces } from "./text";

export interface Table {
  format: "delimited" | "JSON lines" | "JSON document" | "Parquet";
  /** Null unless delimited. */
  delimiter: string | null;
  /** Column names that are not a row: keys of JSON objects, columns of Parquet. */
  names: readonly string[] | null;
  /** What `lines` counts. */
  unit: "line" | "row";
  /** Zone of its times, if given beside the rows. */
  zone?: string | null;
  blocks: AsyncIterable<RowBlock>;
}

/** Enough lines to see a dialect and the keys of objects. */
const HEAD_LINES = 200;
/** A quoted field that is not closed within so many characters is a stray quotation mark. */
const MOST_QUOTED = 1_048_576;
const MOST_OF_A_DOCUMENT = 64 * 1_048_576;

/** Throws `bad_input` on a document that is not JSON, has no rows, or leaves open whose they are. */
export const openTable = async (text: TextPieces, asked: ListWanted): Promise<Table> => {
  const pieces = iterate(text);
  const head = await headOf(pieces);
  const start = /\S/.exec(head)?.[0];
  if (start !== "{" && start !== "[") {
    const spacing = spacingOf(head, asked.kind);
    if (spacing !== null)
      return {
        format: "delimited",
        delimiter: " ",
        names: null,
        unit: "line",
        blocks: spacedBlocks(chain(head, pieces), spacing),
      };
    const { delimiter, skip } = dialectOf(head);
    return {
      format: "delimited",
      delimiter,
      names: null,
      unit: "line",
      blocks: delimitedBlocks(chain(head, pieces), delimiter, skip),
    };
  }
  const lines = head.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  const rows = values.filter((value) => typeof value === "object" && value !== null).length;
  if (lines.length > 1 ? rows * 2 >= lines.length : isFlat(values[0])) {
    const names = namesOf(lines.flatMap(rowsOfLine));
    return {
      format: "JSON lines",
      delimiter: null,
      names,
      unit: "line",
      blocks: jsonLineBlocks(chain(head, pieces), names),
    };
  }
  const document = documentRows(await whole(head, pieces, asked.file), asked);
  return {
    format: "JSON document",
    delimiter: null,
    names: document.names,
    unit: "row",
    zone: document.zone ?? null,
    blocks: slices(document.rows),
  };
};

async function* iterate(text: TextPieces): AsyncGenerator<string> {
  let first = true;
  for await (const piece of text) {
    const bare = first ? piece.replace(/^\uFEFF/, "") : piece;
    first = false;
    yield bare.endsWith("\n") ? bare : `${bare}\n`;
  }
}

const headOf = async (pieces: AsyncGenerator<string>): Promise<string> => {
  let head = "";
  let lines = 0;
  while (lines < HEAD_LINES) {
    const { value, done } = await pieces.next();
    if (done === true) break;
    head += value;
    for (let at = value.indexOf("\n"); at !== -1 && lines < HEAD_LINES; at = value.indexOf("\n", at + 1)) lines++;
  }
  return head;
};

async function* chain(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head;
  yield* rest;
}

/* ---- delimited ---- */

const NAMES: Readonly<Record<string, string>> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "bar",
  " ": "spaces",
};
export const delimiterName = (delimiter: string): string => NAMES[delimiter] ?? `"${delimiter}"`;

/** `####` is a cell of a spreadsheet that was too narrow. */
export const isComment = (line: string): boolean => /^\s*(?:#(?!#+$)|\/\/|%)/.test(line);

/**
 * Finds the delimiter that gives the first lines the same number of fields. Tab and semicolon go first, because in such
 * files a comma groups thousands or marks decimals. A line that commas split like the others, and the other mark does
 * not, shows that the mark occurs only in remarks. `skip`: lines that are not rows (`sep=;`, as Excel writes it).
 */
const dialectOf = (head: string): { delimiter: string; skip: number } => {
  const told = /^\s*"?sep=(.)"?\s*\n/i.exec(head);
  if (told !== null) return { delimiter: told[1]!, skip: 1 };
  const lines = head.split("\n", HEAD_LINES).filter((line) => line.trim() !== "" && !isComment(line));
  const fields = (delimiter: string): { usual: number; share: number } => {
    const counts = new Map<number, number>();
    for (const row of parse(`${lines.join("\n")}\n`, delimiter).data)
      if (row.length > 1 || row[0] !== "") counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
    const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const [usual, count] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
    return { usual, share: rows === 0 ? 0 : count / rows };
  };
  const byComma = fields(",");
  const isOfCommas = (delimiter: string): boolean =>
    byComma.usual >= 4 &&
    byComma.share >= 0.6 &&
    lines
      .slice(0, 5)
      .some((line) => !line.includes(delimiter) && parse(`${line}\n`, ",").data[0]?.length === byComma.usual);
  for (const delimiter of ["\t", ";"]) {
    const { usual, share } = fields(delimiter);
    if (usual > 1 && share >= 0.6 && !isOfCommas(delimiter)) return { delimiter, skip: 0 };
  }
  return { delimiter: fields("|").usual > byComma.usual ? "|" : ",", skip: 0 };
};

const parse = (text: string, delimiter: string): Papa.ParseResult<string[]> => {
  const quoted = text.includes('"');
  // Some programs put a space before a quotation mark, and some the sign by which a spreadsheet keeps a text; the standard knows neither.
  const input = quoted ? text.replaceAll(/(^|[,;\t|\n])(?: +=?|=)"/g, '$1"') : text;
  return Papa.parse<string[]>(input, {
    delimiter,
    newline: "\n",
    header: false,
    skipEmptyLines: false,
    fastMode: !quoted,
  });
};

async function* delimitedBlocks(
  pieces: AsyncIterable<string>,
  delimiter: string,
  skip: number,
): AsyncGenerator<RowBlock> {
  let line = 1;
  let carried = "";
  let left = skip;
  const blockOf = (result: Papa.ParseResult<string[]>, quoted: boolean): RowBlock => {
    const { data, errors } = result;
    if (data.length > 0 && isBlank(data.at(-1)!)) data.pop();
    const lines = new Array<number>(data.length);
    for (let row = 0; row < data.length; row++) {
      lines[row] = line++;
      if (quoted)
        for (const field of data[row]!)
          for (let at = field.indexOf("\n"); at !== -1; at = field.indexOf("\n", at + 1)) line++;
    }
    const broken =
      errors.length === 0
        ? null
        : new Map(
            errors
              .filter(({ row }) => row !== undefined)
              .map(({ row, message }) => [row!, `quotation marks: ${message.toLowerCase()}`]),
          );
    if (left > 0) {
      data.splice(0, left);
      lines.splice(0, left);
      left = 0;
    }
    return { rows: data, lines, broken };
  };
  for await (const piece of pieces) {
    const text = carried === "" ? piece : carried + piece;
    carried = "";
    const result = parse(text, delimiter);
    // A quoted field may continue in the next piece.
    if (text.length < MOST_QUOTED && result.errors.some(({ code }) => code === "MissingQuotes")) {
      carried = text;
      continue;
    }
    yield blockOf(result, text.includes('"'));
  }
  if (carried !== "") yield blockOf(parse(carried, delimiter), true);
}

const isBlank = (row: readonly string[]): boolean => row.length === 1 && row[0] === "";

/* ---- JSON ---- */

/** Kite's callback is handed a list of ticks at a time: written down, a line is several rows. */
const rowsOfLine = (text: string): unknown[] => {
  const value = parsed(text);
  return Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === "object" && each !== null && !Array.isArray(each))
    ? value
    : [value];
};

async function* jsonLineBlocks(
  pieces: AsyncIterable<string>,
  names: readonly string[] | null,
): AsyncGenerator<RowBlock> {
  let line = 0;
  for await (const piece of pieces) {
    const block: RowBlock = { rows: [], lines: [], broken: null };
    for (const text of piece.slice(0, -1).split("\n")) {
      line++;
      if (text.trim() === "") continue;
      for (const value of rowsOfLine(text)) {
        if (typeof value !== "object" || value === null || (names === null) !== Array.isArray(value))
          (block.broken ??= new Map()).set(
            block.rows.length,
            value === undefined ? "not JSON" : "not a row like the others",
          );
        block.rows.push(typeof value === "object" && value !== null ? rowOf(value as Json, names) : [text]);
        block.lines.push(line);
      }
    }
    yield block;
  }
}

const whole = async (head: string, rest: AsyncGenerator<string>, file: string): Promise<string> => {
  const pieces = [head];
  let length = head.length;
  for await (const piece of rest) {
    pieces.push(piece);
    length += piece.length;
    if (length > MOST_OF_A_DOCUMENT)
      throw badInput(
        "file",
        file,
        `a JSON document of at most ${MOST_OF_A_DOCUMENT / 1_048_576} million characters; for more, use one JSON object per line`,
      );
  }
  return pieces.join("");
};

const ROWS_AT_ONCE = 4_096;

async function* slices(rows: readonly string[][]): AsyncGenerator<RowBlock> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const part = rows.slice(from, from + ROWS_AT_ONCE);
    yield { rows: part, lines: part.map((_, at) => from + at + 1), broken: null };
  }
}
