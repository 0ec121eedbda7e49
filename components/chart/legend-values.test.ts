import { describe, expect, it } from "vitest";
import type { BarTuple } from "@/server/contract/live";
import { isPassed, legendRow, newestRead, readBar, readPoints } from "./legend-values";
import { SeriesStore } from "./series-store";

const store = () => {
  const bars = new SeriesStore();
  const put = (time: number, open: number, close: number): BarTuple => [
    0,
    time,
    0,
    open,
    Math.max(open, close),
    Math.min(open, close),
    close,
    500,
    3,
    1,
  ];
  bars.put(put(60, 10_000, 10_100));
  bars.put(put(120, 10_100, 9_898));
  bars.instances = [1];
  bars.points = [[new Float64Array([Number.NaN, 10_050, 0, 0])]];
  return bars;
};

describe("the legend", () => {
  it("reads a bar with the close its change is counted from", () => {
    expect(readBar(store(), 1)).toMatchObject({
      open: 10_100,
      close: 9_898,
      rising: false,
      volume: 500,
      before: 10_100,
    });
  });

  it("knows nothing before the first bar, and no bar outside", () => {
    expect(readBar(store(), 0)?.before).toBeNull();
    expect(readBar(store(), 2)).toBeNull();
    expect(readBar(store(), -1)).toBeNull();
  });

  it("shows nothing, not zero, while an indicator warms up", () => {
    expect(readPoints(store(), 0, 0)).toEqual([null]);
    expect(readPoints(store(), 0, 1)).toEqual([10_050]);
    expect(readPoints(store(), 5, 1)).toEqual([]);
  });

  it("passes over a row of which an indicator has no value between values, and reads the value before it at rest", () => {
    const bars = store();
    for (const time of [180, 240, 300]) bars.put([0, time, 0, 1, 1, 1, 1, 0, 0, 1]);
    const none = Number.NaN;
    const passed = (...plots: number[][]) => {
      bars.points = [plots.map((plot) => Float64Array.from(plot))];
      return [0, 1, 2, 3, 4].filter((row) => isPassed(bars, 0, row));
    };
    expect(passed([1, 2, none, 4, 5])).toEqual([2]);
    expect(passed([none, 2, none, none, 5])).toEqual([]); // it warms up again: no single row
    expect(passed([1, none, 3, none, 5], [none, 2, none, 4, none])).toEqual([]); // one plot or the other, as Supertrend has them
    expect([passed([1, 2, 3, 4, none]), newestRead(bars, 0), bars.points[0]![0]![newestRead(bars, 0)]]).toEqual([
      [4],
      3,
      4,
    ]);
    expect([passed([1, 2, 3, none, none]), newestRead(bars, 0)]).toEqual([[], 4]);
  });

  it("falls back to the newest bar when the crosshair is away or over the future", () => {
    expect(legendRow(store(), 60)).toBe(0);
    expect(legendRow(store(), null)).toBe(1);
    expect(legendRow(store(), 999)).toBe(1);
  });
});
