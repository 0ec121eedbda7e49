import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { DayOfPart } from "@/server/ports/upkeep";
import { keepDays, Retention } from "./retention";
import { Storage } from "./storage";

const DAY = 86_400_000;
/** 2026-11-21 20:30 IST, 15:00 UTC. */
const NOW = Date.UTC(2026, 10, 21, 15);
let now: number;
let pruned: [string, string][];
let timers: (() => void)[];
let saved: Map<string, unknown>;
let away: boolean;
let metrics: Metrics;

const clock = {
  now: () => now,
  after: (_ms: number, run: () => void) => {
    timers.push(run);
    return () => {
      timers = timers.filter((each) => each !== run);
    };
  },
  every: (_ms: number, run: () => void) => {
    timers.push(run);
    return () => {
      timers = timers.filter((each) => each !== run);
    };
  },
  sleep: () => Promise.resolve(),
};
const take = (part: string, before: number): Promise<number> => {
  if (away) return Promise.reject(new Error("away"));
  pruned.push([part, new Date(before).toISOString()]);
  return Promise.resolve(3);
};
let settled: string[];
const upkeep = {
  pruneBars: (part: string, before: number) => take(part, before),
  settleBars: ({ pruned, finished }: { pruned: number; finished: number }) => {
    settled.push(`${new Date(pruned).toISOString()} ${new Date(finished).toISOString()}`);
    return Promise.resolve({ chunks: 2, bytes: 9, busy: 0 });
  },
  sizes: () => Promise.resolve([{ table: "bars", bytes: 700, rows: 7 }]),
  newestDay: (): Promise<DayOfPart[]> =>
    Promise.resolve([
      { part: "1m", rows: 2, bytes: 200 },
      { part: "1d", rows: 1, bytes: 10 },
      { part: "ticks", rows: 1, bytes: 1_000, ticks: 90 },
    ]),
};
const retention = (): Retention =>
  new Retention({
    ticks: { prune: (before) => take("ticks", before) },
    books: { prune: (before) => take("depth", before) },
    upkeep,
    settings: {
      get: (name) => Promise.resolve(saved.get(name)),
      set: (name, value) => {
        saved.set(name, value);
        return Promise.resolve();
      },
    },
    clock,
    log: silentLog(),
    meter: metrics,
    keep: keepDays({ ticks: 30, depth: 7, seconds: 30, minutes: 730 }),
  });
const hour = async (): Promise<void> => {
  now += 3_600_000;
  for (const timer of [...timers]) timer();
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
};

beforeEach(() => {
  [now, pruned, settled, timers, saved, away, metrics] = [NOW, [], [], [], new Map(), false, new Metrics()];
});

describe("retention", () => {
  it("deletes ticks and seconds after 30 days, order books after 7, minutes after 730, days never, at the border of a day", async () => {
    await retention().run();
    expect(pruned).toEqual([
      ["ticks", "2026-10-22T00:00:00.000Z"],
      ["depth", "2026-11-14T00:00:00.000Z"],
      ["1s", "2026-10-22T00:00:00.000Z"],
      ["1m", "2024-11-21T00:00:00.000Z"],
      ["15m", "2024-11-21T00:00:00.000Z"],
    ]);
    expect(metrics.counters.get("retention.ticks")).toBe(3);
  });

  it("runs after a start and then once a day, over restarts too", async () => {
    const first = retention();
    first.start();
    await hour();
    expect(pruned).toHaveLength(5);
    await hour();
    await first.stop();
    const second = retention();
    second.start();
    await hour();
    expect(pruned, "the same date").toHaveLength(5);
    now += DAY;
    await hour();
    expect(pruned).toHaveLength(10);
    await second.stop();
    expect(timers).toEqual([]);
  });

  it("puts in order what it has pruned and the weeks that are over, after it", async () => {
    const job = retention();
    job.start();
    await hour();
    expect([pruned.length, settled]).toEqual([5, ["2026-10-22T00:00:00.000Z 2026-11-20T00:00:00.000Z"]]);
    expect(metrics.counters.get("retention.settled")).toBe(2);
    await hour();
    expect(settled).toHaveLength(1);
    await job.stop();
  });

  it("tries again within the day when the store was away", async () => {
    away = true;
    const job = retention();
    job.start();
    await hour();
    away = false;
    await hour();
    expect(pruned).toHaveLength(5);
  });
});

describe("the storage report", () => {
  it("tells sizes, what a day adds and what that comes to over the time it is kept", async () => {
    const report = await new Storage({
      upkeep,
      keep: keepDays({ ticks: 30, depth: 7, seconds: 30, minutes: 730 }),
      clock,
    }).report();
    expect(report).toMatchObject({ at: NOW, bytes: 700, forecastBytes: 200 * 730 + 10 * 365 + 1_000 * 30 });
    expect(report.parts).toContainEqual({
      part: "ticks",
      dayRows: 1,
      dayBytes: 1_000,
      dayTicks: 90,
      keepDays: 30,
      forecastBytes: 30_000,
    });
  });

  it("measures at most every ten minutes", async () => {
    let asked = 0;
    const storage = new Storage({
      upkeep: {
        ...upkeep,
        sizes: () => {
          asked++;
          return upkeep.sizes();
        },
      },
      keep: keepDays({ ticks: 1, depth: 1, seconds: 1, minutes: 1 }),
      clock,
    });
    await Promise.all([storage.report(), storage.report()]);
    now += 11 * 60_000;
    await storage.report();
    expect(asked).toBe(2);
  });
});
