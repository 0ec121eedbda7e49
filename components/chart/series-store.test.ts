import { describe, expect, it } from "vitest";
import type { BarTuple, IndicatorSeries } from "@/server/contract/live";
import { barColumns } from "@/server/domain/bars/bar";
import { SeriesStore } from "./series-store";

const columns = (times: readonly number[], close = 100) => {
  const bars = barColumns(times.length);
  bars.length = times.length;
  times.forEach((time, row) => {
    bars.time[row] = time;
    bars.open[row] = bars.high[row] = bars.low[row] = bars.close[row] = close;
    bars.state[row] = 1;
  });
  return bars;
};
const series = (instance: number, values: readonly number[]): IndicatorSeries => ({
  instance,
  id: "EMA",
  label: "EMA 20",
  params: { period: 20 },
  pane: "price",
  guides: [],
  plots: [{ id: "ema", title: "EMA", kind: "line", unit: "price" }],
  values: [new Float64Array(values).buffer],
});
const times = (store: SeriesStore) => Array.from(store.time.subarray(0, store.length));
const plot = (store: SeriesStore) => Array.from(store.points[0]![0]!.subarray(0, store.length));
const bar = (time: number, state = 0): BarTuple => [0, time, 0, 1, 1, 1, 1, 1, 1, state];

describe("the bars of a chart", () => {
  it("keeps values beside their bars when a page is put in front", () => {
    const store = new SeriesStore();
    store.replace(columns([60, 120]), [series(7, [1, 2])]);
    expect(store.prepend(columns([-60, 0, 60]), [series(99, [Number.NaN, 9, 8])])).toBe(2);
    expect(times(store)).toEqual([-60, 0, 60, 120]);
    expect(plot(store)).toEqual([Number.NaN, 9, 1, 2]);
  });

  it("keeps values beside their bars when a bar is inserted or appended", () => {
    const store = new SeriesStore();
    store.replace(columns([60, 180]), [series(7, [1, 3])]);
    expect(store.put(bar(120))).toBe("absent");
    expect(store.put(bar(240))).toBe("append");
    expect(plot(store)).toEqual([1, Number.NaN, 3, Number.NaN]);
    expect(store.putPoint(7, 120, [2])).toBe(true);
    expect(store.putPoint(7, 999, [2])).toBe(false);
    expect(store.putPoint(8, 120, [2])).toBe(false);
    expect(plot(store)).toEqual([1, 2, 3, Number.NaN]);
  });

  it("lays a resumed answer over what it has, with the instance numbers of the new server", () => {
    const store = new SeriesStore();
    store.replace(columns([60, 120]), [series(7, [1, 2])]);
    expect(store.merge(columns([120, 180], 105), [series(3, [2.5, 3])])).toEqual(["last", "append"]);
    expect(times(store)).toEqual([60, 120, 180]);
    expect(store.close[1]).toBe(105);
    expect(plot(store)).toEqual([1, 2.5, 3]);
    expect(store.putPoint(3, 180, [3.5])).toBe(true);
  });

  it("makes room for many bars in one pass, with values beside their bars", () => {
    const store = new SeriesStore();
    store.replace(columns([60, 240]), [series(7, [1, 4])]);
    expect([...store.makeRoom([180, 120, 60, 300, 180, 0])]).toEqual([0, 120, 180]);
    expect(times(store)).toEqual([0, 60, 120, 180, 240]);
    expect(plot(store)).toEqual([Number.NaN, 1, Number.NaN, Number.NaN, 4]);
    expect(store.put(bar(120))).toBe("older");
    expect(store.put(bar(300))).toBe("append");
    expect(times(store)).toEqual([0, 60, 120, 180, 240, 300]);
  });

  it("says where a returning client continues", () => {
    const store = new SeriesStore();
    expect(store.lastClosed()).toBeNull();
    store.put(bar(60, 1));
    store.put(bar(120, 2));
    store.put(bar(180, 0));
    expect(store.lastClosed()).toBe(120);
  });

  it("drops bars at the asked end", () => {
    const store = new SeriesStore();
    store.replace(columns([1, 2, 3, 4]), [series(7, [1, 2, 3, 4])]);
    store.evictOldest(3);
    store.evictNewest(2);
    expect(times(store)).toEqual([2, 3]);
    expect(plot(store)).toEqual([2, 3]);
  });

  it("reads the incomplete mark of a live bar", () => {
    const store = new SeriesStore();
    store.put(bar(60, 0x81));
    expect([store.state[0], store.incomplete[0]]).toEqual([1, 1]);
  });
});
