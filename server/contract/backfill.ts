/** Backfills and jobs over REST: `POST /api/v1/backfill`, `/api/v1/jobs` and below. Rules of the market are the service's. */
import { z } from "zod";
import { fetchedTimeframe } from "./timeframes";

const text = (accepted: string) => z.string({ error: accepted }).trim().min(1, accepted).max(1_024, accepted);
const whole = (accepted: string, from: number, to: number) =>
  z.coerce.number({ error: accepted }).int(accepted).min(from, accepted).max(to, accepted);
const yesNo = z.boolean({ error: "true or false" }).default(false);
const date = text("a date as YYYY-MM-DD");

/** Default number of concurrent requests. */
export const STANDARD_CONCURRENCY = 4;

const SOURCE = "a broker's name, csv:FILE or parquet:FILE, FILE being an absolute path";

export const backfillBody = z.strictObject(
  {
    watchlist: text("the name of a watchlist").optional(),
    symbols: z
      .array(text("a symbol or key, such as NSE:RELIANCE"), { error: 'a list of symbols, such as ["NSE:RELIANCE"]' })
      .max(10_000, "at most 10,000 symbols")
      .optional(),
    from: date,
    to: date,
    timeframe: fetchedTimeframe.default("1m"),
    /** Without one: the broker whose login is connected. */
    source: text(SOURCE)
      .refine((source) => !source.includes(":") || /^\w+(\[[^\]]*\])?:([\\/]|[A-Za-z]:)/.test(source), SOURCE)
      .optional(),
    concurrency: whole("a whole number from 1 to 20", 1, 20).default(STANDARD_CONCURRENCY),
    force: yesNo,
    daily: yesNo,
    /** Returns the estimate without starting a job. */
    dryRun: yesNo,
  },
  { error: "a backfill: { watchlist or symbols, from, to }" },
);

/** `GET /api/v1/jobs/{id}`: a page of its differences and failures. */
export const jobQuery = z.strictObject({
  limit: whole("1 to 1000", 1, 1_000).default(100),
  offset: whole("0 or more", 0, 1e9).default(0),
});
