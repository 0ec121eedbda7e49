import { valuesOf, indicatorOf } from "@/server/testing/indicator-values";
import { BollingerBands, CCI, DonchianChannels, MFI, ROC, RSI, SMA, WilliamsR, WMA } from "trading-signals";
import { describe, expect, it } from "vitest";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { columnsOfBars, walkBars } from "@/server/testing/indicator-bars";
import { recordedBars, recordedSeries } from "@/server/testing/indicator-fixtures";
import { findIndicator, indicatorCatalogue, indicators, resolveIndicator } from "./index";

const flat = (closes: readonly number[]): IndicatorBar[] =>
  closes.map((close, at) => ({
    time: at * 60_000,
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
    openInterest: -1,
  }));
const values = (text: string, closes: readonly number[]): number[] =>
  Array.from(valuesOf(indicatorOf(text), columnsOfBars(flat(closes)))[0]!);

const closing = (peer: { update(close: number, replace: boolean): number | null }) => ({
  update: (bar: IndicatorBar) => peer.update(bar.close, false),
});
const onBars = (peer: { update(bar: IndicatorBar, replace: boolean): number | null }) => ({
  update: (bar: IndicatorBar) => peer.update(bar, false),
});

/** Where its conventions are ours. Its EMA and MACD begin with the first value, its ATR and ADX count the first bar's range. */
const peers = (): Record<string, { update(bar: IndicatorBar): number | null }> => {
  const [bands, rate, channel] = [new BollingerBands(20, 2), new ROC(10), new DonchianChannels(20)];
  return {
    "SMA:20": closing(new SMA(20)),
    "RSI:14": closing(new RSI(14)),
    "WMA:9": closing(new WMA(9)),
    "BB:20,2": closing({ update: (close, replace) => bands.update(close, replace)?.upper ?? null }),
    "ROC:10": closing({
      update: (close, replace) => {
        const change = rate.update(close, replace);
        return change === null ? null : 100 * change;
      },
    }),
    "CCI:20": onBars(new CCI(20)),
    "MFI:14": onBars(new MFI(14)),
    "WILLR:14": onBars(new WilliamsR(14)),
    "DC:20": onBars({ update: (bar, replace) => channel.update(bar, replace)?.upper ?? null }),
  };
};

