import { expect, it } from "vitest";
import { needsSessions } from "./sessions-only";

it("leaves the VWAP away from one day up, and nothing else", () => {
  expect((["30s", "1m", "2h", "1d", "1W", "1M"] as const).map((timeframe) => needsSessions("VWAP", timeframe))).toEqual(
    [false, false, false, true, true, true],
  );
  expect(needsSessions("EMA", "1d")).toBe(false);
});
