import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Latest, LatestBar, LatestPoint, LatestTick } from "@/server/ports/latest";

/** How another program reads what was published. */
export interface LatestReader {
  value(name: string): Promise<{ text: string; ttlMs: number } | null>;
  /** Oldest first. */
  stream(name: string): Promise<string[]>;
  /** A sorted set, the highest score first. */
  members(name: string): Promise<[string, number][]>;
  subscribe(channel: string, read: (text: string) => void): Promise<void>;
  close(): Promise<void>;
}

export interface OpenLatest {
  latest: Latest;
  reader: LatestReader;
}

export const OPEN = Date.UTC(2025, 10, 12, 3, 45);

export const latestBar = (second: number, more: Partial<LatestBar> = {}): LatestBar => ({
  event: "close",
  newest: true,
  key: "NSE:RELIANCE",
  timeframe: "1s",
  decimals: 2,
  time: OPEN + second * 1_000,
  end: OPEN + second * 1_000 + 1_000,
  open: 157_300,
  high: 157_410,
  low: 157_205,
  close: 157_315,
  volume: 1_234,
  value: 194_126_710,
  ticks: 4,
  openInterest: -1,
  rev: 1,
  state: "closed",
  incomplete: false,
  ...more,
});

export const latestTick = (more: Partial<LatestTick> = {}): LatestTick => ({
  key: "NSE:RELIANCE",
  decimals: 2,
  price: 157_310,
  volume: 2_000_000,
  openInterest: -1,
  time: OPEN + 250,
  received: OPEN + 299.75,
  ...more,
});

export const latestPoint = (more: Partial<LatestPoint> = {}): LatestPoint => ({
  name: "EMA_20",
  key: "NSE:RELIANCE",
  timeframe: "1m",
  decimals: 2,
  time: OPEN,
  live: false,
  values: [{ plot: "value", unit: "price", value: 157_312.5 }],
  ...more,
});

const timesOf = (texts: readonly string[]): number[] =>
  texts.map((text) => ((JSON.parse(text) as { time: number }).time - OPEN) / 1_000);

