import type { BarColumns } from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { TimeframeName } from "@/server/domain/time/timeframe";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import type { HistoryDefinition } from "./feed";

/** The rate and size of requests a source allows. */
export interface HistoryLimits {
  /** Calendar days one request may span; Infinity: any. */
  daysPerRequest: number;
  /** Infinity: as fast as it answers. */
  requestsPerSecond: number;
  /** Requests that may be under way at once. */
  concurrency: number;
}

export interface HistoryQuestion {
  instrument: Instrument;
  timeframe: TimeframeName;
  /** Epoch ms, bars that start in [from, to). */
  from: number;
  to: number;
  /** Takes rows of the answer that cannot be read. */
  refused?: RefusedRows;
}

/**
 * A source of past bars: a broker's API or a file. It applies no market rule; the caller removes what does not belong
 * to a session.
 */
export interface HistorySource {
  /** As it is written in requests: `kite`, `csv:FILE`. */
  readonly name: string;
  /** The auction convention of its bars (`source-conventions.ts`): `kite`, or `unknown`. */
  readonly prints: string;
  /** A broker returns all of the exchange's own bars; a file's origin and completeness are unknown. */
  readonly authority: "broker" | "file";
  /** Notes for people: how labels were read, invalid lines. */
  readonly notes: readonly string[];
  /** Null where the source does not have the timeframe. */
  limits(timeframe: TimeframeName): HistoryLimits | null;
  /** Why the source has no data for an instrument, in one sentence; null if it has. */
  lacks(instrument: Instrument): string | null;
  /**
   * Bars oldest first, one per start, in the instrument's minor units, labelled by their START; day bars by the IST
   * midnight of their date. Errors: `login_expired`, `rate_limited`, `broker_unreachable`, `broker_refused`, `bad_input`.
   */
  bars(question: HistoryQuestion, signal: AbortSignal): Promise<BarColumns>;
}

/** A logged-in broker connection that serves history. */
export interface HistoryAccess {
  /** The feed's id: how its candles print auctions (`source-conventions.ts`). */
  feed: string;
  definition: HistoryDefinition<unknown>;
  login: unknown;
  /** The broker's token of an instrument and what turns its wire prices into ours. */
  token(instrument: number): number | undefined;
}
