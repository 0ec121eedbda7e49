import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUCTION, EXCHANGE_CLOCK, JOINED, TRADE } from "@/server/domain/ticks/tick";
import { type StoredTicks, storedTicks } from "@/server/domain/ticks/stored-ticks";
import type { Store } from "@/server/ports/stores";
import type { FoldingTickStore } from "@/server/store/ticks";
import { OPEN } from "./store-suite-rows";

export interface TickRow {
  sequence: number;
  received: number;
  time: number;
  price: number;
  volume: number;
  openInterest: number;
  flags: number;
}

export const tickRow = (sequence: number, more: Partial<TickRow> = {}): TickRow => ({
  sequence,
  received: OPEN + sequence * 250,
  time: OPEN + Math.floor(sequence / 4) * 1_000,
  price: 100_00 + (sequence % 7) * 5,
  volume: 1_000 + sequence * 10,
  openInterest: -1,
  flags: TRADE | EXCHANGE_CLOCK,
  ...more,
});

export const ticksOf = (rows: readonly TickRow[]): StoredTicks => {
  const ticks = storedTicks(rows.length);
  for (const row of rows) {
    const at = ticks.length++;
    ticks.sequence[at] = row.sequence;
    ticks.received[at] = row.received;
    ticks.time[at] = row.time;
    ticks.price[at] = row.price;
    ticks.volume[at] = row.volume;
    ticks.openInterest[at] = row.openInterest;
    ticks.flags[at] = row.flags;
  }
  return ticks;
};

export const rowsOfTicks = (ticks: StoredTicks): TickRow[] =>
  Array.from({ length: ticks.length }, (_, at) => ({
    sequence: ticks.sequence[at]!,
    received: ticks.received[at]!,
    time: ticks.time[at]!,
    price: ticks.price[at]!,
    volume: ticks.volume[at]!,
    openInterest: ticks.openInterest[at]!,
    flags: ticks.flags[at]!,
  }));

