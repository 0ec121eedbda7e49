import { parseTimeframe, type Timeframe, type TimeframeName, timeframes } from "@/server/domain/timeframe";

export type TimeframeEntry = { kind: "timeframe"; timeframe: Timeframe } | { kind: "refused"; reason: string };

/** How a timeframe is written on buttons and in the legend: `5m`, `1h`, `D`, `W`, `M`. */
export const timeframeLabel = (name: TimeframeName): string =>
  name === "1d" ? "D" : name === "1W" ? "W" : name === "1M" ? "M" : name;

const nouns: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", W: "week", M: "month" };

/** The timeframe in words, for menus and spoken labels: `5 minutes`, `1 day`. */
export const timeframeTitle = (name: TimeframeName): string => {
  const count = Number.parseInt(name, 10);
  const noun = nouns[name.slice(String(count).length)]!;
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
};

const minutesAndHours = timeframes.filter((timeframe) => timeframe.kind === "intraday" && timeframe.lengthMs >= 60_000).map((timeframe) => timeframe.name);
const seconds = timeframes.filter((timeframe) => timeframe.lengthMs < 60_000).map((timeframe) => timeframe.name);

/** Reads what was typed into the timeframe box; a refusal names what would be accepted. */
export const readTimeframe = (typed: string): TimeframeEntry => {
  const text = typed.replaceAll(",", "").trim();
  if (text === "") return { kind: "refused", reason: "Type minutes (5, 75), 30s, 1h, D, W or M" };
  const timeframe = parseTimeframe(text);
  if (timeframe !== undefined) return { kind: "timeframe", timeframe };
  if (/^\d+\s*(s|sec)$/i.test(text)) return { kind: "refused", reason: `No ${text} bars. In seconds: ${seconds.join(", ")}` };
  if (/^\d+\s*(m|min|h|hr|hour)?$/i.test(text)) return { kind: "refused", reason: `No ${text}${/\d$/.test(text) ? "m" : ""} bars. Kept: ${minutesAndHours.join(", ")}` };
  if (/^\d+\s*(d|days?|w|weeks?|mo|months?)$/i.test(text)) return { kind: "refused", reason: "Only one day, one week or one month: D, W, M" };
  return { kind: "refused", reason: `“${text}” is not a timeframe. Try 5, 75, 30s, 1h, D, W or M` };
};
