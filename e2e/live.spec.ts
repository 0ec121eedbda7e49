import { setTimeout as wait } from "node:timers/promises";
import { type App, expect, test } from "./support/app";
import { cableTo } from "./support/cable";
import { barAt, barsOf, type ChartBar, feedPill, legendOf, openChart, restBars, rupees } from "./support/chart";
import { exchangeAt } from "./support/exchange";

const MINUTE = 60_000;
const AWAY_MS = 20_000;

type Row = readonly [time: number, open: number, high: number, low: number, close: number, volume: number];
const minor = (price: number): number => Math.round(price * 100);
const rowOfChart = (bar: ChartBar): Row => [bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume];
const rowOfRecord = (bar: {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}): Row => [bar.time, minor(bar.open), minor(bar.high), minor(bar.low), minor(bar.close), bar.volume];
const within =
  (from: number, to: number) =>
  (row: Row): boolean =>
    row[0] >= from && row[0] < to;

/** Closed bars of a span as the chart has them and as REST returns them. */
const bothSides = async (
  page: Parameters<typeof barsOf>[0],
  app: App,
  timeframe: string,
  from: number,
  to: number,
): Promise<{ chart: Row[]; rest: Row[] }> => ({
  chart: (await barsOf(page)).map(rowOfChart).filter(within(from, to)),
  rest: (await restBars(app, "SIM:RELIANCE", { timeframe, from, to })).map(rowOfRecord).filter(within(from, to)),
});

test("the candle grows with its ticks, and a new one begins", async ({ page, app }) => {
  await openChart(page, app, { timeframe: "5s", bars: 1 });
  // It grows: more ticks in the same bar, and the legend and the last price's label agree.
  await expect
    .poll(
      async () => {
        const before = await barAt(page, -1);
        await wait(700);
        const after = await barAt(page, -1);
        return after.time === before.time && after.ticks > before.ticks;
      },
      { timeout: 30_000, intervals: [100] },
    )
    .toBe(true);

  const first = await barAt(page, -1);
  await expect.poll(async () => (await barAt(page, -1)).time, { timeout: 20_000 }).toBeGreaterThan(first.time);
  const bars = await barsOf(page);
  const closed = bars.find((bar) => bar.time === first.time)!;
  expect(bars.at(-1)!.time % 5_000).toBe(0);
  expect(closed.ticks).toBeGreaterThanOrEqual(first.ticks);
  expect(closed.high).toBeGreaterThanOrEqual(first.high);
  await expect.poll(async () => (await barsOf(page)).find((bar) => bar.time === first.time)?.state).toBe("closed");
  await expect
    .poll(async () => {
      const [legend, newest] = [await legendOf(page), await barAt(page, -1)];
      return legend.time === String(newest.time) && legend.close === rupees(newest.close);
    })
    .toBe(true);
});

test("twenty seconds without a line: the strip says so, then the bars are REST's, none missing, none doubled", async ({
  page,
  app,
}) => {
  const cable = await cableTo(app.url);
  try {
    await openChart(page, app, { timeframe: "5s", bars: 1, url: cable.url });
    const before = await barAt(page, -1);
    const cutAt = Date.now();
    cable.unplug();
    const strip = page.getByTestId("offline-strip");
    await expect(strip).toContainText("Disconnected from server, showing data until");
    await expect(feedPill(page)).toContainText("OFFLINE");
    await wait(AWAY_MS - (Date.now() - cutAt));
    expect(
      (await barAt(page, -1)).time - before.time,
      "nothing may look live while the server is away",
    ).toBeLessThanOrEqual(5_000);

    cable.plugIn();
    await expect(strip).toBeHidden();
    await expect(feedPill(page)).toContainText("LIVE");
    const until = Math.floor(Date.now() / 5_000) * 5_000;
    await expect
      .poll(async () => (await barAt(page, -1)).time, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(until + 5_000);
    await expect
      .poll(async () => {
        const { chart, rest } = await bothSides(page, app, "5s", before.time, until);
        return JSON.stringify(chart) === JSON.stringify(rest);
      })
      .toBe(true);
    const { chart, rest } = await bothSides(page, app, "5s", before.time, until);
    expect(chart).toEqual(rest);
    expect(chart.length).toBeGreaterThanOrEqual(3);
    const times = (await barsOf(page)).map((bar) => bar.time);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  } finally {
    await cable.close();
  }
});

test("kill -9 in mid-stream: after the next start every minute of the exchange is there once, and is the exchange's", async ({
  page,
  launch,
}) => {
  test.setTimeout(300_000);
  const app = await launch();
  await openChart(page, app);
  const seen = await barAt(page, -1);
  await expect
    .poll(async () => {
      const bar = await barAt(page, -1);
      return bar.time > seen.time || bar.ticks > seen.ticks;
    })
    .toBe(true);

  const killedAt = Date.now();
  await app.kill("SIGKILL");
  await expect(page.getByTestId("offline-strip")).toBeVisible();
  // Down over the end of a minute: one server begins a minute and another ends it.
  const border = Math.ceil(killedAt / MINUTE) * MINUTE;
  await wait(border + 2_000 - Date.now());
  await app.restart();

  // The tab was left open and comes back by itself.
  await expect(page.getByTestId("offline-strip")).toBeHidden({ timeout: 30_000 });
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-phase", "live");
  await expect(feedPill(page)).toContainText("LIVE", { timeout: 30_000 });

  // The exchange has the minute in which the feed came back only when it is over.
  const from = Math.floor(killedAt / MINUTE) * MINUTE - 60 * MINUTE;
  const until = Math.ceil(Date.now() / MINUTE) * MINUTE + MINUTE;
  await wait(until - Date.now());
  const record = (await exchangeAt(app.exchangeUrl).minutes("RELIANCE", from, until - 1))
    .map(rowOfRecord)
    .filter(within(from, until))
    .map(String);
  const differences = async (): Promise<{ chart: string[]; rest: string[] }> => {
    const { chart, rest } = await bothSides(page, app, "1m", from, until);
    const against = (rows: string[]): string[] => [
      ...record.filter((row) => !rows.includes(row)).map((row) => `- ${row}`),
      ...rows.filter((row) => !record.includes(row)).map((row) => `+ ${row}`),
    ];
    return { chart: against(chart.map(String)), rest: against(rest.map(String)) };
  };
  await expect.poll(differences, { timeout: 120_000, intervals: [2_000] }).toEqual({ chart: [], rest: [] });

  const { chart, rest } = await bothSides(page, app, "1m", from, until);
  const everyMinute = Array.from({ length: (until - from) / MINUTE }, (_, at) => from + at * MINUTE);
  expect(rest.map(([time]) => time)).toEqual(everyMinute);
  expect(chart.map(([time]) => time)).toEqual(everyMinute);
  const times = (await barsOf(page)).map((bar) => bar.time);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});
