/**
 * Recorded ticks of one instrument, as people keep them:
 *   CSV   `YYYY-MM-DD HH:MM:SS[.fff],price[,volume of the day]`, IST unless a zone is written, an optional line of column names
 *   JSON  the tick line of a bridge: `{"ltp":…,"volume":…,"timestamp":epoch ms}` (v0), `exchange_ts` (v1)
 */
import { fromRupees, parseDecimal } from "@/server/domain/price";
import { dayOfDate, IST_OFFSET_MS, istMidnight } from "@/server/domain/session";
import { fieldText } from "./lines";

/** Rows in file order, in columns that are reused: read them before asking for the next. */
export interface TickRows {
  length: number;
  /** Epoch ms. */
  time: Float64Array;
  /** Minor units. */
  price: Float64Array;
  /** Volume of the day so far; -1 when the line has none. */
  volume: Float64Array;
  /** Lines among these that are no ticks. */
  malformed: MalformedLine[];
}

export interface MalformedLine {
  file: string;
  /** Counted from 1. */
  line: number;
  text: string;
  reason: string;
}

const ROWS = 4_096;
const HEADER = /^"?[A-Za-z_][\w .]*"?([,;\t]\s*"?[A-Za-z_][\w .]*"?)+$/;

/** Never throws on a line: what is no tick is reported in `malformed`. Status and heartbeat lines of a bridge are passed over. */
export async function* parseTickFile(
  lines: Iterable<string> | AsyncIterable<string>, options: { decimals: number; fileName: string },
): AsyncGenerator<TickRows> {
  const rows: TickRows = { length: 0, time: new Float64Array(ROWS), price: new Float64Array(ROWS), volume: new Float64Array(ROWS), malformed: [] };
  const read = lineReader(options.decimals);
  let line = 0;
  for await (const text of lines) {
    line++;
    const trimmed = text.trim();
    if (trimmed === "" || (line === 1 && HEADER.test(trimmed))) continue;
    const reason = read(trimmed, rows);
    if (reason !== null) rows.malformed.push({ file: options.fileName, line, text, reason });
    if (rows.length === ROWS || rows.malformed.length === ROWS) {
      yield rows;
      rows.length = 0;
      rows.malformed = [];
    }
  }
  if (rows.length > 0 || rows.malformed.length > 0) yield rows;
}

type Read = (line: string, rows: TickRows) => string | null;

const put = (rows: TickRows, time: number, price: number, volume: number): null => {
  rows.time[rows.length] = time;
  rows.price[rows.length] = price;
  rows.volume[rows.length] = volume;
  rows.length++;
  return null;
};

/** Reads one line into the columns; answers why it could not. */
const lineReader = (decimals: number): Read => {
  const csv = csvReader(decimals);
  const json = jsonReader(decimals);
  return (line, rows) => (line.startsWith("{") ? json : csv)(line, rows);
};

const CLOCK = /^[ T](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?:(Z)|([+-])(\d{2}):?(\d{2}))?$/;

const csvReader = (decimals: number): Read => {
  let date = "";
  let midnight = Number.NaN;
  return (line, rows) => {
    const [stamp = "", price, volume, ...more] = fieldsOf(line);
    if (price === undefined) return "expected YYYY-MM-DD HH:MM:SS,price[,volume]";
    if (more.length > 0) return `${more.length + 3} fields; expected YYYY-MM-DD HH:MM:SS,price[,volume]`;
    // Consecutive rows share their date: it is worked out once.
    const day = stamp.slice(0, 10);
    if (day !== date) {
      date = day;
      midnight = istMidnight(dayOfDate(date));
    }
    const clock = CLOCK.exec(stamp.slice(10));
    const time = clock === null ? Number.NaN : midnight + clockMs(clock);
    if (Number.isNaN(time)) return `time "${stamp}" is not YYYY-MM-DD HH:MM:SS`;
    const minor = parseDecimal(price, decimals);
    if (minor === null) return `price "${price}" is not a number`;
    if (volume === undefined || volume === "") return put(rows, time, minor, -1);
    if (!/^\d+(\.0*)?$/.test(volume)) return `volume "${volume}" is not a whole number`;
    return put(rows, time, minor, Number(volume));
  };
};

/** Spreadsheets of other countries separate by semicolons or tabs. */
const fieldsOf = (line: string): string[] =>
  line.split(line.includes(",") ? "," : line.includes(";") ? ";" : "\t").map(fieldText);

/** Milliseconds since midnight in India; a clock of another zone may be a day ahead or behind. */
const clockMs = ([, hours, minutes, seconds, fraction, utc, sign, zoneHours, zoneMinutes]: RegExpExecArray): number => {
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return Number.NaN;
  const clock = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000 + Math.trunc(Number(fraction ?? 0) * 1_000);
  if (utc !== undefined) return clock + IST_OFFSET_MS;
  if (sign === undefined) return clock;
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return clock + IST_OFFSET_MS - (sign === "+" ? zone : -zone);
};

interface BridgeLine { type?: unknown; token?: unknown; ltp?: unknown; volume?: unknown; timestamp?: unknown; exchange_ts?: unknown }

const jsonReader = (decimals: number): Read => {
  let token: unknown;
  return (line, rows) => {
    let tick: BridgeLine;
    try {
      tick = JSON.parse(line) as BridgeLine;
    } catch {
      return "not JSON";
    }
    if ((tick.type ?? "tick") !== "tick") return null;
    const time = tick.exchange_ts ?? tick.timestamp;
    if (typeof tick.ltp !== "number" || !Number.isFinite(tick.ltp)) return `ltp ${JSON.stringify(tick.ltp)} is not a number`;
    if (typeof time !== "number" || !Number.isFinite(time)) return `timestamp ${JSON.stringify(time)} is not epoch ms`;
    if (tick.volume !== undefined && !(Number.isInteger(tick.volume) && (tick.volume as number) >= 0)) return `volume ${JSON.stringify(tick.volume)} is not a whole number`;
    token ??= tick.token;
    if (tick.token !== token) return `token ${JSON.stringify(tick.token)} after ${JSON.stringify(token)}: a recording holds one instrument`;
    return put(rows, time, fromRupees(tick.ltp, decimals), (tick.volume as number | undefined) ?? -1);
  };
};
