/** Order books in rows of numbers: the stored part of the depth in packets of mode `full`. */

/** Levels of each side that exchanges send to retail feeds. */
export const LEVELS = 5;
/** Numbers of a level: price, quantity, orders. */
export const LEVEL = 3;

/** Places in a row: prices, then the levels of both sides, best first; a level without orders is zeros. */
export const enum Book {
  lastPrice,
  buyQuantity,
  sellQuantity,
  bids,
  asks = 18,
  size = 33,
}

/** Books of one instrument as they were, in the order in which they came. */
export interface StoredBooks {
  length: number;
  /** Bucketing time of the packet and time of its receipt, epoch ms. */
  time: Float64Array;
  received: Float64Array;
  /** `Book.size` numbers a row, prices in minor units. */
  figures: Float64Array;
}

export const storedBooks = (capacity: number): StoredBooks => ({
  length: 0,
  time: new Float64Array(capacity),
  received: new Float64Array(capacity),
  figures: new Float64Array(capacity * Book.size),
});

/** Row `row` of `from` behind the last of `to`, which has room for it. */
const copyBook = (from: StoredBooks, row: number, to: StoredBooks): void => {
  const at = to.length++;
  to.time[at] = from.time[row]!;
  to.received[at] = from.received[row]!;
  to.figures.set(from.figures.subarray(row * Book.size, (row + 1) * Book.size), at * Book.size);
};

/** The rows a test passes, by time; those of one time as they came. */
export const pickBooks = (books: StoredBooks, keep: (row: number) => boolean): StoredBooks => {
  const rows = Array.from({ length: books.length }, (_, row) => row).filter(keep);
  rows.sort((a, b) => books.time[a]! - books.time[b]! || books.received[a]! - books.received[b]!);
  const picked = storedBooks(rows.length);
  for (const row of rows) copyBook(books, row, picked);
  return picked;
};
