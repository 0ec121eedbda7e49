import { Buffer } from "node:buffer";
import { pickBooks, type StoredBooks, storedBooks } from "@/server/domain/ticks/order-book";
import type { BookRun, BookStore } from "@/server/ports/order-books";
import { BLOCK_SPAN_MS, BookEncoder, decodeBooks } from "./books-codec";
import { reaching, rowsOf, type Database } from "./database";
import { instant, pruneBlocks } from "./tables";

/** Books encoded before the event loop is let go: about a millisecond. */
const BOOKS_A_SLICE = 512;
/** Blocks at the ends of a span that may contain none of it. */
const AT_THE_ENDS = 8;

/** Blocks of an instrument ($1) that may hold books of [$2, $3); a block spans at most $4 ms. */
const BLOCKS = `
  SELECT books, packed FROM order_book
  WHERE instrument_id = $1 AND ts >= to_timestamp($2::float8 / 1000) AND ts < to_timestamp(($3::float8 + $4) / 1000) AND first_time < to_timestamp($3::float8 / 1000)
  ORDER BY ts DESC LIMIT $5`;

/** The block before $2, and those that may reach over it. */
const AT = `
  (SELECT books, packed FROM order_book WHERE instrument_id = $1 AND ts <= to_timestamp($2::float8 / 1000) ORDER BY ts DESC, first_received DESC LIMIT 1)
  UNION ALL
  (SELECT books, packed FROM order_book
   WHERE instrument_id = $1 AND ts > to_timestamp($2::float8 / 1000) AND ts < to_timestamp(($2::float8 + $3) / 1000) AND first_time <= to_timestamp($2::float8 / 1000))`;

const INSERT = `
  INSERT INTO order_book (instrument_id, ts, first_time, first_received, books, packed)
  SELECT id, to_timestamp(until / 1000.0), to_timestamp(since / 1000.0), to_timestamp(received / 1000.0), count, substring($7::bytea FROM start + 1 FOR length)
  FROM unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::int[], $6::text::int[], $8::text::int[])
    AS block (id, until, since, received, count, start, length)
  ON CONFLICT DO NOTHING`;

/** Blocks on their way into one statement: columns, and their bytes side by side. */
class Blocks {
  private readonly columns: number[][] = Array.from({ length: 7 }, () => []);
  private readonly encoder = new BookEncoder();

  add(instrument: number, books: StoredBooks, first: number, end: number): void {
    const { encoder } = this;
    const start = encoder.length;
    encoder.begin();
    let [since, until] = [Number.POSITIVE_INFINITY, 0];
    for (let row = first; row < end; row++) {
      since = Math.min(since, books.time[row]!);
      until = Math.max(until, books.time[row]!);
      encoder.put(books, row);
    }
    const values = [
      instrument,
      Math.floor(until),
      Math.floor(since),
      Math.floor(books.received[first]!),
      end - first,
      start,
      encoder.length - start,
    ];
    values.forEach((value, column) => this.columns[column]!.push(value));
  }

  /** Parameters of `INSERT`. */
  values(): (string | Buffer)[] {
    const [id, until, since, received, count, start, length] = this.columns.map(
      (column) => `{${column.join(",")}}`,
    ) as [string, string, string, string, string, string, string];
    return [
      id,
      until,
      since,
      received,
      count,
      start,
      Buffer.from(this.encoder.bytes.buffer, 0, this.encoder.length),
      length,
    ];
  }
}

/** Order books as blocks of bytes. They go through the pool: Prisma would carry them as base64 text. */
export const bookStore = (database: () => Database): BookStore => {
  const decoded = async (sql: string, values: readonly number[]): Promise<StoredBooks> => {
    const rows = await reaching(() => rowsOf<[number, Buffer]>(database().pool, sql, [...values]));
    const books = storedBooks(rows.reduce((sum, [count]) => sum + count, 0));
    for (const [count, run] of rows) decodeBooks(run, count, books);
    return books;
  };

  return {
    async write(runs) {
      for (const slice of slicesOf(runs)) {
        const blocks = new Blocks();
        for (const [run, first, end] of slice) blocks.add(run.instrumentId, run.books, first, end);
        await reaching(() => database().pool.query(INSERT, blocks.values()));
      }
    },

    async read({ instrumentId, from, to, limit }) {
      const books = await decoded(BLOCKS, [
        instrumentId,
        instant(from),
        instant(to),
        BLOCK_SPAN_MS,
        limit + AT_THE_ENDS,
      ]);
      const within = pickBooks(books, (row) => books.time[row]! >= from && books.time[row]! < to);
      return pickBooks(within, (row) => row >= within.length - limit);
    },

    async at(instrumentId, time) {
      const books = await decoded(AT, [instrumentId, instant(time), BLOCK_SPAN_MS]);
      const before = pickBooks(books, (row) => books.time[row]! <= time);
      return pickBooks(before, (row) => row === before.length - 1);
    },

    prune: (before) => pruneBlocks(database().pool, "order_book", before),
  };
};

type Piece = readonly [run: BookRun, first: number, end: number];

/** Runs, split where times are too far apart, up to this many books each. */
function* slicesOf(runs: readonly BookRun[]): Generator<Piece[]> {
  let slice: Piece[] = [];
  let books = 0;
  for (const run of runs) {
    const { time, length } = run.books;
    const last = run.end ?? length;
    for (let first = run.first ?? 0, end = first; first < last; first = end) {
      let [least, greatest] = [time[first]!, time[first]!];
      for (end = first + 1; end < last; end++) {
        least = Math.min(least, time[end]!);
        greatest = Math.max(greatest, time[end]!);
        if (greatest - least >= BLOCK_SPAN_MS) break;
      }
      slice.push([run, first, end]);
      books += end - first;
      if (books < BOOKS_A_SLICE) continue;
      yield slice;
      [slice, books] = [[], 0];
    }
  }
  if (slice.length > 0) yield slice;
}
