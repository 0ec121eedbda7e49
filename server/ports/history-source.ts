import type { BarColumns } from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { TimeframeName } from "@/server/domain/time/timeframe";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import type { HistoryDefinition } from "./feed";

/** How fast and in what pieces a source may be asked. */
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
 * Where bars of the past come from: a broker's interface, a file. It holds no rule of the market: what does not belong
 * to a session is left out by whoever asks.
 */
export interface HistorySource {
  /** As it is written in requests: `kite`, `csv:FILE`. */
  readonly name: string;
  /** Whose way of printing auctions its bars follow (`source-conventions.ts`): `kite`, or `unknown`. */
  readonly prints: string;
  /** A broker tells the exchange's own bars, all there are; of a file nobody knows who made it and what it lacks. */
  readonly authority: "broker" | "file";
  /** What a person should know of it: how labels were read, lines that are no bars. */
  readonly notes: readonly string[];
  /** Null where the source does not have the timeframe. */
  limits(timeframe: TimeframeName): HistoryLimits | null;
  /** Why the source cannot answer for an instrument, one sentence; null when it can. */
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
