import fc from "fast-check";
import { BollingerBands, CCI, DonchianChannels, MFI, ROC, RSI, SMA, WilliamsR, WMA } from "trading-signals";
import { describe, expect, it } from "vitest";
import { columnsOf } from "@/server/domain/bar";
import type { IndicatorBar } from "@/server/domain/indicator";
import { walkBars } from "@/server/testing/indicator-bars";
import { computeIndicator, STRIDE } from "./compute";
import { indicatorCatalogue, indicators, parseIndicator, resolveIndicator } from "./index";

const columns = (bars: readonly IndicatorBar[]) =>
  columnsOf(bars.map((bar) => ({ ...bar, value: 0, ticks: 1, openInterest: -1, rev: 1, state: "closed" as const, incomplete: false })));
const bars = (closes: readonly number[]) => columns(closes.map((close, at) => ({ time: at * 60_000, open: close, high: close, low: close, close, volume: 1 })));
const values = (text: string, closes: readonly number[]): number[] => Array.from(computeIndicator(parseIndicator(text), bars(closes))[0]!);
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

/** Shorter windows than the defaults, where an indicator has them. */
const small = (id: string): Record<string, number | string> => {
  const { definition, params } = resolveIndicator({ id, params: {} });
  return Object.fromEntries(definition.order.map((name, place) => [name, id === "MACD" ? [3, 7, 4][place]! : name.toLowerCase().includes("period") || name === "base" ? 3 + place : params[name]!]));
};
const begin = (id: string, params: Record<string, number | string>) => {
  const { definition, params: complete } = resolveIndicator({ id, params });
  return { definition, params: complete, indicator: definition.create(complete), out: new Float64Array(2 * STRIDE) };
};
/** Equal to the last bit, NaN included. */
const same = (a: Float64Array, b: Float64Array): boolean => a.every((value, place) => Object.is(value, b[place]!));

describe.each(indicators.map(({ id }) => id))("%s", (id) => {
  it("peeks what next will give, changes nothing by it, and goes on from its snapshot", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 2, max: 40 }), fc.boolean(), (seed, perDay, short) => {
      const params = short ? small(id) : {};
      const bars = walkBars(120, seed, perDay);
      const running = begin(id, params);
      const untouched = begin(id, params);
      bars.forEach((bar, row) => {
        running.indicator.peek({ ...bar, high: bar.high + 500, low: bar.low - 300, close: bar.high, volume: bar.volume * 3 }, running.out, STRIDE);
        running.indicator.peek(bar, running.out, 0);
        const restored = begin(id, params);
        if (row % 7 === 0) restored.indicator.restore(JSON.parse(JSON.stringify(running.indicator.snapshot())));
        else restored.indicator.restore(running.indicator.snapshot());
        restored.indicator.next(bar, restored.out, 0);
        untouched.indicator.next(bar, untouched.out, 0);
        running.indicator.next(bar, running.out, STRIDE);
        const [peeked, next] = [running.out.subarray(0, STRIDE), running.out.subarray(STRIDE)];
        const plots = running.definition.plots.length;
        expect([row, same(peeked.subarray(0, plots), next.subarray(0, plots)), same(restored.out.subarray(0, plots), next.subarray(0, plots)), same(untouched.out.subarray(0, plots), next.subarray(0, plots))])
          .toEqual([row, true, true, true]);
      });
    }), { numRuns: 10 });
  });

  it("has no value before its warm-up and one from then on", () => {
    for (const params of [{}, small(id)]) {
      const { definition, params: complete } = begin(id, params);
      // On daily bars, so that levels of the day before are counted in bars too.
      const plots = computeIndicator(resolveIndicator({ id, params }), columns(walkBars(definition.warmUp(complete) + 30, 7, 1)));
      const known = Array.from(plots[0]!, (_, row) => plots.some((plot) => !Number.isNaN(plot[row]!)));
      expect(known.indexOf(true)).toBe(definition.warmUp(complete));
      expect(known.lastIndexOf(false)).toBe(definition.warmUp(complete) - 1);
    }
  });

  it("settles: begun so far back, its value is that of the whole series to 1e-9 of the price", () => {
    const long = begin(id, {}).definition.order.includes("period") ? [{ period: 200 }] : [];
    for (const params of [{}, small(id), ...long]) {
      for (const seed of [7, 11]) {
        const resolved = resolveIndicator({ id, params });
        const settle = resolved.definition.settle(resolved.params, 60_000);
        const series = walkBars(settle + 1_500, seed);
        const whole = computeIndicator(resolved, columns(series));
        const late = computeIndicator(resolved, columns(series.slice(-(settle + 1))));
        resolved.definition.plots.forEach((plot, place) => {
          const [wanted, value] = [whole[place]!.at(-1)!, late[place]!.at(-1)!];
          expect(Number.isNaN(value)).toBe(Number.isNaN(wanted));
          if (Number.isNaN(wanted)) return;
          const scale = Math.max(Math.abs(wanted), plot.unit === "price" ? series.at(-1)!.close : 100);
          expect(Math.abs(wanted - value) / scale).toBeLessThan(1e-9);
        });
      }
    }
  });

  it("holds no more after ten thousand bars than once it is full", () => {
    const { indicator, out, definition, params } = begin(id, {});
    const held = (): number => JSON.stringify(indicator.snapshot()).replaceAll(/-?[\d.]+(e[+-]?\d+)?/g, "0").length;
    const bars = walkBars(10_000, 3);
    let full = 0;
    bars.forEach((bar, row) => {
      indicator.next(bar, out, 0);
      if (row < 3 * definition.warmUp(params) + 400) full = Math.max(full, held());
    });
    expect(held()).toBeLessThanOrEqual(full + 40);
  });

  it("says what it is: at most eight plots of known kinds, parameters with limits, a source", () => {
    const { definition } = begin(id, {});
    expect(definition.plots.length).toBeLessThanOrEqual(STRIDE);
    expect(new Set(definition.plots.map((plot) => plot.id)).size).toBe(definition.plots.length);
    expect(definition.source.length).toBeGreaterThan(15);
    const view = indicatorCatalogue().find((entry) => entry.id === id)!;
    for (const param of view.params) expect(param.kind === "choice" ? param.choices : [param.min, param.max].every((limit) => limit !== undefined && Math.abs(limit) < 1e6), param.name).toBeTruthy();
  });
});

