import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { Latest } from "@/server/ports/latest";
import {
  latestBar,
  latestPoint,
  latestSuite,
  latestTick,
  type LatestReader,
  OPEN,
} from "@/server/testing/latest-suite";
import { hasRedisServer, RedisServer } from "@/server/testing/redis-server";
import { createLatest } from "./index";
import { RedisLatest } from "./redis";
import { barText } from "./wire";

const shared = process.env.TEST_REDIS_URL;
const whyShared = shared === undefined ? " (skipped: TEST_REDIS_URL names no server)" : "";
const own = hasRedisServer();
const whyOwn = own ? "" : " (skipped: there is no redis-server here)";

const signal = new AbortController().signal;
const parts = () => ({ prefix: "", clock: systemClock(), log: silentLog(), meter: new Metrics() });

const readerOf = (url: string): LatestReader => {
  const client = new Redis(url);
  const listener = new Redis(url);
  const reads = new Map<string, (text: string) => void>();
  listener.on("message", (channel, text) => reads.get(channel)?.(text));
  return {
    async value(name) {
      const text = await client.get(name);
      return text === null ? null : { text, ttlMs: await client.pttl(name) };
    },
    async members(name) {
      const flat = await client.zrange(name, "0", "-1", "REV", "WITHSCORES");
      return Array.from({ length: flat.length / 2 }, (_, at): [string, number] => [
        flat[at * 2]!,
        Number(flat[at * 2 + 1]),
      ]);
    },
    stream: async (name) => (await client.xrange(name, "-", "+")).map(([, fields]) => fields[1]!),
    async subscribe(channel, read) {
      reads.set(channel, read);
      await listener.subscribe(channel);
    },
    async close() {
      client.disconnect();
      listener.disconnect();
    },
  };
};

describe.skipIf(shared === undefined)(`a Redis server${whyShared}`, () => {
  const prefixes: string[] = [];
  latestSuite("Redis", async ({ prefix, streamLength }) => {
    prefixes.push(prefix);
    const latest = createLatest({ ...parts(), redisUrl: shared, prefix, streamLength });
    await latest.start(signal);
    return { latest, reader: readerOf(shared!) };
  });
  it("hears of a close once over restarts of the writer", async () => {
    const prefix = `test-restart-${process.pid}-${Date.now()}:`;
    prefixes.push(prefix);
    const reader = readerOf(shared!);
    for (let run = 0; run < 4; run++) {
      const latest = createLatest({ ...parts(), redisUrl: shared, prefix, streamLength: 200 });
      await latest.start(signal);
      // A warm start closes the last week again; in the third run history has corrected it meanwhile.
      latest.publishBars([latestBar(0, { timeframe: "1W", volume: run < 2 ? 100 : 70 }), latestBar(run + 10)]);
      await latest.stop();
    }
    const told = async (name: string): Promise<[string, number][]> =>
      (await reader.stream(prefix + name)).map((text) => {
        const { event, volume } = JSON.parse(text) as { event: string; volume: number };
        return [event, volume];
      });
    expect(await told("candle:1W:stream:NSE:RELIANCE")).toEqual([
      ["close", 100],
      ["patch", 70],
    ]);
    expect(await told("candle:1s:stream:NSE:RELIANCE")).toHaveLength(4);
    await reader.close();
  });

  it("goes on with streams that an earlier version wrote, without its list of newest closes", async () => {
    const prefix = `test-older-${process.pid}-${Date.now()}:`;
    prefixes.push(prefix);
    const client = new Redis(shared!);
    const stream = `${prefix}candle:1W:stream:NSE:RELIANCE`;
    for (let copy = 0; copy < 9; copy++)
      await client.xadd(stream, "*", "bar", barText(latestBar(0, { timeframe: "1W" })));
    await client.set(`${prefix}candle:1d:closes`, "used for something else");
    const latest = createLatest({ ...parts(), redisUrl: shared, prefix, streamLength: 200 });
    await latest.start(signal);
    latest.publishBars([
      latestBar(0, { timeframe: "1W" }),
      latestBar(7, { timeframe: "1W" }),
      latestBar(0, { timeframe: "1d" }),
      latestBar(0, { timeframe: "1d" }),
    ]);
    await latest.stop();
    expect([await client.xlen(stream), await client.xlen(`${prefix}candle:1d:stream:NSE:RELIANCE`)]).toEqual([10, 1]);
    client.disconnect();
  });

  afterAll(async () => {
    const client = new Redis(shared!);
    for (const prefix of prefixes) {
      const keys = await client.keys(`${prefix}*`);
      if (keys.length > 0) await client.del(keys);
    }
    client.disconnect();
  });
});

