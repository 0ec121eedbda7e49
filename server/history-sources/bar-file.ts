/**
 * Bars of one instrument, as people and vendors keep them in files:
 *   `Code,Date,Open,High,Low,Close,Volume` or `date,o,h,l,c,v`   names in the first line give the columns
 *   `TIME,O,H,L,C[,V]`                                           without names
 *   `SYMBOL,YYYYMMDD,HH:MM,O,H,L,C,V,…`                          date and time apart, a symbol before them
 * TIME is epoch seconds or milliseconds, ISO with a zone, or a date with or without a time, read as IST.
 */
import { parseInstant } from "@/server/contract/rest";
import { parseDecimal } from "@/server/domain/price";
import { fieldText } from "@/server/feeds/lines";
import type { MalformedLine } from "@/server/feeds/tick-file";

export interface FileBar {
  /** Epoch ms as labelled: the bar's start or end. */
  label: number;
  /** Minor units. */
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export interface BarFile {
  /** In the file's order. */
  bars: FileBar[];
  malformed: MalformedLine[];
}

/** A row of a file: the bar, or why it is none, and the symbol it carries. */
export interface BarRow {
  /** Counted from 1. */
  line: number;
  text: string;
  symbol: string | undefined;
  bar: FileBar | string;
}

/** Never throws on a line. `decimalsOf` is asked for each row's symbol; null: the row is passed over unread. */
export async function* barRows(lines: Iterable<string> | AsyncIterable<string>, decimalsOf: (symbol: string | undefined) => number | null): AsyncGenerator<BarRow> {
  let places: Places | null = null;
  let first = true;
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === "") continue;
    const fields = text.split(/[,;\t]/).map(fieldText);
    const named = first ? placesOfNames(fields) : null;
    first = false;
    if (named !== null) { places = named; continue; }
    // A file has one layout; the first line that shows one decides.
    places ??= placesOfRow(fields);
    if (places === null) {
      yield { line, text, symbol: undefined, bar: "expected TIME,open,high,low,close[,volume] with TIME as YYYY-MM-DD HH:MM[:SS], ISO or epoch" };
      continue;
    }
    const symbol = places.symbol === undefined ? undefined : fields[places.symbol];
    const decimals = decimalsOf(symbol);
    if (decimals !== null) yield { line, text, symbol, bar: readBar(fields, places, decimals) };
  }
}

/** The bars of a file of one instrument. Never throws on a line: what is no bar is told in `malformed`. */
export const parseBarFile = async (lines: Iterable<string> | AsyncIterable<string>, options: { decimals: number; fileName: string }): Promise<BarFile> => {
  const file: BarFile = { bars: [], malformed: [] };
  let first: string | undefined;
  for await (const { line, text, symbol, bar } of barRows(lines, () => options.decimals)) {
    const malformed = (reason: string): void => { file.malformed.push({ file: options.fileName, line, text, reason }); };
    if (typeof bar === "string") { malformed(bar); continue; }
    first ??= symbol;
    if (symbol !== first) malformed(`symbol "${symbol}" after "${first}": a file holds one instrument`);
    else file.bars.push(bar);
  }
  return file;
};

/** Which field holds what. `clock`: time of day, where it stands apart from the date. */
export interface Places {
  symbol?: number;
  time: number;
  clock?: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume?: number;
}

const names = {
  symbol: ["code", "symbol", "ticker", "name", "tradingsymbol"],
  time: ["datetime", "timestamp", "date", "time", "t"],
  open: ["open", "o"], high: ["high", "h"], low: ["low", "l"], close: ["close", "c"], volume: ["volume", "vol", "v"],
} as const;

/** The columns that names give; null when they are not the names of a bar's figures. */
export const placesOfNames = (fields: readonly string[]): Places | null => {
  const lower = fields.map((field) => field.toLowerCase().replaceAll(/["<>]/g, ""));
  const place = (of: readonly string[]): number => lower.findIndex((field) => of.includes(field));
  const [time, open, high, low, close] = [names.time, names.open, names.high, names.low, names.close].map(place) as [number, number, number, number, number];
  if ([time, open, high, low, close].includes(-1)) return null;
  const symbol = place(names.symbol);
  const volume = place(names.volume);
  const clock = lower[time] === "date" ? lower.indexOf("time") : -1;
  return { time, open, high, low, close, ...(clock === -1 ? {} : { clock }), ...(symbol === -1 ? {} : { symbol }), ...(volume === -1 ? {} : { volume }) };
};

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

/** The layout of a line without names: a time in the first or, after a symbol, in the second field. */
const placesOfRow = (fields: readonly string[]): Places | null => {
  const time = [0, 1].find((place) => instantOf(fields[place] ?? "") !== null);
  if (time === undefined) return null;
  const clock = CLOCK.test(fields[time + 1] ?? "") ? time + 1 : undefined;
  const open = (clock ?? time) + 1;
  if (fields.length < open + 4) return null;
  return { time, open, high: open + 1, low: open + 2, close: open + 3, volume: open + 4, ...(clock === undefined ? {} : { clock }), ...(time === 1 ? { symbol: 0 } : {}) };
};

/** One row of texts as a bar, or why it is none. */
export const readBar = (fields: readonly string[], places: Places, decimals: number): FileBar | string => {
  const stamp = fields[places.time] ?? "";
  const clock = places.clock === undefined ? "" : (fields[places.clock] ?? "");
  const label = clock === "" && places.clock === undefined ? instantOf(stamp) : CLOCK.test(clock) ? instantOf(`${stamp} ${clock}`) : null;
  if (label === null) return `time "${[stamp, clock].join(" ").trim()}" is not YYYY-MM-DD HH:MM[:SS], ISO with a zone, or epoch seconds or ms`;
  const prices: number[] = [];
  for (const name of ["open", "high", "low", "close"] as const) {
    const text = fields[places[name]];
    const price = text === undefined ? null : parseDecimal(text, decimals);
    if (price === null) return text === undefined ? `${name} is missing` : `${name} "${text}" is not a number`;
    if (price <= 0) return `${name} ${text} is not a price`;
    prices.push(price);
  }
  const [open, high, low, close] = prices as [number, number, number, number];
  if (high < Math.max(open, low, close) || low > Math.min(open, close)) return `open, high, low, close ${fields.slice(places.open, places.open + 4).join(", ")} contradict each other`;
  const volumeText = places.volume === undefined ? "" : (fields[places.volume] ?? "");
  if (volumeText !== "" && !/^\d+(\.0*)?$/.test(volumeText)) return `volume "${volumeText}" is not a whole number`;
  return { label, open, high, low, close, volume: Number(volumeText === "" ? 0 : volumeText) };
};

/** As `parseInstant`, and `YYYYMMDD[ HH:MM[:SS]]`. */
const instantOf = (text: string): number | null => {
  const compact = /^(\d{4})(\d{2})(\d{2})(?=$|[ T])/.exec(text);
  return parseInstant(compact === null ? text : `${compact[1]}-${compact[2]}-${compact[3]}${text.slice(8)}`);
};
