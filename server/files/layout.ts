/** Maps a table's columns by its header line, by names elsewhere, or by position. */
import { badInput } from "@/server/domain/basics/errors";
import { readDecimal } from "@/server/domain/basics/read-number";
import { TimeReader } from "@/server/domain/time/read-time";
import {
  applyWishes,
  exampleColumns,
  hasWished,
  indexColumns,
  isKnownName,
  noPlaces,
  placesOfNames,
  type Role,
  type TableKind,
  tellsPlaces,
} from "./columns";
import { inDoubt } from "./doubt";
import type { Asked, Head, Layout } from "./first-rows";
import { timeRules } from "./options";
import { delimiterName, isComment, type Table } from "./rows";

/** The header is one of the first lines. */
const NAMES_WITHIN = 40;

/** Throws `bad_input` if columns are missing, duplicated or ambiguous. */
export const layoutOf = (table: Table, head: Head, asked: Asked): Layout => {
  const { rules, kind, file } = asked;
  const { rows, lines } = head;
  const plain = { preamble: [] as string[], namesLine: 0, notes: [] as string[], titles: [] as string[], labels: null };
  if (table.names !== null) {
    const layout = named(table.names, asked, table, null, 0, rows);
    return { ...plain, ...layout, from: 0 };
  }
  if (table.format !== "Parquet") {
    const stacked = table.format === "delimited" ? stackedNames(rows, asked) : null;
    if (stacked !== null) {
      const layout = named(stacked.names, asked, table, lines[stacked.rows - 1]!, lines[0]!, rows.slice(stacked.rows));
      return {
        ...plain,
        ...layout,
        labels: "start",
        notes: stacked.notes,
        namesLine: lines[stacked.rows - 1]!,
        from: stacked.rows,
      };
    }
    const wishesNames = [...rules.wishes.values()].some((value) => typeof value === "string");
    const reader = new TimeReader(timeRules(rules));
    let almost: number | null = null;
    let remarked: { names: string[]; line: number } | null = null;
    for (let at = 0; at < Math.min(rows.length, NAMES_WITHIN); at++) {
      const names = rows[at]!.map((name) => name.trim());
      if (isComment(names[0] ?? "")) {
        remarked = namesInRemark(rows[at]!, kind, lines[at]!) ?? remarked;
        continue;
      }
      const known = names.filter((name) => isKnownName(name, kind)).length;
      const { missing: lacks } = placesOfNames(names, kind);
      const whole =
        lacks.length === 0 || (lacks.join() === "time" && indexOfTimes(names, rows.slice(at + 1), asked) !== -1);
      if (whole || (wishesNames && hasWished(names, rules.wishes)) || (known >= 2 && rules.wishes.size > 0)) {
        const layout = named(names, asked, table, lines[at]!, lines[at]!, rows.slice(at + 1));
        return {
          ...plain,
          ...layout,
          namesLine: lines[at]!,
          preamble: rows.slice(0, at).map((row) => row.join(table.delimiter ?? ",")),
          from: at + 1,
        };
      }
      if (known >= 2 && names.every((name) => !/^[\d.,+-]+$/.test(name) || name === "") && almost === null) almost = at;
      // Figures have begun, so there is no header.
      if (
        almost === null &&
        names.some((name) => !Number.isNaN(reader.read(name)) && /\d/.test(name)) &&
        names.length >= 2 &&
        known === 0
      )
        break;
    }
    if (remarked !== null && !tellsPlaces(rules.wishes)) return { ...plain, ...ofRemark(remarked, head, asked, table) };
    if (almost !== null) {
      const names = rows[almost]!.map((name) => name.trim());
      const { missing } = placesOfNames(names, kind);
      if (!(kind === "ticks" && placesOfNames(names, "bars").missing.length === 0))
        throw missingColumns(file, lines[almost]!, names, missing);
      throw badInput("file", file, "a recording of ticks (this file has bar columns: use candela resample)");
    }
  }
  return { ...plain, ...unnamed(table, head, asked) };
};

