/**
 * Kite's daily dump of everything it lists (about 90,000 rows, gzipped CSV).
 * @see https://kite.trade/docs/connect/v3/market-quotes/#instruments
 */
import { setImmediate as breathe } from "node:timers/promises";
import { AppError } from "@/server/domain/errors";
import type { ListedInstrument, Segment } from "@/server/domain/instrument";
import { decimalsOfTick, parseDecimal, scaleOf } from "@/server/domain/price";
import type { KiteLogin } from "./login";
import { kiteText } from "./rest";
import { wireDecimals } from "./wire";

const DUMP_TIMEOUT_MS = 60_000;
/** Rows read before others get the event loop: about 5 ms. */
const ROWS_PER_TURN = 2_000;

/** Everything Kite lists today. Rows that cannot be read are left out; `readInstruments` tells which and why. */
export const listInstruments = async (login: KiteLogin, signal: AbortSignal): Promise<ListedInstrument[]> => {
  const text = await kiteText(login, { path: "/instruments", timeoutMs: DUMP_TIMEOUT_MS }, signal);
  const listed: ListedInstrument[] = [];
  let rows = 0;
  for (const row of readInstruments(text)) {
    if (row.listed !== null) listed.push(row.listed);
    if (++rows % ROWS_PER_TURN === 0) {
      await breathe();
      signal.throwIfAborted();
    }
  }
  return listed;
};

/** One row of the dump: an instrument, or why it is none. */
export type DumpRow = { line: number; listed: ListedInstrument; reason: null } | { line: number; listed: null; reason: string };

const COLUMNS = ["instrument_token", "tradingsymbol", "name", "expiry", "strike", "tick_size", "lot_size", "instrument_type", "segment", "exchange"] as const;
type Fields = Record<(typeof COLUMNS)[number], string>;

/** Reads the CSV row by row, columns found by their names. Throws `broker_refused` only when it is not this CSV at all. */
export function* readInstruments(text: string): Generator<DumpRow> {
  let line = 0;
  let places: Map<string, number> | undefined;
  for (const raw of linesOf(text)) {
    line++;
    if (raw === "") continue;
    const cells = splitRow(raw);
    if (places === undefined) {
      places = new Map(cells.map((name, place) => [name.trim(), place]));
      const missing = COLUMNS.filter((name) => !places!.has(name));
      if (missing.length > 0) throw new AppError("broker_refused", `Kite's instruments list lacks ${missing.join(", ")}`);
      continue;
    }
    const fields = {} as Fields;
    for (const name of COLUMNS) fields[name] = cells[places.get(name)!] ?? "";
    const listed = readFields(fields);
    yield typeof listed === "string" ? { line, listed: null, reason: listed } : { line, listed, reason: null };
  }
}

function* linesOf(text: string): Generator<string> {
  let from = 0;
  while (from < text.length) {
    let to = text.indexOf("\n", from);
    if (to === -1) to = text.length;
    yield text.charCodeAt(to - 1) === 13 ? text.slice(from, to - 1) : text.slice(from, to);
    from = to + 1;
  }
}

/** Cells of one CSV line; names with commas stand in quotes, a quote in them is doubled. */
const splitRow = (line: string): string[] => {
  if (!line.includes('"')) return line.split(",");
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), (cell) => cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "");
};

/** The instrument, or the reason there is none. */
const readFields = (fields: Fields): ListedInstrument | string => {
  const token = Number(fields.instrument_token);
  if (!Number.isInteger(token) || token <= 0 || token > 0xffffffff) return `instrument_token "${fields.instrument_token}" is not a 32-bit number`;
  if (fields.tradingsymbol === "" || fields.exchange === "") return "no tradingsymbol or exchange";
  const segment = segmentOf(fields);
  if (segment === null) return `instrument_type "${fields.instrument_type}" of segment "${fields.segment}" is not known`;
  const tick = Number(fields.tick_size);
  const lotSize = Number(fields.lot_size);
  if (!(tick >= 0) || fields.tick_size === "") return `tick_size "${fields.tick_size}" is not a number`;
  if (!(lotSize >= 0) || fields.lot_size === "") return `lot_size "${fields.lot_size}" is not a number`;
  const wire = wireDecimals(token);
  const decimals = Math.min(wire, Math.max(decimalsOfTick(tick), segment === "currency" ? 4 : 2));
  const expiry = readExpiry(fields.expiry);
  if (expiry === undefined) return `expiry "${fields.expiry}" is not a date`;
  const strike = segment === "index" || !isOption(fields) ? null : parseDecimal(fields.strike, decimals);
  if (strike === null && isOption(fields)) return `strike "${fields.strike}" is not a number`;
  return {
    exchange: exchangeOf(fields), symbol: fields.tradingsymbol, name: fields.name === "" ? fields.tradingsymbol : fields.name,
    segment, decimals,
    // Indices are listed with tick 0 and lot 0: they print any hundredth.
    tickSize: Math.max(1, Math.round(tick * scaleOf(decimals))), lotSize: Math.max(1, lotSize),
    expiry, strike, token, wireDivisor: scaleOf(wire - decimals),
  };
};

const isOption = (fields: Fields): boolean => fields.instrument_type === "CE" || fields.instrument_type === "PE";

/** Indices of NSE and BSE get an exchange of their own: their names may be those of stocks. */
const exchangeOf = ({ exchange, segment }: Fields): string =>
  segment === "INDICES" && (exchange === "NSE" || exchange === "BSE") ? `${exchange}_INDEX` : exchange;

const COMMODITY_EXCHANGES = new Set(["MCX", "NCO"]);

const segmentOf = (fields: Fields): Segment | null => {
  if (fields.segment === "INDICES") return "index";
  const type = fields.instrument_type;
  if (type !== "EQ" && type !== "FUT" && !isOption(fields)) return null;
  if (fields.exchange === "CDS" || fields.exchange === "BCD") return "currency";
  if (COMMODITY_EXCHANGES.has(fields.exchange)) return "commodity";
  return type === "EQ" ? "equity" : type === "FUT" ? "futures" : "options";
};

/** `YYYY-MM-DD`; dumps that went through a spreadsheet have `DD-MM-YYYY`. Null when empty, undefined when neither. */
const readExpiry = (text: string): string | null | undefined => {
  if (text === "") return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  const turned = /^(\d{2})-(\d{2})-(\d{4})$/.exec(text);
  return turned === null ? undefined : `${turned[3]}-${turned[2]}-${turned[1]}`;
};
