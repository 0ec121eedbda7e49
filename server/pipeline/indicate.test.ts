import { indicatorOf, valuesOf } from "@/server/testing/indicator-values";
import { describe, expect, it } from "vitest";
import { type BarBatch, barBatch, CLOSE, columnsOf, PATCH, type BarColumns } from "@/server/domain/bars/bar";
import { Indicators } from "./indicate";

const series = (closes: readonly number[], first = 1): BarColumns =>
  columnsOf(
    closes.map((close, at) => ({
      time: (first + at) * 60_000,
      open: close,
      high: close,
      low: close,
      close,
      volume: 1,
      value: 0,
      ticks: 1,
      openInterest: -1,
      rev: 1,
      state: "closed",
      incomplete: false,
    })),
  );
const batchOf = (bars: BarColumns, event: number = CLOSE): BarBatch => {
  const batch = barBatch(bars.length);
  batch.length = bars.length;
  batch.event.fill(event);
  batch.timeframe.fill(4);
  batch.time.set(bars.time);
  batch.close.set(bars.close);
  return batch;
};
const emitted = (core: Indicators, batch: BarBatch): [time: number, value: number][] => {
  const points: [number, number][] = [];
  core.on(batch, ({ length, time, values, stride }) => {
    for (let row = 0; row < length; row++) points.push([time[row]! / 60_000, values[row * stride]!]);
  });
  return points;
};
const sma = indicatorOf("SMA:2");

describe("the indicator stage", () => {
  it("goes on from its seed, taking each closed bar once", () => {
    const core = new Indicators();
    const instance = core.acquire(0, 4, sma);
    core.seed(instance, series([10, 20, 30]));
    expect(emitted(core, batchOf(series([30, 40, 60], 3)))).toEqual([
      [4, 35],
      [5, 50],
    ]);
  });
  it("says nothing before it was seeded", () => {
    const core = new Indicators();
    core.acquire(0, 4, sma);
    expect(emitted(core, batchOf(series([10, 20])))).toEqual([]);
  });
  it("shows forming bars without keeping them, the first of two as if it had closed", () => {
    const core = new Indicators();
    const instance = core.acquire(0, 4, sma);
    core.seed(instance, series([10, 20]));
    const out = new Float64Array(2);
    core.peek(instance, series([40, 60], 3), out);
    expect(Array.from(out)).toEqual([30, 50]);
    expect(emitted(core, batchOf(series([40], 3)))).toEqual([[3, 30]]);
  });
  it("is stale after a patch of its bars until it is seeded anew", () => {
    const core = new Indicators();
    const instance = core.acquire(0, 4, sma);
    expect(core.isStale(instance)).toBe(true);
    core.seed(instance, series([10, 20]));
    expect(core.isStale(instance)).toBe(false);
    core.on(batchOf(series([11], 1), PATCH), () => {});
    expect(core.isStale(instance)).toBe(true);
    core.seed(instance, series([11, 20]));
    expect(core.isStale(instance)).toBe(false);
  });
  it("runs one instance for all readers of the same, and ends it with the last", () => {
    const core = new Indicators();
    const [first, second] = [core.acquire(0, 4, sma), core.acquire(0, 4, indicatorOf("sma:2"))];
    expect([first === second, core.size]).toEqual([true, 1]);
    core.release(first);
    expect(core.size).toBe(1);
    core.release(second);
    expect([core.size, core.of(0, 4)]).toEqual([0, []]);
  });
  it("gives live what the whole series gives at once", () => {
    const closes = Array.from({ length: 60 }, (_, at) => 1_000 + ((at * 37) % 91));
    for (const text of ["SMA:5", "EMA:5", "RSI:5"]) {
      const resolved = indicatorOf(text);
      const core = new Indicators();
      core.seed(core.acquire(0, 4, resolved), series(closes.slice(0, 20)));
      const live = emitted(core, batchOf(series(closes.slice(20), 21))).map(([, value]) => value);
      expect(live).toEqual(Array.from(valuesOf(resolved, series(closes))[0]!).slice(20));
    }
  });
});