describe.skipIf(!own)(`a Redis server that fails${whyOwn}`, () => {
  let server: RedisServer;
  let client: Redis;
  let latest: Latest;
  let meter: Metrics;
  const open = async (more: { queueBars?: number } = {}): Promise<void> => {
    meter = new Metrics();
    latest = new RedisLatest({ ...parts(), meter, redisUrl: server.url, ...more });
    await latest.start(signal);
  };
  const becomes = (ok: boolean) =>
    vi.waitFor(() => expect(latest.state().ok).toBe(ok), { timeout: 15_000, interval: 20 });
  const seconds = async (key = "NSE:RELIANCE"): Promise<number[]> =>
    (await client.xrange(`candle:1s:stream:${key}`, "-", "+")).map(
      ([, fields]) => ((JSON.parse(fields[1]!) as { time: number }).time - OPEN) / 1_000,
    );

  beforeAll(async () => {
    server = await RedisServer.create();
  });
  afterEach(async () => {
    server.thaw();
    await latest?.stop();
    client?.disconnect();
    await server.kill();
  });

  it("may be absent at the start: that is a state, and what was published arrives when it comes", async () => {
    await open();
    expect(latest.state()).toMatchObject({
      kind: "redis",
      ok: false,
      detail: `Redis at 127.0.0.1:${server.port}: connect ECONNREFUSED 127.0.0.1:${server.port}`,
    });
    latest.publishBars([latestBar(0), latestBar(1)]);
    latest.publishTicks([latestTick({ price: 1 }), latestTick({ price: 157_399 })]);
    latest.publishPoints([latestPoint(), latestPoint({ time: OPEN + 60_000 })]);
    expect(latest.state().queued).toBe(2);
    await server.start();
    client = server.connect();
    await becomes(true);
    expect(await seconds()).toEqual([0, 1]);
    expect(await client.get("tick:latest:NSE:RELIANCE")).toContain('"price":1573.99');
    expect(await client.get("ind:EMA_20:1m:NSE:RELIANCE")).toContain(`"time":${OPEN + 60_000}`);
    expect(latest.state()).toMatchObject({ detail: `Redis at 127.0.0.1:${server.port}`, queued: 0, dropped: 0 });
  });

  it("is killed and comes back: the state tells since when, and the bars of the meantime follow in order", async () => {
    await server.start();
    await open();
    client = server.connect();
    latest.publishBars(Array.from({ length: 20 }, (_, second) => latestBar(second)));
    await vi.waitFor(async () => expect(await seconds()).toHaveLength(20));
    const before = Date.now();
    await server.kill();
    await becomes(false);
    const { since, detail } = latest.state();
    expect(since).toBeGreaterThanOrEqual(before - 1);
    expect(detail).toMatch(/connection lost|ECONNREFUSED|ECONNRESET/);
    for (let second = 20; second < 1_220; second++) latest.publishBars([latestBar(second)]);
    expect(latest.state()).toMatchObject({ ok: false, since, queued: 1_200 });
    await server.start();
    await becomes(true);
    expect(await seconds()).toEqual(Array.from({ length: 1_200 }, (_, row) => 20 + row));
    expect(latest.state()).toMatchObject({ queued: 0, dropped: 0 });
    latest.publishBars([latestBar(2_000)]);
    await vi.waitFor(async () => expect((await seconds()).at(-1)).toBe(2_000));
  });

  it("is killed while much is on its way: nothing is lost, order holds", async () => {
    await server.start();
    await open();
    client = server.connect();
    await client.ping();
    // Kept apart by instrument: what reached the first server died with it.
    const keys = Array.from({ length: 2_000 }, (_, row) => `NSE:S${row}` as const);
    latest.publishBars(keys.map((key) => latestBar(0, { key })));
    await server.kill();
    latest.publishBars(keys.map((key) => latestBar(1, { key })));
    await becomes(false);
    await server.start();
    await becomes(true);
    for (const key of ["NSE:S0", "NSE:S700", "NSE:S1999"]) {
      expect((await seconds(key)).at(-1)).toBe(1);
      expect(await client.get(`candle:1s:latest:${key}`)).toBe(barText(latestBar(1, { key: key as "NSE:S0" })));
    }
  });

  it("answers nothing any more: commands end in time, publishing never waits, and it goes on after", async () => {
    await server.start();
    await open();
    client = server.connect();
    latest.publishBars([latestBar(0)]);
    await vi.waitFor(async () => expect(await seconds()).toEqual([0]));
    server.freeze();
    latest.publishBars([latestBar(1)]);
    latest.publishTicks([latestTick()]);
    // Both have returned in this turn without an await. The send is abandoned in time, or this would never end.
    await becomes(false);
    latest.publishBars([latestBar(2)]);
    await new Promise((resolve) => setTimeout(resolve, 3_500)); // attempts to connect fail meanwhile
    expect(latest.state()).toMatchObject({ ok: false, queued: 2 });
    server.thaw();
    await becomes(true);
    // At least once: what was being sent when it froze may appear twice.
    expect([...new Set(await seconds())]).toEqual([0, 1, 2]);
  });

  it("is away for long: the oldest bars go, counted, the newest ticks stay", async () => {
    await open({ queueBars: 100 });
    latest.publishBars(Array.from({ length: 250 }, (_, second) => latestBar(second)));
    for (let price = 1; price <= 1_000; price++) latest.publishTicks([latestTick({ price })]);
    expect(latest.state()).toMatchObject({ queued: 100, dropped: 150 });
    expect(latest.state().detail).toMatch(/ECONNREFUSED/);
    expect(meter.counters.get("latest.dropped")).toBe(150);
    await server.start();
    client = server.connect();
    await becomes(true);
    expect(await seconds()).toEqual(Array.from({ length: 100 }, (_, row) => 150 + row));
    expect(await client.get("tick:latest:NSE:RELIANCE")).toContain('"price":10.00');
  });

  it("is full: the state says so, and it goes on when there is room", async () => {
    await server.start("--maxmemory", "20mb", "--maxmemory-policy", "noeviction");
    await open();
    client = server.connect();
    await client.config("SET", "maxmemory", "1");
    latest.publishBars([latestBar(0)]);
    await becomes(false);
    expect(latest.state().detail).toMatch(/OOM/);
    expect(meter.counters.get("latest.failures")).toBeGreaterThan(0);
    await client.config("SET", "maxmemory", "0");
    await becomes(true);
    expect(await seconds()).toEqual([0]);
  });

  it("holds something else under a stream's name: that one is refused and counted, the others go through", async () => {
    await server.start();
    await open();
    client = server.connect();
    await client.set("candle:1s:stream:NSE:INFY", "mine");
    latest.publishBars([latestBar(0, { key: "NSE:INFY" }), latestBar(0)]);
    await vi.waitFor(async () => expect(await seconds()).toEqual([0]));
    await vi.waitFor(() => expect(latest.state()).toMatchObject({ ok: true, queued: 0, dropped: 1 }));
    expect(await client.get("candle:1s:stream:NSE:INFY")).toBe("mine");
    expect(await client.get("candle:1s:latest:NSE:INFY")).toContain("NSE:INFY");
  });

  it("wants a password: the state says so and does not show the one that was tried", async () => {
    await server.start("--requirepass", "right");
    latest = createLatest({ ...parts(), redisUrl: `redis://:hush-hush@127.0.0.1:${server.port}` });
    await latest.start(signal);
    await becomes(false);
    expect(latest.state().detail).toMatch(/WRONGPASS/);
    expect(JSON.stringify(latest.state())).not.toContain("hush-hush");
  });

  it("stops within seconds whether it is well, gone or frozen", async () => {
    for (const trouble of ["well", "gone", "frozen"]) {
      await server.start();
      await open();
      if (trouble === "gone") {
        await server.kill();
        await becomes(false);
      }
      if (trouble === "frozen") server.freeze();
      latest.publishBars([latestBar(0)]);
      const began = performance.now();
      await latest.stop();
      // Far more than it takes: a busy machine is no fault, an endless wait is.
      expect(performance.now() - began).toBeLessThan(20_000);
      if (trouble === "well") {
        client = server.connect();
        expect(await seconds()).toEqual([0]);
        client.disconnect();
      }
      server.thaw();
      await server.kill();
    }
  });

  it("publishes 3,000 closes with less than half of the work that one pipeline of commands is", async () => {
    await server.start();
    await open();
    client = server.connect();
    const keys = Array.from({ length: 3_000 }, (_, row) => `NSE:S${row}` as const);
    const measure = async (
      run: (bars: ReturnType<typeof latestBar>[], second: number) => Promise<void>,
    ): Promise<{ times: number[]; cpu: number }> => {
      const times: number[] = [];
      let before = process.cpuUsage();
      for (let second = 0; second < 40; second++) {
        if (second === 10) before = process.cpuUsage();
        const bars = keys.map((key) => latestBar(second, { key }));
        const began = performance.now();
        await run(bars, second);
        if (second >= 10) times.push(performance.now() - began);
      }
      const { user, system } = process.cpuUsage(before);
      return { times: times.sort((a, b) => a - b), cpu: (user + system) / 30 / keys.length };
    };
    const ours = await measure(async (bars, second) => {
      latest.publishBars(bars);
      while (meter.counters.get("latest.bars") !== keys.length * (second + 1))
        await new Promise((resolve) => setTimeout(resolve, 1));
    });
    const pipeline = await measure(async (bars) => {
      const commands = client.pipeline();
      for (const bar of bars) {
        const text = barText(bar);
        commands.set(`p:candle:1s:latest:${bar.key}`, text, "EX", 900);
        commands.xadd(`p:candle:1s:stream:${bar.key}`, "MAXLEN", "~", 22_500, "*", "bar", text);
        commands.publish(`p:pub:candle:1s:${bar.key}`, text);
      }
      await commands.exec();
    });
    const said = ({ times, cpu }: typeof ours): string =>
      `p50 ${times[15]!.toFixed(1)} ms, p95 ${times[28]!.toFixed(1)} ms, ${cpu.toFixed(1)} us of our CPU a bar`;
    const size = await client.memory("USAGE", "candle:1s:stream:NSE:S7");
    console.log(
      `3,000 closes: ${said(ours)}; as one pipeline: ${said(pipeline)}; a stream entry takes ${Math.round(size! / 40)} bytes`,
    );
    // Measures work, not time, because the machine may be busy.
    expect(ours.cpu).toBeLessThan(pipeline.cpu / 2);
    expect(latest.state()).toMatchObject({ ok: true, dropped: 0 });
  });
});
