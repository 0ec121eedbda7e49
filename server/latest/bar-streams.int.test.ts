import { spawn } from "node:child_process";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { latestBar, OPEN } from "@/server/testing/latest-suite";
import { hasRedisServer, RedisServer } from "@/server/testing/redis-server";
import { type BarStreamsOptions, followBars, type StreamEntry } from "./bar-streams";
import { RedisLatest } from "./redis";

const own = hasRedisServer();
const why = own ? "" : " (skipped: there is no redis-server here)";

describe.skipIf(!own)(`bars out of Redis streams${why}`, () => {
  let server: RedisServer;
  let client: Redis;
  let writer: RedisLatest;
  const readers: { stop: AbortController; ended: Promise<void>; client: Redis }[] = [];

  beforeAll(async () => {
    server = await RedisServer.create();
  });
  beforeEach(async () => {
    await server.start();
    client = server.connect();
    writer = new RedisLatest({
      redisUrl: server.url,
      prefix: "test[1]:",
      clock: systemClock(),
      log: silentLog(),
      meter: new Metrics(),
      streamLength: 100_000,
    });
    await writer.start(new AbortController().signal);
  });
  afterEach(async () => {
    await Promise.all(
      readers.splice(0).map(({ stop, ended }) => {
        stop.abort();
        return ended;
      }),
    );
    await writer.stop();
    client.disconnect();
    await server.kill();
  });
  afterAll(async () => {
    await server.kill();
  });

  /** Publishes the bars of these seconds and waits until they are in their stream. */
  const publish = async (seconds: readonly number[], key: `${string}:${string}` = "NSE:RELIANCE"): Promise<void> => {
    const stream = `test[1]:candle:1s:stream:${key}`;
    const before = await client.xlen(stream);
    writer.publishBars(seconds.map((second) => latestBar(second, { key })));
    await vi.waitFor(async () => expect(await client.xlen(stream)).toBe(before + seconds.length), { timeout: 5_000 });
  };
  const secondOf = ({ text }: StreamEntry): number => ((JSON.parse(text) as { time: number }).time - OPEN) / 1_000;
  const seconds = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

  /** Reads into a list; `hold` is awaited with each batch, before it counts as finished. */
  const reader = (
    options: Partial<BarStreamsOptions> = {},
    hold: (batch: StreamEntry[]) => Promise<void> = async () => {},
  ) => {
    const connection = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 }).on(
      "error",
      () => {},
    );
    const stop = new AbortController();
    const stopped = new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    const got: StreamEntry[] = [];
    const ended = (async () => {
      for await (const batch of followBars(
        { client: connection, prefix: "test[1]:", timeframes: ["1s"], keys: null, from: "0", ...options },
        stop.signal,
      )) {
        got.push(...batch);
        await Promise.race([hold(batch), stopped]);
      }
    })().finally(() => connection.disconnect());
    ended.catch(() => {});
    readers.push({ stop, ended: ended.catch(() => {}), client: connection });
    return { got, ended, stop, connection };
  };
  const shows = (reader: { got: StreamEntry[] }, wanted: number[]): Promise<void> =>
    vi.waitFor(() => expect(reader.got.map(secondOf)).toEqual(wanted), { timeout: 8_000, interval: 20 });
  const groupOf = (consumer: string, reclaimAfterMs = 60_000) => ({
    group: { name: "indicators", consumer, reclaimAfterMs },
  });

  it("are what is kept, page by page, then what comes, without a hole between", async () => {
    await publish(seconds(0, 1_200));
    const all = reader();
    const late = reader({ from: "$" });
    await shows(all, seconds(0, 1_200));
    await vi.waitFor(async () => expect(await client.call("CLIENT", "LIST")).toMatch(/cmd=xread\b/));
    await publish([1_200, 1_201]);
    await shows(all, seconds(0, 1_202));
    await shows(late, [1_200, 1_201]);
  });

  it("of an instrument that begins later are found, from their beginning; another timeframe's and another prefix's are not ours", async () => {
    await publish([0]);
    const all = reader({ from: "$" });
    await vi.waitFor(async () => expect(await client.call("CLIENT", "LIST")).toMatch(/cmd=xread\b/));
    await publish([1], "NSE_INDEX:NIFTY 50");
    writer.publishBars([latestBar(2, { timeframe: "1m" })]);
    await client.xadd("test1:candle:1s:stream:NSE:INFY", "*", "bar", "{}");
    await vi.waitFor(
      () => expect(all.got.map(({ stream }) => stream)).toEqual(["test[1]:candle:1s:stream:NSE_INDEX:NIFTY 50"]),
      { timeout: 8_000 },
    );
  });

  it("begin after an instant, and end when asked to where nothing more is there", async () => {
    await publish([0, 1]);
    const [, second] = await client.xrange("test[1]:candle:1s:stream:NSE:RELIANCE", "-", "+");
    await publish([2]);
    const some = reader({ from: second![0], once: true, keys: ["NSE:RELIANCE", "NSE:NOTHING"] });
    await some.ended;
    expect(some.got.map(secondOf)).toEqual([2]);
    await reader({ once: true, timeframes: ["2h"] }).ended;
  });

  it("go to one consumer of a group each", async () => {
    await publish(seconds(0, 50), "NSE:INFY");
    const [one, two] = [reader(groupOf("one")), reader(groupOf("two"))];
    await vi.waitFor(() => expect(one.got.length + two.got.length).toBe(50), { timeout: 8_000 });
    for (let second = 50; second < 60; second++) await publish([second], "NSE:INFY");
    await vi.waitFor(
      () => expect([...one.got, ...two.got].map(secondOf).sort((a, b) => a - b)).toEqual(seconds(0, 60)),
      { timeout: 8_000 },
    );
    await vi.waitFor(async () =>
      expect((await client.xpending("test[1]:candle:1s:stream:NSE:INFY", "indicators"))[0]).toBe(0),
    );
  });

  it("that a consumer died with go to another after a while, or to itself when it is back before that", async () => {
    await publish(seconds(0, 1_100));
    const dies = reader(groupOf("dies"), () => new Promise(() => {}));
    await vi.waitFor(() => expect(dies.got).toHaveLength(500), { timeout: 8_000 });
    dies.connection.disconnect();
    const back = reader({ ...groupOf("dies"), once: true });
    await back.ended;
    expect(back.got.map(secondOf)).toEqual(seconds(0, 1_100));

    await publish(seconds(1_100, 3));
    const again = reader(groupOf("again"), () => new Promise(() => {}));
    await shows(again, seconds(1_100, 3));
    again.connection.disconnect();
    const other = reader(groupOf("other", 300));
    await shows(other, seconds(1_100, 3));
  });

  it("that were handed on when a consumer was asked to end are acknowledged", async () => {
    await publish([0, 1]);
    const member = reader(groupOf("one"), async () => {
      member.stop.abort();
    });
    await member.ended;
    expect((await client.xpending("test[1]:candle:1s:stream:NSE:RELIANCE", "indicators"))[0]).toBe(0);
    const next = reader({ ...groupOf("one"), once: true });
    await next.ended;
    expect(next.got).toEqual([]);
  });

  it("are told when they were trimmed before a consumer had finished them", async () => {
    await publish([0, 1, 2]);
    const dies = reader(groupOf("dies"), () => new Promise(() => {}));
    await shows(dies, [0, 1, 2]);
    dies.connection.disconnect();
    await client.xtrim("test[1]:candle:1s:stream:NSE:RELIANCE", "MAXLEN", 1);
    const lost: string[] = [];
    const back = reader({ ...groupOf("dies"), once: true, lost: (_, ids) => lost.push(...ids) });
    await back.ended;
    expect([lost.length, back.got.map(secondOf)]).toEqual([2, [2]]);
    expect((await client.xpending("test[1]:candle:1s:stream:NSE:RELIANCE", "indicators"))[0]).toBe(0);
  });

  it("go on after Redis was away and came back empty, in a group and alone", async () => {
    await publish([0]);
    const [alone, member] = [reader(), reader(groupOf("one"))];
    await shows(alone, [0]);
    await shows(member, [0]);
    await server.kill();
    await server.start();
    await vi.waitFor(() => expect(writer.state().ok).toBe(true), { timeout: 10_000 });
    await publish([1]);
    await shows(alone, [0, 1]);
    await shows(member, [0, 1]);
  });

  describe("on the command line", () => {
    const candela = (args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
      new Promise((resolve) => {
        const child = spawn(
          process.execPath,
          ["--import", "tsx", "server/cli/main.ts", "stream", "--prefix", "test[1]:", ...args],
          { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, REDIS_URL: server.url } },
        );
        let [out, err] = ["", ""];
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text;
        });
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          err += text;
        });
        child.on("close", (code) => resolve({ code, out, err }));
      });

    it("are lines with the entry's id and the bar", async () => {
      await publish([0, 1]);
      const { code, out, err } = await candela(["--timeframe", "1s,1m", "--group", "shell", "--once", "--json"]);
      expect([code, err]).toEqual([0, ""]);
      const lines = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { id: string; bar: { instrument: string; time: number } });
      expect(lines.map(({ bar }) => [bar.instrument, bar.time - OPEN])).toEqual([
        ["NSE:RELIANCE", 0],
        ["NSE:RELIANCE", 1_000],
      ]);
      expect(lines[0]!.id).toMatch(/^\d{13}-\d+$/);
      expect(await candela(["--timeframe", "1s", "--group", "shell", "--once", "--json"])).toEqual({
        code: 0,
        out: "",
        err: "",
      });
    });

    it("refuse what is not understood, and say when Redis is not there", async () => {
      const [timeframe, from, away] = await Promise.all([
        candela(["--timeframe", "7m"]),
        candela(["--from", "yesterday"]),
        candela(["--url", "redis://127.0.0.1:1"]),
      ]);
      expect([timeframe.code, from.code, away.code]).toEqual([2, 2, 1]);
      expect(timeframe.err).toContain('timeframe: "7m" is not accepted; use 1s, ');
      expect(from.err).toContain('from: "yesterday" is not accepted; use now, start, ');
      expect(away.err).toBe("Redis at 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1\n");
    });
  });
});
