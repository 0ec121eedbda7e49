/**
 * Finds the list of bars or ticks in a JSON document: rows as arrays or objects, or one array per column, at any depth.
 * If there are several, the one of the requested instrument is used; names and symbols beside a list are read with it.
 */
import { badInput } from "@/server/domain/basics/errors";
import { exampleColumns, isKnownName, placesOfNames, type TableKind, timeColumns } from "./columns";
import { inDoubt } from "./doubt";
import { isNaming, isWord, looksLikeSymbol, qualified } from "./naming";

/** Which list is wanted. */
export interface ListWanted {
  kind: TableKind;
  file: string;
  /** Whether a text names the requested instrument; always true if none is requested. */
  wanted: (name: string) => boolean;
  /** A person has said which column holds the symbol, or that none does. */
  symbolTold: boolean;
}

export interface JsonRows {
  /** Null where rows are arrays without names. */
  names: string[] | null;
  rows: string[][];
  /** Zone of its clocks, as the document says beside the list; null where it says none. */
  zone?: string | null;
}

export type Json = Record<string, unknown> | unknown[];

/** JSON, also as Python and JavaScript write numbers that are none: they are nothing. Throws what `JSON.parse` throws. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const plain = text.replaceAll(
      /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g,
      (_, quoted: string | undefined) => quoted ?? "null",
    );
    if (plain === text) throw cause;
    return JSON.parse(plain) as unknown;
  }
};

export const parsed = (line: string): unknown => {
  try {
    return parseJson(line);
  } catch {
    return undefined;
  }
};

/** FlatTrade writes its rows as texts that hold JSON. */
const isJsonTexts = (value: readonly unknown[]): boolean =>
  value.length > 0 && value.every((each) => typeof each === "string" && each.startsWith("{"));
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** A row by itself: an object or array that holds none. */
export const isFlat = (value: unknown): boolean =>
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each !== "object") &&
    !isJsonTexts(value)) ||
  (isObject(value) &&
    Object.values(value).some((each) => typeof each === "number") &&
    !Object.values(value).some(
      (each) => Array.isArray(each) && each.some((row) => typeof row === "object" || each.length > 1),
    ));

/** Keys of objects in the order they are met; null where rows are arrays. */
export const namesOf = (values: readonly unknown[]): string[] | null => {
  const names = new Set<string>();
  for (const value of values) if (isObject(value)) for (const name of Object.keys(value)) names.add(name);
  return names.size === 0 ? null : [...names];
};

const textOf = (value: unknown): string =>
  value === null || value === undefined
    ? ""
    : typeof value === "string"
      ? value
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value as number);

export const rowOf = (value: Json, names: readonly string[] | null): string[] =>
  Array.isArray(value) ? value.map(textOf) : (names ?? []).map((name) => textOf(value[name]));

/** Maximum depth of a list in a document: `data.candles`, Yahoo's `chart.result[0].indicators.quote[0]`. */
const DEEPEST = 7;

/** A list with its surroundings. */
interface Found extends JsonRows {
  /** Keys that lead to it. */
  keys: readonly string[];
  /** Objects that contain it, innermost first; its own object if its columns are arrays. */
  around: readonly Record<string, unknown>[];
}

/** Throws `bad_input` where there is no list, or where it is another instrument's or there are several. */
export const documentRows = (text: string, asked: ListWanted): JsonRows => {
  let root: unknown;
  try {
    root = parseJson(text);
  } catch (cause) {
    throw badInput("file", asked.file, `valid JSON (${(cause as Error).message})`);
  }
  if (Array.isArray(root) && isJsonTexts(root)) root = root.map((each) => parsed(each as string));
  const lists = listsIn(root);
  if (lists.length > 0) return theOne(lists, asked);
  if (isFlat(root)) return { names: namesOf([root]), rows: [rowOf(root as Json, namesOf([root]))] };
  const said = saidIn(root);
  throw badInput(
    "file",
    asked.file,
    `JSON with a list of bars or ticks: arrays, objects, or one array per column${said === null ? "" : ` (it says: ${said})`}`,
  );
};

/** A message in place of rows, such as an expired token; null if there is none. */
const saidIn = (value: unknown, deep = 0): string | null => {
  if (!isObject(value) || deep > 3) return null;
  const said = Object.entries(value).find(
    ([key, each]) =>
      /^(?:message|emsg|error|description|information|note|remarks)$/i.test(key) &&
      typeof each === "string" &&
      each !== "",
  )?.[1] as string | undefined;
  if (said !== undefined) return JSON.stringify(said.slice(0, 200));
  for (const each of Object.values(value)) {
    const inner = saidIn(each, deep + 1);
    if (inner !== null) return inner;
  }
  return null;
};

