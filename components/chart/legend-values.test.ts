import { describe, expect, it } from "vitest";
import type { BarTuple } from "@/server/contract/live";
import { legendRow, readBar, readPoints } from "./legend-values";
import { SeriesStore } from "./series-store";

const store = () => {
  const bars = new SeriesStore();
  const put = (time: number, open: number, close: number): BarTuple => [0, time, 0, open, Math.max(open, close), Math.min(open, close), close, 500, 3, 1];
  bars.put(put(60, 10_000, 10_100));
  bars.put(put(120, 10_100, 9_898));
  bars.instances = [1];
  bars.points = [[new Float64Array([Number.NaN, 10_050, 0, 0])]];
  return bars;
};

describe("the legend", () => {
  it("reads a bar with the close its change is counted from", () => {
    expect(readBar(store(), 1)).toMatchObject({ open: 10_100, close: 9_898, rising: false, volume: 500, before: 10_100 });
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

  it("falls back to the newest bar when the crosshair is away or over the future", () => {
    expect(legendRow(store(), 60)).toBe(0);
    expect(legendRow(store(), null)).toBe(1);
    expect(legendRow(store(), 999)).toBe(1);
  });
});
