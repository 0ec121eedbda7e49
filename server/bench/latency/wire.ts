import { monitorEventLoopDelay } from "node:perf_hooks";

/** What the processes of the latency measurement say to each other, over Node's own channel. */

export interface SendOrder {
  /** Index of the broker's connection, in order of arrival. */
  connection: number;
  ticksPerSecond: number;
  seconds: number;
}

/** What was sent: frame `first + i` left at `times[i]` (monotonic ms). */
export interface Sent {
  first: number;
  times: number[];
  ticks: number;
  tookMs: number;
}

/** One frame as a Socket.io client got it. Times of the app's clock are epoch ms. */
export interface Arrival {
  room: string;
  seq: number;
  /** Last price in minor units, which identifies the broker frame it came with. */
  price: number;
  /** Monotonic ms. */
  arrived: number;
  received: number;
  emitted: number;
}

export interface Use {
  cpuMs: number;
  atMs: number;
  /** 99th percentile of how late the event loop was since the last question, ms; its sampler adds about 1. */
  loopP99: number;
  rssMb: number;
}

export interface AppUse extends Use {
  /** Rows the normaliser refused. */
  rejected: number;
  /** Frames not sent because a client did not read. */
  leftOut: number;
}

/** Each call returns this process's usage so far, and its loop's delay since the previous call. */
export const meterOfUse = (): (() => Use) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    const { user, system } = process.cpuUsage();
    const loopP99 = delay.percentile(99) / 1e6;
    delay.reset();
    return {
      cpuMs: (user + system) / 1_000,
      atMs: monotonicMs(),
      loopP99,
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    };
  };
};

/** Milliseconds of the machine's monotonic clock: one clock for all processes. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const tell = (message: unknown): void => {
  process.send?.(message);
};

/** Runs one order after the other until the parent goes; with it this process ends. */
export const onOrders = <Order>(obey: (order: Order) => Promise<void> | void): void => {
  process.on("message", (order) => {
    void obey(order as Order);
  });
  process.once("disconnect", () => process.exit(0));
};