/** Contract of every `Latest`. `open` returns a started one under a unique prefix. */
export const latestSuite = (
  name: string,
  open: (options: { prefix: string; streamLength: number }) => Promise<OpenLatest>,
): void => {
  describe(`latest on ${name}`, () => {
    let latest: Latest;
    let reader: LatestReader;
    let prefix: string;
    let runs = 0;
    beforeEach(async () => {
      prefix = `test-${process.pid}-${Date.now()}-${runs++}:`;
      ({ latest, reader } = await open({ prefix, streamLength: 200 }));
    });
    afterEach(async () => {
      await latest.stop();
      await reader.close();
    });

    const value = async (of: string, holds: string): Promise<{ text: string; ttlMs: number }> =>
      vi.waitFor(async () => {
        const found = await reader.value(prefix + of);
        expect(found?.text).toContain(holds);
        return found!;
      }, 5_000);
    const streamOf = async (of: string, last: number): Promise<string[]> =>
      vi.waitFor(async () => {
        const entries = await reader.stream(prefix + of);
        expect(timesOf(entries).at(-1)).toBe(last);
        return entries;
      }, 5_000);

    it("works after its start and says so", () => {
      expect(latest.state()).toMatchObject({ ok: true, queued: 0, dropped: 0 });
      expect(latest.state().since).toBeGreaterThan(0);
    });

    it("keeps the newest bar for 15 minutes, in rupees with all digits", async () => {
      latest.publishBars([latestBar(0, { close: 157_310 })]);
      const { text, ttlMs } = await value("candle:1s:latest:NSE:RELIANCE", '"close":1573.10,');
      expect(ttlMs).toBeGreaterThan(890_000);
      expect(ttlMs).toBeLessThanOrEqual(900_000);
      expect(JSON.parse(text)).toEqual({
        event: "close",
        instrument: "NSE:RELIANCE",
        timeframe: "1s",
        time: OPEN,
        end: OPEN + 1_000,
        open: 1573,
        high: 1574.1,
        low: 1572.05,
        close: 1573.1,
        volume: 1234,
        value: 1941267.1,
        ticks: 4,
        openInterest: null,
        rev: 1,
        incomplete: false,
      });
    });

    it("keeps the movers as they are now, the greatest first", async () => {
      latest.publishMovers("gainers", [
        { key: "NSE:TCS", change: 2.5 },
        { key: "NSE:INFY", change: 1.25 },
      ]);
      latest.publishMovers("gainers", [
        { key: "NSE:ITC", change: 1.5 },
        { key: "NSE:TCS", change: 3 },
      ]);
      latest.publishMovers("losers", []);
      await vi.waitFor(
        async () =>
          expect(await reader.members(`${prefix}market:gainers`)).toEqual([
            ["NSE:TCS", 3],
            ["NSE:ITC", 1.5],
          ]),
        5_000,
      );
      expect(await reader.members(`${prefix}market:losers`)).toEqual([]);
    });

    it("keeps the newest tick for 5 minutes", async () => {
      latest.publishTicks([
        latestTick(),
        latestTick({ key: "NFO:NIFTY25NOVFUT", price: 2_600_005, openInterest: 900, volume: -1 }),
      ]);
      const { text, ttlMs } = await value("tick:latest:NSE:RELIANCE", '"price":1573.10,');
      expect(ttlMs).toBeGreaterThan(290_000);
      expect(ttlMs).toBeLessThanOrEqual(300_000);
      expect(JSON.parse(text)).toEqual({
        instrument: "NSE:RELIANCE",
        price: 1573.1,
        volume: 2_000_000,
        openInterest: null,
        time: OPEN + 250,
        received: OPEN + 300,
      });
      await value("tick:latest:NFO:NIFTY25NOVFUT", '"price":26000.05,"volume":null,"openInterest":900');
    });

    it("keeps spaces of a symbol, and instruments and timeframes apart", async () => {
      latest.publishBars([
        latestBar(0, { key: "NSE_INDEX:NIFTY 50", timeframe: "1m" }),
        latestBar(1, { key: "NSE_INDEX:NIFTY 50", timeframe: "1M" }),
        latestBar(2),
      ]);
      await value("candle:1m:latest:NSE_INDEX:NIFTY 50", `"time":${OPEN},`);
      await value("candle:1M:latest:NSE_INDEX:NIFTY 50", `"time":${OPEN + 1_000},`);
      await value("candle:1s:latest:NSE:RELIANCE", `"time":${OPEN + 2_000},`);
    });

    it("does not turn the latest bar back for a patch of an older one, which the stream does show", async () => {
      latest.publishBars([latestBar(5), latestBar(3, { event: "patch", newest: false, ticks: 1, state: "patched" })]);
      const entries = await streamOf("candle:1s:stream:NSE:RELIANCE", 3);
      expect(entries.map((text) => (JSON.parse(text) as { event: string }).event)).toEqual(["close", "patch"]);
      await value("candle:1s:latest:NSE:RELIANCE", `"time":${OPEN + 5_000},`);
    });

    it("writes a close once however often it is told, and a corrected one as a patch of the whole bar", async () => {
      const heard: string[] = [];
      await reader.subscribe(`${prefix}pub:candle:1W:NSE:RELIANCE`, (text) => heard.push(text));
      const week = (second: number, more: Partial<LatestBar> = {}): LatestBar =>
        latestBar(second, { timeframe: "1W", ...more });
      const entries = async (): Promise<string[]> =>
        (await reader.stream(`${prefix}candle:1W:stream:NSE:RELIANCE`)).map((text) => {
          const { event, time, volume, whole } = JSON.parse(text) as {
            event: string;
            time: number;
            volume: number;
            whole?: boolean;
          };
          return `${event}${whole === true ? " whole" : ""} ${(time - OPEN) / 1_000} ${volume}`;
        });
      for (let told = 0; told < 9; told++) latest.publishBars([week(0), week(0, { rev: 3 })]);
      latest.publishBars([week(7)]);
      for (let told = 0; told < 9; told++) latest.publishBars([week(0), week(7)]);
      latest.publishBars([
        week(7, { volume: 9 }),
        week(0, { volume: 5 }),
        week(7, { volume: 9 }),
        week(0, { volume: 5, rev: 2 }),
      ]);
      latest.publishBars([week(8, { event: "close" })]);
      await streamOf("candle:1W:stream:NSE:RELIANCE", 8);
      const expected = ["close 0 1234", "close 7 1234", "patch whole 7 9", "patch whole 0 5", "close 8 1234"];
      expect(await entries()).toEqual(expected);
      await vi.waitFor(() => expect(heard).toHaveLength(expected.length), 5_000);
      await value("candle:1W:latest:NSE:RELIANCE", `"time":${OPEN + 8_000},`);
    });

    it("does not turn the latest bar back for an older close that is told again", async () => {
      latest.publishBars([latestBar(0), latestBar(5), latestBar(0, { volume: 1 }), latestBar(5)]);
      await value("candle:1s:latest:NSE:RELIANCE", `"time":${OPEN + 5_000},`);
      latest.publishBars([latestBar(0)]);
      latest.publishTicks([latestTick()]);
      await value("tick:latest:NSE:RELIANCE", "price");
      await value("candle:1s:latest:NSE:RELIANCE", `"time":${OPEN + 5_000},`);
    });

    it("writes a bar that is late for its place, once", async () => {
      latest.publishBars([latestBar(0), latestBar(2), latestBar(1), latestBar(2), latestBar(1), latestBar(3)]);
      expect(timesOf(await streamOf("candle:1s:stream:NSE:RELIANCE", 3))).toEqual([0, 2, 1, 3]);
    });

    it("writes the patch of a newest bar once, and every late tick of an older one", async () => {
      const whole = latestBar(1, { event: "patch", rev: 2, high: 160_000, state: "patched" });
      const part = latestBar(0, { event: "patch", newest: false, ticks: 1, state: "patched" });
      latest.publishBars([
        latestBar(0),
        latestBar(1),
        whole,
        whole,
        part,
        part,
        { ...whole, event: "close", rev: 1 },
        latestBar(2),
      ]);
      const entries = (await streamOf("candle:1s:stream:NSE:RELIANCE", 2)).map(
        (text) => JSON.parse(text) as { event: string; time: number },
      );
      expect(entries.map(({ event, time }) => `${event} ${(time - OPEN) / 1_000}`)).toEqual([
        "close 0",
        "close 1",
        "patch 1",
        "patch 0",
        "patch 0",
        "close 2",
      ]);
    });

    it("streams bars in the order they were published, over many batches", async () => {
      for (let from = 0; from < 150; from += 50)
        latest.publishBars(Array.from({ length: 50 }, (_, row) => latestBar(from + row)));
      expect(timesOf(await streamOf("candle:1s:stream:NSE:RELIANCE", 149))).toEqual(
        Array.from({ length: 150 }, (_, second) => second),
      );
    });

    it("trims a stream to about its length, the newest staying", async () => {
      latest.publishBars(Array.from({ length: 3_000 }, (_, second) => latestBar(second)));
      const times = timesOf(await streamOf("candle:1s:stream:NSE:RELIANCE", 2_999));
      expect(times.length).toBeGreaterThanOrEqual(200);
      expect(times.length).toBeLessThanOrEqual(400);
      expect(times).toEqual(Array.from({ length: times.length }, (_, row) => 3_000 - times.length + row));
    });

    it("tells subscribers of each bar and tick as it happens", async () => {
      const bars: string[] = [];
      const ticks: string[] = [];
      await reader.subscribe(`${prefix}pub:candle:1s:NSE:RELIANCE`, (text) => bars.push(text));
      await reader.subscribe(`${prefix}pub:tick:NSE:RELIANCE`, (text) => ticks.push(text));
      latest.publishBars([latestBar(0), latestBar(1), latestBar(1, { key: "NSE:INFY" })]);
      latest.publishTicks([latestTick()]);
      await vi.waitFor(() => {
        expect(bars).toHaveLength(2);
        expect(ticks).toHaveLength(1);
      }, 5_000);
      expect(timesOf(bars)).toEqual([0, 1]);
      expect(bars).toEqual(await streamOf("candle:1s:stream:NSE:RELIANCE", 1));
      expect(ticks[0]).toContain('"price":1573.10,');
    });

    it("keeps the newest value of an indicator until two more bars should have closed, and tells each as it happens", async () => {
      const told: string[] = [];
      await reader.subscribe(`${prefix}pub:ind:EMA_20:1m:NSE:RELIANCE`, (text) => told.push(text));
      latest.publishPoints([latestPoint(), latestPoint({ name: "EMA_20", timeframe: "1h" })]);
      const { text, ttlMs } = await value("ind:EMA_20:1m:NSE:RELIANCE", '"name":"EMA_20"');
      expect(JSON.parse(text)).toEqual({
        name: "EMA_20",
        instrument: "NSE:RELIANCE",
        exchange: "NSE",
        timeframe: "1m",
        time: OPEN,
        value: 1573.125,
        values: { value: 1573.125 },
        ready: true,
        live: false,
      });
      expect(ttlMs).toBeGreaterThan(890_000);
      expect(ttlMs).toBeLessThanOrEqual(900_000);
      expect((await value("ind:EMA_20:1h:NSE:RELIANCE", '"timeframe":"1h"')).ttlMs).toBeGreaterThan(7_100_000);
      await vi.waitFor(() => expect(told).toEqual([text]), 5_000);
      latest.publishPoints([latestPoint({ time: OPEN + 60_000 })]);
      await value("ind:EMA_20:1m:NSE:RELIANCE", `"time":${OPEN + 60_000}`);
    });

    it("tells an indicator that is still warming up, and values that are no prices", async () => {
      latest.publishPoints([
        latestPoint({
          name: "MACD_12_26_9",
          values: [
            { plot: "macd", unit: "value", value: -41.25 },
            { plot: "signal", unit: "value", value: Number.NaN },
          ],
        }),
      ]);
      const { text } = await value("ind:MACD_12_26_9:1m:NSE:RELIANCE", "macd");
      expect(JSON.parse(text)).toMatchObject({ value: -41.25, values: { macd: -41.25, signal: null }, ready: false });
    });

    it("may be stopped twice, and swallows what comes after", async () => {
      await latest.stop();
      await latest.stop();
      expect(() => {
        latest.publishBars([latestBar(9)]);
        latest.publishTicks([latestTick()]);
        latest.publishPoints([latestPoint()]);
      }).not.toThrow();
    });
  });
};
