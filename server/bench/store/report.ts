import { type Goal, table, times } from "../report";
import type { Timing } from "./percentiles";
import { INSTRUMENTS } from "./rows";
import type { StoreResult } from "./store";

const ms = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));
const points = ({ p50, p95 }: Timing): string => `${ms(p50)} / ${ms(p95)}`;
const against = (ours: Timing, floor: Timing): string => times(ours.p50 / floor.p50);
const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");

export const storeTable = ({ database, write, redis, server, skipped }: StoreResult): string => {
  const { perSecond, ratio } = write;
  const parts = [
    table([
      [`writing to ${database}, a batch of 2,000 a transaction`, "bars/s", "to COPY"],
      ["  COPY of the same bars (floor)", thousands(perSecond.copy), times(1)],
      ["  bars as they close", thousands(perSecond.added), times(ratio.added)],
      ["  the same bars once more", thousands(perSecond.again), times(ratio.again)],
      ["  the exchange's own bars in their places", thousands(perSecond.replaced), times(ratio.replaced)],
      [
        `  COPY, ${thousands(write.ticksPerSecond)} ticks a second stored beside it`,
        thousands(perSecond.copyWithTicks),
        times(1),
      ],
      ["  bars as they close, the same ticks beside", thousands(perSecond.addedWithTicks), times(ratio.addedWithTicks)],
    ]),
    table([
      ["from a bar's close to its commit", "p50 / p95 ms"],
      ...write.closeToCommit.map(({ instruments, timing }) => [
        `  ${thousands(instruments)} instruments`,
        points(timing),
      ]),
    ]),
  ];
  if (redis !== null)
    parts.push(
      table([
        [`${thousands(INSTRUMENTS)} closes to Redis`, "p50 / p95 ms", "to the floor"],
        ["  one write of its protocol by hand (floor)", points(redis.floor), times(1)],
        ["  Candela", points(redis.ours), against(redis.ours, redis.floor)],
      ]),
    );
  if (server !== null) {
    parts.push(
      table([
        [
          `reading, ${thousands(server.bars)} bars of ${server.instruments} instruments stored`,
          "bare pg (floor)",
          "store",
          "HTTP packed",
          "HTTP JSON",
          "store to pg",
        ],
        ...server.reads.map((row) => [
          `  ${row.what} (${thousands(row.rows)} rows), p50 / p95 ms`,
          points(row.floor),
          points(row.store),
          points(row.binary),
          points(row.json),
          against(row.store, row.floor),
        ]),
      ]),
      table([
        ["kill -9, then from the start of the process", "seconds"],
        ["  first live bar that is the exchange's own", (server.restart.firstLiveMs / 1_000).toFixed(1)],
        ["  that bar closed", (server.restart.firstClosedMs / 1_000).toFixed(1)],
        ["  the running day whole, the minute of the kill fetched", (server.restart.dayMs / 1_000).toFixed(1)],
      ]),
    );
  }
  return [...parts, ...skipped.map((why) => `left out: ${why}`)].join("\n\n");
};

/**
 * Goals: engineering README, "Database" and "Redis". A machine on which the floor misses a goal cannot decide it; the
 * report says so.
 */
const limits = {
  copy: 0.7,
  barsPerSecond: 50_000,
  commitMs: 300,
  redisMs: 25,
  restartS: 5,
  read: { "300 bars": 3, "5,000 bars": 10, "a year of hours": 100 },
} as const;

export const storeGoals = ({ write, redis, server }: StoreResult): Goal[] => {
  const most = (what: string, measured: number, accepted: number): Goal => ({
    what,
    measured,
    accepted: `<= ${accepted}`,
    met: measured <= accepted,
  });
  const least = (what: string, measured: number, accepted: number): Goal => ({
    what,
    measured,
    accepted: `>= ${accepted}`,
    met: measured >= accepted,
  });
  return [
    least("bars as they close, to COPY", write.ratio.added, limits.copy),
    least(
      `bars a second, ${thousands(write.ticksPerSecond)} ticks a second beside (COPY ${thousands(write.perSecond.copyWithTicks)})`,
      write.perSecond.addedWithTicks,
      limits.barsPerSecond,
    ),
    ...write.closeToCommit.map(({ instruments, timing }) =>
      most(`close to commit p95 ms, ${thousands(instruments)} instruments`, timing.p95, limits.commitMs),
    ),
    ...(redis === null
      ? []
      : [
          most(
            `${thousands(INSTRUMENTS)} closes to Redis p95 ms (by hand ${ms(redis.floor.p95)})`,
            redis.ours.p95,
            limits.redisMs,
          ),
        ]),
    ...(server === null
      ? []
      : [
          ...server.reads.flatMap((row) => [
            most(
              `${row.what} over HTTP, packed, p95 ms (bare pg ${ms(row.floor.p95)})`,
              row.binary.p95,
              limits.read[row.what],
            ),
            most(`${row.what} over HTTP, JSON, p95 ms`, row.json.p95, limits.read[row.what]),
          ]),
          most("restart to the first correct live bar, s", server.restart.firstLiveMs / 1_000, limits.restartS),
        ]),
  ];
};
