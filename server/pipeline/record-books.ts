import { Book, LEVEL, type StoredBooks, storedBooks } from "@/server/domain/ticks/order-book";
import { hasCode } from "@/server/domain/basics/errors";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { QuoteBoard } from "@/server/domain/ticks/quote-board";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import type { Log, Meter } from "@/server/ports/observe";
import type { BookRun, BookStore } from "@/server/ports/order-books";
import type { Spool } from "@/server/ports/spool";
import { Items, WriteQueue } from "./write-queue";

interface Parts {
  store: BookStore;
  table: InstrumentTable;
  board: QuoteBoard;
  /** The feed whose packets a collector delivers. */
  feedAt(collector: number): Pick<FeedDefinition, "book"> | undefined;
  /** An instrument's book is kept at most once in so many ms. */
  everyMs: number;
  /** Real time, also in a replay. */
  clock: Clock;
  log: Log;
  meter: Meter;
}

/** Books of an instrument written together: fewer take more room, more are lost when the process is killed. */
const BLOCK_BOOKS = 15;
/** Longest a book waits in memory while the store takes them. */
const BLOCK_MS = 15_000;
const FLUSH_MS = 1_000;
/** Number of turns over all instruments; each holds the event loop for a tenth of the work. */
const TURNS = 10;
/** Books held in memory if there is no space elsewhere; 300 bytes each. */
const MOST_WAITING = 300_000;
/** Blocks kept for reuse. */
const MOST_FREE = 512;

/** See `isBarRecord`. */
export const isBookRecord = (record: unknown): record is BookRun[] =>
  Array.isArray(record) &&
  record.every((run: Partial<BookRun> | null) => {
    const { instrumentId, books, first = 0, end = books?.length ?? 0 } = run ?? {};
    return (
      Number.isSafeInteger(instrumentId) &&
      books !== undefined &&
      books !== null &&
      Number.isSafeInteger(books.length) &&
      books.length >= 0 &&
      books.time instanceof Float64Array &&
      books.received instanceof Float64Array &&
      books.figures instanceof Float64Array &&
      Math.min(books.time.length, books.received.length, books.figures.length / Book.size) >= books.length &&
      Number.isSafeInteger(first) &&
      Number.isSafeInteger(end) &&
      first >= 0 &&
      first <= end &&
      end <= books.length
    );
  });

const booksOf = (runs: BookRun[]): number => runs.reduce((sum, { books }) => sum + books.length, 0);

interface Open {
  /** The board at the last look. */
  sequence: number;
  books: StoredBooks;
  /** When the first book of the block was taken, and how many the block takes. */
  began: number;
  room: number;
}

/**
 * Records order books beside the tick path: once a second, the newest packet of each instrument is checked, and its
 * book is stored if it changed. Changes between two checks are not recorded.
 */
export class BookRecorder {
  /** By dense number. */
  private readonly open: (Open | undefined)[] = [];
  private readonly free: StoredBooks[] = [];
  private closed: BookRun[] = [];
  private readonly runs = new Items<BookRun[]>(booksOf, (runs) => {
    for (const { books } of runs)
      if (this.free.length < MOST_FREE) {
        books.length = 0;
        this.free.push(books);
      }
  });
  private readonly queue: WriteQueue<BookRun[], BookRun[], BookRun[]>;
  private readonly wire = new Float64Array(Book.size);
  /** What stood in each instrument's book last, `Book.size` numbers each. */
  private last = new Float64Array(0);
  private turn = 0;
  private sinceFlush = 0;
  private stopLooking: (() => void) | null = null;

  constructor(private readonly parts: Parts) {
    const { clock, log, meter } = parts;
    this.queue = new WriteQueue({
      name: "books",
      figures: { prefix: "books", commit: "books.commit", stored: "books.stored" },
      backlog: this.runs,
      clock,
      log,
      meter,
      most: MOST_WAITING,
      prepare: (runs) => runs,
      rowsOf: booksOf,
      write: (runs) => this.write(runs),
      pack: (runs) => runs,
      unpack: (runs) => runs,
    });
  }

  /** While the database is unavailable books are spooled to disk; those of an earlier process come first. */
  start(spool: Spool<BookRun[]>): void {
    this.queue.start(spool);
    this.stopLooking ??= this.parts.clock.every(this.parts.everyMs / TURNS, () => this.look());
  }

