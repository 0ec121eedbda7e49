/** Rows of a file of text: delimited columns in whatever dialect, JSON lines, or a JSON document as brokers answer it. */
import Papa from "papaparse";
import { badInput } from "@/server/domain/errors";
import type { TextPieces } from "./text";

/** Rows of texts, in the file's order. */
export interface RowBlock {
  rows: string[][];
  /** Line of each row, counted from 1; of a JSON document the row's own number. */
  lines: number[];
  /** Why a row cannot be read, by its place in `rows`. */
  broken: Map<number, string> | null;
}

export interface Table {
  format: "delimited" | "JSON lines" | "JSON document" | "Parquet";
  /** Null unless delimited. */
  delimiter: string | null;
  /** What the columns are called where it is not a row that says so: keys of JSON objects, columns of Parquet. */
  names: readonly string[] | null;
  /** What `lines` counts. */
  unit: "line" | "row";
  blocks: AsyncIterable<RowBlock>;
}

/** Enough lines to see a dialect and the keys of objects. */
const HEAD_LINES = 200;
/** A quoted field that is not closed within so many characters is a stray quotation mark. */
const MOST_QUOTED = 1_048_576;
const MOST_OF_A_DOCUMENT = 64 * 1_048_576;

/** Throws `bad_input` for `file` on a document that is not JSON or has no rows. */
export const openTable = async (text: TextPieces, file: string): Promise<Table> => {
  const pieces = iterate(text);
  const head = await headOf(pieces);
  const start = /\S/.exec(head)?.[0];
  if (start !== "{" && start !== "[") {
    const { delimiter, skip } = dialectOf(head);
    return { format: "delimited", delimiter, names: null, unit: "line", blocks: delimitedBlocks(chain(head, pieces), delimiter, skip) };
  }
  const lines = head.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  const rows = values.filter((value) => typeof value === "object" && value !== null).length;
  if (lines.length > 1 ? rows * 2 >= lines.length : isFlat(values[0])) {
    const names = namesOf(values);
    return { format: "JSON lines", delimiter: null, names, unit: "line", blocks: jsonLineBlocks(chain(head, pieces), names) };
  }
  const document = documentRows(await whole(head, pieces, file), file);
  return { format: "JSON document", delimiter: null, names: document.names, unit: "row", blocks: slices(document.rows) };
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

const NAMES: Readonly<Record<string, string>> = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" };
export const delimiterName = (delimiter: string): string => NAMES[delimiter] ?? `"${delimiter}"`;

export const isComment = (line: string): boolean => /^\s*(?:#|\/\/|%)/.test(line);

/**
 * The delimiter by which the first lines have the same number of fields. Tab and semicolon go first: in such files a comma
 * groups thousands or marks decimals. `skip`: lines that are no rows (`sep=;`, as Excel writes it).
 */
const dialectOf = (head: string): { delimiter: string; skip: number } => {
  const told = /^\s*"?sep=(.)"?\s*\n/i.exec(head);
  if (told !== null) return { delimiter: told[1]!, skip: 1 };
  const lines = head.split("\n", HEAD_LINES).filter((line) => line.trim() !== "" && !isComment(line));
  const fields = (delimiter: string): { usual: number; share: number } => {
    const counts = new Map<number, number>();
    for (const row of parse(`${lines.join("\n")}\n`, delimiter).data) if (row.length > 1 || row[0] !== "") counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
    const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const [usual, count] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
    return { usual, share: rows === 0 ? 0 : count / rows };
  };
  for (const delimiter of ["\t", ";"]) {
    const { usual, share } = fields(delimiter);
    if (usual > 1 && share >= 0.6) return { delimiter, skip: 0 };
  }
  return { delimiter: fields("|").usual > fields(",").usual ? "|" : ",", skip: 0 };
};

const parse = (text: string, delimiter: string): Papa.ParseResult<string[]> => {
  const quoted = text.includes('"');
  // Some programs put a space before a quotation mark; the standard does not know it.
  const input = quoted ? text.replaceAll(/([,;\t|]) +"/g, '$1"') : text;
  return Papa.parse<string[]>(input, { delimiter, newline: "\n", header: false, skipEmptyLines: false, fastMode: !quoted });
};

async function* delimitedBlocks(pieces: AsyncIterable<string>, delimiter: string, skip: number): AsyncGenerator<RowBlock> {
  let line = 1;
  let carried = "";
  let left = skip;
  const blockOf = (result: Papa.ParseResult<string[]>, quoted: boolean): RowBlock => {
    const { data, errors } = result;
    if (data.length > 0 && isBlank(data.at(-1)!)) data.pop();
    const lines = new Array<number>(data.length);
    for (let row = 0; row < data.length; row++) {
      lines[row] = line++;
      if (quoted) for (const field of data[row]!) for (let at = field.indexOf("\n"); at !== -1; at = field.indexOf("\n", at + 1)) line++;
    }
    const broken = errors.length === 0 ? null : new Map(errors.filter(({ row }) => row !== undefined).map(({ row, message }) => [row!, `quotation marks: ${message.toLowerCase()}`]));
    if (left > 0) { data.splice(0, left); lines.splice(0, left); left = 0; }
    return { rows: data, lines, broken };
  };
  for await (const piece of pieces) {
    const text = carried === "" ? piece : carried + piece;
    carried = "";
    const result = parse(text, delimiter);
    // A quoted field may go on in the next piece.
    if (text.length < MOST_QUOTED && result.errors.some(({ code }) => code === "MissingQuotes")) { carried = text; continue; }
    yield blockOf(result, text.includes('"'));
  }
  if (carried !== "") yield blockOf(parse(carried, delimiter), true);
}

const isBlank = (row: readonly string[]): boolean => row.length === 1 && row[0] === "";

/* ---- JSON ---- */

type Json = Record<string, unknown> | unknown[];

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
/** A row by itself: an object or array that holds none. */
const isFlat = (value: unknown): boolean =>
  (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each !== "object")) ||
  (isObject(value) && Object.values(value).some((each) => typeof each === "number") && !Object.values(value).some((each) => Array.isArray(each) && each.some((row) => typeof row === "object" || each.length > 1)));

/** Keys of objects in the order they are met; null where rows are arrays. */
const namesOf = (values: readonly unknown[]): string[] | null => {
  const names = new Set<string>();
  for (const value of values) if (isObject(value)) for (const name of Object.keys(value)) names.add(name);
  return names.size === 0 ? null : [...names];
};

const textOf = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value as number);

const rowOf = (value: Json, names: readonly string[] | null): string[] =>
  Array.isArray(value) ? value.map(textOf) : (names ?? []).map((name) => textOf(value[name]));

async function* jsonLineBlocks(pieces: AsyncIterable<string>, names: readonly string[] | null): AsyncGenerator<RowBlock> {
  let line = 0;
  for await (const piece of pieces) {
    const block: RowBlock = { rows: [], lines: [], broken: null };
    for (const text of piece.slice(0, -1).split("\n")) {
      line++;
      if (text.trim() === "") continue;
      const value = parsed(text);
      if (typeof value !== "object" || value === null || (names === null) !== Array.isArray(value)) (block.broken ??= new Map()).set(block.rows.length, value === undefined ? "not JSON" : "not a row like the others");
      block.rows.push(typeof value === "object" && value !== null ? rowOf(value as Json, names) : [text]);
      block.lines.push(line);
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
    if (length > MOST_OF_A_DOCUMENT) throw badInput("file", file, `a JSON document of at most ${MOST_OF_A_DOCUMENT / 1_048_576} million characters; longer ones as one JSON object a line`);
  }
  return pieces.join("");
};

/** Lists lie at most so deep in an answer: `data.candles`, Yahoo's `chart.result[0].indicators.quote[0]`. */
const DEEPEST = 7;

const documentRows = (text: string, file: string): { names: string[] | null; rows: string[][] } => {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw badInput("file", file, `JSON that can be read (${(cause as Error).message})`);
  }
  // FlatTrade writes its rows as texts that hold JSON.
  if (Array.isArray(root) && root.length > 0 && root.every((each) => typeof each === "string" && each.startsWith("{"))) root = root.map((each) => parsed(each as string));
  const queue: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let at = 0; at < queue.length; at++) {
    const { value, depth } = queue[at]!;
    if (Array.isArray(value) && value.length > 0 && value.every((row) => Array.isArray(row) && row.length >= 2)) return { names: null, rows: value.map((row) => rowOf(row as unknown[], null)) };
    if (Array.isArray(value) && value.length > 0 && value.every((row) => isObject(row) && Object.keys(row).length >= 3 && Object.values(row).every((each) => !Array.isArray(each)))) {
      const names = namesOf(value)!;
      return { names, rows: value.map((row) => rowOf(row as Json, names)) };
    }
    if (isObject(value)) {
      const columns = columnsOf(value);
      if (columns !== null) return columns;
    }
    if (depth < DEEPEST && typeof value === "object" && value !== null) for (const each of Object.values(value)) queue.push({ value: each, depth: depth + 1 });
  }
  if (isFlat(root)) return { names: namesOf([root]), rows: [rowOf(root as Json, namesOf([root]))] };
  throw badInput("file", file, "JSON that holds a list of bars or ticks: arrays, objects, or one array a column");
};

/** One array a column: `{"t":[…],"o":[…]}`, Dhan's `{"open":[…],"timestamp":[…]}`, Yahoo's `timestamp` beside `indicators`. */
const columnsOf = (value: Record<string, unknown>): { names: string[]; rows: string[][] } | null => {
  const quote = (value["indicators"] as { quote?: unknown[] } | undefined)?.quote?.[0];
  const columns = Object.entries({ ...value, ...(isObject(quote) ? quote : {}) })
    .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].every((each) => typeof each !== "object" || each === null));
  const length = columns[0]?.[1].length ?? 0;
  if (columns.length < 3 || length === 0 || columns.some(([, each]) => each.length !== length)) return null;
  return { names: columns.map(([name]) => name), rows: Array.from({ length }, (_, row) => columns.map(([, each]) => textOf(each[row]))) };
};

const ROWS_AT_ONCE = 4_096;

async function* slices(rows: readonly string[][]): AsyncGenerator<RowBlock> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const part = rows.slice(from, from + ROWS_AT_ONCE);
    yield { rows: part, lines: part.map((_, at) => from + at + 1), broken: null };
  }
}
