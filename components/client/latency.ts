/**
 * What the browser itself measures: from a tick's receive time on the server to its pixel, and from socket to pixel.
 * The chart records; the status bar and /status read.
 */
import { useSyncExternalStore } from "react";
import type { Percentiles } from "@/server/contract/live";
import { createValue, once, type Readable } from "./store";

export interface BrowserLatency {
  receiveToPaint: Percentiles;
  socketToPaint: Percentiles;
  /** p95 of socket to paint, one point per 5 s, newest last, at most 180 (15 minutes). */
  history: readonly { time: number; socketToPaint: number }[];
}

export interface LatencyRecorder {
  /** All epoch ms: `received` and `painted` by the server's clock (`live().now()`), `socketToPaintMs` a span. */
  record(received: number, painted: number, socketToPaintMs: number): void;
  view: Readable<BrowserLatency | null>;
}

const KEPT = 600;
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

/** `now` is given so that a test may drive it. */
export const latencyRecorder = (now: () => number): LatencyRecorder => {
  const receiveToPaint: number[] = [];
  const socketToPaint: number[] = [];
  const view = createValue<BrowserLatency | null>(null);
  let history: { time: number; socketToPaint: number }[] = [];
  let published = -Infinity;
  return {
    view,
    record(received, painted, socketToPaintMs) {
      receiveToPaint.push(Math.max(0, painted - received));
      socketToPaint.push(Math.max(0, socketToPaintMs));
      if (receiveToPaint.length > KEPT) { receiveToPaint.shift(); socketToPaint.shift(); }
      const time = now();
      if (time - published < PUBLISH_MS) return;
      published = time;
      const spans = percentiles(socketToPaint, 1);
      const last = history.at(-1);
      if (last === undefined || time - last.time >= HISTORY_MS) history = [...history, { time, socketToPaint: spans.p95 }].slice(-HISTORY_POINTS);
      view.set({ receiveToPaint: percentiles(receiveToPaint, 2), socketToPaint: spans, history });
    },
  };
};

/** The tab's recorder. */
export const latency: () => LatencyRecorder = once(() => latencyRecorder(() => Date.now()));

export const useLatency = (): BrowserLatency | null =>
  useSyncExternalStore((listener) => latency().view.subscribe(listener), () => latency().view.get(), () => null);
