/** The bars we build, from one second to one month, and which of them are stored. */

export type TimeframeName =
  | "1s"
  | "5s"
  | "15s"
  | "30s"
  | "1m"
  | "2m"
  | "3m"
  | "5m"
  | "10m"
  | "15m"
  | "30m"
  | "1h"
  | "75m"
  | "2h"
  | "125m"
  | "1d"
  | "1W"
  | "1M";

/**
 * Any number of minutes within a session (`45m`, `4h`), or of seconds below a minute (`10s`): derived on request, never
 * stored.
 */
export type AnyTimeframeName = TimeframeName | `${number}s` | `${number}m` | `${number}h`;

/** A timeframe of the list, or a derived one. */
export type AnyTimeframe = Omit<Timeframe, "name"> & { name: AnyTimeframeName };

export interface Timeframe {
  name: TimeframeName;
  /** Position in `timeframes`, and its number in the store: never reorder. */
  index: number;
  /** `intraday` bars count from the session's open; the others hold whole trading days. */
  kind: "intraday" | "day" | "week" | "month";
  /** Length in ms; nominal for day, week and month. */
  lengthMs: number;
  /** Kept in the store; the rest is derived on read by the pipeline's own resample core. */
  stored: boolean;
  /** The coarsest stored timeframe that divides it; it is derived from this one. */
  from: TimeframeName;
}

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const define = (
  name: TimeframeName,
  kind: Timeframe["kind"],
  lengthMs: number,
  from: TimeframeName,
): Omit<Timeframe, "index"> => ({
  name,
  kind,
  lengthMs,
  from,
  stored: name === from,
});

export const timeframes: readonly Timeframe[] = [
  define("1s", "intraday", SECOND, "1s"),
  define("5s", "intraday", 5 * SECOND, "1s"),
  define("15s", "intraday", 15 * SECOND, "1s"),
  define("30s", "intraday", 30 * SECOND, "1s"),
  define("1m", "intraday", MINUTE, "1m"),
  define("2m", "intraday", 2 * MINUTE, "1m"),
  define("3m", "intraday", 3 * MINUTE, "1m"),
  define("5m", "intraday", 5 * MINUTE, "1m"),
  define("10m", "intraday", 10 * MINUTE, "1m"),
  define("15m", "intraday", 15 * MINUTE, "15m"),
  define("30m", "intraday", 30 * MINUTE, "15m"),
  define("1h", "intraday", 60 * MINUTE, "15m"),
  define("75m", "intraday", 75 * MINUTE, "15m"),
  define("2h", "intraday", 120 * MINUTE, "15m"),
  define("125m", "intraday", 125 * MINUTE, "1m"),
  define("1d", "day", DAY, "1d"),
  define("1W", "week", 7 * DAY, "1d"),
  define("1M", "month", 30 * DAY, "1d"),
].map((timeframe, index) => ({ ...timeframe, index }));

const byName = new Map<string, Timeframe>(timeframes.map((timeframe) => [timeframe.name, timeframe]));

export const timeframeNames = timeframes.map((timeframe) => timeframe.name) as [TimeframeName, ...TimeframeName[]];

/** The timeframe of that exact name, or undefined. */
export const timeframeOf = (name: string): Timeframe | undefined => byName.get(name);

/** The timeframe of a name already validated; throws on another. */
export const timeframe = (name: TimeframeName): Timeframe => {
  const found = byName.get(name);
  if (found === undefined) throw new RangeError(`unknown timeframe ${name}`);
  return found;
};

/** The same, of derived ones too. */
export const anyTimeframe = (name: AnyTimeframeName): AnyTimeframe => {
  const found = byName.get(name) ?? parseAnyTimeframe(name);
  if (found === undefined) throw new RangeError(`unknown timeframe ${name}`);
  return found;
};

/** Brokers' names that say their count in words: Angel One. */
const spelled: Readonly<Record<string, string>> = {
  one: "1",
  three: "3",
  five: "5",
  ten: "10",
  fifteen: "15",
  thirty: "30",
};

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  sec: SECOND,
  secs: SECOND,
  second: SECOND,
  seconds: SECOND,
  "": MINUTE,
  m: MINUTE,
  min: MINUTE,
  mins: MINUTE,
  minute: MINUTE,
  minutes: MINUTE,
  h: 60 * MINUTE,
  hr: 60 * MINUTE,
  hrs: 60 * MINUTE,
  hour: 60 * MINUTE,
  hours: 60 * MINUTE,
};

