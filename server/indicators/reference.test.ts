import { valuesOf, indicatorOf } from "@/server/testing/indicator-values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { columnsOfBars, walkBars } from "@/server/testing/indicator-bars";
import { fixturesAbsent } from "@/server/testing/fixtures";
import { ownBars, ownSeries, recordedBars, recordedSeries } from "@/server/testing/indicator-fixtures";
import { indicatorOracle } from "@/server/testing/indicator-oracle";
import { indicators } from "./index";

/** Defaults, and parameters where every window is short. */
const cases = [
  "SMA:20",
  "SMA:1",
  "EMA:20",
  "EMA:1",
  "RSI",
  "RSI:2",
  "MACD",
  "MACD:3,7,4",
  "MACD:7,3,1",
  "BB",
  "BB:2,0.5",
  "VWAP",
  "ATR",
  "ATR:1",
  "SUPERTREND",
  "SUPERTREND:3,1",
  "STOCH",
  "STOCH:1,1,1",
  "STOCH:5,3,2",
  "ADX",
  "ADX:2",
  "WMA",
  "WMA:1",
  "WMA:4",
  "VOLMA",
  "VOLMA:3",
  "RVOL",
  "RVOL:3",
  "CCI",
  "CCI:3",
  "MFI",
  "MFI:3",
  "KC",
  "KC:3,1.5,5",
  "DC",
  "DC:3",
  "DC:1",
  "ROC",
  "ROC:1",
  "WILLR",
  "WILLR:3",
  "PDL",
  "CPR",
  "OR",
  "OR:3",
  "ICHIMOKU",
  "ICHIMOKU:3,5,8,4",
  "PSAR",
  "PSAR:0.1,0.3",
  "OBV",
  "OICHG",
  "OICHG:session",
  "OICHG:day",
  "AVWAP:week",
  "AVWAP:month",
  "AVWAP:quarter",
  "AVWAP:year",
  "AVWAP:2026-11-10",
  "AVWAP:2026-11-09T09:15",
  "AVWAP:2026-11-10T09:20",
  "AVWAP:2030-01-01",
  ...["open", "high", "low", "hl2", "hlc3", "ohlc4"].flatMap((source) => [
    `SMA:4,${source}`,
    `EMA:4,${source}`,
    `WMA:4,${source}`,
    `RSI:4,${source}`,
    `MACD:3,7,4,${source}`,
    `BB:4,2,${source}`,
    `ROC:4,${source}`,
    `KC:4,2,4,${source}`,
  ]),
  "CCI:5,close",
  "CCI:5,hl2",
];

/** Equal to 1e-9 of the price, or of 100 for an index, and NaN in the same places. */
const agree = (text: string, bars: readonly IndicatorBar[]): void => {
  const resolved = indicatorOf(text);
  const ours = valuesOf(resolved, columnsOfBars(bars));
  const theirs = indicatorOracle[resolved.definition.id]!(bars, resolved.params as Record<string, number>);
  expect(theirs.length).toBe(ours.length);
  ours.forEach((plot, place) =>
    plot.forEach((value, row) => {
      const wanted = theirs[place]![row]!;
      const { id, unit } = resolved.definition.plots[place]!;
      const close = Number.isNaN(wanted)
        ? Number.isNaN(value)
        : Math.abs(value - wanted) <= 1e-9 * Math.max(unit === "price" ? bars[row]!.close : 100, Math.abs(wanted));
      if (!close) expect({ text, plot: id, row, value }).toEqual({ text, plot: id, row, value: wanted });
    }),
  );
};

/** Any bar: a hundredth of them flat, prices of any size, jumps included. */
const anyBar = fc.tuple(
  fc.integer({ min: 1_000, max: 3_000_000 }),
  fc.nat(400),
  fc.nat(400),
  fc.nat(100),
  fc.integer({ min: 1, max: 1_000_000 }),
  fc.integer({ min: -1, max: 400_000 }),
);
const anyBars = fc
  .array(fc.oneof(anyBar, fc.constant([50_000, 0, 0, 0, 1, -1] as [number, number, number, number, number, number])), {
    minLength: 1,
    maxLength: 90,
    size: "max",
  })
  .map((rows) =>
    rows.map(([low, span, from, to, volume, openInterest], row): IndicatorBar => ({
      time: Date.parse("2026-11-09T09:15:00+05:30") + Math.floor(row / 13) * 86_400_000 + (row % 13) * 60_000,
      low,
      high: low + span,
      open: low + Math.min(from, span),
      close: low + Math.min(to, span),
      volume,
      openInterest,
    })),
  );

describe("against the definition computed from scratch", () => {
  it("has a reference for every indicator", () => {
    expect(indicators.map(({ id }) => id).filter((id) => indicatorOracle[id] === undefined)).toEqual([]);
    expect(
      indicators.map(({ id }) => id).filter((id) => !cases.some((text) => indicatorOf(text).definition.id === id)),
    ).toEqual([]);
  });
  it.each(cases)("%s over days of minutes", (text) => agree(text, walkBars(900)));
  it.each(cases)("%s over two months of days", (text) => agree(text, walkBars(120, 5, 2)));
  it.each(cases)("%s over any bars", (text) =>
    fc.assert(
      fc.property(anyBars, (bars) => agree(text, bars)),
      { numRuns: 30 },
    ),
  );
});

describe.each([...ownSeries])("over minutes of our own making: %s", (key) => {
  const bars = ownBars(key, 700);
  it.each(cases)("%s", (text) => agree(text, bars));
});

describe.skipIf(fixturesAbsent).each([...recordedSeries])("over recorded bars: %s", (name) => {
  const bars = recordedBars(name, 700);
  it.each(cases)("%s", (text) => agree(text, bars));
});
