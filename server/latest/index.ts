import type { Clock } from "@/server/ports/clock";
import type { Latest } from "@/server/ports/latest";
import type { Log, Meter } from "@/server/ports/observe";
import { MemoryLatest } from "./memory";
import { RedisLatest } from "./redis";

export interface LatestOptions {
  redisUrl?: string | undefined;
  /** Stands before every key and channel. */
  prefix?: string;
  /** Real time, also in a replay. */
  clock: Clock;
  log: Log;
  meter: Meter;
  /** Closed bars kept per stream in Redis: one NSE session of seconds when not given. */
  streamLength?: number;
}

/**
 * Redis if an address is given, otherwise the process itself, where nothing reads: charts and REST use the pipeline.
 */
export const createLatest = ({ redisUrl, prefix = "", clock, log, meter, streamLength }: LatestOptions): Latest =>
  redisUrl === undefined
    ? new MemoryLatest({ prefix, clock, streamLength: 0, isRead: false })
    : new RedisLatest({ redisUrl, prefix, clock, log, meter, ...(streamLength === undefined ? {} : { streamLength }) });
