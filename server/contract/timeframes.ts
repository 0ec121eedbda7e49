/** Timeframes at the doors: by our names, as people type them, and as brokers call them (`5minute`, `FIVE_MINUTE`, `day`). */
import { z } from "zod";
import {
  type AskedBars,
  parseAnyTimeframe,
  parseTimeframe,
  type TimeframeName,
  timeframeNames,
} from "@/server/domain/time/timeframe";

const read = <Found>(accepted: string, parse: (text: string) => Found | undefined) =>
  z
    .string({ error: accepted })
    .max(16, accepted)
    .transform((text, context): Found => {
      const found = parse(text);
      if (found !== undefined) return found;
      context.addIssue({ code: "custom", message: accepted });
      return z.NEVER;
    });

const NAMES = timeframeNames.join(", ");

/** A timeframe whose bars are built live. */
export const listedTimeframe = read(NAMES, (text): TimeframeName | undefined => parseTimeframe(text)?.name);
/** One of those, or `auction`: bars of pre-open, closing auction and post-close. */
export const builtBars = read(`${NAMES} or auction`, (text): TimeframeName | "auction" | undefined =>
  text === "auction" ? text : parseTimeframe(text)?.name,
);
const ANY = `${NAMES}, any number of minutes up to a day such as 45m or 4h, or of seconds up to 59 such as 10s`;
/** Any timeframe a chart shows: those that are not listed are derived. */
export const anyOfTimeframes = read(ANY, (text) => parseAnyTimeframe(text)?.name);
/** The same, or `auction`. */
export const askedBars = read(`${ANY}, or auction`, (text): AskedBars | undefined =>
  text === "auction" ? text : parseAnyTimeframe(text)?.name,
);
/** What a backfill fetches. */
export const fetchedTimeframe = read("1m, 15m or 1d", (text): "1m" | "15m" | "1d" | undefined => {
  const name = parseTimeframe(text)?.name;
  return name === "1m" || name === "15m" || name === "1d" ? name : undefined;
});
