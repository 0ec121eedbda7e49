import type { StoredBooks } from "@/server/domain/ticks/order-book";

/** Rows [first, end) of `books`, all of one instrument, as they came. Without the two, all rows. */
export interface BookRun {
  instrumentId: number;
  books: StoredBooks;
  first?: number;
  end?: number;
}

/** The past of order books. */
export interface BookStore {
  /** Appends; the same write again changes nothing. Times are kept as whole ms. Resolves after commit. */
  write(runs: readonly BookRun[]): Promise<void>;
  /** Books with times in [from, to), oldest first: the newest `limit`. */
  read(query: { instrumentId: number; from: number; to: number; limit: number }): Promise<StoredBooks>;
  /** The book as it stood at an instant: the newest up to it; none or one row. */
  at(instrumentId: number, time: number): Promise<StoredBooks>;
  /** Deletes data before a time, in small steps; returns the number of book blocks. */
  prune(before: number): Promise<number>;
}
