import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barAt, type Bar, type BarColumns } from "@/server/domain/bars/bar";
import { storedBarsOf } from "@/server/domain/bars/stored-bars";
import type { BarStore, BarWrite, StoredBar } from "@/server/ports/stores";
import { AWAY, ModelStore, type Outage } from "@/server/testing/model-store";
import { storedBar } from "@/server/testing/store-suite-rows";
import { KeptBars } from "./kept-bars";

const at = (minute: number): number => storedBar(1, minute).time;
const rowsOf = (columns: BarColumns): Bar[] => Array.from({ length: columns.length }, (_, row) => barAt(columns, row));
const NEWEST = { instrumentId: 1, timeframe: "1m", from: 0, to: Number.MAX_SAFE_INTEGER } as const;

type Query = Parameters<BarStore["read"]>[0];
type Step =
  | { does: "write"; how: BarWrite; bars: StoredBar[]; outage: Outage }
  | { does: "close"; minutes: number; instrument: number }
  | { does: "read"; query: Query }
  | { does: "prune"; before: number }
  | { does: "span"; instrument: number };

const minute = fc.integer({ min: 0, max: 55 });
const instrument = fc.integer({ min: 1, max: 2 });
const bar = fc
  .record({ instrument, minute, move: fc.integer({ min: -50, max: 50 }), volume: fc.nat(999), isOff: fc.boolean() })
  .map(({ instrument: id, minute: time, move, volume, isOff }) =>
    storedBar(id, time, {
      close: 10_000 + move,
      high: 10_100 + move,
      low: 9_900 + move,
      volume,
      incomplete: isOff,
      openInterest: move,
    }),
  );
const query: fc.Arbitrary<Query> = fc
  .record({
    instrument,
    from: fc.option(minute),
    to: fc.option(minute),
    limit: fc.option(fc.integer({ min: 0, max: 30 })),
    once: fc.boolean(),
  })
  .map(({ instrument: instrumentId, from, to, limit, once }) => ({
    instrumentId,
    timeframe: "1m" as const,
    from: from === null ? 0 : at(from),
    to: to === null ? Number.MAX_SAFE_INTEGER : at(to),
    ...(limit === null ? {} : { limit }),
    ...(once ? { once } : {}),
  }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant("write" as const),
      how: fc.constantFrom<BarWrite>("merge", "patch", "replace", "remove"),
      bars: fc.array(bar, { minLength: 1, maxLength: 4 }),
      outage: fc.oneof(
        { weight: 6, arbitrary: fc.constant("none" as const) },
        fc.constantFrom<Outage>("before", "after"),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("close" as const), minutes: fc.integer({ min: 1, max: 6 }), instrument }),
  },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("read" as const), query }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("prune" as const), before: minute.map(at) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("span" as const), instrument }) },
);

const checked: Query[] = [1, 2].flatMap((instrumentId) => [
  { ...NEWEST, instrumentId },
  { ...NEWEST, instrumentId, from: at(20) },
  ...[1, 5, 30, 500].map((limit) => ({ ...NEWEST, instrumentId, limit })),
  { ...NEWEST, instrumentId, from: at(5), to: at(25) },
  { ...NEWEST, instrumentId, to: at(25), limit: 7 },
]);