/** Lists by depth; a list within one does not count. */
const listsIn = (root: unknown): Found[] => {
  const found: Found[] = [];
  const queue: { value: unknown; keys: readonly string[]; around: readonly Record<string, unknown>[] }[] = [
    { value: root, keys: [], around: [] },
  ];
  for (let at = 0; at < queue.length; at++) {
    const { value, keys } = queue[at]!;
    const around = isObject(value) ? [value, ...queue[at]!.around] : queue[at]!.around;
    const list = Array.isArray(value) ? rowsOf(value) : isObject(value) ? (columnsOf(value) ?? keyedOf(value)) : null;
    if (list !== null) found.push({ ...list, keys, around });
    else if (keys.length < DEEPEST && typeof value === "object" && value !== null) {
      for (const [key, each] of Object.entries(value)) queue.push({ value: each, keys: [...keys, key], around });
    }
  }
  return found;
};

const rowsOf = (value: readonly unknown[]): JsonRows | null => {
  if (value.length === 0) return null;
  if (value.every((row) => Array.isArray(row) && row.length >= 2))
    return { names: null, rows: value.map((row) => rowOf(row as unknown[], null)) };
  if (
    !value.every(
      (row) =>
        isObject(row) && Object.keys(row).length >= 3 && Object.values(row).every((each) => !Array.isArray(each)),
    )
  )
    return null;
  const names = namesOf(value)!;
  return { names, rows: value.map((row) => rowOf(row as Json, names)) };
};

/** One array a column: `{"t":[…],"o":[…]}`, Dhan's `{"open":[…],"timestamp":[…]}`, Yahoo's `timestamp` beside `indicators`. */
const columnsOf = (value: Record<string, unknown>): JsonRows | null => {
  const quote = (value["indicators"] as { quote?: unknown[] } | undefined)?.quote?.[0];
  const columns = Object.entries({ ...value, ...(isObject(quote) ? quote : {}) })
    // An empty list may mean that the source has no values: Dhan's open_interest.
    .filter(
      (entry): entry is [string, unknown[]] =>
        Array.isArray(entry[1]) &&
        entry[1].length > 0 &&
        entry[1].every((each) => typeof each !== "object" || each === null),
    );
  const length = columns[0]?.[1].length ?? 0;
  if (columns.length < 3 || length === 0 || columns.some(([, each]) => each.length !== length)) return null;
  return {
    names: columns.map(([name]) => name),
    rows: Array.from({ length }, (_, row) => columns.map(([, each]) => textOf(each[row]))),
  };
};

/**
 * Rows or columns by key, as pandas (`orient="index"` and `"columns"`) and Alpha Vantage write them:
 * `{"2026-11-20":{"1. open":"100",…}}`. The key is the row's time if the row has none.
 */
const keyedOf = (value: Record<string, unknown>): JsonRows | null => {
  const entries = Object.entries(value);
  const isRecord = (each: unknown): each is Record<string, unknown> =>
    isObject(each) &&
    Object.keys(each).length > 0 &&
    Object.values(each).every((figure) => typeof figure !== "object" || figure === null);
  if (entries.length === 0 || !entries.every((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])))
    return null;
  const records = entries as [string, Record<string, unknown>][];
  if (records.every(([key, row]) => ROW_KEY.test(key) && Object.keys(row).length >= 3))
    return keyed(
      namesOf(records.map(([, row]) => row))!,
      records.map(([key]) => key),
      (row, name) => records[row]![1][name],
    );
  const names = records.map(([name]) => name);
  const keys = Object.keys(records[0]![1]);
  if (
    names.length < 3 ||
    !keys.every((key) => ROW_KEY.test(key)) ||
    records.some(([, column]) => Object.keys(column).length !== keys.length || !keys.every((key) => key in column))
  )
    return null;
  return keyed(names, keys, (row, name) =>
    value[name] === undefined ? undefined : (value[name] as Record<string, unknown>)[keys[row]!],
  );
};

const areRowNumbers = (keys: readonly string[]): boolean =>
  keys.every((key) => /^\d{1,5}$/.test(key)) ||
  (keys.length > 1 && keys.every((key, at) => at === 0 || Number(key) - Number(keys[at - 1]!) === 1));

/** A time, or the number of a row. */
const ROW_KEY = /^(?:\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d).*)$/;

const keyed = (
  names: readonly string[],
  keys: readonly string[],
  at: (row: number, name: string) => unknown,
): JsonRows => {
  const rows = keys.map((_, row) => names.map((name) => textOf(at(row, name))));
  const timed = timeColumns(names).length > 0;
  if (timed && areRowNumbers(keys)) return { names: [...names], rows };
  // Beside times of their own, large numbers are an exchange's or a broker's for its instruments.
  return { names: [timed ? "symbol" : "time", ...names], rows: rows.map((row, place) => [keys[place]!, ...row]) };
};

/* ---- which list, and what its columns are called ---- */

