/**
 * What crosses the live socket (Socket.io, path /socket.io). One schema for server, browser, tests.
 * Times are epoch ms, prices minor units (divide by 10^decimals of the instrument).
 */
import { z } from "zod";
import type { LeftOut } from "@/server/domain/instruments/broker-list";
import type { FeedTruth, ListTruth } from "@/server/domain/ticks/collector";
import type { Plot } from "@/server/domain/bars/indicator";
import type { Segment } from "@/server/domain/instruments/instrument";
import type { JobState, JobStatistics } from "@/server/domain/basics/job";
import type { PhaseName, SessionKind } from "@/server/domain/time/session";
import { anyOfTimeframes } from "./timeframes";

export const indicatorSpec = z.object({
  id: z.string().min(1).max(32),
  params: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
});

/** client -> server `bars.subscribe`, acknowledged with `BarsSnapshot` or `LiveError`. */
export const barsSubscribe = z.object({
  key: z.string().min(3).max(64),
  timeframe: anyOfTimeframes,
  /** Newest bars wanted with the acknowledgement. */
  bars: z.number().int().min(0).max(12_000).default(1_500),
  /** On resume: only bars at or after this time (epoch ms) are sent. */
  since: z.number().nonnegative().optional(),
  indicators: z.array(indicatorSpec).max(24).default([]),
});
export type BarsSubscribe = z.input<typeof barsSubscribe>;

/** client -> server `bars.unsubscribe`. */
export const barsUnsubscribe = z.object({ room: z.string() });

/** client -> server `bars.page`: bars before an instant, acknowledged with `BarsPage` or `LiveError`. */
export const barsPage = z.object({
  key: z.string().min(3).max(64),
  timeframe: anyOfTimeframes,
  /** Bars whose time is before this. */
  before: z.number(),
  bars: z.number().int().min(1).max(5_000).default(1_500),
  indicators: z.array(indicatorSpec).max(24).default([]),
});
export type BarsPageRequest = z.input<typeof barsPage>;

/** client -> server `quotes.subscribe` (replaces the client's previous list), acknowledged with `QuotesSnapshot` or `LiveError`. */
export const quotesSubscribe = z.object({ keys: z.array(z.string().min(3).max(64)).max(1_000) });

/** client -> server `status.subscribe` / `status.unsubscribe`: acknowledged with `StatusSnapshot`, then event `status` each second. */

export interface LiveError {
  error: { code: string; message: string; details?: Record<string, unknown> };
}

export interface InstrumentView {
  key: string;
  exchange: string;
  symbol: string;
  name: string;
  segment: Segment;
  decimals: number;
  /** Minor units. */
  tickSize: number;
  lotSize: number;
  expiry: string | null;
  hasVolume: boolean;
  simulated: boolean;
  /** True when a running collector subscribes it. */
  live: boolean;
}

export interface SessionView {
  kind: SessionKind;
  name: string;
  phase: PhaseName | "closed";
  /** Epoch ms of the running or next session. */
  open: number;
  close: number;
  /** When the present phase ends (if closed: when the next session opens); null if unknown. */
  until: number | null;
}

/** One indicator instance over the bars of the same answer. */
export interface IndicatorHead {
  /** Names the instance in live frames. */
  instance: number;
  id: string;
  /** `EMA 20`. */
  label: string;
  params: Record<string, number | string>;
  pane: "price" | "own";
  guides: readonly number[];
  plots: readonly Plot[];
}

/** An indicator with its values, one float64 buffer per plot, NaN while warming up: what `unpackSeries` answers. */
export interface IndicatorSeries extends IndicatorHead {
  values: ArrayBuffer[];
}

/**
 * Indicators as sent over the socket. All values are in one buffer, plot after plot, in the rows of `packed`: the
 * socket's decoder rejects a message with more than ten buffers.
 */
export interface PackedSeries {
  indicators: IndicatorHead[];
  values: ArrayBuffer;
}

export interface BarsSnapshot extends PackedSeries {
  room: string;
  /** Sequence of the last live frame included in `packed`; the stream continues at seq + 1. */
  seq: number;
  instrument: InstrumentView;
  timeframe: string;
  session: SessionView | null;
  /**
   * `packBars`; the last row may be forming. It includes the rows in which the broker's candles continue to a closing
   * auction, which have no indicator values. Live they arrive as patches.
   */
  packed: ArrayBuffer;
  /** Present quote of the instrument, null before its first tick. */
  quote: Quote | null;
  /** Time of the first bar the store has, null when it has none: where paging ends. */
  firstStored: number | null;
  /** Starts of trading sessions inside the answer, for session breaks. */
  sessionOpens: number[];
  /** True when the instrument is not subscribed by any running collector. */
  historicalOnly: boolean;
  serverTime: number;
}

export interface BarsPage extends PackedSeries {
  packed: ArrayBuffer;
  sessionOpens: number[];
  /** True when nothing older is stored. */
  end: boolean;
}