/** Ticks in the order of their arrival, of every shape a feed may send. */
export const anyTicks = fc
  .array(
    fc.record({
      step: fc.oneof(fc.constant(1), fc.nat(20_000)),
      wait: fc.oneof(fc.nat(1_500), fc.constant(0), fc.nat(90_000_000)),
      clock: fc.oneof(fc.constant(EXCHANGE_CLOCK), fc.constant(0)),
      behind: fc.oneof(fc.nat(900), fc.nat(70_000), fc.constant(-14_000)),
      whole: fc.boolean(),
      price: fc.oneof(fc.integer({ min: 5, max: 9_000_000 }), fc.constant(4_000_000_000_000)),
      volume: fc.oneof(fc.nat(2 ** 31 - 1), fc.constant(-1), fc.constant(9_000_000_000)),
      openInterest: fc.oneof(fc.constant(-1), fc.nat()),
      kind: fc.oneof(fc.constantFrom(0, TRADE, AUCTION, TRADE | JOINED), fc.nat(255)),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let sequence = 1_763_000_000_000_000;
    let received = OPEN;
    return steps.map(({ step, wait, clock, behind, whole, kind, ...rest }): TickRow => {
      sequence += step + 1;
      received += wait;
      const time = clock === 0 ? received : whole ? Math.floor((received - behind) / 1_000) * 1_000 : received - behind;
      return { sequence, received, time, flags: (kind & ~EXCHANGE_CLOCK) | clock, ...rest };
    });
  });

/** Contract of every store of ticks, tested on one that `open` has started; the suite stops it. */
export const tickSuite = (name: string, open: () => Promise<Store>): void => {
  describe(`ticks on ${name}`, () => {
    let store: Store;
    let ids = 5_000;
    const nextId = (): number => (ids += 1);
    const fold = (): Promise<number> => (store.ticks as FoldingTickStore).fold();
    const all = async (instrumentId: number): Promise<TickRow[]> =>
      rowsOfTicks(await store.ticks.read({ instrumentId, from: 0, to: Infinity }));
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store?.stop();
    });

    it("reads back what was written, in the order of arrival, before and after it is folded", async () => {
      const [one, other] = [nextId(), nextId()];
      const rows = Array.from({ length: 500 }, (_, at) => tickRow(at + 1));
      const odd = rows.filter((row) => row.sequence % 2 === 1);
      const even = rows.filter((row) => row.sequence % 2 === 0);
      await store.ticks.write([
        { instrumentId: one, ticks: ticksOf(odd.slice(0, 100)) },
        { instrumentId: other, ticks: ticksOf(even) },
      ]);
      await store.ticks.write([
        { instrumentId: one, ticks: ticksOf(rows), first: 0, end: 0 },
        { instrumentId: one, ticks: ticksOf(odd), first: 100, end: odd.length },
      ]);
      expect([await all(one), await all(other)]).toEqual([odd, even]);
      expect(await fold()).toBe(2);
      expect([await all(one), await all(other)]).toEqual([odd, even]);
      expect(await fold()).toBe(0);
    });

    it("keeps any column exactly, whatever is written twice, however it is split and folded", async () => {
      await fc.assert(
        fc.asyncProperty(
          anyTicks,
          fc.array(fc.record({ from: fc.nat(60), length: fc.nat(60), fold: fc.boolean() }), { maxLength: 5 }),
          async (rows, again) => {
            const id = nextId();
            const half = rows.length >> 1;
            for (const part of [
              rows.slice(0, half),
              rows.slice(half),
              ...again.map(({ from, length }) => rows.slice(from, from + length)),
            ]) {
              if (part.length > 0) await store.ticks.write([{ instrumentId: id, ticks: ticksOf(part) }]);
              if (again[0]?.fold === true) await fold();
            }
            expect(await all(id)).toEqual(rows);
            await fold();
            expect(await all(id)).toEqual(rows);
          },
        ),
        { numRuns: 40 },
      );
    });

    it("takes from <= time < to by the time that buckets, and with a limit the newest to arrive", async () => {
      await fc.assert(
        fc.asyncProperty(
          anyTicks,
          fc.nat(100_000_000),
          fc.nat(100_000_000),
          fc.nat(20),
          fc.boolean(),
          async (rows, start, length, limit, folded) => {
            const id = nextId();
            for (const row of rows) await store.ticks.write([{ instrumentId: id, ticks: ticksOf([row]) }]);
            if (folded) await fold();
            const [from, to] = [OPEN - 50_000 + start, OPEN - 50_000 + start + length];
            const wanted = rows.filter((row) => row.time >= from && row.time < to);
            expect(rowsOfTicks(await store.ticks.read({ instrumentId: id, from, to }))).toEqual(wanted);
            expect(rowsOfTicks(await store.ticks.read({ instrumentId: id, from, to, limit: limit + 1 }))).toEqual(
              wanted.slice(-limit - 1),
            );
          },
        ),
        { numRuns: 15 },
      );
    });

    it("finds the newest ticks behind many blocks", async () => {
      const id = nextId();
      for (let minute = 0; minute < 20; minute++) {
        await store.ticks.write([
          { instrumentId: id, ticks: ticksOf([tickRow(minute * 240 + 1), tickRow(minute * 240 + 2)]) },
        ]);
        await fold();
      }
      expect(
        (await store.ticks.read({ instrumentId: id, from: 0, to: OPEN + 10 * 60_000, limit: 3 })).sequence,
      ).toEqual(Float64Array.of(8 * 240 + 2, 9 * 240 + 1, 9 * 240 + 2));
      expect((await store.ticks.read({ instrumentId: id, from: 0, to: Infinity, limit: 1_000 })).length).toBe(40);
    });

    it("keeps every tick at the borders of blocks, and finds the newest across them", async () => {
      // A whole block of 4,096, one row more, and three blocks.
      const lengths = [4_096, 4_097, 8_193];
      const ids = lengths.map(nextId);
      const rows = Array.from({ length: 8_193 }, (_, at) => tickRow(at + 1, { openInterest: at * 3 }));
      for (const [at, length] of lengths.entries()) {
        const ticks = ticksOf(rows.slice(0, length));
        // As the recorder writes it: in runs that are no blocks.
        for (let first = 0; first < length; first += 1_000)
          await store.ticks.write([{ instrumentId: ids[at]!, ticks, first, end: Math.min(length, first + 1_000) }]);
      }
      await fold();
      for (const [at, length] of lengths.entries()) {
        const mine = rows.slice(0, length);
        expect(await all(ids[at]!), `${length} ticks`).toEqual(mine);
        const read = async (query: { from?: number; to?: number; limit?: number }): Promise<TickRow[]> =>
          rowsOfTicks(await store.ticks.read({ instrumentId: ids[at]!, from: 0, to: Infinity, ...query }));
        for (const limit of [1, 4_096, 4_097, length + 1])
          expect(await read({ limit }), `the newest ${limit} of ${length}`).toEqual(mine.slice(-limit));
        // The second that begins with the first tick behind a block, and the one before it.
        for (const border of [4_095, 4_096].filter((row) => row < length)) {
          const from = rows[border]!.time;
          const same = mine.filter(({ time }) => time >= from && time < from + 1_000);
          expect(await read({ from, to: from + 1_000 })).toEqual(same);
          expect(await read({ to: from })).toEqual(mine.filter(({ time }) => time < from));
        }
      }
    });

    it("accepts an empty write and answers nothing for an unknown instrument", async () => {
      await store.ticks.write([]);
      expect(await all(nextId())).toEqual([]);
    });

    it("deletes what came before an instant and keeps the rest, and answers how many blocks", async () => {
      const [one, other] = [nextId(), nextId()];
      const day = 86_400_000;
      const on = (days: number): TickRow =>
        tickRow(days + 1, { received: OPEN - 400 * day + days * day, time: OPEN - 400 * day + days * day });
      for (const id of [one, other])
        for (const days of [0, 1, 2]) {
          await store.ticks.write([{ instrumentId: id, ticks: ticksOf([on(days)]) }]);
          await fold();
        }
      expect(await store.ticks.prune(OPEN - 398 * day)).toBe(4);
      expect([await all(one), await all(other)]).toEqual([[on(2)], [on(2)]]);
      expect(await store.ticks.prune(OPEN - 398 * day)).toBe(0);
    });
  });
};
