/** The reading views of REST: `/api/v1/{view}/{symbol}` and, in the shapes older programs expect, `/intraday/{view}/{symbol}`. */
import { z } from "zod";
import { auctionModes } from "@/server/domain/bars/auction-print";
import { istIso } from "@/server/domain/time/ist-text";
import { dayOfDate } from "@/server/domain/time/session";
import { completenessQuery, gapsQuery } from "./quality-queries";
import { instant } from "./rest";
import { askedBars, builtBars } from "./timeframes";

/**
 * View names that may follow `/intraday/` and `/api/v1/`. Anything else after `/intraday/` is a segment:
 * `/intraday/NSE_EQ/2475`.
 */
export const readViews = [
  "bars",
  "latest",
  "today",
  "stats",
  "vwap",
  "ticks",
  "orderbook",
  "gaps",
  "completeness",
] as const;
export type ReadView = (typeof readViews)[number];

/** Answered by the http server itself, before Next: a route handler costs a millisecond. */
export const hotViews: readonly ReadView[] = ["bars", "latest"];

const number = (most: number) => {
  const accepted = `a whole number from 1 to ${most}`;
  return z.coerce.number({ error: accepted }).int(accepted).min(1, accepted).max(most, accepted);
};
const oneOf = <const T extends readonly [string, ...string[]]>(names: T) => z.enum(names, { error: names.join(", ") });

const VENDOR = "a broker's name";
const DATE = "a date as YYYY-MM-DD";
const date = z.string().refine((text) => !Number.isNaN(dayOfDate(text)), DATE);

/** Parameters every view accepts. */
const asked = {
  /** Whose number the symbol is: a feed's id, as in `256265?vendor=upstox`. */
  vendor: z.string().min(1, VENDOR).max(32, VENDOR).optional(),
  /** Times in the answer as ISO text of that zone instead of epoch ms. */
  tz: oneOf(["Asia/Kolkata", "UTC"]).optional(),
};
const span = { from: instant.optional(), to: instant.optional() };
const series = {
  timeframe: askedBars.default("1m"),
  /** How slots without trades are filled: no bar, the previous close, or a bar of nulls. */
  fill: oneOf(["none", "previous", "null"]).default("none"),
  /** `passport`: what each bar knows about its making. */
  fields: oneOf(["passport"]).optional(),
  /** Rows, the same as columns, or packed as in contract/wire.ts. */
  format: oneOf(["rows", "columns", "binary"]).default("rows"),
  /** Bars as they were known at that instant. */
  asOf: instant.optional(),
  /** Auctions in intraday bars: as the login's broker prints them, merged into adjacent bars, or in none. */
  auctions: oneOf(auctionModes).default("broker"),
};

export const barsQuery = z.strictObject({ ...asked, ...series, ...span, limit: number(50_000).default(1_000) });
export const latestQuery = z.strictObject({ ...asked, timeframe: builtBars.default("1m") });
/** `date`: of the trading day; today in India by default. */
export const todayQuery = z.strictObject({ ...asked, ...series, date: date.optional() });
/** The trading day of `date`, or a span within one. */
export const spanQuery = z.strictObject({
  ...asked,
  timeframe: builtBars.default("1m"),
  ...span,
  date: date.optional(),
});
export const ticksQuery = z.strictObject({ ...asked, ...span, limit: number(50_000).default(1_000) });
/** The newest, the one at a given time, or those of a span. */
export const orderBookQuery = z.strictObject({
  ...asked,
  ...span,
  at: instant.optional(),
  limit: number(5_000).default(100),
});
export const passportQuery = z.strictObject({
  ...asked,
  timeframe: builtBars.default("1m"),
  auctions: series.auctions,
  time: z.string({ error: "a time inside the bar" }).pipe(instant),
});

/** Bridge's gaps and completeness: what a span lacks, by default today. */
export const missingQuery = z.strictObject({
  ...asked,
  timeframe: builtBars.default("1m"),
  ...span,
  date: date.optional(),
});
/** `GET /api/v1/gaps/{symbol}` and `/api/v1/completeness/{symbol}`: `gapsQuery` and `completenessQuery` with the symbol in the path. */
export const completenessOfQuery = completenessQuery.omit({ instrument: true }).extend(asked);
/**
 * With a timeframe, also the stretches of the requested days (default: today) in which its bars are missing or
 * incomplete.
 */
export const gapsOfQuery = gapsQuery
  .omit({ instrument: true })
  .extend({ ...asked, timeframe: completenessQuery.shape.timeframe.unwrap().optional() });

/** A symbol in a path; one that is too long or empty is refused before any search. */
const SYMBOL = "a symbol such as RELIANCE, NSE:RELIANCE, NSE_EQ/2475, or a broker's token with ?vendor=BROKER";
// Too long a text is not looked at: the search below would go through it once for each of its letters.
export const symbolText = z
  .string()
  .trim()
  .max(64, { error: SYMBOL, abort: true })
  .regex(/^\P{Cc}*[A-Za-z0-9]\P{Cc}*$/u, SYMBOL);

export type Zone = "Asia/Kolkata" | "UTC" | undefined;

/** An instant as the reader asked for it: epoch ms, or ISO text of a zone. */
export const timeIn = (zone: Zone, instant: number): number | string => {
  if (zone === undefined) return Math.round(instant);
  if (zone === "UTC") return new Date(instant).toISOString().replace(/\.000Z$/, "Z");
  return istIso(instant);
};
