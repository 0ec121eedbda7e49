import { valuesOf } from "@/server/testing/indicator-values";
import { describe, expect, it } from "vitest";
import { indicators } from "@/server/indicators";
import { parseIndicatorList } from "@/server/services/indicators/configs";
import { fixtureLines, fixturesAbsent } from "@/server/testing/fixtures";
import { recordedText } from "@/server/testing/recorded";
import { barJson, barTable } from "./bar-lines";
import { replayLines, type ReplayReport } from "./replay";

const ticks = Array.from({ length: 900 }, (_, at) => {
  const second = 9 * 3_600 + 15 * 60 + at * 4;
  return `2022-11-25 ${[second / 3_600, (second / 60) % 60, second % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":")},${(100 + ((at * 37) % 91) / 20).toFixed(2)},${at * 10}`;
});
const replay = (
  list: string,
  timeframe = "1m",
  lines: Iterable<string> = ticks,
  instrument = "NSE:INFY",
): Promise<ReplayReport> =>
  replayLines(lines, {
    file: "ticks.csv",
    instrument,
    timeframe,
    now: Date.parse("2026-11-21T10:00:00+05:30"),
    indicators: list,
  });
const jsonOf = ({
  bars,
  decimals,
  lines,
}: ReplayReport): { time: number; close: number; indicators?: Record<string, unknown> }[] =>
  Array.from({ length: bars.length }, (_, row) => JSON.parse(barJson(bars, row, decimals, lines)) as never);

describe("candela replay --indicators", () => {
  it("prints the same bars with and without, and values as they were asked for", async () => {
    const [plain, full] = [await replay(""), await replay("EMA:20, RSI:14,MACD:3:6:2")];
    expect(full.bars).toEqual(plain.bars);
    const rows = jsonOf(full);
    expect(rows.map(({ indicators: _, ...bar }) => bar)).toEqual(jsonOf(plain));
    expect(rows[18]!.indicators).toMatchObject({
      "EMA:20": null,
      "RSI:14": expect.any(Number),
      "MACD:3:6:2": { macd: expect.any(Number), signal: expect.any(Number), histogram: expect.any(Number) },
    });
    expect(rows[19]!.indicators!["EMA:20"]).toBeCloseTo(
      rows.slice(0, 20).reduce((sum, { close }) => sum + close, 0) / 20,
      9,
    );
    expect(Object.keys(rows[0]!)).toEqual(["time", "open", "high", "low", "close", "volume", "ticks", "indicators"]);
  });

  it.each(["1m", "5s", "5m"])(
    "gives every indicator's numbers of the server's batch form, to the last bit, on %s",
    async (timeframe) => {
      const { bars, lines } = await replay(indicators.map(({ id }) => id).join(), timeframe);
      for (const { text, plots } of lines)
        expect(plots.map(({ values }) => Array.from(values))).toEqual(
          valuesOf(parseIndicatorList("", text)[0]!.resolved, bars).map((plot) => Array.from(plot)),
        );
      expect(lines).toHaveLength(indicators.length);
    },
  );

  it("shows a column for each plot in the table, - while warming up", async () => {
    const { bars, decimals, lines } = await replay("SMA:2,BB:3:2");
    const [head, first, second] = [...barTable(bars, decimals, lines)];
    expect(head).toMatch(/ticks\s+SMA:2\s+BB:3:2 upper\s+BB:3:2 middle\s+BB:3:2 lower$/);
    expect(first).toMatch(/ 15\s+-\s+-\s+-\s+-$/);
    expect(second).toMatch(/ 15\s+\d+\.\d\d\s+-\s+-\s+-$/);
  });

  it("refuses what it does not know, naming the option and the entry", async () => {
    await expect(replay("EMA:20,EMMA:5")).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "--indicators", value: "EMMA:5" },
    });
    await expect(replay("EMA:20@5m")).rejects.toMatchObject({ details: { field: "--indicators", value: "EMA:20@5m" } });
  });

  it("runs over a recorded morning of our own making", async () => {
    const { bars, lines } = await replay(
      "EMA:20,RSI:14,VWAP",
      "1m",
      [recordedText("ticks.csv.gz")],
      "NSE_INDEX:NIFTY 50",
    );
    expect(bars.length).toBe(54);
    const ema = valuesOf(parseIndicatorList("", "EMA:20")[0]!.resolved, bars)[0]!;
    expect(Array.from(lines[0]!.plots[0]!.values)).toEqual(Array.from(ema));
  });

  it.skipIf(fixturesAbsent)("runs over a recorded day of NIFTY", async () => {
    const { bars, lines } = await replay(
      "EMA:20,RSI:14,VWAP",
      "1m",
      fixtureLines("ticks/nifty-1s/2022-11-25.csv"),
      "NSE_INDEX:NIFTY 50",
    );
    expect(bars.length).toBe(375);
    const ema = valuesOf(parseIndicatorList("", "EMA:20")[0]!.resolved, bars)[0]!;
    expect(Array.from(lines[0]!.plots[0]!.values)).toEqual(Array.from(ema));
  });
});
