import { describe, expect, it } from "vitest";
import { Book, pickBooks, storedBooks } from "./order-book";
import { arrange, copyTick, cutTicks, filterTicks, type StoredTicks, storedTicks } from "./stored-ticks";
import { rawBatch, tickBatch } from "./tick";

const names = ["time", "received", "price", "volume", "openInterest", "flags", "sequence"] as const;
type Tick = Record<(typeof names)[number], number>;
/** Every figure another one. */
const tick = (sequence: number): Tick => ({
  time: 1_000 + sequence,
  received: 2_000 + sequence,
  price: 300 + sequence,
  volume: 40 + sequence,
  openInterest: 5 + sequence,
  flags: sequence % 8,
  sequence,
});
const columns = (ticks: readonly Tick[], room = ticks.length): StoredTicks => {
  const rows = storedTicks(room);
  ticks.forEach((each, row) => {
    for (const name of names) rows[name][row] = each[name];
  });
  rows.length = ticks.length;
  return rows;
};
const list = (rows: StoredTicks): Tick[] =>
  Array.from(
    { length: rows.length },
    (_, row) => Object.fromEntries(names.map((name) => [name, rows[name][row]])) as Tick,
  );

describe("ticks in columns", () => {
  it("are put in the order of their numbers, one of each", () => {
    const inOrder = columns([1, 2, 4].map(tick));
    expect(arrange(inOrder)).toBe(inOrder);
    expect(list(arrange(columns([4, 1, 2, 3].map(tick))))).toEqual([1, 2, 3, 4].map(tick));
    expect(list(arrange(columns([1, 2, 2, 3, 1].map(tick))))).toEqual([1, 2, 3].map(tick));
    expect(list(arrange(columns([1, 3, 2].map(tick))))).toEqual([1, 2, 3].map(tick));
    expect(list(arrange(columns([2, 2].map(tick))))).toEqual([tick(2)]);
    const one = columns([tick(3)]);
    expect(arrange(one)).toBe(one);
    expect(arrange(columns([])).length).toBe(0);
    // Of two with one number the first is kept.
    expect(
      list(
        arrange(
          columns([
            { ...tick(2), price: 1 },
            { ...tick(2), price: 2 },
          ]),
        ),
      ),
    ).toEqual([{ ...tick(2), price: 1 }]);
  });
  it("are chosen, cut to what is there, and copied figure by figure", () => {
    const rows = columns([1, 2, 3].map(tick), 8);
    expect(filterTicks(rows, () => true)).toBe(rows);
    expect(list(filterTicks(rows, (row) => row !== 1))).toEqual([tick(1), tick(3)]);
    const cut = cutTicks(rows);
    expect([cut.length, ...names.map((name) => cut[name].length)]).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
    expect(cut.price.buffer).toBe(rows.price.buffer);
    const other = storedTicks(2);
    copyTick(rows, 2, other, 1);
    other.length = 2;
    expect(list(other)[1]).toEqual(tick(3));
  });
});

describe("order books in rows", () => {
  it("are chosen by a test and put by time, of one time by receipt", () => {
    const books = storedBooks(4);
    [
      [20, 21],
      [10, 12],
      [10, 11],
      [5, 6],
    ].forEach(([time, received], row) => {
      books.time[row] = time!;
      books.received[row] = received!;
      for (let figure = 0; figure < Book.size; figure++) books.figures[row * Book.size + figure] = row * 100 + figure;
    });
    books.length = 4;
    const picked = pickBooks(books, (row) => row !== 3);
    expect([picked.length, [...picked.time], [...picked.received]]).toEqual([3, [10, 10, 20], [11, 12, 21]]);
    expect(picked.figures).toHaveLength(3 * 33);
    expect([0, 33, 66].map((at) => picked.figures[at])).toEqual([200, 100, 0]);
    expect([32, 65, 98].map((at) => picked.figures[at])).toEqual([232, 132, 32]);
  });
});

describe("a batch of ticks", () => {
  it("has its columns one after the other in one array", () => {
    const batch = tickBatch(2);
    batch.time.set([1, 2]);
    batch.price.set([3, 4]);
    batch.volume.set([5, 6]);
    batch.openInterest.set([7, 8]);
    expect([...batch.figures]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([batch.instrument.length, batch.flags.length, batch.length, batch.sequence]).toEqual([2, 2, 0, 0]);
    const raw = rawBatch(2);
    raw.exchangeTime.set([1, 2]);
    raw.price.set([3, 4]);
    raw.volume.set([5, 6]);
    raw.openInterest.set([7, 8]);
    expect([...raw.figures]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([raw.token.length, raw.offset.length, raw.length, raw.frame]).toEqual([2, 2, 0, null]);
  });
});
