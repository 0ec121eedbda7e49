import type { BarColumns, BarPassport } from "@/server/domain/bars/bar";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { QuoteBoard } from "@/server/domain/ticks/quote-board";
import type { AnyTimeframe, Timeframe } from "@/server/domain/time/timeframe";
import type { BarWrite, StoredBar, StoredKind } from "./stores";

/** Forming bars as the pipeline has them now. */
export interface LiveBars {
  /** Appends the bars not closed yet, oldest first, with auctions as the login's broker prints them or not; returns how many. */
  forming(instrument: number, of: Timeframe, into: BarColumns, printed?: boolean): number;
  endOf(instrument: number, of: AnyTimeframe, start: number): number;
  /** False until the day's earlier minutes have been loaded: longer forming bars would lack them. */
  isWarm(instrument: number): boolean;
  /** `auctions` of the running session; `passports` of the minutes by their time. */
  rebuild(
    instrument: number,
    minutes: BarColumns,
    days: BarColumns,
    auctions?: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void;
  readonly watermarkSeconds: number;
  /** Bars that end at or before this instant are closed. */
  settledBefore(now: number): number;
}

/** Bars on their way to the store, and those just committed, so that reads see what was written. */
export interface RecentBars {
  recent(instrumentId: number, kind: StoredKind, from: number, to: number): StoredBar[];
  /** Queues bars; they wait, they are never dropped. `replace` takes the exchange's bar as it is, `remove` takes one out. */
  enqueue(bars: readonly StoredBar[], how: BarWrite): void;
  /** Resolves when everything queued so far is committed; rejects when it will not be in this process any more. */
  settled(): Promise<void>;
}

/** The parts of the running pipeline that readers look into. */
export interface LiveMarket {
  table: InstrumentTable;
  board: QuoteBoard;
  bars: LiveBars;
}