const bands = new BollingerBands(20, 2);
const rate = new ROC(10);
const channel = new DonchianChannels(20);
const closing = (peer: { update(close: number, replace: boolean): number | null }) => ({ update: (bar: IndicatorBar) => peer.update(bar.close, false) });
const onBars = (peer: { update(bar: IndicatorBar, replace: boolean): number | null }) => ({ update: (bar: IndicatorBar) => peer.update(bar, false) });

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
  /** Where its conventions are ours. Its EMA and MACD begin with the first value, its ATR and ADX count the first bar's range. */
  it("windows of bars are those of trading-signals", () => {
    const series = walkBars(400, 5);
    const peers: Record<string, { update(bar: IndicatorBar): number | null }> = {
      "WMA:9": closing(new WMA(9)), "BB:20,2": closing({ update: (close, replace) => bands.update(close, replace)?.upper ?? null }),
      "ROC:10": closing({ update: (close, replace) => { const change = rate.update(close, replace); return change === null ? null : 100 * change; } }),
      "CCI:20": onBars(new CCI(20)), "MFI:14": onBars(new MFI(14)), "WILLR:14": onBars(new WilliamsR(14)),
      "DC:20": onBars({ update: (bar, replace) => channel.update(bar, replace)?.upper ?? null }),
    };
    for (const [text, peer] of Object.entries(peers)) {
      const ours = computeIndicator(parseIndicator(text), columns(series))[0]!;
      let compared = 0;
      series.forEach((bar, row) => {
        const wanted = peer.update(bar);
        if (wanted === null || Number.isNaN(wanted)) return;
        compared++;
        expect(Math.abs(ours[row]! - wanted), `${text} at ${row}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)));
      });
      expect(compared, text).toBeGreaterThan(300);
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
  it("OBV goes on over daily bars of one year and begins again with the next, and with each session within the day", () => {
    const obv = (times: readonly string[], steps: readonly number[]): number[] => {
      const rows = times.map((time, row) => ({ time: Date.parse(`${time}+05:30`), open: steps[row]!, high: steps[row]!, low: steps[row]!, close: steps[row]!, volume: 10 }));
      return Array.from(computeIndicator(parseIndicator("OBV"), columns(rows))[0]!);
    };
    expect(obv(["2026-12-29T00:00", "2026-12-30T00:00", "2026-12-31T00:00", "2027-01-01T00:00", "2027-01-04T00:00"], [5, 6, 7, 8, 9])).toEqual([10, 20, 30, 10, 20]);
    expect(obv(["2026-11-09T09:15", "2026-11-09T09:16", "2026-11-10T09:15", "2026-11-10T09:16"], [5, 6, 7, 6])).toEqual([10, 20, 10, 0]);
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
  it.each([["XYZ:1", "indicator", "EMA, SMA, "], ["EMA:1,2", "indicator", "EMA:period"], ["EMA:0", "EMA.period", ""], ["EMA:x", "EMA.period", ""], ["EMA:1.5", "EMA.period", ""], ["RSI:1001", "RSI.period", ""]])(
    "refuses %s, naming %s", (text, field, accepted) => {
      const read = (): unknown => { try { return parseIndicator(text); } catch (error) { return error; } };
      expect(read()).toMatchObject({ code: "bad_input", details: { field, accepted: expect.stringContaining(accepted) } });
    });
});

it("the catalogue tells each parameter with its default and limits", () => {
  expect(indicatorCatalogue().filter(({ id }) => ["EMA", "SMA", "RSI", "BB"].includes(id)).map(({ id, pane, params }) => [id, pane, params])).toEqual([
    ["EMA", "price", [{ name: "period", kind: "integer", default: 20, min: 1, max: 1_000 }]],
    ["SMA", "price", [{ name: "period", kind: "integer", default: 20, min: 1, max: 1_000 }]],
    ["RSI", "own", [{ name: "period", kind: "integer", default: 14, min: 2, max: 1_000 }]],
    ["BB", "price", [{ name: "period", kind: "integer", default: 20, min: 2, max: 1_000 }, { name: "deviations", kind: "number", default: 2, min: 0.1, max: 10 }]],
  ]);
});
