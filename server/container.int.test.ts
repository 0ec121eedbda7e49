import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import type { Config } from "./config";
import { type Container, createContainer } from "./container";
import { istDate, istDay } from "./domain/session";
import { timeframe } from "./domain/timeframe";

const databaseUrl = process.env["TEST_DATABASE_URL"];
const redisUrl = process.env["TEST_REDIS_URL"];
const folders: string[] = [];
let running: Container | null = null;

afterEach(async () => {
  await running?.stop();
  running = null;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), "candela-whole-"));
  folders.push(made);
  return made;
};

const configured = (dataDir: string, more: Partial<Config> = {}): Config => ({
  root: process.cwd(), port: 0, host: "127.0.0.1", dataDir, databaseUrl: undefined, redisUrl: undefined, redisPrefix: "", indicators: { configs: "EMA:20,RSI:14,VWAP,SMA:9@5m", timeframes: "1m" },
  recordTicks: true, depthSeconds: 1, retention: { ticks: 30, depth: 7, seconds: 30, minutes: 730 },
  feed: { kind: "simulated", port: 0, seed: 11, rate: 1 }, logLevel: "silent", test: true, development: true, ...more,
});

/** Starts the whole server side; answers where its exchange listens. */
const start = async (config: Config): Promise<{ container: Container; exchange: string }> => {
  let exchange = "";
  const container = await createContainer(config, (step) => { exchange = /http:\/\/127\.0\.0\.1:\d+/.exec(step)?.[0] ?? exchange; });
  running = container;
  await container.start(new AbortController().signal);
  await expect.poll(() => container.desk.truth()[0]?.state, { timeout: 60_000 }).toBe("LIVE");
  return { container, exchange };
};

/** The exchange's own minutes of an instrument over the last half hour, as a Kite client reads them: start -> OHLCV in rupees. */
const historyOf = async (exchange: string, token: number, from: number, to: number): Promise<Map<number, number[]>> => {
  const text = (instant: number): string => `${istDate(istDay(instant))} ${new Date(instant + 19_800_000).toISOString().slice(11, 19)}`;
  const url = `${exchange}/instruments/historical/${token}/minute?${new URLSearchParams({ from: text(from), to: text(to) })}`;
  for (;;) {
    const answer = await fetch(url, { headers: { Authorization: "token candela-demo:candela-demo-token" } });
    if (answer.status === 429) { await new Promise((resolve) => setTimeout(resolve, 400)); continue; }
    const { data } = await answer.json() as { data: { candles: [string, ...number[]][] } };
    return new Map(data.candles.map(([label, ...values]) => [Date.parse(label.replace("+0530", "+05:30")), values]));
  }
};

/** Our closed minutes beside the exchange's: those that differ, are missing or are too many. Empty when all is well. */
const differences = async (container: Container, exchange: string, key: string, from: number): Promise<string[]> => {
  const { desk, instruments } = container;
  const index = desk.resolve(key);
  const scale = 10 ** desk.instrument(index).decimals;
  const { closed } = await desk.bars({ instrument: index, timeframe: timeframe("1m"), from });
  const theirs = await historyOf(exchange, instruments.tokenOf("kite", index)!, from, container.clock.now());
  const found: string[] = [];
  for (let row = 0; row < closed.length; row++) {
    const time = closed.time[row]!;
    const ours = [closed.open[row]! / scale, closed.high[row]! / scale, closed.low[row]! / scale, closed.close[row]! / scale, closed.volume[row]!];
    const want = theirs.get(time);
    if (want === undefined) found.push(`${key} ${new Date(time).toISOString()}: the exchange has no such bar`);
    else if (want.join() !== ours.join()) found.push(`${key} ${new Date(time).toISOString()}: ours ${ours.join()} theirs ${want.join()}`);
    theirs.delete(time);
  }
  const last = closed.length === 0 ? from : closed.time[closed.length - 1]!;
  for (const time of theirs.keys()) if (time <= last) found.push(`${key} ${new Date(time).toISOString()}: missing`);
  return found;
};

