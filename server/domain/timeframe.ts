/** The bars we build, from one second to one month, and which of them the store keeps. */

export type TimeframeName =
  | "1s" | "5s" | "15s" | "30s"
  | "1m" | "2m" | "3m" | "5m" | "10m" | "15m" | "30m"
  | "1h" | "75m" | "2h" | "125m"
  | "1d" | "1W" | "1M";

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
  /** The coarsest stored timeframe that divides it: what it is derived from. */
  from: TimeframeName;
}

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const define = (name: TimeframeName, kind: Timeframe["kind"], lengthMs: number, from: TimeframeName): Omit<Timeframe, "index"> => ({
  name, kind, lengthMs, from, stored: name === from,
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

/**
 * What people type: `5`, `75`, `1h`, `60`, `30s`, `D`, `1D`, `w`, `1mo`. Bare digits are minutes.
 * Case matters only where it must: `1M` is a month, `1m` a minute.
 */
export const parseTimeframe = (typed: string): Timeframe | undefined => {
  const text = typed.trim();
  const exact = byName.get(text);
  if (exact !== undefined) return exact;
  const match = /^(\d*)\s*([a-zA-Z]*)$/.exec(text);
  if (match === null || text === "") return undefined;
  const count = match[1] === "" ? 1 : Number(match[1]);
  const unit = match[2] ?? "";
  if (/^(mo|mon|month|months|M)$/.test(unit)) return count === 1 ? byName.get("1M") : undefined;
  switch (unit.toLowerCase()) {
    case "d": case "day": case "days": return count === 1 ? byName.get("1d") : undefined;
    case "w": case "week": case "weeks": return count === 1 ? byName.get("1W") : undefined;
    case "s": case "sec": return intraday(count * SECOND);
    case "h": case "hr": case "hour": return intraday(count * 60 * MINUTE);
    case "": case "m": case "min": return intraday(count * MINUTE);
    default: return undefined;
  }
};

const intraday = (lengthMs: number): Timeframe | undefined =>
  timeframes.find((timeframe) => timeframe.kind === "intraday" && timeframe.lengthMs === lengthMs);

/** What bars are stored by: 1s, 1m, 15m and 1d; auctions are a kind of their own. */
export type StoredKind = TimeframeName | "auction";
