import { valuesOf } from "@/server/testing/indicator-values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { columnsOfBars, FIRST_BAR, walkBars } from "@/server/testing/indicator-bars";
import { barOf, emptyBar, runOver, STRIDE } from "./compute";
import { indicatorCatalogue, indicators, resolveIndicator } from "./index";

type Params = Record<string, number | string>;
/** Its defaults, but anchored at the first bar where the default would wait for the next month. */
const usual = (id: string): Params => (id === "AVWAP" ? { anchor: "2026-11-09T09:15" } : {});
/** Shorter windows than the defaults, and a price that is no column, where an indicator has them. */
const small = (id: string): Params => {
  const { definition, params } = resolveIndicator({ id, params: usual(id) });
  return Object.fromEntries(
    definition.order.map((name, place) => [
      name,
      id === "MACD" && place < 3
        ? [3, 7, 4][place]!
        : name === "source"
          ? "hlc3"
          : name.toLowerCase().includes("period")
            ? 3 + place
            : name === "against"
              ? "day"
              : params[name]!,
    ]),
  );
};
const begin = (id: string, params: Params) => {
  const { definition, params: complete } = resolveIndicator({ id, params });
  return { definition, params: complete, indicator: definition.create(complete), out: new Float64Array(2 * STRIDE) };
};
/** Equal to the last bit, NaN included. */
const same = (a: Float64Array, b: Float64Array): boolean => a.every((value, place) => Object.is(value, b[place]!));
/** One array per plot, bar by bar. */
const stepped = (indicator: Indicator, bars: readonly IndicatorBar[], plots: number): Float64Array[] => {
  const out = new Float64Array(STRIDE);
  const columns = Array.from({ length: plots }, () => new Float64Array(bars.length));
  bars.forEach((bar, row) => {
    indicator.next(bar, out, 0);
    columns.forEach((column, plot) => {
      column[row] = out[plot]!;
    });
  });
  return columns;
};
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A series, and where something happens in it. */
const anySeries = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  perDay: fc.integer({ min: 1, max: 40 }),
  at: fc.nat(119),
  short: fc.boolean(),
});
const paramsOf = (id: string, short: boolean): Params => (short ? small(id) : usual(id));

