import type { FeedMode } from "./tick";

/** One broker login and its subscriptions. */
export interface CollectorRow {
  id: number;
  name: string;
  /** Id of a feed in `feeds/index.ts`. */
  feed: string;
  mode: FeedMode;
  autoStart: boolean;
  /** Instrument keys it subscribes; `["*"]`: everything the broker's own exchange lists (the simulated exchange). */
  subscriptions: string[];
}

/** What the process does with a collector. */
export type CollectorState = "idle" | "connecting" | "live" | "reconnecting" | "stopping" | "failed";

/** What the data say about a feed, with the evidence the light rests on. */
export type FeedState = "LIVE" | "SLOW" | "MUTE" | "DOWN" | "RECONNECTING" | "AUTH_EXPIRED" | "CLOSED" | "STOPPED" | "STARTING";

export interface FeedTruth {
  collector: string;
  feed: string;
  state: FeedState;
  simulated: boolean;
  /** One sentence: what the state rests on. */
  reason: string;
  /** Epoch ms since when it is so. */
  since: number;
  /** Epoch ms of the last tick received; null before the first. */
  lastTick: number | null;
  ticksLastMinute: number;
  /** Ticks a minute to expect, from the last five minutes; null before they have passed. */
  expectedPerMinute: number | null;
  ticksPerSecond: number;
  subscribed: number;
  reconnects: number;
  /** Epoch ms of the next attempt, while reconnecting. */
  nextAttempt: number | null;
  attempt: number;
}
