import { describe, expect, it } from "vitest";
import { readTimeframe, timeframeLabel, timeframeTitle } from "./timeframe-entry";

const named = (typed: string): string => {
  const entry = readTimeframe(typed);
  return entry.kind === "timeframe" ? entry.timeframe.name : `refused: ${entry.reason}`;
};

describe("the timeframe box", () => {
  it("reads what traders type", () => {
    expect(["5", "15", "75", "60", "1h", "30s", "D", "w", "1M", ",5"].map(named))
      .toEqual(["5m", "15m", "75m", "1h", "1h", "30s", "1d", "1W", "1M", "5m"]);
  });

  it("refuses with the timeframes there are", () => {
    expect(named("7")).toBe("refused: No 7m bars. Kept: 1m, 2m, 3m, 5m, 10m, 15m, 30m, 1h, 75m, 2h, 125m");
    expect(named("7s")).toBe("refused: No 7s bars. In seconds: 1s, 5s, 15s, 30s");
    expect(named("3d")).toBe("refused: Only one day, one week or one month: D, W, M");
    expect(named("soon")).toContain("“soon” is not a timeframe");
    expect(named(" ")).toContain("Type minutes");
  });

  it("writes a timeframe short on buttons and in words for listeners", () => {
    expect([timeframeLabel("5m"), timeframeLabel("1d"), timeframeLabel("1W")]).toEqual(["5m", "D", "W"]);
    expect([timeframeTitle("5m"), timeframeTitle("1d"), timeframeTitle("125m")]).toEqual(["5 minutes", "1 day", "125 minutes"]);
  });
});