/** What the running indicators say of the bar that forms, beside the same computed anew from all bars: those that differ. */
const indicatorDifferences = async (container: Container, key: string): Promise<string[]> => {
  const { desk, indicators } = container;
  const instrument = desk.resolve(key);
  const found: string[] = [];
  for (const { id, params, timeframe: name } of indicators.active().indicators) {
    const held = desk.indicators.hold(instrument, timeframe(name), { id, params });
    const { closed, forming, values, first } = await desk.indicators.read({ instrument, timeframe: timeframe(name), bars: 100 }, [{ ...held, instance: 0 }]);
    const running = desk.indicators.isStale(held.instance) ? null : Array.from(desk.indicators.peek(held.instance, forming));
    const anew = Array.from({ length: forming.length }, (_, row) => values[0]!.map((plot) => plot[closed.length - first + row]!)).flat();
    if (running === null || running.some((value, at) => Math.abs(value - anew[at]!) > 1e-6 * Math.abs(anew[at]!))) found.push(`${key} ${held.label} on ${name}: ${running?.join()} runs, ${anew.join()} is right`);
    desk.indicators.drop(held.instance);
  }
  return found;
};

const jobsDone = (container: Container): boolean => {
  const jobs = container.status.snapshot().jobs;
  return jobs.length >= 2 && jobs.every((job) => job.finished && job.failed === 0);
};

/** A start, a stop in the middle of a minute, a start again: every minute is the exchange's, none missing, none doubled. */
const comesBackWhole = async (config: Config): Promise<Container> => {
  const first = await start(config);
  await expect.poll(() => first.container.metrics.counters.get("persist.rows") ?? 0, { timeout: 60_000 }).toBeGreaterThan(0);
  await first.container.stop();
  running = null;
  const { container, exchange } = await start(config);
  expect(container.indicators.active().indicators).toHaveLength(4);
  // The first history goes on where it was cut; the minute the feed came in the middle of is healed when it has ended.
  await expect.poll(() => jobsDone(container), { timeout: 240_000, interval: 500 }).toBe(true);
  const from = Math.floor((container.clock.now() - 30 * 60_000) / 60_000) * 60_000;
  for (const key of ["SIM:RELIANCE", "SIM:NIFTY 50", "SIM:M&M", "SIM:INDIA VIX"]) expect(await differences(container, exchange, key, from)).toEqual([]);
  await expect.poll(() => container.indicators.active(), { timeout: 60_000 }).toMatchObject({ instruments: 66, instances: 264, unseeded: 0 });
  for (const key of ["SIM:RELIANCE", "SIM:NIFTY 50"]) await expect.poll(() => indicatorDifferences(container, key), { timeout: 30_000 }).toEqual([]);
  return container;
};

/** Closes that stand in a stream more than once, by stream. */
const repeatedCloses = async (redis: Redis): Promise<string[]> => {
  const found: string[] = [];
  for (const stream of await redis.keys("whole:candle:*:stream:*")) {
    const closes = (await redis.xrange(stream, "-", "+")).map(([, fields]) => JSON.parse(fields[1]!) as { event: string; time: number }).filter(({ event }) => event === "close").map(({ time }) => time);
    const repeated = closes.filter((time, at) => closes.indexOf(time) !== at);
    if (repeated.length > 0) found.push(`${stream}: ${repeated.join()}`);
  }
  return found;
};

