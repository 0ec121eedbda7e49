import { describe, expect, it } from "vitest";
import { timeframe } from "@/server/domain/time/timeframe";
import { parseIndicatorConfigs, parseIndicatorList, parseTimeframes } from "./configs";

const minute = [timeframe("1m")];
const texts = (text: string, on = minute): string[] =>
  parseIndicatorConfigs("INDICATOR_CONFIGS", text, on).map(
    (each) => `${each.resolved.label} on ${each.timeframe.name}`,
  );
const refused = (text: string): unknown => {
  try {
    parseIndicatorConfigs("INDICATOR_CONFIGS", text, minute);
  } catch (error) {
    return error;
  }
  throw new Error(`${text} was accepted`);
};

describe("INDICATOR_CONFIGS", () => {
  it("names indicators and parameters in the catalogue's order", () => {
    const parsed = parseIndicatorConfigs("INDICATOR_CONFIGS", "SMA:9,EMA:20,RSI:14,MACD:12:26:9,BB:20:2.5", minute);
    expect(parsed.map(({ resolved }) => [resolved.definition.id, resolved.params])).toMatchObject([
      ["SMA", { period: 9 }],
      ["EMA", { period: 20 }],
      ["RSI", { period: 14 }],
      ["MACD", { fast: 12, slow: 26, signal: 9 }],
      ["BB", { period: 20, deviations: 2.5 }],
    ]);
  });
  it("takes defaults for what is left out, any case, spaces and a last comma", () => {
    expect(texts(" ema , Macd:8 ,VWAP,").map((text) => text.split(" ")[0])).toEqual(["EMA", "MACD", "VWAP"]);
    expect(parseIndicatorConfigs("x", "macd:8", minute)[0]!.resolved.params).toMatchObject({
      fast: 8,
      slow: 26,
      signal: 9,
    });
  });
  it("runs on each timeframe, or on the one behind @", () => {
    const on = (text: string) =>
      parseIndicatorConfigs("x", text, [timeframe("1m"), timeframe("5m")]).map(
        (each) => `${each.resolved.definition.id} ${each.timeframe.name}`,
      );
    expect(on("EMA:20,RSI:14@1h,SMA:9@15")).toEqual(["EMA 1m", "EMA 5m", "RSI 1h", "SMA 15m"]);
  });
  it("counts the same wish once", () => expect(texts("EMA:20,ema,EMA:20@1m,EMA:21")).toHaveLength(2));
  it("writes each entry so that it reads the same again", () => {
    const parsed = parseIndicatorConfigs(
      "x",
      "BB,MACD:12:26:9@5m,PSAR:0.02,VWAP,EMA:20:hl2,AVWAP:2026-11-09T09:15,AVWAP",
      minute,
    );
    expect(parsed.map((each) => each.text)).toEqual([
      "BB:20:2@1m",
      "MACD:12:26:9@5m",
      "PSAR:0.02:0.2@1m",
      "VWAP@1m",
      "EMA:20:hl2@1m",
      "AVWAP:2026-11-09T09:15@1m",
      "AVWAP@1m",
    ]);
    expect(
      parseIndicatorConfigs("x", parsed.map((each) => each.text).join(), []).map((each) => [
        each.resolved.hash,
        each.timeframe.name,
      ]),
    ).toEqual(parsed.map((each) => [each.resolved.hash, each.timeframe.name]));
  });
  it("is nothing when empty", () => expect(texts(" ,")).toEqual([]));

  it("is refused naming the variable, the entry and what is accepted", () => {
    expect(refused("SMA:9,EMMA:20")).toMatchObject({
      code: "bad_input",
      details: { field: "INDICATOR_CONFIGS", value: "EMMA:20", accepted: expect.stringContaining("EMA, SMA") },
    });
    expect(refused("EMA:0")).toMatchObject({
      details: {
        value: "EMA:0",
        accepted: expect.stringMatching(/^EMA:period.* with period a whole number 1 to 1000/),
      },
    });
    expect(refused("EMA:2.5")).toMatchObject({
      message: expect.stringContaining('INDICATOR_CONFIGS: "EMA:2.5" is not accepted'),
    });
    expect(refused("EMA:")).toMatchObject({ details: { value: "EMA:" } });
    expect(refused("MACD:12:26:9:close:4:7")).toMatchObject({
      details: { accepted: expect.stringMatching(/^MACD:fast:slow:signal/) },
    });
    expect(refused("VWAP:3")).toMatchObject({ details: { accepted: "VWAP alone; it has no parameters" } });
    expect(refused("EMA:twenty")).toMatchObject({ details: { value: "EMA:twenty" } });
    expect(refused("EMA:20@7m")).toMatchObject({
      details: { value: "EMA:20@7m", accepted: expect.stringContaining("1m") },
    });
    expect(refused("EMA:20@")).toMatchObject({ details: { value: "EMA:20@" } });
    expect(refused("EMA:20@1m@5m")).toMatchObject({ details: { value: "EMA:20@1m@5m" } });
    expect(refused(Array.from({ length: 65 }, (_, period) => `SMA:${period + 1}`).join())).toMatchObject({
      details: { accepted: expect.stringContaining("at most 64") },
    });
  });
});

describe("a list without timeframes", () => {
  it("keeps its order and refuses a timeframe", () => {
    expect(
      parseIndicatorList("--indicators", "RSI, EMA:20").map(({ text, resolved }) => [text, resolved.definition.id]),
    ).toEqual([
      ["RSI", "RSI"],
      ["EMA:20", "EMA"],
    ]);
    expect(() => parseIndicatorList("--indicators", "EMA:20@5m")).toThrow(/--indicators: "EMA:20@5m" is not accepted/);
  });
});

describe("INDICATOR_TIMEFRAMES", () => {
  it("names timeframes, and at least one", () => {
    expect(parseTimeframes("INDICATOR_TIMEFRAMES", "1m, 5m,1m,1d").map(({ name }) => name)).toEqual(["1m", "5m", "1d"]);
    expect(() => parseTimeframes("INDICATOR_TIMEFRAMES", "")).toThrow(/INDICATOR_TIMEFRAMES/);
    expect(() => parseTimeframes("INDICATOR_TIMEFRAMES", "1m,7q")).toThrow(/"7q" is not accepted/);
  });
});
