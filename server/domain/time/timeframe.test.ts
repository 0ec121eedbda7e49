import { describe, expect, it } from "vitest";
import {
  isListed,
  parseAnyTimeframe,
  parseTimeframe,
  timeframe,
  TIMEFRAME_PLACES,
  timeframeAt,
  timeframes,
} from "./timeframe";

describe("timeframes", () => {
  it.each([
    ["5", "5m"],
    ["75", "75m"],
    ["60", "1h"],
    ["120", "2h"],
    ["30s", "30s"],
    ["5 min", "5m"],
    ["1h", "1h"],
    ["2H", "2h"],
    ["h", "1h"],
    ["D", "1d"],
    ["1D", "1d"],
    ["day", "1d"],
    ["w", "1W"],
    ["1w", "1W"],
    ["1M", "1M"],
    ["1mo", "1M"],
    ["month", "1M"],
    ["m", "1m"],
    ["1m", "1m"],
    ["125m", "125m"],
    [" 15 ", "15m"],
  ])("are typed as %s for %s", (typed, name) => expect(parseTimeframe(typed)?.name).toBe(name));
  it.each([
    ["minute", "1m"],
    ["3minute", "3m"],
    ["5minute", "5m"],
    ["15minute", "15m"],
    ["60minute", "1h"],
    ["day", "1d"],
    ["week", "1W"],
    ["2hour", "2h"],
    ["1second", "1s"],
    ["1day", "1d"],
    ["1wk", "1W"],
    ["ONE_MINUTE", "1m"],
    ["FIVE_MINUTE", "5m"],
    ["THIRTY_MINUTE", "30m"],
    ["ONE_HOUR", "1h"],
    ["ONE_DAY", "1d"],
    ["5mins", "5m"],
    ["10 minutes", "10m"],
  ])("are called %s by brokers, which is %s", (called, name) => expect(parseTimeframe(called)?.name).toBe(name));
  it.each([
    ["45m", "45m", "15m"],
    ["45", "45m", "15m"],
    ["4h", "4h", "15m"],
    ["240", "4h", "15m"],
    ["90minute", "90m", "15m"],
    ["7m", "7m", "1m"],
    ["25 min", "25m", "1m"],
    ["60m", "1h", "15m"],
    ["D", "1d", "1d"],
    ["10s", "10s", "1s"],
    ["45 sec", "45s", "1s"],
    ["60s", "1m", "1m"],
  ])("are derived for %s as %s, from %s", (typed, name, from) =>
    expect(parseAnyTimeframe(typed)).toMatchObject({ name, from }),
  );
  it.each(["", "0m", "0s", "90s", "7x", "1441m", "1.5h", "25h", "-5", "2d", "99999", "5m5"])(
    "are not derived for %s",
    (typed) => expect(parseAnyTimeframe(typed)).toBeUndefined(),
  );
  it.each(["", "7", "0", "2d", "3W", "2M", "x", "1.5h", "-5", "5m5"])("do not know %s", (typed) =>
    expect(parseTimeframe(typed)).toBeUndefined(),
  );
  it("are derived from a stored one that divides them", () => {
    for (const each of timeframes) {
      const source = timeframe(each.from);
      expect(source.stored, each.name).toBe(true);
      if (each.kind === "intraday") expect(each.lengthMs % source.lengthMs, each.name).toBe(0);
    }
  });
  it("have a position of their own when they are derived", () => {
    const all = [
      ...Array.from({ length: 59 }, (_, at) => `${at + 1}s`),
      ...Array.from({ length: 1_440 }, (_, at) => `${at + 1}m`),
    ].map((name) => parseAnyTimeframe(name)!);
    expect(new Set(all.map(({ index }) => index)).size).toBe(1_499);
    for (const each of all) expect(timeframeAt(each.index)).toBe(each);
    expect(Math.max(...all.map(({ index }) => index))).toBeLessThan(TIMEFRAME_PLACES);
    expect([isListed(parseAnyTimeframe("45m")!), isListed(parseAnyTimeframe("5m")!)]).toEqual([false, true]);
  });
  it("keep their numbers in the store", () => {
    expect(timeframes.map(({ name, index }) => `${index} ${name}`)).toEqual(
      [
        "1s",
        "5s",
        "15s",
        "30s",
        "1m",
        "2m",
        "3m",
        "5m",
        "10m",
        "15m",
        "30m",
        "1h",
        "75m",
        "2h",
        "125m",
        "1d",
        "1W",
        "1M",
      ].map((name, at) => `${at} ${name}`),
    );
  });
});
