import { describe, expect, it } from "vitest";
import { readTimeframe, timeframeLabel, timeframeTitle } from "./timeframe-entry";

const named = (typed: string, dayMs: number | null = null): string => {
  const entry = readTimeframe(typed, dayMs);
  return entry.kind === "timeframe" ? entry.timeframe.name : `refused: ${entry.reason}`;
};

describe("the timeframe box", () => {
  it("reads what traders type", () => {
    expect(["5", "15", "75", "60", "1h", "30s", "D", "w", "1M", ",5"].map((typed) => named(typed))).toEqual([
      "5m",
      "15m",
      "75m",
      "1h",
      "1h",
      "30s",
      "1d",
      "1W",
      "1M",
      "5m",
    ]);
  });

  it("takes any count of minutes of a session, and of seconds", () => {
    expect(["45", "4h", "240", "7", "2m", "10s", "45 min"].map((typed) => named(typed, 375 * 60_000))).toEqual([
      "45m",
      "4h",
      "4h",
      "7m",
      "2m",
      "10s",
      "45m",
    ]);
  });

  it("refuses more minutes than the instrument's day has", () => {
    expect(named("500m", 375 * 60_000)).toBe("refused: A trading day here has 375 minutes. For daily bars, type D");
    expect([named("375", 375 * 60_000), named("500m", 895 * 60_000), named("500m")]).toEqual(["375m", "500m", "500m"]);
    expect(named("D", 375 * 60_000)).toBe("1d");
  });

  it("refuses with the timeframes there are", () => {
    expect(named("0m")).toBe(
      "refused: A timeframe cannot be zero. Type minutes (5, 45, 75), hours (4h), seconds up to 59 (10s), D, W or M",
    );
    expect(named("7x")).toBe(
      "refused: “7x” is not a timeframe. Type minutes (5, 45, 75), hours (4h), seconds up to 59 (10s), D, W or M",
    );
    expect(named("90s")).toBe("refused: Seconds go up to 59 (10s). For longer bars, use whole minutes (2m)");
    expect(named("1441")).toBe("refused: A bar spans at most one day: 1440 minutes or 24h. For daily bars, type D");
    expect(named("3d")).toBe("refused: Only one day, one week and one month are available: D, W, M");
    expect(named("soon")).toContain("“soon” is not a timeframe");
    expect(named(" ")).toContain("Type minutes");
  });

  it("writes a timeframe short on buttons and in words for listeners", () => {
    expect([timeframeLabel("5m"), timeframeLabel("1d"), timeframeLabel("1W")]).toEqual(["5m", "D", "W"]);
    expect([timeframeTitle("5m"), timeframeTitle("1d"), timeframeTitle("125m")]).toEqual([
      "5 minutes",
      "1 day",
      "125 minutes",
    ]);
  });
});
