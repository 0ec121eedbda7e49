/**
 * Kite's daily dump of everything it lists (about 90,000 rows, gzipped CSV).
 * @see https://kite.trade/docs/connect/v3/market-quotes/#instruments
 */
import { setImmediate as breathe } from "node:timers/promises";
import { type BrokerList, LeftOutTally, listingFault } from "@/server/domain/instruments/broker-list";
import { AppError } from "@/server/domain/basics/errors";
import type { ListedInstrument, Segment } from "@/server/domain/instruments/instrument";
import { decimalsOfTick, parseDecimal, scaleOf } from "@/server/domain/basics/price";
import { segmentOf } from "@/server/domain/instruments/segments";
import { dayOfDate } from "@/server/domain/time/session";
import type { KiteLogin } from "./login";
import { kiteText } from "./rest";
import { wireDecimals } from "./segments";

const DUMP_TIMEOUT_MS = 60_000;
/** Rows read before others get the event loop: about 5 ms. */
const ROWS_PER_TURN = 2_000;
/** Kite's have about 90 characters. */
const LONGEST_LINE = 4_096;
/** More lines without anything in them are no list. */
const MOST_BLANK = 10_000;

/** Everything Kite lists today, and unreadable rows. Throws `broker_refused` if the response is not such a list. */
export const listInstruments = async (login: KiteLogin, signal: AbortSignal): Promise<BrokerList> => {
  const text = await kiteText(login, { path: "/instruments", timeoutMs: DUMP_TIMEOUT_MS }, signal);
  const listed: ListedInstrument[] = [];
  const leftOut = new LeftOutTally();
  let rows = 0;
  for (const row of readInstruments(text)) {
    if (row.listed === null) leftOut.add(`line ${row.line}`, row.reason);
    else listed.push(row.listed);
    if (++rows % ROWS_PER_TURN === 0) {
      await breathe();
      signal.throwIfAborted();
    }
  }
  return { listed, leftOut: leftOut.list() };
};

/** One row of the dump: an instrument, or why it is none. */
export type DumpRow =
  { line: number; listed: ListedInstrument; reason: null } | { line: number; listed: null; reason: string };

const COLUMNS = [
  "instrument_token",
  "tradingsymbol",
  "name",
  "expiry",
  "strike",
  "tick_size",
  "lot_size",
  "instrument_type",
  "segment",
  "exchange",
] as const;
type Fields = Record<(typeof COLUMNS)[number], string>;

/** Reads the CSV row by row, columns found by their names. Throws `broker_refused` only when it is not this CSV at all. */
export function* readInstruments(text: string): Generator<DumpRow> {
  let line = 0;
  let blank = 0;
  let places: Map<string, number> | undefined;
  for (const raw of linesOf(text)) {
    line++;
    if (raw === "") {
      if (++blank > MOST_BLANK) throw new AppError("broker_refused", "Kite's instrument list has only empty lines");
      continue;
    }
    if (raw.length > LONGEST_LINE) {
      if (places === undefined)
        throw new AppError(
          "broker_refused",
          `Kite's instrument list begins with a line of ${raw.length} characters: ${JSON.stringify(raw.slice(0, 60))}`,
        );
      yield { line, listed: null, reason: `the line has ${raw.length} characters` };
      continue;
    }
    if (places !== undefined && raw.split('"').length % 2 === 0) {
      yield { line, listed: null, reason: "unclosed quotation mark" };
      continue;
    }
    const cells = splitRow(raw);
    if (places === undefined) {
      places = new Map(cells.map((name, place) => [name.trim(), place]));
      const missing = COLUMNS.filter((name) => !places!.has(name));
      if (missing.length > 0)
        throw new AppError(
          "broker_refused",
          `Kite's instrument list lacks ${missing.join(", ")}: it begins ${JSON.stringify(raw.slice(0, 60))}`,
        );
      continue;
    }
    const fields = {} as Fields;
    for (const name of COLUMNS) fields[name] = (cells[places.get(name)!] ?? "").trim();
    const listed = readFields(fields);
    yield typeof listed === "string" ? { line, listed: null, reason: listed } : { line, listed, reason: null };
  }
  if (places === undefined) throw new AppError("broker_refused", "Kite's instrument list is empty");
}

