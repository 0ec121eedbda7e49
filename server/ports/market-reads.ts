import type { AuctionMode, PlacedAuction } from "@/server/domain/bars/auction-print";
import type { Bar, BarColumns, BarPassport } from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { StoredTicks } from "@/server/domain/ticks/stored-ticks";
import type { AskedBars, TimeframeName } from "@/server/domain/time/timeframe";
import type { Turns } from "@/server/domain/basics/turns";
import type { QuoteValues } from "./desk";
import type { DepthLevel } from "./feed";
import type { BarRevision, StoredKind } from "./stores";

/** What REST asks of the past and the present of one instrument. Times are epoch ms, prices minor units; errors are `AppError`. */
export interface MarketReads {
  /** Dense number of what a person wrote, or of a broker's token; throws `unknown_instrument`, `ambiguous` or `bad_input`. */
  resolve(text: string, vendor?: string): number;
  about(instrument: number): About;
  bars(query: BarsRead): Promise<BarsReading>;
  /** The newest bar, which may be forming; null before the first. */
  latest(instrument: number, timeframe: StoredKind): Promise<Bar | null>;
  /** First instant of a trading date (`YYYY-MM-DD`, today unless given) and of the next. */
  day(date?: string): { date: string; from: number; to: number };
  /** IST date of an instant. */
  dateOf(instant: number): string;
  /** Figures of a span, auctions included, from the bars of a timeframe. */
  stats(
    instrument: number,
    timeframe: StoredKind,
    span: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<SpanStats>;
  /** Ticks with from <= time < to, the newest `limit` and one before them, in order of arrival. */
  ticks(instrument: number, span: { from: number; to: number }, limit: number): Promise<TickReading>;
  /** The newest there is. */
  orderBook(instrument: number): OrderBook | null;
  /** As it stood at an instant, to the second; null before the first that is kept. */
  orderBookAt(instrument: number, time: number): Promise<OrderBook | null>;
  /** Stored ones with from <= time < to, oldest first: the newest `limit`. */
  orderBooks(
    instrument: number,
    span: { from: number; to: number },
    limit: number,
  ): Promise<{ books: OrderBook[]; truncated: boolean }>;
  passport(
    instrument: number,
    timeframe: StoredKind,
    time: number,
    auctions: AuctionMode,
    signal?: AbortSignal,
  ): Promise<PassportReading>;
  /** Slots of a span that have ended, and the starts of those whose trades are unknown (in whole or in part). */
  missing(
    instrument: number,
    timeframe: TimeframeName,
    span: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<{ expected: number; missing: number[] }>;
  /** Why a result is empty, if the calendar explains it: nothing trades in the whole span. */
  closedNotice(instrument: number, from: number, to: number): string | null;
  now(): number;
  /** Turns for work on an answer: they end when its reader has gone. */
  turns(signal?: AbortSignal): Turns;
}

/** What a response says about its instrument. */
export interface About {
  instrument: Instrument;
  /** Kite's token if it is listed there, otherwise the store's id. */
  token: number;
  /** The newest; null before the first tick. */
  quote: QuoteValues | null;
  /** For the whole trading day, as sent by the exchange; 0 if unknown. */
  averagePrice: number;
}

export interface BarsRead {
  instrument: number;
  timeframe: AskedBars;
  from?: number | undefined;
  to?: number | undefined;
  /** The newest so many. */
  limit: number;
  fill: "none" | "previous" | "null";
  asOf?: number | undefined;
  passports: boolean;
  signal?: AbortSignal | undefined;
  /** How auctions are printed into intraday bars; by default as the login's broker prints them. */
  auctions?: AuctionMode | undefined;
}

export interface BarsReading {
  /** Oldest first, forming ones last. Prices of `fill=null` are no number. */
  bars: BarColumns;
  /** 1: nothing traded, the row is the reader's wish. Null: no row is. */
  filled: Uint8Array | null;
  /** By time, where they were asked for and a tick of ours is in the bar. */
  passports: ReadonlyMap<number, BarPassport> | null;
  /** Slots of the calendar that have ended, and bars there are for them; null where there is no grid (auctions). */
  expected: number | null;
  received: number;
  /** Bars the feed was away during. */
  incomplete: number;
  /** More bars of the span exist before the first one. */
  truncated: boolean;
  notice: string | null;
}

export interface SpanStats {
  /** Bars of the timeframe in the span, and auctions. */
  bars: number;
  auctions: number;
  /** The rest is 0 where there are none. */
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  ticks: number;
  /** Traded value in minor units x quantity: from ticks, and for bars of history typical price x volume. */
  value: number;
  /** Volume whose value is that estimate. */
  estimatedVolume: number;
  firstTime: number;
  lastTime: number;
  openInterest: number;
  /** For the trading day before the span's; 0 if unknown. */
  previousClose: number;
}

export interface TickReading {
  ticks: StoredTicks;
  /** Day volume since the tick before, -1 unknown. */
  quantity: Float64Array;
}

export interface OrderBook {
  bids: readonly DepthLevel[];
  asks: readonly DepthLevel[];
  /** All orders of the side, as the exchange sends it; 0 unknown. */
  buyQuantity: number;
  sellQuantity: number;
  lastPrice: number;
  time: number;
  received: number;
}

export interface PassportReading {
  bar: Bar;
  end: number;
  /** Its state in words. */
  cause: string;
  passport: BarPassport;
  /** Names of the collectors in `sources`, as they run now. */
  collectors: string[];
  /** What the bar holds of its day's auctions as it is printed, in their order; empty for most bars. */
  auctions: AuctionHeld[];
  /** The timeframe the bar folds from; null if it is stored itself. */
  parts: { timeframe: StoredKind; count: number } | null;
  /** Changes of the bar, or of its parts, oldest first. */
  changes: BarChange[];
}

export interface AuctionHeld {
  place: PlacedAuction["place"];
  price: number;
  volume: number;
  volumeIncluded: boolean;
  /**
   * Who decided how it is printed: the broker's convention, the history it came from, or the client who asked for
   * merged auctions.
   */
  source: "broker" | "history" | "asked";
}

/** A change of a stored bar, with who made it and why, as far as the result shows. */
export interface BarChange {
  timeframe: StoredKind;
  before: BarRevision;
  after: Bar;
  who: string;
  why: string;
}