/** Names of columns in a remark: `# Date,Close,High,Low,Open,Volume`, by whatever separates them. */
const namesInRemark = (
  fields: readonly string[],
  kind: TableKind,
  line: number,
): { names: string[]; line: number } | null => {
  const text = fields
    .join(",")
    .replace(/^\s*(?:#+|\/\/|%)\s*/, "")
    .replace(/^(?:columns|fields|names|header)\s*[:=]\s*/i, "");
  for (const separator of [/[,;|\t]/, /\s+/]) {
    const names = text
      .split(separator)
      .map((name) => name.trim().replace(/^["']|["']$/g, ""))
      .filter((name, at, all) => name !== "" || at < all.length - 1);
    if (placesOfNames(names, kind).missing.length === 0) return { names, line };
  }
  return null;
};

/** The columns named in a comment; throws if rows have a different number of them. */
const ofRemark = (
  { names, line }: { names: string[]; line: number },
  head: Head,
  asked: Asked,
  table: Table,
): Omit<Layout, "preamble" | "notes" | "titles" | "labels"> => {
  const from = head.rows.findIndex((row, at) => head.lines[at]! > line && !isComment(row[0] ?? ""));
  const width = from === -1 ? names.length : trimmedLength(head.rows[from]!);
  if (width !== names.length) {
    throw inDoubt({
      file: asked.file,
      line,
      unit: table.unit,
      field: "columns",
      value: names.join(", "),
      why: `the comment names ${names.length} columns, but the rows have ${width}`,
      option: `${exampleColumns[asked.kind]} (in file order)`,
    });
  }
  return {
    ...named(names, asked, table, line, line, head.rows.slice(from === -1 ? head.rows.length : from)),
    namesLine: line,
    from: from === -1 ? head.rows.length : from,
  };
};

const missingColumns = (file: string, line: number | undefined, names: readonly string[], missing: readonly Role[]) =>
  inDoubt({
    file,
    ...(line === undefined ? {} : { line }),
    field: "columns",
    value: names.filter((name) => name !== "").join(", "),
    why: `no column found for ${missing.join(", ")}`,
    option: `--columns ${missing.map((role) => `${role}=NAME`).join(",")}`,
  });

/** Columns by their names. */
const named = (
  names: readonly string[],
  asked: Asked,
  table: Table,
  line: number | null,
  at: number,
  rows: readonly (readonly string[])[],
): Pick<Layout, "places" | "names" | "width"> => {
  const { kind, rules, file } = asked;
  const found = placesOfNames(names, kind);
  const index = found.places.time.length > 0 ? -1 : indexOfTimes(names, rows, asked);
  if (index !== -1) {
    found.places.time = [index];
    found.missing = found.missing.filter((role) => role !== "time");
  }
  const missing =
    rules.wishes.size === 0 ? found.missing : applyWishes(found.places, names, names.length, rules.wishes, kind);
  if (found.doubled !== null && !rules.wishes.has(found.doubled.role)) {
    throw inDoubt({
      file,
      ...(line === null ? {} : { line: at }),
      unit: table.unit,
      field: found.doubled.role,
      value: found.doubled.name,
      why: "two columns have this name",
      option: `--columns ${found.doubled.role}=NUMBER`,
    });
  }
  if (missing.length > 0) throw missingColumns(file, line === null ? undefined : at, names, missing);
  return { places: found.places, names, width: names.length };
};

/** A column without a name of its own that holds times: the index of a table, as pandas writes it. -1 where there is none. */
const indexOfTimes = (names: readonly string[], rows: readonly (readonly string[])[], { rules }: Asked): number => {
  const readers = (["dmy", "mdy"] as const).map(
    (order) => new TimeReader({ ...timeRules(rules), order: rules.dates?.order ?? order }),
  );
  return (
    indexColumns(names).find((at) => {
      const texts = rows
        .slice(0, 50)
        .map((row) => (row[at] ?? "").trim())
        .filter((text) => text !== "");
      return texts.length > 0 && texts.every((text) => readers.some((reader) => !Number.isNaN(reader.read(text))));
    }) ?? -1
  );
};

/**
 * A header in three lines, as yfinance writes a pandas table: a line of figure names, one of tickers (in either order),
 * and one that names the dates. With several tickers, the columns of the requested one are used.
 */
const stackedNames = (
  rows: readonly string[][],
  asked: Asked,
): { names: string[]; rows: number; notes: string[] } | null => {
  if (rows.length > 0 && rows[0]!.some((name) => name.trim().startsWith("('"))) {
    // A table of pandas flattened: ('Close', 'INFY.NS').
    const pairs = rows[0]!.map((name) => /^\('([^']*)',\s*'([^']*)'\)$/.exec(name.trim()));
    const tickers = pairs.map((pair) => pair?.[2] ?? "");
    return {
      names: ofTicker(
        rows[0]!.map((name, at) => pairs[at]?.[1] ?? name.trim()),
        tickers,
        asked,
      ),
      rows: 1,
      notes: [],
    };
  }
  const flat = rows.length === 0 ? null : flattened(rows[0]!, asked.kind);
  if (flat !== null)
    return {
      names: ofTicker(
        flat.map(({ name }) => name),
        flat.map(({ ticker }) => ticker),
        asked,
        1,
      ),
      rows: 1,
      notes: [],
    };
  if (rows.length < 3) return null;
  const dated = [1, 2].find(
    (at) =>
      rows[at]!.length > 1 &&
      /^(date|datetime|timestamp)$/i.test(rows[at]![0]!.trim()) &&
      rows[at]!.slice(1).every((field) => field.trim() === ""),
  );
  if (dated === undefined) return null;
  const above = rows.slice(0, dated);
  const figures = above.find((row) => row.slice(1).filter((name) => isKnownName(name, "bars")).length >= 4);
  if (figures === undefined) return null;
  const tickers =
    above
      .find((row) => row !== figures)
      ?.slice(1)
      .map((name) => name.trim()) ?? [];
  const names = [
    rows[dated]![0]!.trim(),
    ...ofTicker(
      figures.slice(1).map((name) => name.trim()),
      tickers,
      asked,
    ),
  ];
  return { names, rows: dated + 1, notes: [] };
};

const FIGURE = "adj[ _]?close|open|high|low|close|volume";
const FIGURE_FIRST = new RegExp(`^(${FIGURE})[ _./|:-]+(.+)$`, "i");
const TICKER_FIRST = new RegExp(`^(.+?)[ _./|:-]+(${FIGURE})$`, "i");

/** Names of figures joined with tickers, as people flatten a table of pandas: `Close_INFY.NS`, `INFY.NS Close`. Null where the names say enough by themselves. */
const flattened = (names: readonly string[], kind: TableKind): { name: string; ticker: string }[] | null => {
  if (kind !== "bars" || placesOfNames(names, kind).missing.every((role) => role === "time")) return null;
  for (const [pattern, figure, ticker] of [
    [FIGURE_FIRST, 1, 2],
    [TICKER_FIRST, 2, 1],
  ] as const) {
    const parts = names.map((name) => ({ name: name.trim(), match: pattern.exec(name.trim()) }));
    const found = parts.map(({ name, match }) =>
      match === null ? { name, ticker: "" } : { name: match[figure]!, ticker: match[ticker]!.trim() },
    );
    const figures = new Set(found.filter(({ ticker: each }) => each !== "").map(({ name }) => name.toLowerCase()));
    if (["open", "high", "low", "close"].every((each) => figures.has(each))) return found;
  }
  return null;
};

/** Names of the columns of the ticker asked for; those of others are nameless. */
const ofTicker = (names: readonly string[], tickers: readonly string[], asked: Asked, line = 2): string[] => {
  const all = [...new Set(tickers.filter((ticker) => ticker !== ""))];
  if (all.length === 0) return [...names];
  const mine = all.filter(asked.wanted);
  if (mine.length !== 1) {
    throw inDoubt({
      file: asked.file,
      line,
      field: "symbol",
      value: all.join(", "),
      why: mine.length === 0 ? "the file is for another instrument" : "the file contains several instruments",
      option: "--symbol NAME, if that is the file's name for it,",
    });
  }
  return names.map((name, at) =>
    tickers[at] === undefined || tickers[at] === "" || tickers[at] === mine[0] ? name : "",
  );
};

/** Columns by their place: only where rows leave no doubt. */
const unnamed = (
  table: Table,
  head: Head,
  asked: Asked,
): Pick<Layout, "places" | "names" | "width" | "labels" | "from" | "namesLine"> => {
  const { kind, rules, file } = asked;
  const { rows, lines } = head;
  const reader = new TimeReader({ ...timeRules(rules), order: rules.dates?.order ?? "dmy" });
  // The order of day and month does not matter here; this only finds the time column.
  const other = new TimeReader({ ...timeRules(rules), order: "mdy" });
  const isTime = (text: string): boolean => !Number.isNaN(reader.read(text)) || !Number.isNaN(other.read(text));
  const isDate = (text: string): boolean =>
    !Number.isNaN(reader.read(text)) ? reader.dateOnly : !Number.isNaN(other.read(text)) && other.dateOnly;
  const looked = rows.slice(0, 50);
  let from = -1;
  const places = noPlaces();
  let width = 0;
  if (tellsPlaces(rules.wishes)) {
    from = 0;
    width = Math.max(...looked.map((row) => row.length));
    const missing = applyWishes(places, null, width, rules.wishes, kind);
    if (missing.length > 0)
      throw badInput("--columns", [...rules.wishes.keys()].join(","), `also ${missing.join(", ")}`);
    // A line of unknown names is not a data row either.
    if (
      rows.length > 1 &&
      (isOfNames(rows[0]!) || !/\d/.test(rows[0]!.join(""))) &&
      isTime((rows[1]![places.time[0]!] ?? "").trim())
    )
      from = 1;
    return { places, names: null, width, labels: null, from, namesLine: from === 0 ? 0 : lines[0]! };
  }
  for (const [at, row] of looked.entries()) {
    const time = [0, 1].find(
      (place) => isTime((row[place] ?? "").trim()) && (place === 0 || !/^[\d.,]+$/.test(row[0]!.trim())),
    );
    if (time === undefined) continue;
    const apart = isDate(row[time]!.trim()) && clockApart(looked.slice(at), time, asked, table, lines[at]!);
    const first = time + (apart ? 2 : 1);
    const figures = trimmedLength(row) - first;
    const least = kind === "bars" ? 4 : 1;
    if (figures < least) continue;
    const most = kind === "bars" ? 6 : 2;
    if (figures > most) {
      throw inDoubt({
        file,
        line: lines[at]!,
        unit: table.unit,
        field: "columns",
        value: row.join(table.delimiter ?? ","),
        why: `${figures} columns and no header line`,
        option: `${exampleColumns[kind]} (in file order, - skips a column)`,
      });
    }
    // Names may be separated by another sign than the rows.
    const unread = looked
      .slice(0, at)
      .map((each) => (trimmedLength(each) === 1 ? each[0]!.trim().split(/[,;\t|^~]|\s{2,}/) : each))
      .findIndex((each) => isOfNames(each) && Math.abs(trimmedLength(each) - trimmedLength(row)) <= 1);
    if (unread !== -1) {
      throw inDoubt({
        file,
        line: lines[unread]!,
        unit: table.unit,
        field: "columns",
        value: looked[unread]!.map((name) => name.trim()).join(", "),
        why: "this looks like a header line, but its names are unknown or separated differently from the rows",
        option: `${exampleColumns[kind]} (in file order, - skips a column)`,
      });
    }
    places.time = [time];
    if (apart) places.clock = time + 1;
    if (time === 1) places.symbol = [0];
    if (kind === "bars") {
      [places.open, places.high, places.low, places.close] = [first, first + 1, first + 2, first + 3];
      places.volume = figures > 4 ? first + 4 : -1;
    } else {
      places.price = first;
      // Rows may leave the volume out.
      places.volume = looked.some((each) => trimmedLength(each) > first + 1) ? first + 1 : -1;
    }
    from = at;
    width = row.length;
    applyWishes(places, null, Math.max(...looked.map((each) => each.length)), rules.wishes, kind);
    break;
  }
  if (from === -1) {
    const text = rows[0]!.join(table.delimiter ?? ",");
    const separated =
      table.format === "delimited"
        ? `; columns separated by comma, semicolon, tab or spaces (read with ${delimiterName(table.delimiter!)})`
        : "";
    throw inDoubt({
      file,
      line: lines[0]!,
      unit: table.unit,
      field: "columns",
      value: text.slice(0, 200),
      why: `expected ${kind === "bars" ? "time, open, high, low, close and volume" : "time, price and day volume"}${separated}; the time as YYYY-MM-DD HH:MM[:SS], ISO or epoch`,
      option: exampleColumns[kind],
    });
  }
  // Brokers' lists of candles name the start of a bar.
  return {
    places,
    names: null,
    width: kind === "ticks" ? Math.max(places.price, places.volume) + 1 : width,
    labels: table.format === "JSON document" ? "start" : null,
    from,
    namesLine: 0,
  };
};

/** True for a line of words: above figures in the same number of columns it is their header. */
const isOfNames = (row: readonly string[]): boolean => {
  const filled = row.map((field) => field.trim()).filter((field) => field !== "");
  return (
    filled.length >= 3 &&
    !isComment(filled[0]!) &&
    filled.filter((field) => /\p{L}/u.test(field)).length >= 3 &&
    filled.every((field) => !/^[+-]?[\d.,]+$/.test(field) && !/^\d{1,4}[-/.:]/.test(field))
  );
};

const COLONS = /^\d{1,2}:\d{2}(:\d{2}([.:]\d+)?)?(\s*[ap]\.?m\.?)?$/i;

/** Does a clock follow the date in a column of its own? Without colons it may as well be a price: then only one reading may make bars. */
const clockApart = (rows: readonly string[][], time: number, asked: Asked, table: Table, line: number): boolean => {
  const text = (rows[0]![time + 1] ?? "").trim();
  if (COLONS.test(text)) return true;
  if (!/^(\d{3,4}|\d{5,6})$/.test(text)) return false;
  // A tick has a clock.
  if (asked.kind === "ticks") return true;
  const mark = asked.rules.decimal ?? ".";
  const makesBars = (first: number): boolean =>
    rows.every((row) => {
      if (trimmedLength(row) < first + 4) return Number.isNaN(readDecimal(row[first] ?? "", 2, mark));
      const [open, high, low, close] = [0, 1, 2, 3].map((at) => readDecimal(row[first + at]!, 2, mark)) as [
        number,
        number,
        number,
        number,
      ];
      return high >= Math.max(open, low, close) && low <= Math.min(open, close) && low > 0;
    });
  const [clock, price] = [makesBars(time + 2), makesBars(time + 1)];
  if (clock !== price) return clock;
  throw inDoubt({
    file: asked.file,
    line,
    unit: table.unit,
    field: "columns",
    value: rows[0]!.join(table.delimiter ?? ","),
    why: `no row shows whether ${text} is a time of day or a price`,
    option: "--columns time,clock,open,high,low,close,volume or --columns time,open,high,low,close,volume",
  });
};

const trimmedLength = (row: readonly string[]): number => {
  let length = row.length;
  while (length > 0 && row[length - 1]!.trim() === "") length--;
  return length;
};