const theOne = (lists: readonly Found[], asked: ListWanted): JsonRows => {
  const read = lists.map((list) => ({ ...list, ...withNamesBeside(list, asked) }));
  const least = asked.kind === "bars" ? 5 : 2;
  const fit = read.filter(({ names, rows }) =>
    names === null ? rows[0]!.length >= least : placesOfNames(names, asked.kind).missing.length === 0,
  );
  if (fit.length === 0) return read[0]!;
  const mine = fit.length === 1 ? fit : fit.filter((list) => [...stated(list), ...list.keys].some(asked.wanted));
  const called = (of: readonly Found[]): string =>
    of
      .map((list) => stated(list)[0] ?? list.keys.findLast((key) => !isWord(key)) ?? list.keys.at(-1) ?? "?")
      .join(", ");
  if (mine.length !== 1) {
    throw inDoubt({
      file: asked.file,
      field: "symbol",
      value: called(mine.length === 0 ? fit : mine),
      why: `the document has ${fit.length} lists of ${asked.kind}, ${mine.length === 0 ? "and none is named after the requested instrument" : "and more than one may match"}`,
      option: "--symbol NAME, the document's name for the right one,",
    });
  }
  const [list] = mine as [Found];
  if (!asked.symbolTold && !(list.names ?? []).some((name) => isNaming(name))) {
    const names = [...stated(list), ...list.keys.filter(looksLikeSymbol)];
    if (names.length > 0 && !names.some(asked.wanted)) {
      throw inDoubt({
        file: asked.file,
        field: "symbol",
        value: names.join(", "),
        why: "the document names another instrument than the one requested",
        option: `--symbol ${names[0]!}, if that is the file's name for it, or --columns symbol=none`,
      });
    }
  }
  return { ...list, zone: zoneBeside(list) };
};

/** The zone that a description beside a list says of its clocks: Alpha Vantage's `"6. Time Zone": "US/Eastern"`. */
const zoneBeside = ({ around }: Found): string | null => {
  for (const level of around) {
    for (const each of [level, ...descriptions(level)]) {
      const zone = Object.entries(each).find(([key, value]) => ZONE.test(key) && typeof value === "string")?.[1];
      if (zone !== undefined) return zone as string;
    }
  }
  return null;
};

const ZONE = /^(?:\d+\.\s*)?(?:exchange[ _]?)?time[ _]?zone(?:[ _]?name)?$/i;
const descriptions = (level: Record<string, unknown>): Record<string, unknown>[] =>
  Object.entries(level)
    .filter(([key, value]) => DESCRIBING.test(key) && isObject(value))
    .map(([, value]) => value as Record<string, unknown>);

/** The instrument's name in the nearest surrounding object, or in a description in it. */
const stated = ({ around }: Found): string[] => {
  for (const level of around) {
    const told: string[] = [];
    for (const each of [level, ...descriptions(level)]) {
      const exchange = Object.entries(each).find(
        ([key, value]) => /^exch/i.test(key) && typeof value === "string",
      )?.[1];
      for (const [key, value] of Object.entries(each))
        if (
          typeof value === "string" &&
          /[A-Za-z]/.test(value) &&
          !LOOSE.test(key) &&
          isNaming(key.replace(/^\d+\.?\s*/, ""))
        )
          told.push(qualified(value, exchange as string | undefined));
    }
    if (told.length > 0) return told;
  }
  return [];
};

const DESCRIBING = /^(meta|info|header|instrument|query|request|params|details)/i;
/** Keys that beside a list seldom name an instrument: a series of a database, the code of an answer. */
const LOOSE = /^(name|code)$/i;

/** Names beside rows of arrays: pandas' `columns`, QuestDB's `columns:[{name}]`, a schema's `fields`. */
const withNamesBeside = (list: Found, asked: ListWanted): JsonRows => {
  if (list.names !== null) return list;
  const width = Math.max(...list.rows.slice(0, 50).map((row) => row.length));
  for (const level of list.around) {
    for (const [key, value] of [
      ...Object.entries(level),
      ...Object.values(level)
        .filter(isObject)
        .flatMap((each) => Object.entries(each)),
    ]) {
      if (!Array.isArray(value) || value.length === 0) continue;
      const names = value.map((each: unknown) =>
        typeof each === "string"
          ? each
          : isObject(each)
            ? (NAME_KEYS.map((name) => each[name]).find((name) => typeof name === "string") as string | undefined)
            : undefined,
      );
      if (names.some((name) => name === undefined) || names.filter((name) => isKnownName(name!, asked.kind)).length < 2)
        continue;
      if (names.length !== width) {
        throw inDoubt({
          file: asked.file,
          field: "columns",
          value: names.join(", "),
          why: `${key} names ${names.length} columns, but the rows have ${width}`,
          option: `${exampleColumns[asked.kind]} (in row order), with the names removed,`,
        });
      }
      return withIndex({ names: names as string[], rows: list.rows }, level, asked.kind);
    }
  }
  return list;
};

const NAME_KEYS = ["name", "label", "field", "id", "title", "column"];

/** Pandas keeps the times apart where they are the table's index. */
const withIndex = (
  { names, rows }: { names: string[]; rows: string[][] },
  level: Record<string, unknown>,
  kind: TableKind,
): JsonRows => {
  const index = level["index"];
  if (!Array.isArray(index) || index.length !== rows.length || placesOfNames(names, kind).places.time.length > 0)
    return { names, rows };
  return { names: ["time", ...names], rows: rows.map((row, at) => [textOf(index[at]), ...row]) };
};
