import type { Bar } from "@/server/domain/bars/bar";
import type { InstrumentKey } from "@/server/domain/instruments/instrument";
import type { TimeframeName } from "@/server/domain/time/timeframe";

/** A closed bar, or a late change of one, on its way to other programs. Prices in minor units of `decimals`. */
export interface LatestBar extends Bar {
  /** `close`: the complete bar. `patch`: the complete bar if it is the newest, otherwise only the late part. */
  event: "close" | "patch";
  /** True when this process has closed no later bar of this instrument and timeframe. */
  newest: boolean;
  key: InstrumentKey;
  timeframe: TimeframeName;
  decimals: number;
  /** Epoch ms at which the bar ends. */
  end: number;
}

/** The newest of an instrument. */
export interface LatestTick {
  key: InstrumentKey;
  decimals: number;
  /** Minor units. */
  price: number;
  /** Volume of the day so far and open interest; -1 when unknown. */
  volume: number;
  openInterest: number;
  /** The tick's own time and when it was received, epoch ms. */
  time: number;
  received: number;
}

/** Newest value of a running indicator. */
export interface LatestPoint {
  /** `EMA_20`, `MACD_12_26_9`: the indicator and its parameters, as keys name it. */
  name: string;
  key: InstrumentKey;
  timeframe: TimeframeName;
  decimals: number;
  /** Start of the bar it is the value of, epoch ms. */
  time: number;
  /** In the order of the plots; prices in minor units, NaN during warm-up. */
  values: readonly { plot: string; unit: "price" | "value"; value: number }[];
  /** True of a bar that is still forming. */
  live: boolean;
}

export interface Mover {
  key: InstrumentKey;
  /** Percent since the previous day's close. */
  change: number;
}

export interface LatestState {
  kind: "memory" | "redis";
  ok: boolean;
  /** Epoch ms since which `ok` has had its value. */
  since: number;
  /** One sentence for people: its location, or what is wrong. Never a password. */
  detail: string;
  /** Bars that wait to be published. */
  queued: number;
  /** Bars that were never published: the queue was full, or they were refused. The store has them. */
  dropped: number;
}

/**
 * Where other programs read the newest ticks and bars. It is not the durable store: publishing never waits and never
 * throws. While the other side is unavailable, bars queue up to a limit (then the oldest are dropped and counted), and
 * only the newest tick is kept. A close is written to its stream once, even across restarts; with different values it
 * becomes a patch that replaces the bar. A late tick of an older bar is sent at least once: a batch without a response
 * is sent again.
 */
export interface Latest {
  /** False if nothing can read what is published; then nothing needs to be built. */
  readonly isRead: boolean;
  publishBars(rows: readonly LatestBar[]): void;
  publishTicks(rows: readonly LatestTick[]): void;
  /**
   * While the other side is unavailable, only the last of the points with one name, instrument and timeframe is kept.
   */
  publishPoints(rows: readonly LatestPoint[]): void;
  /** Publishes the whole list again, best first. Nothing queues, because the next list follows in seconds. */
  publishMovers(side: "gainers" | "losers", rows: readonly Mover[]): void;
  state(): LatestState;
  /** Resolves when it works, or when it is clear that for now it does not: that is a state, not an error. */
  start(signal: AbortSignal): Promise<void>;
  /** Publishes what waits if the other side answers. */
  stop(): Promise<void>;
}
