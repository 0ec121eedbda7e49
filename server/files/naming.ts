/** What may name an instrument in a file: columns by name or content, and titles above a table. */
import { exchangeFamily } from "@/server/domain/instruments/file-symbol";
import { isNothing } from "@/server/domain/basics/read-number";
import { isNamingName, isNoVolume, nameKey } from "./columns";

export { isNamingName as isNaming } from "./columns";

/** A symbol with its exchange. */
export const qualified = (symbol: string, exchange: string | undefined): string =>
  exchange === undefined || /[:|]/.test(symbol) || exchangeFamily(exchange) === null
    ? symbol
    : `${exchangeFamily(exchange)}:${symbol}`;

/** Words in capitals that name no instrument. */
const WORDS =
  /^(?:data|candles?|ohlcv?|ohlc|result|results|response|payload|success|values?|series|records?|rows|bars?|ticks?|items?|history|historical|daily|weekly|monthly|intraday|minute|hour|day|eod|ist|utc|gmt|inr|rs|open|high|low|close|volume|csv|json|\d+[a-z]{0,3})$/i;

export const isWord = (text: string): boolean => WORDS.test(text);

/** A text such as `TCS`, `NSE:TCS` or `TCS.NS`, no word. */
export const looksLikeSymbol = (text: string): boolean =>
  isQualified(text) ||
  (/^[A-Z0-9][A-Z0-9&_ -]+$/.test(text) && /[A-Z]{2}/.test(text) && !WORDS.test(text) && exchangeFamily(text) === null);

const isQualified = (text: string): boolean => {
  const prefix = /^([A-Z_]+)[:|].+$/i.exec(text.trim());
  return (
    (prefix !== null && exchangeFamily(prefix[1]!) !== null) ||
    /^[A-Z0-9&_-]+(?:\.(?:NS|BO|NSE|BSE)|-EQ)$/i.test(text.trim())
  );
};

const TITLE =
  /^(?:symbol|ticker|trading ?symbol|scrip(?: ?(?:name|code))?|stock(?: ?(?:name|symbol|code))?|instrument(?: ?name)?|contract|security(?: ?name)?|company(?: ?name)?|underlying|index(?: ?name)?)\s*[:=,;\t|-]+\s*(.+)$/i;

/** Instruments that a line above or between tables names: `Symbol: TCS`, `NSE:TCS`, `TCS` alone, `Historical data for TCS`. */
export const titleNames = (fields: readonly string[]): string[] => {
  const filled = fields.map((field) => field.trim().replace(/^["']|["']$/g, "")).filter((field) => field !== "");
  const line = filled.join(", ").replace(/^(?:#+|\/\/|%)\s*/, "");
  const keyed = TITLE.exec(line);
  // BSE titles a file by the company and its number.
  const number = (keyed === null ? /\p{L}.*\((5\d{5})\)$/u : /(?:^|[\s,;(])(5\d{5})\)?$/).exec(line)?.[1];
  const numbers = number === undefined ? [] : [number];
  if (keyed !== null) return [...new Set([keyed[1]!.split(/[,;]/)[0]!.trim(), ...numbers])];
  if (number !== undefined) return numbers;
  const words = line.split(/[\s,;()]+/).filter((word) => isQualified(word));
  if (words.length > 0) return words;
  if (filled.length !== 1) return [];
  const last = /\b(?:for|of)\s+([A-Z][A-Z0-9&_-]+)$/.exec(line)?.[1] ?? (/\s/.test(line) ? undefined : line);
  return last !== undefined && looksLikeSymbol(last) ? [last] : [];
};

/** Columns of text that name no instrument, whatever they hold. */
const NO_NAMING = new Set([
  "remark",
  "remarks",
  "note",
  "notes",
  "comment",
  "comments",
  "signal",
  "trend",
  "direction",
  "pattern",
  "color",
  "colour",
  "currency",
  "side",
  "source",
  "provider",
  "vendor",
  "broker",
  "feed",
  "status",
  "state",
  "flag",
  "complete",
  "closed",
  "final",
  "mode",
  "tradable",
  "action",
  "event",
  "channel",
  "msg",
  "message",
  "kind",
  "interval",
  "period",
  "timeframe",
  "resolution",
  "granularity",
  "day",
  "weekday",
  "dayofweek",
  "month",
  "monthname",
  "quarter",
  "year",
  "session",
  "sector",
  "industry",
  "country",
  "timezone",
  "zone",
  "tz",
  "unit",
  "adjusted",
  "instrumenttype",
  "assetclass",
  "assettype",
  "segment",
  "market",
  "corporateaction",
  "corporateactions",
  "product",
  "producttype",
  "stat",
  "s",
]);

/** Texts that are no names of instruments: series, kinds of instruments, currencies, weekdays, yes and no. */
const NO_NAME =
  /^(?:eq|be|bz|bl|sm|st|xx|-|fut(?:idx|stk|com|cur|irc)?|opt(?:idx|stk|fut|cur|com)?|equity|index|inr|usd|rs|true|false|yes|no|y|n|buy|sell|b|s|bull(?:ish)?|bear(?:ish)?|up|down|full|quote|ltp|tick|ok|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|\d+ ?(?:m|min|minutes?|h|hours?|d|days?|w|s)|(?:one_?)?(?:minute|hour|day|week|month)|daily|weekly|monthly|intraday)$/i;

/** True where a column says no instrument's name in any row, such as its kind alone. */
export const holdsNoName = (texts: readonly string[]): boolean =>
  texts.length > 0 && texts.every((text) => text.trim() !== "" && NO_NAME.test(text.trim()));

export interface TextColumn {
  at: number;
  texts: readonly string[];
}

/**
 * Columns of text that may say which instrument a row is of, although their names are none we know: filled in every row, and
 * always the same or different for one time. `used`: columns that are understood. `stamp`: a row's time as it is written.
 */
export const unknownNaming = (
  rows: readonly (readonly string[])[],
  names: readonly string[] | null,
  used: ReadonlySet<number>,
  stamp: (row: readonly string[]) => string,
): TextColumn | null => {
  const width = Math.max(...rows.map((row) => row.length), 0);
  for (let at = 0; at < width; at++) {
    const name = names?.[at] ?? "";
    if (
      used.has(at) ||
      NO_NAMING.has(nameKey(name)) ||
      (name !== "" && isNoVolume(name, "bars") && !isNamingName(name))
    )
      continue;
    const texts = rows.map((row) => (row[at] ?? "").trim());
    if (
      !texts.every(
        (text) =>
          /\p{L}/u.test(text) &&
          text.length <= 60 &&
          !isNothing(text) &&
          !NO_NAME.test(text) &&
          exchangeFamily(text) === null &&
          !isTimeText(text) &&
          !/^[[{]/.test(text),
      )
    )
      continue;
    const distinct = [...new Set(texts)];
    if (distinct.length === 1) return { at, texts: distinct };
    const byTime = new Map<string, string>();
    const several = rows.some((row, index) => {
      const before = byTime.get(stamp(row));
      byTime.set(stamp(row), texts[index]!);
      return before !== undefined && before !== texts[index];
    });
    if (several) return { at, texts: distinct };
  }
  return null;
};

const isTimeText = (text: string): boolean =>
  /^\d{1,4}[-/. :]\w|^\d+T\d|^\d+(\.\d+)?\s*[ap]\.?m\.?$|\d:\d\d/i.test(text);
