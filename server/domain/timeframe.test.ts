import { describe, expect, it } from "vitest";
import { parseTimeframe, timeframe, timeframes } from "./timeframe";

describe("timeframes", () => {
  it.each([
    ["5", "5m"], ["75", "75m"], ["60", "1h"], ["120", "2h"], ["30s", "30s"], ["5 min", "5m"], ["1h", "1h"], ["2H", "2h"], ["h", "1h"], ["D", "1d"], ["1D", "1d"],
    ["day", "1d"], ["w", "1W"], ["1w", "1W"], ["1M", "1M"], ["1mo", "1M"], ["month", "1M"], ["m", "1m"], ["1m", "1m"], ["125m", "125m"], [" 15 ", "15m"],
  ])("are typed as %s for %s", (typed, name) => expect(parseTimeframe(typed)?.name).toBe(name));
  it.each(["", "7", "0", "2d", "3W", "2M", "x", "1.5h", "-5", "5m5"])("do not know %s", (typed) => expect(parseTimeframe(typed)).toBeUndefined());
  it("are derived from a stored one that divides them", () => {
    for (const each of timeframes) {
      const source = timeframe(each.from);
      expect(source.stored, each.name).toBe(true);
      if (each.kind === "intraday") expect(each.lengthMs % source.lengthMs, each.name).toBe(0);
    }
  });
  it("keep their numbers in the store", () => {
    expect(timeframes.map(({ name, index }) => `${index} ${name}`)).toEqual(
      ["1s", "5s", "15s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "30m", "1h", "75m", "2h", "125m", "1d", "1W", "1M"].map((name, at) => `${at} ${name}`));
  });
});
