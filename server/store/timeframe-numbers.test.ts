import { expect, it } from "vitest";
import { timeframe } from "@/server/domain/time/timeframe";
import { withTimeframe } from "./timeframe-numbers";

it("leaves out rows of a timeframe that a later version has numbered, and says so", () => {
  const told: unknown[] = [];
  const rows = [
    { number: timeframe("15m").index, bars: 1 },
    { number: 99, bars: 2 },
    { number: timeframe("1d").index, bars: 3 },
    { number: -1, bars: 4 },
  ];
  expect(
    withTimeframe(
      "days of job 3",
      rows,
      ({ number }) => number,
      (...said) => void told.push(said),
      ({ bars }, name) => [name, bars],
    ),
  ).toEqual([
    ["15m", 1],
    ["1d", 3],
  ]);
  expect(told).toEqual([["days of job 3", expect.stringContaining("row 2"), 2]]);
});
