import {
  type AnyTimeframe,
  type AnyTimeframeName,
  parseAnyTimeframe,
  timeframes,
} from "@/server/domain/time/timeframe";

export type TimeframeEntry = { kind: "timeframe"; timeframe: AnyTimeframe } | { kind: "refused"; reason: string };

/** How a timeframe is written on buttons and in the legend: `5m`, `1h`, `D`, `W`, `M`. */
export const timeframeLabel = (name: AnyTimeframeName): string =>
  name === "1d" ? "D" : name === "1W" ? "W" : name === "1M" ? "M" : name;

const nouns: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", W: "week", M: "month" };

/** The timeframe in words, for menus and spoken labels: `5 minutes`, `1 day`. */
export const timeframeTitle = (name: AnyTimeframeName): string => {
  const count = Number.parseInt(name, 10);
  const noun = nouns[name.slice(String(count).length)]!;
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
};

const MINUTE = 60_000;
/** An address may contain anything, so only this much is repeated. */
const LONGEST_WRITTEN = 16;
const ACCEPTED = "Type minutes (5, 45, 75), hours (4h), seconds up to 59 (10s), D, W or M";

/**
 * Parses the text of the timeframe box. A refusal names what is accepted. `dayMs`: length of the instrument's regular
 * trading day, if known; a longer bar would be a day and have another name.
 */
export const readTimeframe = (typed: string, dayMs: number | null = null): TimeframeEntry => {
  const text = typed.replaceAll(",", "").trim();
  if (text === "") return { kind: "refused", reason: ACCEPTED };
  const timeframe = parseAnyTimeframe(text);
  if (timeframe !== undefined) {
    const tooLong =
      dayMs !== null &&
      timeframe.kind === "intraday" &&
      timeframe.lengthMs > dayMs &&
      !timeframes.some(({ name }) => name === timeframe.name);
    return tooLong
      ? {
          kind: "refused",
          reason: `A trading day here has ${Math.floor(dayMs / MINUTE)} minutes. For daily bars, type D`,
        }
      : { kind: "timeframe", timeframe };
  }
  if (/^0+\s*[a-z]*$/i.test(text)) return { kind: "refused", reason: `A timeframe cannot be zero. ${ACCEPTED}` };
  if (/^\d+\s*(s|secs?|seconds?)$/i.test(text))
    return { kind: "refused", reason: "Seconds go up to 59 (10s). For longer bars, use whole minutes (2m)" };
  if (/^\d+\s*(m|mins?|minutes?|h|hrs?|hours?)?$/i.test(text))
    return { kind: "refused", reason: "A bar spans at most one day: 1440 minutes or 24h. For daily bars, type D" };
  if (/^\d+\s*(d|days?|w|wk|weeks?|mo|mon|months?)$/i.test(text))
    return { kind: "refused", reason: "Only one day, one week and one month are available: D, W, M" };
  return { kind: "refused", reason: `“${text}” is not a timeframe. ${ACCEPTED}` };
};

/** Why an invalid timeframe is refused, and what is accepted. */
export const refusalOf = (written: string): string => {
  const entry = readTimeframe(written.slice(0, LONGEST_WRITTEN));
  return entry.kind === "refused" ? entry.reason : ACCEPTED;
};