  /** Since when the database has rejected books, epoch ms; null while it accepts them. */
  get failingSince(): number | null {
    return this.queue.failingSince;
  }
  /** Books that are closed and not in the store yet. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /** Resolves when an instrument's books so far are in the store, and soon in any case while that is away. */
  async settle(instrument: number): Promise<void> {
    this.close(instrument);
    this.hand();
    await this.queue.settle();
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopLooking?.();
    for (let instrument = 0; instrument < this.open.length; instrument++) this.close(instrument);
    this.hand();
    await this.queue.stop();
  }

  /** Runs the store cannot take do not hold up the others: they are counted, logged and left out. */
  private async write(runs: readonly BookRun[]): Promise<void> {
    const { store, meter, log } = this.parts;
    try {
      await store.write(runs);
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (runs.length > 1) {
        for (const run of runs) await this.write([run]);
        return;
      }
      const { instrumentId, books, first = 0, end = books.length } = runs[0]!;
      meter.count("books.refused", end - first);
      log.error("the database rejected an instrument's order books", {
        instrumentId,
        books: end - first,
        cause: String(cause),
      });
    }
  }

  private look(): void {
    const { table, board, everyMs } = this.parts;
    if (this.last.length < table.size * Book.size) {
      const wider = new Float64Array(table.size * 2 * Book.size);
      wider.set(this.last);
      this.last = wider;
    }
    const now = this.parts.clock.now();
    const size = Math.min(table.size, board.capacity);
    for (let instrument = this.turn; instrument < size; instrument += TURNS) this.lookAt(instrument, now);
    this.turn = (this.turn + 1) % TURNS;
    this.sinceFlush += everyMs / TURNS;
    if (this.sinceFlush < FLUSH_MS) return;
    this.sinceFlush = 0;
    this.hand();
    void this.queue.flush();
  }

  private lookAt(instrument: number, now: number): void {
    const open = this.open[instrument];
    const sequence = this.parts.board.sequence(instrument);
    if (sequence !== (open?.sequence ?? 0) && this.read(instrument)) this.take(instrument, sequence, now);
    else if (open !== undefined) {
      open.sequence = sequence;
      if (open.books.length > 0 && now - open.began >= BLOCK_MS) this.close(instrument);
    }
  }

  /** The newest packet's book into `wire`, in minor units; false where it has none, or the same as before. */
  private read(instrument: number): boolean {
    const { board, feedAt } = this.parts;
    const frame = board.frame(instrument);
    const { wire, last } = this;
    if (frame === null || feedAt(board.collector(instrument))?.book?.(frame, board.offset(instrument), wire) !== true)
      return false;
    const divisor = board.wireDivisor[instrument]!;
    if (divisor !== 1) {
      wire[Book.lastPrice] = Math.round(wire[Book.lastPrice]! / divisor);
      for (let price = Book.bids as number; price < Book.size; price += LEVEL)
        wire[price] = Math.round(wire[price]! / divisor);
    }
    const row = instrument * Book.size;
    for (let place = 0; place < Book.size; place++) if (wire[place] !== last[row + place]) return true;
    return false;
  }

  private take(instrument: number, sequence: number, now: number): void {
    const { board } = this.parts;
    // Blocks end one after the other, not all in the same second.
    const open = (this.open[instrument] ??= {
      sequence,
      books: this.block(),
      began: now,
      room: 1 + (instrument % BLOCK_BOOKS),
    });
    open.sequence = sequence;
    const { books } = open;
    if (books.length === 0) open.began = now;
    const row = books.length++;
    const received = board.received(instrument);
    books.received[row] = received;
    // A packet without a time of its own: that of its receipt.
    books.time[row] = board.time(instrument) || received;
    books.figures.set(this.wire, row * Book.size);
    this.last.set(this.wire, instrument * Book.size);
    if (books.length >= open.room || now - open.began >= BLOCK_MS) this.close(instrument);
  }

  private close(instrument: number): void {
    const open = this.open[instrument];
    if (open === undefined || open.books.length === 0) return;
    this.closed.push({ instrumentId: this.parts.table.at(instrument).id, books: open.books });
    open.books = this.block();
    open.room = BLOCK_BOOKS;
  }

  private hand(): void {
    if (this.closed.length === 0) return;
    this.runs.push(this.closed);
    this.queue.grew();
    this.closed = [];
  }

  private block(): StoredBooks {
    return this.free.pop() ?? storedBooks(BLOCK_BOOKS);
  }
}
