/** The REST door: one schema per view; status codes of error codes. Times in answers are epoch ms UTC, prices rupees. */
import { z } from "zod";
import type { ErrorCode } from "@/server/domain/basics/errors";
import { TimeReader } from "@/server/domain/time/read-time";
import { FIRST_DAY, istMidnight, LAST_DAY } from "@/server/domain/time/session";
import { timeframeNames } from "@/server/domain/time/timeframe";
import { indicatorSpec } from "./live";
import { anyOfTimeframes, builtBars, listedTimeframe } from "./timeframes";

export const statusOf: Record<ErrorCode, number> = {
  bad_input: 400,
  not_found: 404,
  unknown_instrument: 400,
  ambiguous: 409,
  forbidden: 403,
  login_expired: 401,
  broker_refused: 502,
  broker_unreachable: 503,
  rate_limited: 429,
  overloaded: 503,
  too_large: 413,
  store_unreachable: 503,
  spool_full: 503,
  store_refused: 500,
  locked: 409,
  port_in_use: 409,
  unsupported: 400,
  internal: 500,
};

/** What an error is called at this door, where it has another name inside: the question stands at its right place, a value in it is wrong. */
export const restCodeOf: Partial<Record<ErrorCode, ErrorCode>> = { unknown_instrument: "bad_input" };

/**
 * An instant: epoch ms, ISO with a zone, or `YYYY-MM-DD[ HH:MM[:SS]]` without one, which is read as IST.
 */
export const instant = z.string().transform((text, context) => {
  const value = text.length > LONGEST_INSTANT ? null : parseInstant(text);
  if (value === null) {
    context.addIssue({
      code: "custom",
      message: "epoch ms, an ISO time with zone, or YYYY-MM-DD[ HH:MM[:SS]] (read as IST)",
    });
    return z.NEVER;
  }
  return Math.min(Math.max(value, EARLIEST_MS), LATEST_MS);
});

/** Maximum length of a time's text; longer ones are not parsed. */
const LONGEST_INSTANT = 64;
/** Times are clamped to the range that can have data, so no code behind a door need handle the year 9999. */
const EARLIEST_MS = istMidnight(FIRST_DAY);
const LATEST_MS = istMidnight(LAST_DAY);

const times = new TimeReader();

/** Epoch ms of a time as people write it; null if it is invalid, or if day and month are ambiguous. */
export const parseInstant = (text: string): number | null => {
  // A plus that was not encoded in a URL arrives as a space.
  const ms = times.read(text.replace(/([T ]\d{2}:[\d:.]+) (\d{2}:?\d{2})$/, "$1+$2"));
  return Number.isNaN(ms) ? null : ms;
};

/** `GET /api/v1/verify/{key}`: without instants the last session so far. */
export const verifyQuery = z.strictObject({
  timeframe: builtBars.default("1m"),
  from: instant.optional(),
  to: instant.optional(),
});

export const instrumentsQuery = z.strictObject({
  q: z.string().max(64).default(""),
  limit: z.coerce.number().int().min(1).max(200).default(20),
  /** These keys instead of a search, in this order, comma-separated; unknown ones are skipped. */
  keys: z.string().max(1_024).optional(),
});

/** A bar as REST says it: prices in rupees. Where `fill=null` was asked for, prices of places without a trade are null. */
export interface RestBar {
  /** Epoch ms; with `tz` ISO text. */
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Null where no traded value is known. */
  vwap: number | null;
  openInterest: number | null;
  ticks: number;
  /** A name of `barStates`, or `filled`: nothing traded, the figures are the reader's wish. */
  state: string;
  rev: number;
  incomplete: boolean;
}

/** Every /api/v1 answer. */
export interface Envelope<T> {
  status: "success";
  data: T;
  meta: Record<string, unknown>;
}
export interface ErrorEnvelope {
  status: "error";
  error: { code: string; message: string; details?: Record<string, unknown>; requestId: string };
}

/** An indicator of a workspace with its look. `colour`: position in the six series colours, counted from 0; without one the chart picks a free one. */
export const workspaceIndicator = indicatorSpec.extend({
  colour: z.number().int().min(0).max(5).optional(),
  hidden: z.boolean().optional(),
});

/** Saved chart workspace: `GET|PUT /api/v1/workspace`. */
export const workspace = z.object({
  key: z.string().max(64),
  timeframe: anyOfTimeframes,
  indicators: z.array(workspaceIndicator).max(24),
  watchlist: z.string().max(64),
  rightDock: z.object({ open: z.boolean(), width: z.number().min(240).max(640) }),
  scale: z.object({ mode: z.enum(["normal", "log", "percent", "indexed"]), auto: z.boolean(), inverted: z.boolean() }),
});
export type Workspace = z.infer<typeof workspace>;

/** `PUT /api/v1/indicators/active`: what runs on every live instrument, as in INDICATOR_CONFIGS and INDICATOR_TIMEFRAMES. */
export const activeIndicators = z.strictObject({
  indicators: z.array(z.string().min(1).max(64)).max(64),
  timeframes: z.array(z.string().min(1).max(8)).min(1).max(timeframeNames.length).default(["1m"]),
});

/** `POST /api/v1/indicators/reload`: another set, or nothing at all. */
export const reloadBody = z.union([z.strictObject({}), activeIndicators]);
/** For requests without fields: an empty body, or `{}`. */
export const emptyBody = z.strictObject({}, { error: "no body" });

/** `GET /api/v1/indicators/values`. */
export const indicatorValuesQuery = z.strictObject({
  instrument: z.string().min(1).max(64),
  timeframe: listedTimeframe.default("1m"),
  spec: z.string().min(1).max(64),
  /** The newest so many bars with from <= time < to, what forms among them; as they were known at `asOf`. */
  limit: z.coerce.number().int().min(1).max(12_000).default(300),
  from: instant.optional(),
  to: instant.optional(),
  asOf: instant.optional(),
});