describe("KeptBars", () => {
  it("answers what the store answers, whatever is written, fails and is read at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1e6, 6_000, 0),
        async (scheduler, groups, most) => {
          let isTimed = true;
          const model = new ModelStore(() => (isTimed ? scheduler.schedule(Promise.resolve()) : Promise.resolve()));
          const kept = new KeptBars(model.store, most);
          let closed = 41;
          let changes = 0;
          let writing = 0;
          for (const group of groups) {
            isTimed = true;
            const failing = group.find((each) => each.does === "write" && each.outage !== "none");
            model.outage = failing?.does === "write" ? failing.outage : "none";
            const works = group.map(async (each): Promise<unknown> => {
              // Some begin when others have ended.
              await scheduler.schedule(Promise.resolve());
              if (each.does === "read") {
                const [before, isQuiet] = [changes, writing === 0];
                const rows = await kept.store.read(each.query);
                if (isQuiet && before === changes) expect(rowsOf(rows)).toEqual(model.now(each.query));
                return undefined;
              }
              if (each.does === "span") return change(each);
              changes++;
              writing++;
              return change(each).finally(() => writing--);
            });
            const change = async (each: Exclude<Step, { does: "read" }>): Promise<unknown> => {
              if (each.does === "prune") return kept.store.prune("1m", each.before);
              if (each.does === "span") return kept.store.span(each.instrument, "1m");
              const bars =
                each.does === "write"
                  ? each.bars
                  : Array.from({ length: each.minutes }, () =>
                      storedBar(each.instrument, closed++, { close: 10_000 + closed }),
                    );
              return kept.store.writeRows(storedBarsOf(bars), each.does === "write" ? each.how : "merge");
            };
            for (const ended of await scheduler.waitFor(Promise.allSettled(works)))
              if (ended.status === "rejected" && ended.reason !== AWAY) throw ended.reason;
            model.outage = "none";
            isTimed = false;
            for (const each of checked) {
              expect(rowsOf(await kept.store.read(each))).toEqual(rowsOf(await model.store.read(each)));
              expect(await kept.store.span(each.instrumentId, "1m")).toEqual(
                await model.store.span(each.instrumentId, "1m"),
              );
            }
            expect(kept.bytes).toBeLessThanOrEqual(most);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  const filled = async (bars: number, most?: number) => {
    const model = new ModelStore();
    const kept = new KeptBars(model.store, most);
    await kept.store.writeRows(storedBarsOf(Array.from({ length: bars }, (_, each) => storedBar(1, each))), "merge");
    const newest = async (limit: number): Promise<BarColumns> => kept.store.read({ ...NEWEST, limit });
    return { model, kept, newest };
  };

  it("asks the store once, then appends what closes without asking", async () => {
    const { model, kept, newest } = await filled(100);
    await newest(50);
    for (let each = 100; each < 200; each++) {
      await kept.store.writeRows(storedBarsOf([storedBar(1, each)]), "merge");
      expect((await newest(50)).time.at(-1)).toBe(at(each));
    }
    expect(model.reads).toBe(1);
  });

  it("goes further back by reading only what is missing", async () => {
    const { model, kept, newest } = await filled(100);
    await newest(10);
    expect((await newest(40)).length).toBe(40);
    expect((await kept.store.read({ ...NEWEST, to: at(70), limit: 30 })).time[0]).toBe(at(40));
    expect(model.reads).toBe(3);
    expect((await newest(60)).length).toBe(60);
    expect(model.reads).toBe(3);
  });

  it("reads a changed bar again, and leaves readers the rows they have", async () => {
    const { model, kept, newest } = await filled(20);
    const before = await newest(10);
    await kept.store.writeRows(storedBarsOf([storedBar(1, 15, { high: 999_999 })]), "patch");
    const after = await newest(10);
    expect(model.reads).toBe(2);
    expect([before.high[5], after.high[5], after.rev[5]]).toEqual([10_500, 999_999, 1]);
    await kept.store.writeRows(storedBarsOf([storedBar(1, 15)]), "remove");
    expect((await newest(10)).time.subarray(5, 7)).toEqual(Float64Array.of(at(14), at(16)));
    expect([before.length, before.time[5]]).toEqual([10, at(15)]);
  });

  it("holds no more than its bound, and lets go of what was not read for longest", async () => {
    const { model, kept } = await filled(0, 3 * 141 * 78);
    for (let id = 1; id <= 4; id++)
      await kept.store.writeRows(storedBarsOf(Array.from({ length: 100 }, (_, each) => storedBar(id, each))), "merge");
    const read = (instrumentId: number) => kept.store.read({ ...NEWEST, instrumentId, limit: 100 });
    for (const id of [1, 2, 3]) await read(id);
    await read(1);
    await read(4);
    expect([kept.count, kept.bytes <= 3 * 141 * 78]).toEqual([3, true]);
    const asked = model.reads;
    await read(1);
    expect(model.reads).toBe(asked);
    await read(2);
    expect(model.reads).toBe(asked + 1);
  });

  it("keeps nothing of the past, and nothing that is read once", async () => {
    const { model, kept } = await filled(100);
    for (let each = 0; each < 3; each++) {
      await kept.store.read({ ...NEWEST, to: at(50), limit: 10 });
      await kept.store.read({ ...NEWEST, limit: 10, once: true });
      await kept.store.read({ ...NEWEST, asOf: at(50), limit: 10 });
    }
    expect([model.reads, kept.count]).toEqual([9, 0]);
  });

  it("does not take older rows for what lies before rows that it has let go of meanwhile", async () => {
    let gate: Promise<void> = Promise.resolve();
    const model = new ModelStore(() => gate);
    const kept = new KeptBars(model.store);
    const close = (minute: number) => kept.store.writeRows(storedBarsOf([storedBar(1, minute)]), "merge");
    for (let each = 0; each < 10; each++) await close(each);
    await kept.store.read({ ...NEWEST, limit: 1 });
    let open = (): void => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const further = kept.store.read({ ...NEWEST, limit: 5 });
    gate = Promise.resolve();
    for (let each = 10; each < 200; each++) await close(each);
    open();
    await further;
    for (const limit of [5, 100, 195, 300])
      expect(rowsOf(await kept.store.read({ ...NEWEST, limit }))).toEqual(model.now({ ...NEWEST, limit }));
  });

  it("does not lose a bar that closes while bars around it are read again", async () => {
    const pauses: Promise<void>[] = [];
    const model = new ModelStore(() => pauses.shift() ?? Promise.resolve());
    const kept = new KeptBars(model.store);
    const write = (how: BarWrite, ...minutes: number[]) =>
      kept.store.writeRows(storedBarsOf(minutes.map((minute) => storedBar(1, minute))), how);
    const query = { ...NEWEST, limit: 10 };
    await write("merge", 0, 1, 2, 3);
    await kept.store.read(query);
    await write("replace", 5, 9);
    let open = (): void => {};
    pauses.push(
      Promise.resolve(),
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    const reading = kept.store.read(query);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    await write("merge", 7);
    open();
    expect(rowsOf(await reading)).toEqual(model.now(query));
    expect(rowsOf(await kept.store.read(query))).toEqual(model.now(query));
  });

  it("keeps nothing that was deleted while it was being read", async () => {
    const pauses: Promise<void>[] = [];
    const model = new ModelStore(() => pauses.shift() ?? Promise.resolve());
    const kept = new KeptBars(model.store);
    await kept.store.writeRows(storedBarsOf([0, 1, 2, 3].map((minute) => storedBar(1, minute))), "merge");
    let open = (): void => {};
    pauses.push(
      Promise.resolve(),
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    const reading = kept.store.read({ ...NEWEST, limit: 10 });
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    await kept.store.prune("1m", at(2));
    open();
    await reading;
    expect((await kept.store.read({ ...NEWEST, limit: 10 })).time[0]).toBe(at(2));
  });

  it("does not grow with every minute for ever", async () => {
    const { kept, newest } = await filled(100);
    await newest(100);
    for (let each = 100; each < 5_000; each++) {
      await kept.store.writeRows(storedBarsOf([storedBar(1, each)]), "merge");
      if (each % 100 === 0) await newest(100);
    }
    expect((await newest(100)).time[0]).toBe(at(4_900));
    expect(kept.bytes / 78).toBeLessThan(500);
  });
});