/** server -> client `bars`: at most one frame per 50 ms and room; closed bars never wait. */
export interface BarsFrame {
  room: string;
  seq: number;
  /** [event 0 update | 1 close | 2 patch, time, end, open, high, low, close, volume, ticks, state | incomplete << 7] */
  bars: BarTuple[];
  /** [instance, time, one value per plot (null while warming up)] */
  points: (number | null)[][];
  /** Spans [from, to) of start times, epoch ms, that were read again: closed bars in them that are not in this frame exist no more. */
  whole?: [from: number, to: number][];
  /** Last price and its times, also when only the book moved; null before the first tick. */
  ltp: { price: number; time: number; received: number } | null;
  /**
   * Epoch ms: the newest tick of the instrument received from the broker since the frame before, frame emitted to the
   * socket. `received` is 0 when the frame carries no tick (a bar that closed by the clock) and in a replay.
   */
  stamps: { received: number; emitted: number };
}
export type BarTuple = [number, number, number, number, number, number, number, number, number, number];

export interface Quote {
  key: string;
  /** Minor units. */
  price: number;
  /** Previous close, 0 when unknown: change is price - previousClose. */
  previousClose: number;
  open: number;
  high: number;
  low: number;
  volume: number;
  /** Epoch ms of the exchange's stamp (or receive time). */
  time: number;
  received: number;
  decimals: number;
}

export interface QuoteRow extends Omit<Quote, "price"> {
  /** Minor units; before the first tick (`received` 0) the last close that is kept, `time` then says of when; null where there is none. */
  price: number | null;
  symbol: string;
  exchange: string;
  name: string;
  /** Today's minute closes, at most 60 points, minor units. */
  spark: number[];
  live: boolean;
  simulated: boolean;
}

export interface QuotesSnapshot {
  rows: QuoteRow[];
  /** Keys no instrument answers to. */
  unknown: string[];
  seq: number;
  serverTime: number;
}

/** server -> client `quotes`: newest value per changed row, one frame per client and 250 ms. */
export interface QuotesFrame {
  seq: number;
  /** [row in the snapshot's order, price, volume, time, received, high, low, open, previousClose] */
  rows: [number, number, number, number, number, number, number, number, number][];
  /** [row, closes]: the row's whole sparkline, when it has grown or history has changed it. */
  spark: [number, readonly number[]][];
}

/** server -> client `feed`: the lights, on change and once a second. */
export interface FeedFrame {
  feeds: FeedTruth[];
  ticksPerSecond: number;
  serverTime: number;
  /** Seconds of server time per second: above 1 in a replay that runs faster than life. */
  clockRate: number;
  /** True when the ticks are a recording's. */
  replay: boolean;
  /** Sessions of the exchanges in use. `closedSince`: end of the last phase of the session before, while none runs; null where none is known. */
  markets: { exchange: string; session: SessionView; closedSince: number | null }[];
  /**
   * Instruments that are silent while their feed sends others, at most 200. `since`: their last tick, or when one was
   * due.
   */
  mute: { key: string; since: number; reason: string }[];
  /** Latest job in progress (first history), null when none. */
  job: JobView | null;
  simulated: boolean;
}

export interface JobView {
  id: string;
  title: string;
  done: number;
  total: number;
  detail: string;
  finished: boolean;
  failed: number;
  /** For stored jobs that can be paused (backfills); absent for jobs that end with the process. */
  state?: JobState;
  reason?: string;
  statistics?: JobStatistics;
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  count: number;
  /** Counts per bucket; bucket i covers [i, i + 1) x bucketMs, the last takes the rest. */
  buckets: number[];
  bucketMs: number;
}

export interface StageView {
  name: string;
  from: string | null;
  to: string | null;
  /** Rows a second over the last five seconds. */
  rate: number;
  /** ms per message. */
  p50: number;
  p95: number;
  /** What waits, and how much may; null for stages without a queue. */
  queue: { used: number; size: number; overflow: "wait" | "drop-oldest" | "latest" } | null;
  detail: string;
}

export interface StatusSnapshot {
  startedAt: number;
  serverTime: number;
  version: string;
  node: string;
  feeds: FeedTruth[];
  stages: StageView[];
  /** Rows refused, by reason, since the start. */
  rejects: Record<string, number>;
  counters: Record<string, number>;
  latency: { receiveToEmit: Percentiles; emitToSocket: Percentiles; commit: Percentiles; eventLoop: Percentiles };
  /** p95 of receive to emit, one point per 5 s, newest last, at most 180 (15 minutes). */
  history: { time: number; receiveToEmit: number; eventLoop: number; commit: number; ticksPerSecond: number }[];
  store: { kind: string; version: string; location: string; pingMs: number; ok: boolean; detail: string };
  bus: { kind: string; ok: boolean; detail: string };
  sockets: { clients: number; framesPerSecond: number; conflated: number; dropped: number };
  process: { rssMb: number; heapMb: number; uptimeS: number };
  /** `dataMb`: size of the data folder; null when the database is elsewhere. */
  disk: { freeGb: number; dataMb: number | null } | null;
  /** Exchange's clock less this machine's, and how far off the figure may be; null without a fresh stamp. */
  clockSkewMs: number | null;
  clockSkewErrorMs: number | null;
  /** Brokers' instrument lists: rows left out by reason, and why a newer one is not in use. */
  lists: ListTruth[];
  /** Stored instruments that cannot be used, by reason. */
  unusable: readonly LeftOut[];
  /** `warning`: the holiday lists of the exchange end within a month, or have ended; null otherwise. */
  markets: { exchange: string; session: SessionView; known: boolean; knownTo: string | null; warning: string | null }[];
  instruments: number;
  jobs: JobView[];
  events: { time: number; level: "info" | "warn" | "error"; source: string; message: string }[];
}
