import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Book, LEVEL, type StoredBooks, storedBooks } from "@/server/domain/ticks/order-book";
import type { Store } from "@/server/ports/stores";
import { OPEN } from "./store-suite-rows";

export interface BookRow {
  time: number;
  received: number;
  figures: number[];
}

/** A book around a price: a tick of spread, quantities by a seed. */
export const bookRow = (second: number, more: Partial<BookRow> & { price?: number; seed?: number } = {}): BookRow => {
  const { price = 1500_00, seed = second, ...rest } = more;
  const figures: number[] = Array.from({ length: Book.size }, () => 0);
  figures.splice(0, 3, price, 10_000 + seed, 20_000 - seed);
  for (let level = 0; level < 5; level++) {
    figures.splice(Book.bids + level * LEVEL, LEVEL, price - 5 - level * 5, 100 * (level + 1) + seed, level + 1);
    figures.splice(Book.asks + level * LEVEL, LEVEL, price + level * 5, 90 * (level + 1) + seed, level + 2);
  }
  return { time: OPEN + second * 1_000, received: OPEN + second * 1_000 + 240, figures, ...rest };
};

export const booksOf = (rows: readonly BookRow[]): StoredBooks => {
  const books = storedBooks(rows.length);
  for (const row of rows) {
    const at = books.length++;
    books.time[at] = row.time;
    books.received[at] = row.received;
    books.figures.set(row.figures, at * Book.size);
  }
  return books;
};

export const rowsOfBooks = (books: StoredBooks): BookRow[] =>
  Array.from({ length: books.length }, (_, at) => ({
    time: books.time[at]!,
    received: books.received[at]!,
    figures: [...books.figures.subarray(at * Book.size, (at + 1) * Book.size)],
  }));

/** Books in the order of arrival, of every shape a feed may send: times may repeat, jump or go back. */
export const anyBooks: fc.Arbitrary<BookRow[]> = fc
  .array(
    fc.record({
      wait: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 90_000_000 })),
      behind: fc.oneof(fc.nat(900), fc.nat(200_000), fc.constant(-14_000)),
      figures: fc.oneof(
        fc.constant(null),
        fc.array(fc.oneof(fc.nat(2_000), fc.constant(0), fc.nat(4_294_967_295)), {
          minLength: Book.size,
          maxLength: Book.size,
        }),
      ),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let received = OPEN;
    let figures = bookRow(0).figures;
    return steps.map(({ wait, behind, figures: given }) => {
      received += wait;
      figures = given ?? figures;
      return { time: received - behind, received, figures };
    });
  });

const byTime = (rows: readonly BookRow[]): BookRow[] =>
  [...rows].sort((a, b) => a.time - b.time || a.received - b.received);

/** Contract of every order book store, tested on one that `open` has started; the suite stops it. */
export const bookSuite = (name: string, open: () => Promise<Store>): void => {
  describe(`order books on ${name}`, () => {
    let store: Store;
    let ids = 7_000;
    const nextId = (): number => (ids += 1);
    const all = async (instrumentId: number): Promise<BookRow[]> =>
      rowsOfBooks(await store.books.read({ instrumentId, from: 0, to: Infinity, limit: 10_000 }));
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store?.stop();
    });

    it("gives back what was written, exactly, by time, and nothing twice when it is written again", async () => {
      await fc.assert(
        fc.asyncProperty(anyBooks, fc.nat(40), async (rows, cut) => {
          const id = nextId();
          const books = booksOf(rows);
          const at = Math.min(cut, rows.length);
          for (let time = 0; time < 2; time++) {
            await store.books.write([
              { instrumentId: id, books, first: 0, end: at },
              { instrumentId: id, books, first: at },
            ]);
          }
          expect(await all(id)).toEqual(byTime(rows));
        }),
        { numRuns: 25 },
      );
    });

    it("takes from <= time < to, the newest so many; and the book of any instant is the newest up to it", async () => {
      await fc.assert(
        fc.asyncProperty(anyBooks, fc.nat(40), fc.nat(40), fc.nat(12), async (rows, a, b, limit) => {
          const id = nextId();
          for (let first = 0; first < rows.length; first += 7)
            await store.books.write([{ instrumentId: id, books: booksOf(rows.slice(first, first + 7)) }]);
          const sorted = byTime(rows);
          const instant = (at: number): number => (rows[at]?.time ?? OPEN) + (at % 3) - 1;
          const [from, to] = [Math.min(instant(a), instant(b)), Math.max(instant(a), instant(b))];
          const wanted = sorted.filter(({ time }) => time >= from && time < to);
          expect(rowsOfBooks(await store.books.read({ instrumentId: id, from, to, limit: limit + 1 }))).toEqual(
            wanted.slice(-limit - 1),
          );
          expect(rowsOfBooks(await store.books.at(id, to))).toEqual(sorted.filter(({ time }) => time <= to).slice(-1));
        }),
        { numRuns: 40 },
      );
    });

    it("accepts an empty write and answers nothing for an unknown instrument", async () => {
      await store.books.write([]);
      await store.books.write([{ instrumentId: nextId(), books: booksOf([]) }]);
      expect([await all(nextId()), (await store.books.at(nextId(), OPEN)).length]).toEqual([[], 0]);
    });

    it("deletes what came before an instant and keeps the rest, and answers how many blocks", async () => {
      const [one, other] = [nextId(), nextId()];
      const DAY = 86_400_000;
      const on = (days: number): BookRow =>
        bookRow(0, { time: OPEN + (days - 400) * DAY, received: OPEN + (days - 400) * DAY });
      for (const instrumentId of [one, other])
        await store.books.write([{ instrumentId, books: booksOf([on(0), on(1), on(2)]) }]);
      expect(await store.books.prune(OPEN - 398 * DAY)).toBe(4);
      expect([await all(one), await all(other)]).toEqual([[on(2)], [on(2)]]);
      expect(await store.books.prune(OPEN - 398 * DAY)).toBe(0);
    });
  });
};