describe("the server as a whole", () => {
  // A warm start closes anew what had ended.
  it.skipIf(redisUrl === undefined)("writes each close to its Redis stream once, over restarts", async () => {
    const redis = new Redis(redisUrl!);
    const left = await redis.keys("whole:*");
    if (left.length > 0) await redis.del(left);
    const config = configured(folder(), { redisUrl, redisPrefix: "whole:" });
    const minutes = (): Promise<number> => redis.xlen("whole:candle:1m:stream:SIM:NIFTY 50");
    try {
      for (let run = 0; run < 3; run++) {
        const before = await minutes();
        const { container } = await start(config);
        await container.desk.warm(container.desk.resolve("SIM:NIFTY 50"));
        await expect.poll(minutes, { timeout: 150_000, interval: 500 }).toBeGreaterThan(before);
        await container.stop();
        running = null;
      }
      expect(await repeatedCloses(redis)).toEqual([]);
    } finally { redis.disconnect(); }
  }, 600_000);

  it("keeps day volumes that lie out of every bar, counts them on /status, and heals what they touched", async () => {
    const { container, exchange } = await start(configured(folder()));
    const from = Math.ceil(container.clock.now() / 60_000) * 60_000;
    await fetch(`${exchange}/sim/fault`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "volume_back", symbols: ["RELIANCE"], ratio: 0.3, ms: 90_000 }) });
    await expect.poll(() => container.clock.now(), { timeout: 200_000, interval: 1_000 }).toBeGreaterThan(from + 125_000);
    expect(container.rejects()["volume_back"]).toBeGreaterThan(5);
    expect((container.status.snapshot() as { rejects: Record<string, number> }).rejects["volume_back"]).toBe(container.rejects()["volume_back"]);
    const { closed } = await container.desk.bars({ instrument: container.desk.resolve("SIM:RELIANCE"), timeframe: timeframe("1m"), from });
    const theirs = await historyOf(exchange, container.instruments.tokenOf("kite", container.desk.resolve("SIM:RELIANCE"))!, from, container.clock.now());
    // Not one of them holds the day.
    for (let row = 0; row < closed.length; row++) expect(closed.volume[row]!, `minute ${row}`).toBeLessThan(theirs.get(closed.time[row]!)![4]! * 2);
    await expect.poll(() => differences(container, exchange, "SIM:RELIANCE", from), { timeout: 300_000, interval: 5_000 }).toEqual([]);
  }, 900_000);

  it("comes back from a stop with every minute as the exchange has it, on the embedded database", async () => {
    const container = await comesBackWhole(configured(folder()));
    expect(container.store.describe().kind).toBe("embedded");
  }, 420_000);

  it.skipIf(databaseUrl === undefined || redisUrl === undefined)("does the same on a real database, and shows its newest bars in Redis", async () => {
    const admin = new pg.Client({ connectionString: databaseUrl });
    await admin.connect();
    const name = `candela_whole_${Date.now()}`;
    await admin.query(`CREATE DATABASE ${name}`);
    const url = new URL(databaseUrl!);
    url.pathname = `/${name}`;
    const redis = new Redis(redisUrl!, { lazyConnect: true });
    await redis.connect();
    const left = await redis.keys("whole:*");
    if (left.length > 0) await redis.del(left);
    try {
      const container = await comesBackWhole(configured(folder(), { databaseUrl: url.href, redisUrl, redisPrefix: "whole:" }));
      expect(container.store.describe().kind).not.toBe("embedded");
      const bar = JSON.parse(await redis.get("whole:candle:1s:latest:SIM:NIFTY 50") ?? "null") as { close: number; time: number } | null;
      expect(bar?.close).toBeGreaterThan(0);
      expect(container.clock.now() - bar!.time).toBeLessThan(30_000);
      await container.stop();
      running = null;
      expect(await repeatedCloses(redis)).toEqual([]);
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      const { rows } = await client.query<{ minutes: number; days: number }>(`SELECT count(*) FILTER (WHERE timeframe = ${timeframe("1m").index})::int AS minutes, count(*) FILTER (WHERE timeframe = ${timeframe("1d").index})::int AS days FROM bars`);
      await client.end();
      expect(rows[0]!.minutes, "five days of minutes of 66 instruments").toBeGreaterThan(300_000);
      expect(rows[0]!.days, "two years of days").toBeGreaterThan(30_000);
    } finally {
      redis.disconnect();
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
    }
  }, 600_000);
});
