import fc from "fast-check";
import { RSI, SMA } from "trading-signals";
import { describe, expect, it } from "vitest";
import { columnsOf } from "@/server/domain/bar";
import { computeIndicator, emptyBar } from "./compute";
import { indicatorCatalogue, indicators, parseIndicator, resolveIndicator } from "./index";

const bars = (closes: readonly number[]) => columnsOf(closes.map((close, at) => ({
  time: at * 60_000, open: close, high: close, low: close, close, volume: 1, value: 0, ticks: 1, openInterest: -1, rev: 1, state: "closed" as const, incomplete: false,
})));
const values = (text: string, closes: readonly number[]): number[] => Array.from(computeIndicator(parseIndicator(text), bars(closes))[0]!);
const closes = fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 80, size: "max" });
const period = fc.integer({ min: 2, max: 20 });
/** A walk that a chart might show, by a small generator of its own: the same in every run. */
const walk = (length: number): number[] => {
  let state = 7;
  let close = 100_000;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    close = Math.max(1_000, close + (state % 401) - 200);
    return close;
  });
};

describe.each(indicators.map(({ id }) => id))("%s", (id) => {
  const create = (n: number) => {
    const { definition, params } = resolveIndicator({ id, params: { period: n } });
    return { indicator: definition.create(params), bar: emptyBar(), out: new Float64Array(8) };
  };

  it("peeks what next will give, changes nothing by it, and goes on from its snapshot", () => {
    fc.assert(fc.property(closes, period, (series, n) => {
      const running = create(n);
      for (const close of series) {
        running.bar.close = close + 17;
        running.indicator.peek(running.bar, running.out, 1);
        running.bar.close = close;
        running.indicator.peek(running.bar, running.out, 0);
        const restored = create(n);
        restored.indicator.restore(JSON.parse(JSON.stringify(running.indicator.snapshot())));
        restored.bar.close = close;
        restored.indicator.next(restored.bar, restored.out, 0);
        running.indicator.next(running.bar, running.out, 1);
        expect(running.out[0]).toBe(running.out[1]);
        expect(restored.out[0]).toBe(running.out[1]);
      }
    }), { numRuns: 40 });
  });

  it("has no value before its warm-up and one from then on", () => {
    const { definition, params } = resolveIndicator({ id, params: { period: 9 } });
    expect(values(`${id}:9`, walk(40)).findIndex((value) => !Number.isNaN(value))).toBe(definition.warmUp(params));
  });

  it.each([2, 5, 14, 50, 200])("of %d settles: begun so far back, its value is that of the whole series to 1e-9 of the price", (n) => {
    const { definition, params } = resolveIndicator({ id, params: { period: n } });
    const series = walk(3 * definition.settle(params) + 10);
    const whole = values(`${id}:${n}`, series).at(-1)!;
    const late = values(`${id}:${n}`, series.slice(-(definition.settle(params) + 1))).at(-1)!;
    const scale = definition.pane === "price" ? series.at(-1)! : 100;
    expect(Math.abs(whole - late) / scale).toBeLessThan(1e-9);
  });
});

describe("reference values", () => {
  it("SMA and RSI are those of trading-signals", () => {
    const series = walk(300);
    for (const n of [2, 5, 14, 50]) {
      const [sma, rsi] = [new SMA(n), new RSI(n)];
      const [ourSma, ourRsi] = [values(`SMA:${n}`, series), values(`RSI:${n}`, series)];
      series.forEach((close, at) => {
        const [theirSma, theirRsi] = [sma.update(close, false), rsi.update(close, false)];
        if (theirSma !== null) expect(ourSma[at]).toBeCloseTo(Number(theirSma), 6);
        if (theirRsi !== null) expect(ourRsi[at]).toBeCloseTo(Number(theirRsi), 6);
      });
    }
  });
  it("EMA is seeded by the mean of its first closes, as TA-Lib's", () => {
    // Weight 2/(3+1): 20; 20 + (50 - 20)/2 = 35; 35 + (20 - 35)/2 = 27.5; 27.5 + (27.5 - 27.5)/2.
    expect(values("EMA:3", [10, 20, 30, 50, 20, 27.5])).toEqual([Number.NaN, Number.NaN, 20, 35, 27.5, 27.5]);
  });
  it("RSI follows Wilder by hand, and reads 0 where nothing moved", () => {
    // Changes +10 -5 +20: means 10/2 and 5/2, 66.67; then (5 + 20)/2 = 12.5 and 2.5/2 = 1.25: 90.909…
    expect(values("RSI:2", [100, 110, 105, 125]).slice(2)).toEqual([expect.closeTo(200 / 3, 9), expect.closeTo(1_000 / 11, 9)]);
    expect(values("RSI:2", [5, 5, 5, 5])[3]).toBe(0);
    expect(values("RSI:2", [5, 6, 7, 8])[3]).toBe(100);
  });
  it("SMA of integers never drifts", () => {
    const series = [...walk(5_000), 7, 7, 7];
    expect(values("SMA:3", series).at(-1)).toBe(7);
  });
});

describe("parseIndicator", () => {
  it.each([["EMA:20", "EMA 20", "EMA:20"], ["rsi", "RSI 14", "RSI:14"], [" sma:5 ", "SMA 5", "SMA:5"]])("reads %s", (text, label, hash) => {
    expect(parseIndicator(text)).toMatchObject({ label, hash });
  });
  it.each([["XYZ:1", "indicator", "EMA, SMA, RSI"], ["EMA:1,2", "indicator", "EMA:period"], ["EMA:0", "EMA.period", ""], ["EMA:x", "EMA.period", ""], ["EMA:1.5", "EMA.period", ""], ["RSI:1001", "RSI.period", ""]])(
    "refuses %s, naming %s", (text, field, accepted) => {
      const read = (): unknown => { try { return parseIndicator(text); } catch (error) { return error; } };
      expect(read()).toMatchObject({ code: "bad_input", details: { field, accepted: expect.stringContaining(accepted) } });
    });
});

it("the catalogue tells each parameter with its default and limits", () => {
  expect(indicatorCatalogue().map(({ id, pane, params }) => [id, pane, params])).toEqual([
    ["EMA", "price", [{ name: "period", kind: "integer", default: 20, min: 1, max: 1_000 }]],
    ["SMA", "price", [{ name: "period", kind: "integer", default: 20, min: 1, max: 1_000 }]],
    ["RSI", "own", [{ name: "period", kind: "integer", default: 14, min: 2, max: 1_000 }]],
  ]);
});