function* linesOf(text: string): Generator<string> {
  let from = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (from < text.length) {
    let to = text.indexOf("\n", from);
    if (to === -1) to = text.length;
    yield text.charCodeAt(to - 1) === 13 ? text.slice(from, to - 1) : text.slice(from, to);
    from = to + 1;
  }
}

/** Cells of one CSV line; names with commas are quoted, and a quote in them is doubled. */
const splitRow = (line: string): string[] => {
  if (!line.includes('"')) return line.split(",");
  return Array.from(
    line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g),
    (cell) => cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "",
  );
};

/** `Number` would also take `0x10`, and nothing for 0. */
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The instrument, or the reason there is none. */
const readFields = (fields: Fields): ListedInstrument | string => {
  const token = Number(fields.instrument_token);
  if (!/^\d+$/.test(fields.instrument_token) || token <= 0 || token > 0xffffffff)
    return `instrument_token "${fields.instrument_token}" is not a 32-bit number`;
  if (fields.tradingsymbol === "" || fields.exchange === "") return "no tradingsymbol or exchange";
  const exchange = exchangeOf(fields);
  const segment = kindOf(fields);
  if (segment === null)
    return `instrument_type "${fields.instrument_type}" of segment "${fields.segment}" is not known`;
  const tick = Number(fields.tick_size);
  const lotSize = Number(fields.lot_size);
  if (!NUMBER.test(fields.tick_size)) return `tick_size "${fields.tick_size}" is not a number`;
  if (!NUMBER.test(fields.lot_size)) return `lot_size "${fields.lot_size}" is not a number`;
  const wire = wireDecimals(token);
  const decimals = Math.min(wire, Math.max(decimalsOfTick(tick), segmentOf(exchange)?.decimals ?? 2));
  const expiry = readExpiry(fields.expiry);
  if (expiry === undefined) return `expiry "${fields.expiry}" is not a date`;
  const strike = segment === "index" || !isOption(fields) ? null : parseDecimal(fields.strike, decimals);
  if (strike === null && isOption(fields)) return `strike "${fields.strike}" is not a number`;
  const listed: ListedInstrument = {
    exchange,
    symbol: fields.tradingsymbol,
    name: fields.name === "" ? fields.tradingsymbol : fields.name,
    segment,
    decimals,
    // Indices are listed with tick 0 and lot 0: they print any hundredth.
    tickSize: Math.max(1, Math.round(tick * scaleOf(decimals))),
    lotSize: Math.max(1, lotSize),
    expiry,
    strike,
    token,
    wireDivisor: scaleOf(wire - decimals),
  };
  return listingFault(listed) ?? listed;
};

const isOption = (fields: Fields): boolean => fields.instrument_type === "CE" || fields.instrument_type === "PE";

/** Indices of NSE and BSE get an exchange of their own: their names may be those of stocks. */
const exchangeOf = ({ exchange, segment }: Fields): string =>
  segment === "INDICES" && (exchange === "NSE" || exchange === "BSE") ? `${exchange}_INDEX` : exchange;

const kindOf = (fields: Fields): Segment | null => {
  if (fields.segment === "INDICES") return "index";
  const type = fields.instrument_type;
  if (type !== "EQ" && type !== "FUT" && !isOption(fields)) return null;
  return segmentOf(fields.exchange)?.kind ?? (type === "EQ" ? "equity" : type === "FUT" ? "futures" : "options");
};

/** `YYYY-MM-DD`; dumps that went through a spreadsheet have `DD-MM-YYYY`. Null when empty, undefined when it is no date. */
const readExpiry = (text: string): string | null | undefined => {
  if (text === "") return null;
  const date = text.replace(/^(\d{2})-(\d{2})-(\d{4})$/, "$3-$2-$1");
  return /^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(dayOfDate(date)) ? date : undefined;
};
