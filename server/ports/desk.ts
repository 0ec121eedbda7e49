import type { BarColumns } from "@/server/domain/bars/bar";
import type { FeedTruth } from "@/server/domain/ticks/collector";
import type { IndicatorSpec, Plot } from "@/server/domain/bars/indicator";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { Session } from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

/** What the doors (sockets, REST) ask of the running market. Services implement it; errors are `AppError`. */
export interface Desk {
  /** Dense number of what a person wrote, or of a broker's token; throws `unknown_instrument` or `ambiguous`. */
  resolve(text: string, vendor?: string): number;
  /** The same for the names of a list: -1 where one is not found or may be several. */
  find(text: string): number;
  instrument(index: number): Instrument;
  isLive(index: number): boolean;
  isSimulated(index: number): boolean;
  /** The running session of an instrument, otherwise the next one. */
  session(index: number): Session | null;
  /** Opens of the sessions in a span, for session breaks. */
  sessionOpens(index: number, from: number, to: number): number[];
  /** `closingRows`: also returns the broker's candle rows for the closing auction, as `closing`. */
  bars(query: {
    instrument: number;
    timeframe: AnyTimeframe;
    from?: number;
    to?: number;
    limit?: number;
    closingRows?: boolean;
  }): Promise<{ closed: BarColumns; forming: BarColumns; closing?: BarColumns }>;
  /** Resolves when everything the pipeline has closed and patched so far can be read. */
  committed(): Promise<void>;
  /** Time of the first stored bar the timeframe can be read from, or null. */
  firstStored(index: number, timeframe: AnyTimeframe): Promise<number | null>;
  forming(index: number, timeframe: AnyTimeframe, into: BarColumns): number;
  /** Builds the live bars of a derived timeframe until `end`; `ready` once the open one is whole. */
  follow(index: number, timeframe: AnyTimeframe): { ready: Promise<void>; end(): void };
  endOf(index: number, timeframe: AnyTimeframe, start: number): number;
  /** Loads what longer forming bars need, once. */
  warm(index: number): Promise<void>;
  isWarm(index: number): boolean;
  /** The newest of an instrument; null before its first tick, and when nothing came since the sequence `seen`. */
  quote(index: number, seen?: number): QuoteValues | null;
  /**
   * The last stored closes, and when their bars ended, for instruments without a tick yet. Ends when the client
   * disconnects.
   */
  lastCloses(
    indexes: readonly number[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<number, { price: number; time: number }>>;
  /** Today's closes for a sparkline, oldest first, at most 60. */
  spark(index: number): Promise<number[]>;
  /** The same as far as it is in memory. */
  sparkNow(index: number): readonly number[];
  truth(): FeedTruth[];
  indicators: IndicatorDesk;
}

export interface QuoteValues {
  price: number;
  /** 0 when unknown. */
  previousClose: number;
  open: number;
  high: number;
  low: number;
  volume: number;
  time: number;
  received: number;
  /** Changes with every tick of the instrument. */
  sequence: number;
}

/** A running indicator as a reader holds it. */
export interface HeldIndicator {
  instance: number;
  id: string;
  label: string;
  params: Record<string, number | string>;
  pane: "price" | "own";
  guides: readonly number[];
  plots: readonly Plot[];
}

export interface IndicatorReadQuery {
  instrument: number;
  timeframe: AnyTimeframe;
  /** The newest so many closed bars before `to`; of those only from `since` on. */
  bars: number;
  since?: number;
  to?: number;
  /** Aborts when the client disconnected. */
  signal?: AbortSignal | undefined;
  /** Also what forms, where it begins before `to`; without it only where there is no `to`. */
  withForming?: boolean;
  /** Bars as they were known at that instant. */
  asOf?: number;
  /** Also the rows of closing auctions, which are no bars: no indicator is asked for them. */
  closingRows?: boolean;
}

export interface IndicatorReading {
  /** Closed bars, including some before the first requested one, where indicators start. */
  closed: BarColumns;
  /** None when `to` was given, unless they were asked for. */
  forming: BarColumns;
  /** Row of the first bar asked for. */
  first: number;
  /** Rows of closing auctions over the same span, where they were asked for; also some from before the first bar. */
  closing?: BarColumns;
  /** Per indicator one array a plot: of closed rows from `first` on, then of forming ones; NaN while warming up. */
  values: Float64Array<ArrayBuffer>[][];
}

export interface IndicatorDesk {
  /** Checks a wish; throws `bad_input`. Nothing runs yet. */
  describe(spec: IndicatorSpec): Omit<HeldIndicator, "instance">;
  /** Holds a shared instance for a reader. */
  hold(instrument: number, timeframe: AnyTimeframe, spec: IndicatorSpec): HeldIndicator;
  drop(instance: number): void;
  /**
   * Bars with indicator values. What is read after the last wait is consistent, and a new instance continues from
   * there.
   */
  read(query: IndicatorReadQuery, helds: readonly HeldIndicator[]): Promise<IndicatorReading>;
  /** Running instances of a bar series. */
  running(instrument: number, timeframe: AnyTimeframe): readonly number[];
  /** True when a patch made its past wrong. */
  isStale(instance: number): boolean;
  /** Values on forming bars, `plots` numbers a bar. */
  peek(instance: number, forming: BarColumns): Float64Array;
}
