import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bar, barAt, barStates, columnsOf } from "@/server/domain/bars/bar";
import { parseInstant } from "./rest";
import type { IndicatorHead } from "./live";
import { packBars, packSeries, unpackBars, unpackSeries } from "./wire";

const bar = (price: fc.Arbitrary<number>) =>
  fc.record<Bar>({
    time: fc.integer({ min: 0, max: 4_294_967_295 }).map((second) => second * 1_000),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    ticks: fc.integer({ min: 0, max: 4_294_967_295 }),
    state: fc.constantFrom(...barStates),
    incomplete: fc.boolean(),
    value: fc.constant(0),
    openInterest: fc.constant(-1),
    rev: fc.constant(0),
  });
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const wide = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const lowest = (bars: Bar[]): Bar[] =>
  bars.map((each) => ({
    ...each,
    high: Math.max(each.open, each.high, each.low, each.close),
    low: Math.min(each.open, each.high, each.low, each.close),
  }));

describe("packed bars", () => {
  it.each([
    ["prices of 32 bits", int32],
    ["wider prices", wide],
  ])("unpack to what was packed: %s", (_, price) => {
    fc.assert(
      fc.property(fc.array(bar(price)).map(lowest), fc.nat(9), (bars, shift) => {
        const packed = packBars(columnsOf(bars));
        // Also out of a view that is not aligned, as a socket hands it over.
        const larger = new Uint8Array(packed.byteLength + shift);
        larger.set(new Uint8Array(packed), shift);
        const back = unpackBars(larger.subarray(shift));
        expect(Array.from({ length: back.length }, (__, row) => barAt(back, row))).toEqual(bars);
      }),
    );
  });
  it("hold the rows asked for", () => {
    const bars = lowest(fc.sample(bar(int32), 5));
    const back = unpackBars(packBars(columnsOf(bars), 1, 3));
    expect([barAt(back, 0), barAt(back, 1), back.length]).toEqual([bars[1], bars[2], 2]);
  });
  it("of strangers are refused", () => {
    expect(() => unpackBars(new ArrayBuffer(4))).toThrow("not packed bars");
    expect(() => unpackBars(new ArrayBuffer(64))).toThrow("not packed bars");
  });
});

describe("parseInstant", () => {
  const expected = Date.parse("2024-08-13T09:15:00+05:30");
  it.each([
    "1723520700",
    "1723520700000",
    "2024-08-13 09:15",
    "2024-08-13T09:15:00",
    " 2024-08-13 09:15:00 ",
    "2024-08-13T09:15:00+05:30",
    "2024-08-13T09:15:00+0530",
    "2024-08-13 09:15:00+05:30",
    "2024-08-13 09:15:00 05:30",
    "2024-08-13 03:45:00Z",
    "2024-08-13T03:45:00Z",
    "202408130915",
    "20240813091500",
    "13-Aug-2024 09:15",
    "1723520700000000",
  ])("reads %s", (text) => {
    expect(parseInstant(text)).toBe(expected);
  });
  it("reads a date as IST's midnight, and milliseconds", () => {
    expect(parseInstant("2024-08-13")).toBe(expected - (9 * 60 + 15) * 60_000);
    expect(parseInstant("2024-08-13 09:15:00.25")).toBe(expected + 250);
  });
  it.each([
    "",
    "now",
    "2024-13-01",
    "2024-02-30",
    "2024-08-13 25:00",
    "13-08-2024",
    "12345",
    "202413130915",
    "20240813251500",
    "99991399",
  ])("refuses %s", (text) => expect(parseInstant(text)).toBeNull());
});

describe("indicator values", () => {
  it("cross the socket as one buffer however many plots there are, and come back as they were", () => {
    const head = (instance: number, plots: number): IndicatorHead => ({
      instance,
      id: `I${instance}`,
      label: "",
      params: {},
      pane: "own",
      guides: [],
      plots: Array.from({ length: plots }, (_, plot) => ({
        id: String(plot),
        title: "",
        kind: "line" as const,
        unit: "value" as const,
      })),
    });
    const series = [3, 1, 4, 5].map((plots, instance) => ({
      ...head(instance, plots),
      values: Array.from({ length: plots }, (_, plot) => Float64Array.of(instance, plot, Number.NaN).buffer),
    }));
    const packed = packSeries(series);
    expect(packed.values.byteLength).toBe(13 * 3 * 8);
    expect(unpackSeries(packed.indicators, packed.values)).toEqual(series);
    expect(unpackSeries([], packSeries([]).values)).toEqual([]);
  });
});
