import { describe, expect, it } from "vitest";
import { type Bar, barAt, columnsOf } from "@/server/domain/bars/bar";
import type { IndicatorHead } from "./live";
import { packBars, packSeries, unpackBars, unpackSeries } from "./wire";

/** Every figure another one. */
const bar = (over: Partial<Bar> = {}): Bar => ({
  time: 1_732_074_300_000,
  open: 11,
  high: 19,
  low: 5,
  close: 13,
  volume: 101,
  value: 0,
  ticks: 7,
  openInterest: -1,
  rev: 0,
  state: "patched",
  incomplete: true,
  ...over,
});
const flagsOf = (bars: Bar[], from?: number, to?: number) =>
  new DataView(packBars(columnsOf(bars), from, to)).getUint32(12, true);

describe("packed bars", () => {
  it("stand at the offsets other programs read them by", () => {
    const packed = packBars(
      columnsOf([bar(), bar({ time: 1_732_074_360_000, open: 12, state: "forming", incomplete: false })]),
    );
    const view = new DataView(packed);
    expect([0, 4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([0x43424152, 1, 2, 0]);
    expect([view.getFloat64(16, true), view.getFloat64(24, true)]).toEqual([101, 101]);
    expect([32, 36, 40, 44, 48, 52, 56, 60].map((at) => view.getInt32(at, true))).toEqual([
      11, 12, 19, 19, 5, 5, 13, 13,
    ]);
    expect([64, 68, 72, 76].map((at) => view.getUint32(at, true))).toEqual([1_732_074_300, 1_732_074_360, 7, 7]);
    expect([view.getUint8(80), view.getUint8(81), packed.byteLength]).toEqual([2 | 0x80, 0, 82]);
    expect(packBars(columnsOf([bar({ high: 2 ** 31 })])).byteLength).toBe(16 + 8 + 32 + 4 + 4 + 1);
  });
  it("are of 64 bits only where a price of theirs needs more than 32", () => {
    expect([flagsOf([bar({ high: 0x7fffffff })]), flagsOf([bar({ high: 0x80000000 })])]).toEqual([0, 1]);
    expect([flagsOf([bar({ low: -0x80000000 })]), flagsOf([bar({ low: -0x80000001 })])]).toEqual([0, 1]);
    expect(flagsOf([bar({ high: 2 ** 40 }), bar(), bar()])).toBe(1);
    // Rows outside the cut do not count.
    const wide = bar({ high: 2 ** 40 });
    expect([flagsOf([wide, bar(), wide], 1, 2), flagsOf([bar(), wide], 0, 1), flagsOf([bar(), wide], 1, 2)]).toEqual([
      0, 0, 1,
    ]);
    expect(new DataView(packBars(columnsOf([bar()]), 1, 0)).getUint32(8, true)).toBe(0);
  });
  it("of another kind, another version, or cut short are refused", () => {
    const packed = packBars(columnsOf([bar()]));
    const changed = (at: number, value: number) => {
      const copy = packed.slice(0);
      new DataView(copy).setUint32(at, value, true);
      return copy;
    };
    expect(barAt(unpackBars(packed), 0)).toEqual(bar());
    for (const foreign of [changed(0, 0x43424153), changed(4, 2), packed.slice(0, 15), packed.slice(0, 3)])
      expect(() => unpackBars(foreign)).toThrow("not packed bars");
    // An empty answer is a head alone; other flags are for later versions.
    expect(unpackBars(packBars(columnsOf([]))).length).toBe(0);
    expect(barAt(unpackBars(changed(12, 2)), 0)).toEqual(bar());
  });
});

describe("packed indicators", () => {
  const head = (instance: number, plots: number) =>
    ({
      instance,
      plots: Array.from({ length: plots }, (_, plot) => ({ id: String(plot) })),
    }) as unknown as IndicatorHead;
  it("leave as heads without values and one buffer, and come back from a view that begins anywhere", () => {
    const series = [head(1, 2), head(2, 1)].map((each) => ({
      ...each,
      values: each.plots.map((_, plot) => Float64Array.of(each.instance, plot, Number.NaN).buffer),
    }));
    const packed = packSeries(series);
    expect(packed.indicators).toEqual([head(1, 2), head(2, 1)]);
    expect([...new Float64Array(packed.values as ArrayBuffer)]).toEqual([
      1,
      0,
      Number.NaN,
      1,
      1,
      Number.NaN,
      2,
      0,
      Number.NaN,
    ]);
    const larger = new Uint8Array(packed.values.byteLength + 5);
    larger.set(new Uint8Array(packed.values as ArrayBuffer), 3);
    const view = larger.subarray(3, 3 + packed.values.byteLength);
    for (const values of [packed.values, view]) expect(unpackSeries(packed.indicators, values)).toEqual(series);
  });
});