describe.each(indicators.map(({ id }) => id))("%s", (id) => {
  it("peeks exactly what next will give, changes nothing, and continues from its snapshot", () => {
    fc.assert(
      fc.property(anySeries, ({ seed, perDay, short }) => {
        const params = paramsOf(id, short);
        const bars = walkBars(120, seed, perDay);
        const running = begin(id, params);
        const untouched = begin(id, params);
        bars.forEach((bar, row) => {
          running.indicator.peek(
            { ...bar, high: bar.high + 500, low: bar.low - 300, close: bar.high, volume: bar.volume * 3 },
            running.out,
            STRIDE,
          );
          running.indicator.peek(bar, running.out, 0);
          const restored = begin(id, params);
          restored.indicator.restore(throughJson(running.indicator.snapshot()));
          restored.indicator.next(bar, restored.out, 0);
          untouched.indicator.next(bar, untouched.out, 0);
          running.indicator.next(bar, running.out, STRIDE);
          const [peeked, next] = [running.out.subarray(0, STRIDE), running.out.subarray(STRIDE)];
          const plots = running.definition.plots.length;
          expect([
            row,
            same(peeked.subarray(0, plots), next.subarray(0, plots)),
            same(restored.out.subarray(0, plots), next.subarray(0, plots)),
            same(untouched.out.subarray(0, plots), next.subarray(0, plots)),
          ]).toEqual([row, true, true, true]);
        });
      }),
      { numRuns: 10 },
    );
  });

  it("gives the same in one batch as bar by bar, and continues from there", () => {
    fc.assert(
      fc.property(anySeries, ({ seed, perDay, at, short }) => {
        const bars = walkBars(120, seed, perDay);
        const { indicator, definition, params } = begin(id, paramsOf(id, short));
        const plots = definition.plots.length;
        const wanted = stepped(indicator, bars, plots);
        const whole = begin(id, params).indicator;
        const inOne = Array.from({ length: plots }, () => new Float64Array(bars.length));
        runOver(whole, columnsOfBars(bars), inOne);
        expect(inOne.every((plot, place) => same(plot, wanted[place]!))).toBe(true);
        expect(whole.snapshot()).toEqual(indicator.snapshot());
        const parted = begin(id, params).indicator;
        const parts = [bars.slice(0, at), bars.slice(at)].map((part) => {
          const columns = Array.from({ length: plots }, () => new Float64Array(part.length));
          runOver(parted, columnsOfBars(part), columns);
          return columns;
        });
        wanted.forEach((plot, place) =>
          expect(same(Float64Array.of(...parts[0]![place]!, ...parts[1]![place]!), plot)).toBe(true),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("replayed from a snapshot over a patched bar is what it is from scratch", () => {
    fc.assert(
      fc.property(
        anySeries,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: -900, max: 900 }),
        ({ seed, perDay, at, short }, every, by) => {
          const bars = walkBars(120, seed, perDay);
          const { indicator, definition, params, out } = begin(id, paramsOf(id, short));
          const snapshots: string[] = [];
          bars.forEach((bar, row) => {
            if (row % every === 0) snapshots.push(JSON.stringify(indicator.snapshot()));
            indicator.next(bar, out, 0);
          });
          const old = bars[at]!;
          bars[at] = {
            ...old,
            high: old.high + Math.max(0, by),
            low: old.low + Math.min(0, by),
            close: old.close + by,
            volume: old.volume + 7,
            openInterest: old.openInterest + 25,
          };
          const from = Math.floor(at / every) * every;
          const replayed = begin(id, params).indicator;
          replayed.restore(JSON.parse(snapshots[(at / every) | 0]!));
          const values = stepped(replayed, bars.slice(from), definition.plots.length);
          const wanted = stepped(begin(id, params).indicator, bars, definition.plots.length);
          expect(values.every((plot, place) => same(plot, wanted[place]!.subarray(from)))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("has no value before its warm-up and one from then on", () => {
    for (const params of [usual(id), small(id)]) {
      const { definition, params: complete } = begin(id, params);
      // On daily bars, so that levels of the day before are counted in bars too.
      const plots = valuesOf(
        resolveIndicator({ id, params }),
        columnsOfBars(walkBars(definition.warmUp(complete) + 30, 7, 1)),
      );
      const known = Array.from(plots[0]!, (_, row) => plots.some((plot) => !Number.isNaN(plot[row]!)));
      expect(known.indexOf(true)).toBe(definition.warmUp(complete));
      expect(known.lastIndexOf(false)).toBe(definition.warmUp(complete) - 1);
    }
  });

  it("settles: begun so far back, its value is that of the whole series to 1e-9 of the price", () => {
    const long = begin(id, usual(id)).definition.order.includes("period")
      ? [{ period: 200 }]
      : id === "AVWAP"
        ? [{ anchor: "month" }, { anchor: "2026-11-13T11:00" }]
        : [];
    for (const params of [usual(id), small(id), ...long]) {
      for (const seed of [7, 11]) {
        const resolved = resolveIndicator({ id, params });
        const settleAt = (at: number): number => resolved.definition.settle(resolved.params, 60_000, at);
        // An indicator that counts from a time settles later the more time has passed since; the market is open a
        // quarter of the day.
        const length = id === "AVWAP" ? Math.min(60_000, settleAt(FIRST_BAR)) + 3_000 : settleAt(FIRST_BAR) + 1_500;
        const series = walkBars(length, seed);
        const settle = settleAt(series.at(-1)!.time);
        const whole = valuesOf(resolved, columnsOfBars(series));
        const late = valuesOf(resolved, columnsOfBars(series.slice(-(settle + 1))));
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
    const { indicator, out, definition, params } = begin(id, usual(id));
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
    for (const param of view.params)
      expect(
        param.kind === "choice" || param.kind === "instant"
          ? param.choices
          : [param.min, param.max].every((limit) => limit !== undefined && Math.abs(limit) < 1e6),
        param.name,
      ).toBeTruthy();
  });
});

/** The price is constant at the end of a million bars, so accumulated rounding would show. */
describe("after a million bars", () => {
  const MILLION = 1_000_000;
  const columns = columnsOfBars(walkBars(MILLION, 5));
  const from = MILLION - 1_000;
  for (const name of ["open", "high", "low", "close"] as const) columns[name].fill(123_457, from);
  const last = (id: string, params: Params): number[] =>
    valuesOf(resolveIndicator({ id, params }), columns).map((plot) => plot[MILLION - 1]!);
  it.each(["close", "hl2", "hlc3", "ohlc4"])("running sums of %s are exact", (source) => {
    expect(last("SMA", { period: 200, source })).toEqual([123_457]);
    expect(last("WMA", { period: 200, source })).toEqual([123_457]);
    expect(last("BB", { period: 200, source })).toEqual([123_457, 123_457, 123_457]);
  });
  it("what moves is what the last bars alone give", () => {
    const { length } = columns;
    const tail = 5_000;
    const moving = walkBars(length, 9);
    for (const id of ["SMA", "WMA", "BB", "DC", "ROC", "WILLR", "VOLMA", "RVOL", "CCI", "STOCH", "MFI", "ICHIMOKU"]) {
      const { definition, indicator, out } = begin(id, {});
      const fresh = begin(id, {});
      moving.forEach((bar, row) => {
        indicator.next(bar, out, 0);
        if (row >= length - tail) fresh.indicator.next(bar, fresh.out, 0);
      });
      definition.plots.forEach((plot, place) =>
        expect(Math.abs(out[place]! - fresh.out[place]!), `${id} ${plot.id}`).toBeLessThanOrEqual(
          ["STOCH", "MFI"].includes(id) ? 1e-9 : 0,
        ),
      );
    }
  });
});

it("a reused bar holds all that indicators read", () => {
  const bar = walkBars(3)[2]!;
  expect(barOf(columnsOfBars([bar]), 0, emptyBar())).toEqual(bar);
});
