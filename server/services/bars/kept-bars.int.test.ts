import { rm } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barAt, type BarColumns, barStates } from "@/server/domain/bars/bar";
import { storedBarsOf } from "@/server/domain/bars/stored-bars";
import type { BarStore, BarWrite, Store, StoredBar } from "@/server/ports/stores";
import { earlyClock, startedStore, temporaryFolder } from "@/server/testing/store-open";
import { storedBar } from "@/server/testing/store-suite-rows";
import { KeptBars } from "./kept-bars";

const rowsOf = (rows: BarColumns): unknown[] => Array.from({ length: rows.length }, (_, row) => barAt(rows, row));

const bar = fc
  .record({
    minute: fc.nat(30),
    move: fc.integer({ min: -50, max: 50 }),
    openInterest: fc.integer({ min: -3, max: 100 }),
    volume: fc.integer({ min: 0, max: 5_000_000_000 }),
    value: fc.constantFrom(0, 1_000, 8_888_888_888_888_887, Number.NaN),
    ticks: fc.integer({ min: 1, max: 99 }),
    rev: fc.constantFrom(0, 1, 3),
    state: fc.constantFrom(...barStates.slice(1)),
    incomplete: fc.boolean(),
    sequence: fc.option(fc.integer({ min: 1, max: 1_000 })),
  })
  .map(({ minute, move, sequence, ...more }): ((id: number) => StoredBar) => (id) => {
    const one = storedBar(id, minute, { ...more, close: 10_000 + move, high: 10_100 + move, low: 9_900 + move });
    return sequence === null
      ? one
      : {
          ...one,
          passport: {
            late: 0,
            firstTime: one.time + 10,
            lastTime: one.time + 50_000,
            firstSequence: sequence,
            lastSequence: sequence + 5,
            sources: 1,
            hash: sequence * 7,
          },
        };
  });

describe("KeptBars before the embedded database", () => {
  let store: Store;
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    store = await startedStore(folder, { clock: earlyClock() });
  });
  afterAll(async () => {
    await store?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("answers every column as the database does after any writes", async () => {
    let id = 1;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            how: fc.constantFrom<BarWrite>("merge", "merge", "merge", "patch", "replace", "remove"),
            bars: fc.array(bar, { minLength: 1, maxLength: 5 }),
            limit: fc.integer({ min: 1, max: 40 }),
          }),
          { minLength: 3, maxLength: 12 },
        ),
        async (steps) => {
          const kept = new KeptBars(store.bars);
          id++;
          for (const { how, bars, limit } of steps) {
            await kept.store.writeRows(storedBarsOf(bars.map((make) => make(id))), how);
            const query: Parameters<BarStore["read"]>[0] = {
              instrumentId: id,
              timeframe: "1m",
              from: 0,
              to: 8.64e15,
              limit,
            };
            expect(rowsOf(await kept.store.read(query))).toEqual(rowsOf(await store.bars.read(query)));
            expect(await kept.store.span(id, "1m")).toEqual(await store.bars.span(id, "1m"));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
