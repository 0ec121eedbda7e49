import { indicatorOf, valuesOf } from "@/server/testing/indicator-values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BarBatch, barBatch, type BarColumns, CLOSE, columnsOf, PATCH } from "@/server/domain/bars/bar";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { indicators } from "@/server/indicators";
import { walkBars } from "@/server/testing/indicator-bars";
import { Indicators } from "./indicate";
import { MARK_BARS, Marks } from "./indicate-marks";

const columns = (bars: readonly IndicatorBar[]): BarColumns =>
  columnsOf(bars.map((bar) => ({ value: 0, ticks: 1, rev: 1, state: "closed", incomplete: false, ...bar })));
const batchOf = (bars: readonly IndicatorBar[], event: number = CLOSE): BarBatch => {
  const batch = barBatch(bars.length);
  const rows = columns(bars);
  for (const name of ["time", "open", "high", "low", "close", "volume", "openInterest"] as const)
    batch[name].set(rows[name]);
  batch.length = bars.length;
  batch.event.fill(event);
  batch.timeframe.fill(4);
  return batch;
};

/** Values by bar time as a reader of the stage has them in the end. */
const told = (
  core: Indicators,
  into: Map<number, number[]>,
  work: (emit: Parameters<Indicators["on"]>[1]) => void,
): void =>
  work(({ length, time, values, stride }) => {
    for (let row = 0; row < length; row++)
      into.set(time[row]!, Array.from(values.subarray(row * stride, row * stride + core.get(1)!.plots)));
  });
const expected = (text: string, bars: readonly IndicatorBar[]): Map<number, number[]> => {
  const plots = valuesOf(indicatorOf(text), columns(bars));
  return new Map(bars.map((bar, row) => [bar.time, plots.map((plot) => plot[row]!)]));
};
const every = indicators.map((each) => each.id);

describe("marks", () => {
  const marked = (most: number, count: number): Marks => {
    const marks = new Marks(most);
    for (let at = MARK_BARS; at <= count; at += MARK_BARS) marks.add({ time: at, count: at, state: "" });
    return marks;
  };

  it("are as few as allowed, the newest two close together, and none lies before the first bar", () => {
    const marks = marked(7, 9_600);
    expect(marks.length).toBe(7);
    expect([marks.before(9_601)!.count, marks.before(9_600)!.count, marks.kept!.count]).toEqual([9_600, 9_584, 9_584]);
    expect(marks.before(16)).toBeNull();
  });

  it("reach back 700 bars, or 5,800 for charts of seconds, and are never much older than asked for", () =>
    fc.assert(
      fc.property(
        fc.constantFrom([7, 700] as const, [10, 5_800] as const),
        fc.integer({ min: 400, max: 900 }),
        fc.integer({ min: 1, max: 5_800 }),
        ([most, reach], blocks, back) => {
          const count = blocks * MARK_BARS;
          const found = marked(most, count).before(count - back + 1);
          if (back <= reach) expect(count - found!.count).toBeLessThanOrEqual(4 * back + 2 * MARK_BARS);
        },
      ),
    ));
});

