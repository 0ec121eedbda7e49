import type { LeftOut } from "@/server/domain/instruments/broker-list";
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

/** The process state of a collector. */
export type CollectorState = "idle" | "connecting" | "live" | "reconnecting" | "stopping" | "failed";

/** What the data say about a feed, with the evidence the light rests on. */
export type FeedState =
  "LIVE" | "SLOW" | "MUTE" | "DOWN" | "RECONNECTING" | "AUTH_EXPIRED" | "CLOSED" | "STOPPED" | "STARTING";

export interface FeedTruth {
  collector: string;
  feed: string;
  state: FeedState;
  simulated: boolean;
  /** Login fields that change every day and are given while the server runs. */
  daily: readonly { field: string; title: string; env: string }[];
  /** One sentence with the evidence for the state. */
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
  /** Subscribed names missing from the broker's list of the day; the first ones are named. */
  missing: { count: number; names: string[] };
  /** Ticks arrive at least so long after the exchange's stamp (p95 of the last half minute); null while it is not known. */
  lagMs: number | null;
  /** What the broker said last in words, redacted; `count`: how often since it began to say it. */
  said: { time: number; text: string; count: number } | null;
  /** Epoch ms of the next attempt, while reconnecting. */
  nextAttempt: number | null;
  attempt: number;
}

/** The broker's instrument list of a collector, as /status shows it. */
export interface ListTruth {
  collector: string;
  /** Epoch ms when the current list was read; null while a list of an earlier run is used. */
  readAt: number | null;
  /** Instruments in it. */
  rows: number;
  /** Rows left out, by reason, with the first of each. */
  leftOut: readonly LeftOut[];
  /** Why the newest answer is not in use; null when it is. */
  problem: string | null;
  /** Epoch ms at which it is asked for again. */
  nextAttempt: number | null;
}
