import { describe, expect, it } from "vitest";
import { type Bar, barAt, barStates, columnsOf, UPDATE } from "@/server/domain/bars/bar";
import { SeriesStore } from "@/components/chart/series-store";
import { packBars, unpackBars } from "@/server/contract/wire";
import type { Desk } from "@/server/ports/desk";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { barTuple, indicatorSeries, instrumentView, quoteView, sessionView } from "./views";

/** No two figures are alike, and a bar stands in each state, whole and with a hole. */
const bars = barStates.flatMap((state, at) =>
  [false, true].map((incomplete, hole): Bar => {
    const figure = 1_000 * (at * 2 + hole + 1);
    return {
      time: figure * 60_000,
      open: figure + 1,
      high: figure + 2,
      low: figure + 3,
      close: figure + 4,
      volume: figure + 5,
      ticks: figure + 6,
      value: figure + 7,
      openInterest: figure + 8,
      rev: figure + 9,
      state,
      incomplete,
    };
  }),
);
/** What the wire carries of a bar. */
const carried = (bar: Bar): Bar => ({ ...bar, value: 0, openInterest: -1, rev: 0 });

describe("a bar on the wire", () => {
  it("has each figure in its own place of the tuple, as the contract lists them", () => {
    bars.forEach((bar, row) => {
      expect(barTuple(UPDATE + 2, bar.time + 59_000, columnsOf(bars), row)).toEqual([
        2,
        bar.time,
        bar.time + 59_000,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.ticks,
        barStates.indexOf(bar.state) + (bar.incomplete ? 128 : 0),
      ]);
    });
  });

  it("arrives in the browser's columns as it left the server's", () => {
    const store = new SeriesStore();
    bars.forEach((_, row) => store.put(barTuple(UPDATE, 0, columnsOf(bars), row)));
    expect(
      bars.map((_, row) => ({
        time: store.time[row],
        open: store.open[row],
        high: store.high[row],
        low: store.low[row],
        close: store.close[row],
        volume: store.volume[row],
        ticks: store.ticks[row],
        state: barStates[store.state[row]!],
        incomplete: store.incomplete[row] === 1,
      })),
    ).toEqual(bars.map(({ value: _, openInterest: __, rev: ___, ...seen }) => seen));
  });

  it("packed, has each figure in its own column, at the offsets the contract names", () => {
    const wide = bars.map((bar) => ({ ...bar, high: bar.high + 2 ** 33 }));
    for (const [each, size] of [
      [bars, 4],
      [wide, 8],
    ] as const) {
      const packed = packBars(columnsOf(each));
      const back = unpackBars(packed);
      expect(each.map((_, row) => barAt(back, row))).toEqual(each.map(carried));
      // Other programs read it by the offsets alone.
      const view = new DataView(packed);
      const rows = each.length;
      let at = 16;
      const column = (width: number, read: (offset: number) => number): number[] => {
        const values = each.map((_, row) => read(at + row * width));
        at += width * rows;
        return values;
      };
      const price = (offset: number): number =>
        size === 8 ? view.getFloat64(offset, true) : view.getInt32(offset, true);
      expect([0, 4, 8, 12].map((offset) => view.getUint32(offset, true))).toEqual([
        0x43424152,
        1,
        rows,
        size === 8 ? 1 : 0,
      ]);
      expect(column(8, (offset) => view.getFloat64(offset, true))).toEqual(each.map(({ volume }) => volume));
      for (const name of ["open", "high", "low", "close"] as const)
        expect(column(size, price), name).toEqual(each.map((bar) => bar[name]));
      expect(column(4, (offset) => view.getUint32(offset, true))).toEqual(each.map(({ time }) => time / 1_000));
      expect(column(4, (offset) => view.getUint32(offset, true))).toEqual(each.map(({ ticks }) => ticks));
      expect(column(1, (offset) => view.getUint8(offset))).toEqual(
        each.map(({ state, incomplete }) => barStates.indexOf(state) + (incomplete ? 128 : 0)),
      );
      expect(at).toBe(packed.byteLength);
    }
  });
});

describe("what a chart is told of its instrument", () => {
  const instrument = testInstrument(5, { tickSize: 25, lotSize: 75, expiry: "2026-12-31", decimals: 4, name: "Five" });
  const desk = (over: Partial<Desk>): Desk => ({ instrument: () => instrument, ...over }) as Desk;

  it("has every field in its place", () => {
    const { id: _, strike: __, ...shown } = instrument;
    for (const [live, simulated] of [
      [true, false],
      [false, true],
    ] as const)
      expect(instrumentView(desk({ isLive: () => live, isSimulated: () => simulated }), 0)).toEqual({
        ...shown,
        hasVolume: true,
        live,
        simulated,
      });
  });

  it("has every figure of the quote in its place, and none before the first tick", () => {
    const values = { price: 1, previousClose: 2, open: 3, high: 4, low: 5, volume: 6, time: 7, received: 8 };
    expect(quoteView(desk({ quote: () => ({ ...values, sequence: 9 }) }), 0)).toEqual({
      key: instrument.key,
      decimals: 4,
      ...values,
    });
    expect(quoteView(desk({ quote: () => null }), 0)).toBeNull();
  });

  it("says which phase runs and when it ends, and between phases when the next begins", () => {
    const session = {
      day: 20_000,
      kind: "regular" as const,
      name: "Regular session",
      open: 200,
      close: 300,
      phases: [
        { phase: "pre_open" as const, from: 100, to: 150 },
        { phase: "continuous" as const, from: 200, to: 300 },
      ],
    };
    const view = (now: number) => sessionView(session as never, now);
    const same = { kind: "regular", name: "Regular session", open: 200, close: 300 };
    expect(view(50)).toEqual({ ...same, phase: "closed", until: 100 });
    expect(view(120)).toEqual({ ...same, phase: "pre_open", until: 150 });
    expect(view(160)).toEqual({ ...same, phase: "closed", until: 200 });
    expect(view(299)).toEqual({ ...same, phase: "continuous", until: 300 });
    expect(view(300)).toEqual({ ...same, phase: "closed", until: null });
  });

  it("has an indicator's head and values in their places", () => {
    const held = {
      instance: 7,
      id: "EMA",
      label: "EMA 20",
      params: { period: 20 },
      pane: "own" as const,
      guides: [30, 70],
      plots: [{ id: "value", title: "EMA", kind: "line" as const, unit: "price" as const }],
    };
    const values = [Float64Array.of(1, 2).buffer];
    expect(indicatorSeries(held, values)).toEqual({ ...held, values });
  });
});