describe("a change of the past", () => {
  /** Runs bars live, changes one and repairs; returns a client's values, and how many bars the repair read. */
  const healed = (
    text: string,
    bars: readonly IndicatorBar[],
    seeded: number,
    changes: readonly { at: number; by: number; after: number }[],
  ) => {
    const now = [...bars];
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf(text));
    core.seed(instance, columns(now.slice(0, seeded)));
    const values = new Map<number, number[]>();
    let reread = 0;
    for (let row = seeded; row < bars.length; row++) {
      told(core, values, (emit) => core.on(batchOf([now[row]!]), emit));
      for (const { at, by, after } of changes) {
        if (after !== row || at > row) continue;
        const bar = now[at]!;
        now[at] = { ...bar, high: bar.high + by, close: bar.high + by };
        core.on(batchOf([{ ...now[at] }], PATCH), () => {
          throw new Error("a patch is not a value");
        });
        expect(core.isStale(instance)).toBe(true);
        expect(core.takeOutdated()).toEqual([instance]);
        const need = core.beginHealing(instance)!;
        const closed = now.slice(0, row + 1).filter(({ time }) => need.after === null || time > need.after);
        reread += closed.length;
        core.heal(instance, columns(closed));
        expect(core.isStale(instance)).toBe(false);
        told(core, values, (emit) => core.at(0, emit));
      }
    }
    return { now, values, reread, core, instance };
  };

  it.each(every)("%s: healed anywhere, at any time, is to the last bit what it would have been", (id) =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.array(
          fc.record({
            at: fc.integer({ min: 0, max: 420 }),
            by: fc.integer({ min: 1, max: 900 }),
            after: fc.integer({ min: 0, max: 420 }),
          }),
          { maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 1_000 }),
        (seeded, changes, seed) => {
          const bars = walkBars(421, seed, 150);
          const { now, values } = healed(id, bars, seeded, changes);
          const want = expected(id, now);
          for (const [time, value] of values) {
            const changedLater = changes.some(
              ({ at, after }) => after >= seeded && at <= after && now[at]!.time <= time,
            );
            // A value of before a seed is no reader's yet.
            if (time < bars[seeded]!.time && !changedLater) continue;
            expect(value).toEqual(want.get(time));
          }
          for (const bar of bars.slice(seeded)) expect(values.has(bar.time)).toBe(true);
        },
      ),
      { numRuns: 12 },
    ),
  );

  it("costs as many bars as lie behind it, not the whole history", () => {
    const bars = walkBars(3_000, 3, 4_000);
    expect(healed("EMA:20", bars, 100, [{ at: 2_990, by: 50, after: 2_999 }]).reread).toBeLessThanOrEqual(32);
    expect(healed("EMA:20", bars, 100, [{ at: 2_700, by: 50, after: 2_999 }]).reread).toBeLessThanOrEqual(1_000);
  });

  it("that comes while the bars are read is healed the next time", () => {
    const bars = walkBars(64);
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:5"));
    core.seed(instance, columns(bars));
    core.on(batchOf([bars[60]!], PATCH), () => {});
    expect(core.takeOutdated()).toEqual([instance]);
    core.beginHealing(instance);
    core.on(batchOf([bars[50]!], PATCH), () => {});
    core.heal(instance, columns(bars));
    expect([core.isStale(instance), core.takeOutdated()]).toEqual([true, [instance]]);
    expect(core.beginHealing(instance)!.from).toBe(bars[50]!.time);
    core.heal(instance, columns(bars));
    expect([core.isStale(instance), core.takeOutdated()]).toEqual([false, []]);
  });

  it("that comes while a seed is read is healed, one of before it was read is in it", () => {
    const bars = walkBars(40);
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:5"));
    core.on(batchOf([bars[3]!], PATCH), () => {});
    const ticket = core.ticket(instance);
    core.on(batchOf([bars[4]!], PATCH), () => {});
    core.seed(instance, columns(bars), { ticket });
    expect(core.takeOutdated()).toEqual([instance]);
    const again = core.ticket(instance);
    core.seed(instance, columns(bars), { ticket: again });
    expect([core.isStale(instance), core.takeOutdated()]).toEqual([false, []]);
  });

  it("is also a bar that closes after a later one has", () => {
    const bars = walkBars(10);
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:2"));
    core.seed(instance, columns(bars.slice(0, 8).filter((_, row) => row !== 5)));
    core.on(batchOf([bars[5]!]), () => {
      throw new Error("out of order");
    });
    core.takeOutdated();
    core.beginHealing(instance);
    core.heal(instance, columns(bars.slice(0, 8)));
    const values = new Map<number, number[]>();
    told(core, values, (emit) => core.at(0, emit));
    expect(values).toEqual(new Map([...expected("SMA:2", bars)].slice(5, 8)));
  });

  it("whose healing fails is still owed", () => {
    const bars = walkBars(40);
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:2"));
    core.seed(instance, columns(bars));
    core.outdate(0, 4, bars[20]!.time);
    core.takeOutdated();
    core.beginHealing(instance);
    core.postpone(instance);
    expect(core.takeOutdated()).toEqual([instance]);
    expect(core.beginHealing(instance)!.from).toBe(bars[20]!.time);
  });
});

describe("a kept state", () => {
  it.each(every)("%s: gone on from at any point, through JSON, is to the last bit the uninterrupted run", (id) =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1_000 }), (stop, seed) => {
        const bars = walkBars(360, seed, 150);
        const resolved = indicatorOf(id);
        const first = new Indicators();
        const before = first.acquire(0, 4, resolved);
        first.seed(before, columns(bars.slice(0, 1)));
        for (const bar of bars.slice(1, stop)) first.on(batchOf([bar]), () => {});
        const kept = first.kept(before);
        if (kept === null) {
          expect(stop).toBeLessThanOrEqual(MARK_BARS);
          return;
        }
        expect(kept.time).toBeLessThanOrEqual(before.lastTime);
        const second = new Indicators();
        const after = second.acquire(0, 4, resolved);
        const { time, state } = kept;
        expect(
          second.resume(after, { time, state }, columns(bars.slice(0, stop).filter((bar) => bar.time > time))),
        ).toBe(true);
        expect(after.lastTime).toBe(before.lastTime);
        const values = new Map<number, number[]>();
        told(second, values, (emit) => second.on(batchOf(bars.slice(stop)), emit));
        const want = expected(id, bars);
        for (const bar of bars.slice(stop)) expect(values.get(bar.time)).toEqual(want.get(bar.time));
      }),
      { numRuns: 12 },
    ),
  );

  it("of something else is refused, and the instance waits for a seed", () => {
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:5"));
    for (const state of [
      '{"ring":[1,2,3,4,5,6,7],"count":7,"sum":28}',
      '{"value":3}',
      "null",
      '"text"',
      "no JSON",
      "",
    ]) {
      expect(core.resume(instance, { time: 60_000, state }, columns([]))).toBe(false);
      expect([instance.lastTime, core.isStale(instance)]).toEqual([0, true]);
    }
  });

  it("is one from before the bars that wait to be repaired, also while they are; none where there is none", () => {
    const bars = walkBars(60);
    const core = new Indicators();
    const instance = core.acquire(0, 4, indicatorOf("SMA:5"));
    core.seed(instance, columns(bars));
    expect(core.kept(instance)?.time).toBe(bars[60 - 1 - ((60 + 1) % MARK_BARS) - MARK_BARS]!.time);
    const newest = 60 - 1 - ((60 + 1) % MARK_BARS) - MARK_BARS;
    core.on(batchOf([bars[50]!], PATCH), () => {});
    expect(core.kept(instance)?.time).toBe(bars[newest]!.time);
    core.on(batchOf([bars[newest]!], PATCH), () => {});
    expect(core.kept(instance)?.time).toBe(bars[newest - MARK_BARS]!.time);
    core.beginHealing(instance);
    expect(core.kept(instance)?.time).toBe(bars[newest - MARK_BARS]!.time);
    core.on(batchOf([bars[3]!], PATCH), () => {});
    expect(core.kept(instance)).toBeNull();
  });
});
