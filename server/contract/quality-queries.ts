/** REST doors to the quality of the data: the gap ledger, completeness, the day's compare. Times are epoch ms, prices rupees. */
import { z } from "zod";
import { editors } from "@/server/domain/calendar/calendar-edits";
import { type GapState, gapStates } from "@/server/domain/bars/gap";
import { dayOfDate } from "@/server/domain/time/session";
import { parseTimeframe, timeframeNames, type TimeframeName } from "@/server/domain/time/timeframe";
import { instant } from "./rest";

const needed = (accepted: string) => z.string({ error: accepted }).trim().min(1, accepted);
const INSTRUMENT = "an instrument such as NSE:RELIANCE";
const instrument = needed(INSTRUMENT).max(64, INSTRUMENT);
const whole = (most: number) => {
  const accepted = `a whole number from 1 to ${most}`;
  return z.coerce.number({ error: accepted }).int(accepted).min(1, accepted).max(most, accepted);
};

const DATE = "a date as YYYY-MM-DD";
/** A date, as its IST day number. */
const day = z.string({ error: DATE }).transform((text, context): number => {
  const found = dayOfDate(text);
  if (!Number.isNaN(found)) return found;
  context.addIssue({ code: "custom", message: DATE });
  return z.NEVER;
});

const COMPLETE: readonly TimeframeName[] = timeframeNames.filter((name) => name !== "1W" && name !== "1M");
const TIMEFRAME = COMPLETE.join(", ");
const timeframe = z
  .string({ error: TIMEFRAME })
  .max(16, TIMEFRAME)
  .transform((text, context): TimeframeName => {
    const found = parseTimeframe(text)?.name;
    if (found !== undefined && COMPLETE.includes(found)) return found;
    context.addIssue({ code: "custom", message: TIMEFRAME });
    return z.NEVER;
  });

const STATES = gapStates.join(", ");
/** One state or several, separated by commas. */
const states = z.string().transform((text, context): GapState[] => {
  const named = text.split(",").map((each) => each.trim());
  if (named.every((each): each is GapState => (gapStates as readonly string[]).includes(each))) return named;
  context.addIssue({ code: "custom", message: STATES });
  return z.NEVER;
});

const NOTE = "why, in 3 to 500 characters";
const by = z.enum(editors, { error: editors.join(", ") }).default("api");

/** `GET /api/v1/gaps`: the newest first. `from`, `to`: gaps that touch that span. */
export const gapsQuery = z.strictObject({
  instrument: instrument.optional(),
  state: states.optional(),
  from: instant.optional(),
  to: instant.optional(),
  limit: whole(5_000).default(500),
});
/** `{id}` of a gap in a path. */
export const gapId = whole(2_147_483_647);
/** `POST /api/v1/gaps/{id}/ignore`. */
export const ignoreBody = z.strictObject(
  { note: z.string({ error: NOTE }).trim().min(3, NOTE).max(500, NOTE), by },
  { error: `a body with note: ${NOTE}` },
);

/** `GET /api/v1/completeness`: trading days from a date to another, today alone by default. */
export const completenessQuery = z.strictObject({
  instrument,
  timeframe: timeframe.default("1m"),
  from: day.optional(),
  to: day.optional(),
});

/** `POST /api/v1/compare`. */
export const compareBody = z.strictObject({ instrument, date: day, by }, { error: "a body with instrument and date" });
/** `GET /api/v1/compare`: comparisons, the newest first, each with what differed. */
export const compareQuery = z.strictObject({
  instrument: instrument.optional(),
  from: day.optional(),
  to: day.optional(),
  limit: whole(500).default(50),
});
