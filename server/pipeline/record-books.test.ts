import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { Book } from "@/server/domain/ticks/order-book";
import { lineOf, Quote, QuoteBoard } from "@/server/domain/ticks/quote-board";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { BookRun, BookStore } from "@/server/ports/order-books";
import type { Spool } from "@/server/ports/spool";
import { openSpool } from "@/server/store/spool";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { BookRecorder } from "./record-books";

/** A packet here is eight bytes: two of length, then the last price and the best bid's quantity; without a quantity it carries no book. */
const packet = (price: number, quantity: number): Uint8Array => Uint8Array.of(0, 2, price, quantity);

const store = (): {
  written: [instrumentId: number, time: number, price: number, quantity: number][][];
  away: boolean;
} & Pick<BookStore, "write"> => {
  const self = {
    written: [] as [number, number, number, number][][],
    away: false,
    write: async (runs: readonly BookRun[]) => {
      await Promise.resolve();
      if (self.away) throw new Error("away");
      self.written.push(
        runs.flatMap(({ instrumentId, books }) =>
          Array.from(
            { length: books.length },
            (_, row) =>
              [
                instrumentId,
                books.time[row]!,
                books.figures[row * Book.size]!,
                books.figures[row * Book.size + 4]!,
              ] as [number, number, number, number],
          ),
        ),
      );
    },
  };
  return self;
};

let now: number;
let timers: { at: number; every: number | null; run: () => void }[];
let kept: ReturnType<typeof store>;
let board: QuoteBoard;
let metrics: Metrics;
let folder: string;
let recorder: BookRecorder;

const clock = {
  now: () => now,
  after: (ms: number, run: () => void) => {
    timers.push({ at: now + ms, every: null, run });
    return () => undefined;
  },
  every: (ms: number, run: () => void) => {
    const timer = { at: now + ms, every: ms, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((each) => each !== timer);
    };
  },
  sleep: (ms: number) =>
    new Promise<void>((resolve) => {
      timers.push({ at: now + ms, every: null, run: resolve });
    }),
};
/** Lets pending promises settle, including disk writes. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
};
const pass = async (ms: number): Promise<void> => {
  for (const end = now + ms; now < end;) {
    now += 100;
    for (const timer of timers.filter(({ at }) => at <= now)) {
      if (timer.every === null) timers = timers.filter((each) => each !== timer);
      else timer.at += timer.every;
      timer.run();
    }
    await settle();
  }
};

const spool = (): Promise<Spool<BookRun[]>> => openSpool<BookRun[]>(folder, { limitBytes: 1e7, log: silentLog() });
const newRecorder = (): BookRecorder => {
  const table = new InstrumentTable();
  for (const id of [70, 71]) table.put(testInstrument(id), "NSE");
  return new BookRecorder({
    store: kept as unknown as BookStore,
    table,
    board,
    everyMs: 1_000,
    clock,
    log: silentLog(),
    meter: metrics,
    feedAt: (collector) =>
      collector === 0
        ? {
            book: (frame, offset, into) => {
              if (frame[offset + 1] === 0) return false;
              into.fill(0);
              [into[Book.lastPrice], into[Book.bids], into[Book.bids + 1]] = [
                frame[offset]! * 10,
                frame[offset]! * 10,
                frame[offset + 1]!,
              ];
              return true;
            },
          }
        : undefined,
  });
};
/** A packet of an instrument comes. */
const comes = (instrument: number, price: number, quantity: number, collector = 0): void => {
  const place = board.placeOf(packet(price, quantity), { prefix: 2, length: () => 2 }) + 2;
  const row = instrument * Quote.size;
  Object.entries({
    [Quote.price]: price,
    [Quote.time]: Math.floor(now / 1_000) * 1_000,
    [Quote.received]: now,
    [Quote.place]: place,
    [Quote.line]: lineOf(collector, 1),
  }).forEach(([figure, value]) => {
    board.figures[row + Number(figure)] = value;
  });
  board.figures[row + Quote.sequence]!++;
};

beforeEach(async () => {
  [now, timers, kept, board, metrics] = [1_000_000, [], store(), new QuoteBoard(), new Metrics()];
  folder = await mkdtemp(path.join(tmpdir(), "candela-books-"));
  recorder = newRecorder();
  recorder.start(await spool());
});
afterEach(async () => {
  kept.away = false;
  await recorder.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("recording order books", () => {
  it("keeps one a second of an instrument: the newest, where it changed", async () => {
    comes(0, 50, 1);
    comes(0, 50, 2);
    await pass(1_000);
    comes(0, 50, 2);
    await pass(1_000);
    comes(0, 51, 2);
    await pass(2_000);
    await recorder.settle(0);
    expect(kept.written.flat()).toEqual([
      [70, 1_000_000, 500, 2],
      [70, 1_002_000, 510, 2],
    ]);
  });

  it("writes fifteen of an instrument together, or what came in fifteen seconds, and another's beside it", async () => {
    for (let second = 0; second < 20; second++) {
      comes(1, 50, second + 1);
      if (second === 3) comes(0, 40, 1);
      await pass(1_000);
    }
    // The first block is shorter, so that not all end in the same second: of number 1 two.
    expect(kept.written.map((books) => books.map(([instrument]) => instrument))).toEqual([
      [71, 71],
      [70],
      Array.from({ length: 15 }, () => 71),
    ]);
    await pass(20_000);
    expect(kept.written.flat()).toHaveLength(21);
  });

  it("counts in minor units, whatever the broker's wire counts in", async () => {
    board.wireDivisor[0] = 10;
    comes(0, 50, 7);
    await pass(1_000);
    await recorder.settle(0);
    expect(kept.written.flat()).toEqual([[70, 1_000_000, 50, 7]]);
  });

  it("takes nothing from packets without a book, and from feeds that have none", async () => {
    comes(0, 50, 0);
    comes(1, 50, 1, 3);
    await pass(20_000);
    await recorder.stop();
    expect(kept.written).toEqual([]);
  });

  it("leaves what the store would not take on disk, for the next process, in order", async () => {
    kept.away = true;
    comes(0, 50, 1);
    await pass(1_000);
    comes(1, 60, 2);
    await pass(1_000);
    await recorder.stop();
    expect([kept.written, recorder.waiting, metrics.counters.get("books.failures")! > 0]).toEqual([[], 0, true]);
    kept.away = false;
    recorder = newRecorder();
    recorder.start(await spool());
    await settle();
    await recorder.stop();
    expect(kept.written.flat()).toEqual([
      [70, 1_000_000, 500, 1],
      [71, 1_001_000, 600, 2],
    ]);
    recorder = newRecorder();
  });
});