/** Ms of intraday bars, or the name of longer ones; null if it is not a timeframe. */
const typedLength = (typed: string): number | "1d" | "1W" | "1M" | null => {
  const text = typed
    .trim()
    .replace(
      /^(one|three|five|ten|fifteen|thirty)_(?=minute|hour|day)/i,
      (_, word: string) => spelled[word.toLowerCase()]!,
    );
  const match = /^(\d{0,5})\s*([a-zA-Z]*)$/.exec(text);
  if (match === null || text === "") return null;
  const count = match[1] === "" ? 1 : Number(match[1]);
  const unit = match[2] ?? "";
  if (/^(mo|mon|month|months|M)$/.test(unit)) return count === 1 ? "1M" : null;
  const lower = unit.toLowerCase();
  if (/^(d|days?)$/.test(lower)) return count === 1 ? "1d" : null;
  if (/^(w|wk|weeks?)$/.test(lower)) return count === 1 ? "1W" : null;
  const length = UNITS[lower];
  return length === undefined ? null : count * length;
};

/**
 * What people type and brokers call them: `5`, `75`, `1h`, `60`, `30s`, `D`, `1D`, `w`, `1mo`, Kite's `5minute` and `day`,
 * Angel One's `FIVE_MINUTE`. Bare digits are minutes. Case matters only where it must: `1M` is a month, `1m` a minute.
 */
export const parseTimeframe = (typed: string): Timeframe | undefined => {
  const exact = byName.get(typed.trim());
  if (exact !== undefined) return exact;
  const length = typedLength(typed);
  return length === null ? undefined : typeof length === "number" ? intraday(length) : byName.get(length);
};

const derived = new Map<number, AnyTimeframe>();
const derivedByIndex = new Map<number, AnyTimeframe>();

/** Positions of derived timeframes follow the list and `AUCTION_BAR`; they exist in memory only, never in the store. */
const FIRST_OF_MINUTES = 1_000;
const FIRST_OF_SECONDS = 3_000;
/** Above every position there is. */
export const TIMEFRAME_PLACES = 4_096;

/** Like `parseTimeframe`, plus any number of minutes up to a day or of seconds below a minute. */
export const parseAnyTimeframe = (typed: string): AnyTimeframe | undefined => {
  const known = parseTimeframe(typed);
  if (known !== undefined) return known;
  const length = typedLength(typed);
  if (typeof length !== "number" || length <= 0 || length > DAY || (length > MINUTE && length % MINUTE !== 0))
    return undefined;
  let found = derived.get(length);
  if (found === undefined) {
    const minutes = length / MINUTE;
    found =
      length < MINUTE
        ? {
            name: `${length / SECOND}s`,
            index: FIRST_OF_SECONDS + length / SECOND,
            kind: "intraday",
            lengthMs: length,
            stored: false,
            from: "1s",
          }
        : {
            name: minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`,
            index: FIRST_OF_MINUTES + minutes,
            kind: "intraday",
            lengthMs: length,
            stored: false,
            from: minutes % 15 === 0 ? "15m" : "1m",
          };
    derived.set(length, found);
    derivedByIndex.set(found.index, found);
  }
  return found;
};

/** The timeframe at a position, also of a derived one; throws where there is none. */
export const timeframeAt = (index: number): AnyTimeframe => {
  const found = timeframes[index] ?? derivedByIndex.get(index);
  if (found === undefined) throw new RangeError(`unknown timeframe at ${index}`);
  return found;
};

const intraday = (lengthMs: number): Timeframe | undefined =>
  timeframes.find((timeframe) => timeframe.kind === "intraday" && timeframe.lengthMs === lengthMs);

/** True for a timeframe of the list, whose bars are always built. */
export const isListed = (of: AnyTimeframe): of is Timeframe => of.index < timeframes.length;

/** Kinds of stored bars: 1s, 1m, 15m and 1d, and auctions as a kind of their own. */
export type StoredKind = TimeframeName | "auction";

/** Kinds of bars a client may request. */
export type AskedBars = AnyTimeframeName | "auction";
