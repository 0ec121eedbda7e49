import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { barAt } from "@/server/domain/bars/bar";
import { RefusedRows } from "@/server/domain/bars/told-rows";
import { recordedText } from "@/server/testing/recorded";
import { readCandles } from "./history";

describe("readCandles", () => {
  it("labels bars by their start in UTC and keeps prices exact", async () => {
    const bars = await readCandles([["2017-12-15T09:15:00+0530", 1704.5, 1705, 1699.25, 1702.8, 2499]], 2);
    expect(barAt(bars, 0)).toEqual({
      time: Date.parse("2017-12-15T03:45:00Z"),
      open: 170_450,
      high: 170_500,
      low: 169_925,
      close: 170_280,
      volume: 2_499,
      value: 0,
      ticks: 0,
      openInterest: -1,
      rev: 0,
      state: "backfilled",
      incomplete: false,
    });
  });

  it("keeps currency's four decimals, the open interest where sent, and the day's own label", async () => {
    const bars = await readCandles([["2024-08-12T00:00:00+0530", 83.955, 84.0025, 83.95, 83.97, 10, 777]], 4);
    expect(barAt(bars, 0)).toMatchObject({
      time: Date.parse("2024-08-11T18:30:00Z"),
      open: 839_550,
      high: 840_025,
      openInterest: 777,
    });
  });

  it("leaves out minutes without a trade", async () => {
    const row = (minute: string, price: number): unknown[] => [
      `2017-12-15T09:${minute}:00+0530`,
      price,
      price,
      price,
      price,
      1,
    ];
    const refused = new RefusedRows();
    const bars = await readCandles([row("15", 1), row("16", 0), row("17", 3)], 2, refused);
    expect([[...bars.close.subarray(0, bars.length)], refused.total]).toEqual([[100, 300], 0]);
  });

  it("sets aside rows that are no candles, by number, and reads the rest", async () => {
    const refused = new RefusedRows();
    const good = ["2017-12-15T09:15:00+0530", 1, 1, 1, 1, 1];
    const bars = await readCandles(
      [
        good,
        ["2017-12-15T09:16:00+0530", null, 1, 1, 1, 1],
        ["soon", 1, 1, 1, 1, 1],
        null,
        "row",
        [],
        ["2017-12-15T09:17:00+0530", "1", 1, 1, 1, 1],
      ],
      2,
      refused,
    );
    expect([bars.length, refused.total, refused.first]).toEqual([
      1,
      6,
      'Kite\'s candle 1 cannot be read: ["2017-12-15T09:16:00+0530",null,1,1,1,1]',
    ]);
  });

  it("words a row by how it begins, however deep or long it is", async () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`) as unknown;
    const refused = new RefusedRows();
    const bars = await readCandles(
      [
        ["2017-12-15T09:15:00+0530", deep, { deep }, "x".repeat(1e6)],
        deep,
        Array.from({ length: 1e5 }, () => 1),
        ["2017-12-15T09:16:00+0530", 1, 1, 1, 1, 1],
      ],
      2,
      refused,
    );
    expect([bars.length, refused.total]).toEqual([1, 3]);
    expect(refused.first).toMatch(
      /^Kite's candle 0 cannot be read: \["2017-12-15T09:15:00\+0530",\[…\],\{…\},"x{1,80}/,
    );
    expect(refused.first.length).toBeLessThan(200);
  });

  it("yields to other work, and ends when its client disconnects", async () => {
    const rows = Array.from({ length: 20_000 }, () => ["2017-12-15T09:15:00+0530", 1, 1, 1, 1, 1]);
    let turns = 0;
    let reading = true;
    const count = (): void => {
      turns++;
      if (reading) setImmediate(count);
    };
    setImmediate(count);
    await readCandles(rows, 2);
    expect(turns).toBeGreaterThan(10);
    const gone = new AbortController();
    const cut = readCandles(rows, 2, new RefusedRows(), gone.signal);
    gone.abort(new Error("gone"));
    await expect(cut).rejects.toThrow("gone");
    reading = false;
  });

  const published = path.resolve(process.cwd(), "../shared/fixtures/kite/rest/historical_minute.json");
  const printed = async (text: string): Promise<void> => {
    const { candles } = (JSON.parse(text) as { data: { candles: [string, number, number, number, number, number][] } })
      .data;
    const bars = await readCandles(candles, 2);
    expect(candles.length).toBeGreaterThan(0);
    expect(bars.length).toBe(candles.length);
    candles.forEach(([label, open, high, low, close, volume], row) => {
      expect([
        bars.time[row],
        bars.open[row]! / 100,
        bars.high[row]! / 100,
        bars.low[row]! / 100,
        bars.close[row]! / 100,
        bars.volume[row],
      ]).toEqual([Date.parse(label.replace("+0530", "+05:30")), open, high, low, close, volume]);
      if (row > 0) expect(bars.time[row]! - bars.time[row - 1]!).toBe(60_000);
    });
  };

  it("reads the simulated exchange's answer, every price as printed", () =>
    printed(recordedText("historical-minute.json")));
  it.skipIf(!existsSync(published))("reads the recorded answer, every price as printed", () =>
    printed(readFileSync(published, "utf8")),
  );
});
