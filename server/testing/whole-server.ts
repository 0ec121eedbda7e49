/** The whole server side in the test's own process, beside the simulated exchange: started, stopped, started again, compared. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Redis } from "ioredis";
import { expect } from "vitest";
import type { Config } from "@/server/config";
import { type Container, createContainer } from "@/server/container";
import { istDate, istDay } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import { wholeConfig } from "./whole-config";

const folders: string[] = [];
let running: Container | null = null;

export const stopRunning = async (): Promise<void> => {
  await running?.stop();
  running = null;
};

/** After each test: nothing runs on, and no data stay. */
export const cleanUp = async (): Promise<void> => {
  await stopRunning();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

export const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), "candela-whole-"));
  folders.push(made);
  return made;
};

/** With running indicators. */
export const configured = (dataDir: string, more: Partial<Config> = {}): Config =>
  wholeConfig(dataDir, { indicators: { configs: "EMA:20,RSI:14,VWAP,SMA:9@5m", timeframes: "1m" }, ...more });

/** Starts the whole server side; answers where its exchange listens. */
export const start = async (config: Config): Promise<{ container: Container; exchange: string }> => {
  let exchange = "";
  const container = await createContainer(config, (step) => {
    exchange = /http:\/\/127\.0\.0\.1:\d+/.exec(step)?.[0] ?? exchange;
  });
  running = container;
  await container.start(new AbortController().signal);
  await expect.poll(() => container.desk.truth()[0]?.state, { timeout: 60_000 }).toBe("LIVE");
  return { container, exchange };
};

/** The exchange's own minutes of an instrument over the last half hour, as a Kite client reads them: start -> OHLCV in rupees. */
export const historyOf = async (
  exchange: string,
  token: number,
  from: number,
  to: number,
): Promise<Map<number, number[]>> => {
  const text = (instant: number): string =>
    `${istDate(istDay(instant))} ${new Date(instant + 19_800_000).toISOString().slice(11, 19)}`;
  const url = `${exchange}/instruments/historical/${token}/minute?${new URLSearchParams({ from: text(from), to: text(to) })}`;
  for (;;) {
    const answer = await fetch(url, { headers: { Authorization: "token candela-demo:candela-demo-token" } });
    if (answer.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      continue;
    }
    const { data } = (await answer.json()) as { data: { candles: [string, ...number[]][] } };
    return new Map(data.candles.map(([label, ...values]) => [Date.parse(label.replace("+0530", "+05:30")), values]));
  }
};

/** Our closed minutes beside the exchange's: those that differ, are missing or are too many. Empty when all is well. */
export const differences = async (
  container: Container,
  exchange: string,
  key: string,
  from: number,
): Promise<string[]> => {
  const { desk, instruments } = container;
  const index = desk.resolve(key);
  const scale = 10 ** desk.instrument(index).decimals;
  const { closed } = await desk.bars({ instrument: index, timeframe: timeframe("1m"), from });
  const theirs = await historyOf(exchange, instruments.tokenOf("kite", index)!, from, container.clock.now());
  const found: string[] = [];
  for (let row = 0; row < closed.length; row++) {
    const time = closed.time[row]!;
    const ours = [
      closed.open[row]! / scale,
      closed.high[row]! / scale,
      closed.low[row]! / scale,
      closed.close[row]! / scale,
      closed.volume[row]!,
    ];
    const want = theirs.get(time);
    if (want === undefined) found.push(`${key} ${new Date(time).toISOString()}: the exchange has no such bar`);
    else if (want.join() !== ours.join())
      found.push(`${key} ${new Date(time).toISOString()}: ours ${ours.join()} theirs ${want.join()}`);
    theirs.delete(time);
  }
  const last = closed.length === 0 ? from : closed.time[closed.length - 1]!;
  for (const time of theirs.keys()) if (time <= last) found.push(`${key} ${new Date(time).toISOString()}: missing`);
  return found;
};

/** Values of running indicators for the forming bar that differ from the same computed from all bars. */
const indicatorDifferences = async (container: Container, key: string): Promise<string[]> => {
  const { desk, indicators } = container;
  const instrument = desk.resolve(key);
  const found: string[] = [];
  for (const { id, params, timeframe: name } of indicators.active().indicators) {
    const held = desk.indicators.hold(instrument, timeframe(name), { id, params });
    const { closed, forming, values, first } = await desk.indicators.read(
      { instrument, timeframe: timeframe(name), bars: 100 },
      [{ ...held, instance: 0 }],
    );
    const running = desk.indicators.isStale(held.instance)
      ? null
      : Array.from(desk.indicators.peek(held.instance, forming));
    const anew = Array.from({ length: forming.length }, (_, row) =>
      values[0]!.map((plot) => plot[closed.length - first + row]!),
    ).flat();
    if (running === null || running.some((value, at) => Math.abs(value - anew[at]!) > 1e-6 * Math.abs(anew[at]!)))
      found.push(`${key} ${held.label} on ${name}: ${running?.join()} runs, ${anew.join()} is right`);
    desk.indicators.drop(held.instance);
  }
  return found;
};

const jobsDone = (container: Container): boolean => {
  const jobs = container.status.snapshot().jobs;
  return jobs.length >= 2 && jobs.every((job) => job.finished && job.failed === 0);
};

/** A start, a stop in the middle of a minute, a start again: every minute is the exchange's, none missing, none doubled. */
export const comesBackWhole = async (config: Config): Promise<Container> => {
  const first = await start(config);
  await expect
    .poll(() => first.container.metrics.counters.get("persist.rows") ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(0);
  await stopRunning();
  const { container, exchange } = await start(config);
  expect(container.indicators.active().indicators).toHaveLength(4);
  // The first history continues where it was interrupted; the minute in which the feed connected is filled when it has
  // ended.
  await expect.poll(() => jobsDone(container), { timeout: 450_000, interval: 500 }).toBe(true);
  const from = Math.floor((container.clock.now() - 30 * 60_000) / 60_000) * 60_000;
  for (const key of ["SIM:RELIANCE", "SIM:NIFTY 50", "SIM:M&M", "SIM:INDIA VIX"])
    expect(await differences(container, exchange, key, from)).toEqual([]);
  await expect
    .poll(() => container.indicators.active(), { timeout: 60_000 })
    .toMatchObject({ instruments: 66, instances: 264, unseeded: 0 });
  for (const key of ["SIM:RELIANCE", "SIM:NIFTY 50"])
    await expect.poll(() => indicatorDifferences(container, key), { timeout: 30_000 }).toEqual([]);
  return container;
};

/** Closes that occur more than once in a stream under the prefix, by stream. */
export const repeatedCloses = async (redis: Redis, prefix: string): Promise<string[]> => {
  const found: string[] = [];
  for (const stream of await redis.keys(`${prefix}candle:*:stream:*`)) {
    const closes = (await redis.xrange(stream, "-", "+"))
      .map(([, fields]) => JSON.parse(fields[1]!) as { event: string; time: number })
      .filter(({ event }) => event === "close")
      .map(({ time }) => time);
    const repeated = closes.filter((time, at) => closes.indexOf(time) !== at);
    if (repeated.length > 0) found.push(`${stream}: ${repeated.join()}`);
  }
  return found;
};
