/**
 * What the browser itself measures: the way of a tick from its receive time on the server to its pixel, leg by leg, over
 * the last minute. The chart records; the status bar and /status read.
 */
import { useSyncExternalStore } from "react";
import type { Percentiles } from "@/server/contract/live";
import { browserClock } from "./browser-clock";
import { live } from "./live";
import { createValue, once, type Readable } from "./store";

/** One frame that was painted. Server's stamps by its clock, the page's by the browser's, epoch ms. */
export interface FrameTimes {
  /** Exchange's stamp of the newest tick; 0 when the packet had none. */
  stamped: number;
  /** 0 when the frame carries no tick, or a replay's. */
  received: number;
  emitted: number;
  arrived: number;
  /** The animation frame that drew it began. */
  drawing: number;
  painted: number;
}

export type LegName = "server" | "wire" | "queue" | "frame" | "paint";

export interface BrowserLatency {
  receiveToPaint: Percentiles;
  socketToPaint: Percentiles;
  /** In the order of the path; they add up to `receiveToPaint` for each frame. */
  legs: readonly { name: LegName; spans: Percentiles }[];
  /**
   * Minimum from the exchange's timestamp to receipt, ms; only the minimum is meaningful because timestamps are whole
   * seconds. Null if unknown.
   */
  brokerToServer: number | null;
  /**
   * Round trip of the clock sample in use; receive to paint is accurate to half of it. Null before the first sample.
   */
  roundTripMs: number | null;
  /** p95 of socket to paint, one point per 5 s, newest last, at most 180 (15 minutes). */
  history: readonly { time: number; socketToPaint: number }[];
}

export interface LatencyRecorder {
  record(times: FrameTimes): void;
  /** Removes samples older than a minute, so figures of a quiet chart expire. */
  expire(): void;
  view: Readable<BrowserLatency | null>;
}

export interface RecorderParts {
  /** Epoch ms of the browser. */
  now(): number;
  clock(): { offsetMs: number; roundTripMs: number | null };
}

const WINDOW_MS = 60_000;
/** Several charts at twenty frames a second for a minute. */
const MOST = 4_096;
const BUCKETS = 32;
const PUBLISH_MS = 1_000;
const HISTORY_MS = 5_000;
const HISTORY_POINTS = 180;

/** p50, p95, p99 and buckets of spans in ms. */
export const percentiles = (spans: readonly number[], bucketMs: number): Percentiles => {
  const sorted = [...spans].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const buckets = new Array<number>(BUCKETS).fill(0);
  for (const span of sorted) {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(span / bucketMs)));
    buckets[bucket] = buckets[bucket]! + 1;
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: sorted.length, buckets, bucketMs };
};

/**
 * The legs of one frame, ms. `offsetMs`: server clock minus browser clock. The time between the server's emit and the
 * page's code is network plus the page's queue: half of the smallest round trip is network, the rest queue.
 */
export const legsOf = (
  { received, emitted, arrived, drawing, painted }: FrameTimes,
  { offsetMs, roundTripMs }: { offsetMs: number; roundTripMs: number },
): Record<LegName, number> => {
  const way = Math.max(0, arrived + offsetMs - emitted);
  const wire = Math.min(way, roundTripMs / 2);
  return {
    server: Math.max(0, emitted - received),
    wire,
    queue: way - wire,
    frame: Math.max(0, drawing - arrived),
    paint: Math.max(0, painted - drawing),
  };
};

const legNames: readonly LegName[] = ["server", "wire", "queue", "frame", "paint"];

/** Stores timestamps, not spans, so each publication uses the best offset known by then. */
export const latencyRecorder = ({ now, clock }: RecorderParts): LatencyRecorder => {
  let frames: FrameTimes[] = [];
  const view = createValue<BrowserLatency | null>(null);
  let history: { time: number; socketToPaint: number }[] = [];
  let published = -Infinity;
  let pointed = -Infinity;

  const publish = (time: number): void => {
    published = time;
    frames = frames.filter(({ painted }) => time - painted <= WINDOW_MS);
    if (frames.length === 0) return view.set(null);
    const { offsetMs, roundTripMs } = clock();
    const spans = percentiles(
      frames.map(({ arrived, painted }) => painted - arrived),
      1,
    );
    const timed = roundTripMs === null ? [] : frames.filter(({ received }) => received > 0);
    const legs = timed.map((frame) => legsOf(frame, { offsetMs, roundTripMs: roundTripMs! }));
    const stamped = timed.filter((frame) => frame.stamped > 0 && frame.stamped !== frame.received);
    if (time - pointed >= HISTORY_MS) {
      pointed = time;
      history = [...history, { time: time + offsetMs, socketToPaint: spans.p95 }].slice(-HISTORY_POINTS);
    }
    view.set({
      receiveToPaint: percentiles(
        legs.map((leg) => leg.server + leg.wire + leg.queue + leg.frame + leg.paint),
        2,
      ),
      socketToPaint: spans,
      legs: legNames.map((name) => ({
        name,
        spans: percentiles(
          legs.map((leg) => leg[name]),
          1,
        ),
      })),
      brokerToServer:
        stamped.length === 0 ? null : Math.max(0, Math.min(...stamped.map((frame) => frame.received - frame.stamped))),
      roundTripMs,
      history,
    });
  };

  return {
    view,
    record(times) {
      frames.push(times);
      if (frames.length > MOST) frames.shift();
      const time = now();
      if (time - published >= PUBLISH_MS) publish(time);
    },
    expire() {
      if (frames.length > 0) publish(now());
    },
  };
};

const EXPIRE_MS = 5_000;

/** The tab's recorder. It looks after itself for as long as it holds something, and has no timer when it does not. */
export const latency: () => LatencyRecorder = once(() => {
  const recorder = latencyRecorder({ now: browserClock(), clock: () => live().clock() });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tidy = (): void => {
    recorder.expire();
    timer = recorder.view.get() === null ? undefined : setTimeout(tidy, EXPIRE_MS);
  };
  return {
    ...recorder,
    record(times) {
      recorder.record(times);
      timer ??= setTimeout(tidy, EXPIRE_MS);
    },
  };
});

export const useLatency = (): BrowserLatency | null =>
  useSyncExternalStore(
    (listener) => latency().view.subscribe(listener),
    () => latency().view.get(),
    () => null,
  );
