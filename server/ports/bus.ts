import type { BarBatch } from "@/server/domain/bars/bar";
import type { RawMessage, TickMessage } from "@/server/domain/ticks/tick";
import type { PointBatch } from "@/server/domain/bars/indicator";

/** What flows between stages. Hot topics carry columnar batches that are reused: read them before returning. */
export interface Topics {
  /** One socket frame as decoded, or what happened to the connection. */
  raw: RawMessage;
  /** Rows that passed, with our instruments, units and times. */
  ticks: TickMessage;
  /** Bars of pre-open, closing auction and post-close, one an auction: in no timeframe, seen by no indicator. */
  auctions: BarBatch;
  /** Closed one-second bars, with patches and cuts. */
  "bars.base": BarBatch;
  /**
   * Closed bars of every timeframe, with patches, of continuous trading. Forming bars are merged when a client asks
   * (`LiveBars`).
   */
  bars: BarBatch;
  /** The same as the login's broker prints them, auctions in them: what readers, indicators and other programs see. */
  printed: BarBatch;
  /** Closed bars, with patches, of derived timeframes that a client follows. */
  derived: BarBatch;
  /** Indicator values of closed bars. */
  points: PointBatch;
}
export type Topic = keyof Topics;

export interface Bus {
  publish<T extends Topic>(topic: T, message: Topics[T]): void;
  /** Readers run in the order they subscribed. The returned function unsubscribes. */
  subscribe<T extends Topic>(topic: T, read: (message: Topics[T]) => void): () => void;
}