describe("reference values", () => {
  const walk = { name: "a walk", read: () => walkBars(400, 5) };
  const recorded = recordedSeries.slice(0, 3).map((name) => ({ name, read: () => recordedBars(name, 900) }));
  it.each([walk, ...recorded])("windows are those of trading-signals over $name", ({ read }) => {
    const series = read();
    for (const [text, peer] of Object.entries(peers())) {
      const ours = valuesOf(indicatorOf(text), columnsOfBars(series))[0]!;
      let compared = 0;
      series.forEach((bar, row) => {
        const wanted = peer.update(bar);
        if (wanted === null || Number.isNaN(wanted)) return;
        compared++;
        expect(Math.abs(ours[row]! - wanted), `${text} at ${row}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)));
      });
      expect(compared, text).toBeGreaterThan(200);
    }
  });
  it("EMA is seeded by the mean of its first closes, as TA-Lib's", () => {
    // Weight 2/(3+1): 20; 20 + (50 - 20)/2 = 35; 35 + (20 - 35)/2 = 27.5; 27.5 + (27.5 - 27.5)/2.
    expect(values("EMA:3", [10, 20, 30, 50, 20, 27.5])).toEqual([Number.NaN, Number.NaN, 20, 35, 27.5, 27.5]);
  });
  it("RSI follows Wilder by hand, and reads 0 where nothing moved", () => {
    // Changes +10 -5 +20: means 10/2 and 5/2, 66.67; then (5 + 20)/2 = 12.5 and 2.5/2 = 1.25: 90.909…
    expect(values("RSI:2", [100, 110, 105, 125]).slice(2)).toEqual([
      expect.closeTo(200 / 3, 9),
      expect.closeTo(1_000 / 11, 9),
    ]);
    expect(values("RSI:2", [5, 5, 5, 5])[3]).toBe(0);
    expect(values("RSI:2", [5, 6, 7, 8])[3]).toBe(100);
  });
  it("RSI of a price that has not moved for so long that nothing is left to share reads 0 again, as TA-Lib's", () => {
    const still = values("RSI:2", [5, 9, 8, ...Array.from({ length: 60 }, () => 8)]);
    expect(still[30]).toBeGreaterThan(50);
    expect(still.at(-1)).toBe(0);
  });
  it("OBV continues over daily bars of one year and restarts with the next, and with each session within the day", () => {
    const obv = (times: readonly string[], steps: readonly number[]): number[] => {
      const rows = flat(steps).map((bar, row) => ({ ...bar, time: Date.parse(`${times[row]}+05:30`), volume: 10 }));
      return Array.from(valuesOf(indicatorOf("OBV"), columnsOfBars(rows))[0]!);
    };
    expect(
      obv(
        ["2026-12-29T00:00", "2026-12-30T00:00", "2026-12-31T00:00", "2027-01-01T00:00", "2027-01-04T00:00"],
        [5, 6, 7, 8, 9],
      ),
    ).toEqual([10, 20, 30, 10, 20]);
    expect(obv(["2026-11-09T09:15", "2026-11-09T09:16", "2026-11-10T09:15", "2026-11-10T09:16"], [5, 6, 7, 6])).toEqual(
      [10, 20, 10, 0],
    );
  });
});

describe("anchored VWAP", () => {
  const avwap = (anchor: string, times: readonly string[]): (number | null)[] => {
    const rows = flat(times.map((_, row) => 100 * (row + 1))).map((bar, row) => ({
      ...bar,
      time: Date.parse(`${times[row]}+05:30`),
    }));
    return Array.from(valuesOf(indicatorOf(`AVWAP:${anchor}`), columnsOfBars(rows))[0]!, (value) =>
      Number.isNaN(value) ? null : value,
    );
  };
  const minutes = ["2026-11-06T15:29", "2026-11-09T09:15", "2026-11-09T09:16", "2026-11-10T09:15"];
  it("counts from the first bar at or after an Indian time", () => {
    expect(avwap("2026-11-09", minutes)).toEqual([null, 200, 250, 300]);
    expect(avwap("2026-11-09T09:16", minutes)).toEqual([null, null, 300, 350]);
    expect(avwap("2026-11-07T12:00", minutes)).toEqual([null, 200, 250, 300]);
    expect(avwap("2027-01-01", minutes)).toEqual([null, null, null, null]);
  });
  it("shows nothing where the bars known do not reach back to the anchor", () => {
    expect(avwap("2026-11-05", minutes)).toEqual([null, null, null, null]);
    expect(avwap("2026-11-06T15:29", minutes)).toEqual([100, 150, 200, 250]);
    expect(avwap("week", minutes)).toEqual([null, 200, 250, 300]);
    expect(avwap("month", minutes)).toEqual([null, null, null, null]);
  });
  it("restarts with the Indian week, month, quarter and year", () => {
    // 30 November 2026 is a Monday; at 00:10 in India it is still the day before in Greenwich.
    const days = ["2026-11-29T23:50", "2026-11-30T00:10", "2026-12-01T00:10", "2027-01-01T00:10", "2027-01-01T00:11"];
    expect(avwap("week", days)).toEqual([null, 200, 250, 400, 450]);
    expect(avwap("month", days)).toEqual([null, null, 300, 400, 450]);
    expect(avwap("quarter", days)).toEqual([null, null, null, 400, 450]);
    expect(avwap("year", days)).toEqual([null, null, null, 400, 450]);
  });
});

it("change in open interest counts from the bar, the session's first bar or the day before, and says nothing of what is unknown", () => {
  const times = ["2026-11-06T15:29", "2026-11-09T09:15", "2026-11-09T09:16", "2026-11-09T09:17", "2026-11-10T09:15"];
  const rows = flat([1, 1, 1, 1, 1]).map((bar, row) => ({
    ...bar,
    time: Date.parse(`${times[row]}+05:30`),
    openInterest: [1_000, 1_500, 1_400, -1, 1_650][row]!,
  }));
  const change = (against: string): (number | null)[] =>
    Array.from(valuesOf(indicatorOf(`OICHG:${against}`), columnsOfBars(rows))[0]!, (value) =>
      Number.isNaN(value) ? null : value,
    );
  expect(change("bar")).toEqual([null, 500, -100, null, null]);
  expect(change("session")).toEqual([0, 0, -100, null, 0]);
  expect(change("day")).toEqual([null, 500, 400, null, 250]);
});

describe("resolveIndicator", () => {
  it.each([
    ["EMA", { period: 20 }, "EMA 20", "EMA:20"],
    ["rsi", {}, "RSI 14", "RSI:14"],
    ["EMA", { period: 20, source: "close" }, "EMA 20", "EMA:20"],
    ["ema", { period: 20, source: "hl2" }, "EMA 20 hl2", "EMA:20,hl2"],
    ["CCI", {}, "CCI 20", "CCI:20"],
    ["CCI", { period: 20, source: "close" }, "CCI 20 close", "CCI:20,close"],
    ["AVWAP", {}, "AVWAP month", "AVWAP:month"],
    ["avwap", { anchor: "2026-11-09T09:15" }, "AVWAP 2026-11-09T09:15", "AVWAP:2026-11-09T09:15"],
  ])("names %s with %j", (id, params, label, hash) => {
    expect(resolveIndicator({ id, params })).toMatchObject({ label, hash });
  });
  it.each([
    ["XYZ", {}, "indicator", "EMA, SMA, "],
    ["EMA", { period: 0 }, "EMA.period", ""],
    ["EMA", { period: "x" }, "EMA.period", ""],
    ["EMA", { period: 1.5 }, "EMA.period", ""],
    ["RSI", { period: 1_001 }, "RSI.period", ""],
    ["EMA", { period: 20, source: "vwap" }, "EMA.source", "hlc3"],
    ["AVWAP", { anchor: "2026-02-30" }, "AVWAP.anchor", "YYYY-MM-DD"],
    ["AVWAP", { anchor: "2026-11-09T25:00" }, "AVWAP.anchor", "week"],
    ["AVWAP", { anchor: "day" }, "AVWAP.anchor", "week"],
  ])("refuses %s with %j, naming %s", (id, params, field, accepted) => {
    const read = (): unknown => {
      try {
        return resolveIndicator({ id, params });
      } catch (error) {
        return error;
      }
    };
    expect(read()).toMatchObject({
      code: "bad_input",
      details: { field, accepted: expect.stringContaining(accepted) },
    });
  });
  it("knows the names that others have for them, none of which is also an indicator's own or a choice of a parameter", () => {
    expect(["BBANDS", "donchian", "Keltner", "PIVOT"].map((name) => findIndicator(name)?.id)).toEqual([
      "BB",
      "DC",
      "KC",
      "CPR",
    ]);
    const choices = indicatorCatalogue().flatMap(({ params }) => params.flatMap((param) => param.choices ?? []));
    expect(choices.filter((choice) => findIndicator(choice) !== undefined)).toEqual([]);
    for (const { id } of indicators) expect(findIndicator(id)!.id).toBe(id);
  });
});

it("the catalogue has each parameter with its default, limits and unit", () => {
  const source = (byDefault = "close") => ({
    name: "source",
    kind: "choice",
    default: byDefault,
    choices: ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"],
  });
  const period = (byDefault: number, min: number) => ({
    name: "period",
    kind: "integer",
    default: byDefault,
    min,
    max: 1_000,
    unit: "bars",
  });
  const views = new Map(indicatorCatalogue().map((view) => [view.id, view]));
  expect(views.get("EMA")).toMatchObject({ pane: "price", params: [period(20, 1), source()] });
  expect(views.get("RSI")).toMatchObject({ pane: "own", params: [period(14, 2), source()] });
  expect(views.get("BB")!.params).toEqual([
    period(20, 2),
    { name: "deviations", kind: "number", default: 2, min: 0.1, max: 10, unit: "times" },
    source(),
  ]);
  expect(views.get("CCI")!.params[1]).toEqual(source("hlc3"));
  expect(views.get("AVWAP")!.params).toEqual([
    { name: "anchor", kind: "instant", default: "month", choices: ["week", "month", "quarter", "year"], unit: "IST" },
  ]);
  expect(views.get("OICHG")!.params).toEqual([
    { name: "against", kind: "choice", default: "bar", choices: ["bar", "session", "day"] },
  ]);
  expect(views.get("OR")!.params).toEqual([
    { name: "minutes", kind: "integer", default: 15, min: 1, max: 240, unit: "minutes" },
  ]);
});

it("every indicator the project promises is there", () => {
  expect(indicators.map(({ id }) => id).sort()).toEqual([
    "ADX",
    "ATR",
    "AVWAP",
    "BB",
    "CCI",
    "CPR",
    "DC",
    "EMA",
    "ICHIMOKU",
    "KC",
    "MACD",
    "MFI",
    "OBV",
    "OICHG",
    "OR",
    "PDL",
    "PSAR",
    "ROC",
    "RSI",
    "RVOL",
    "SMA",
    "STOCH",
    "SUPERTREND",
    "VOLMA",
    "VWAP",
    "WILLR",
    "WMA",
  ]);
});
