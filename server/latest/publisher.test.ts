import { beforeEach, describe, expect, it } from "vitest";
import { type BarBatch, barBatch, CLOSE, CLOSED, PATCH, PATCHED, UPDATE } from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { Quote, QuoteBoard } from "@/server/domain/ticks/quote-board";
import { timeframe } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { LatestBar, LatestTick } from "@/server/ports/latest";
import { LatestPublisher } from "./publisher";

const instrument = (id: number, symbol: string): Instrument => ({
  id,
  key: `NSE:${symbol}`,
  exchange: "NSE",
  symbol,
  name: symbol,
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
});

/** A clock turned by hand. */
const handClock = () => {
  let now = 1_000_000;
  let timers: { at: number; every: number; run: () => void }[] = [];
  const add = (timer: { at: number; every: number; run: () => void }) => {
    timers.push(timer);
    return () => {
      timers = timers.filter((each) => each !== timer);
    };
  };
  const clock: Clock = {
    now: () => now,
    after: (delayMs, run) => add({ at: now + delayMs, every: 0, run }),
    every: (intervalMs, run) => add({ at: now + intervalMs, every: intervalMs, run }),
    sleep: async () => {},
  };
  const pass = (ms: number): void => {
    const until = now + ms;
    for (;;) {
      const next = timers.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      now = next.at;
      if (next.every > 0) next.at += next.every;
      else timers = timers.filter((each) => each !== next);
      next.run();
    }
    now = until;
  };
  return { clock, pass };
};

interface Row {
  event?: number;
  of?: number;
  name?: "1s" | "1m" | "1d";
  time: number;
  high?: number;
  low?: number;
  close?: number;
  volume?: number;
  ticks?: number;
  stamp?: number;
}
const batchOf = (...rows: Row[]): BarBatch => {
  const batch = barBatch(rows.length);
  batch.length = rows.length;
  rows.forEach((row, at) => {
    batch.event[at] = row.event ?? CLOSE;
    batch.instrument[at] = row.of ?? 0;
    batch.timeframe[at] = timeframe(row.name ?? "1s").index;
    batch.time[at] = row.time;
    batch.end[at] = row.time + 1_000;
    batch.open[at] = 10_000;
    batch.high[at] = row.high ?? 10_100;
    batch.low[at] = row.low ?? 9_900;
    batch.close[at] = row.close ?? 10_000;
    batch.volume[at] = row.volume ?? 50;
    batch.ticks[at] = row.ticks ?? 5;
    batch.openInterest[at] = -1;
    batch.firstTime[at] = row.stamp ?? row.time;
    batch.lastTime[at] = row.stamp ?? row.time;
    batch.rev[at] = 1;
    batch.state[at] = row.event === PATCH ? PATCHED : CLOSED;
  });
  return batch;
};

describe("the publisher of the latest", () => {
  let bars: LatestBar[][];
  let ticks: LatestTick[][];
  let board: QuoteBoard;
  let publisher: LatestPublisher;
  let pass: (ms: number) => void;
  let isRead: boolean;
  beforeEach(() => {
    isRead = true;
    bars = [];
    ticks = [];
    board = new QuoteBoard();
    const table = new InstrumentTable();
    for (let id = 0; id < 10; id++) table.put(instrument(id + 1, `S${id}`), "NSE:equity" as never);
    const hand = handClock();
    pass = hand.pass;
    publisher = new LatestPublisher({
      clock: hand.clock,
      table,
      board,
      latest: {
        get isRead() {
          return isRead;
        },
        publishBars: (rows) => {
          bars.push([...rows]);
        },
        publishTicks: (rows) => {
          ticks.push([...rows]);
        },
        publishPoints: () => {},
        publishMovers: () => {},
        state: () => ({ kind: "memory", ok: true, since: 0, detail: "", queued: 0, dropped: 0 }),
        start: async () => {},
        stop: async () => {},
      },
    });
    publisher.start();
  });
  const tick = (of: number, price: number): void => {
    const row = of * Quote.size;
    board.figures[row + Quote.price] = price;
    board.figures[row + Quote.time] = 7;
    board.figures[row + Quote.received] = 8;
    board.figures[row + Quote.sequence]!++;
  };

  it("makes nothing of bars and ticks where nobody reads", () => {
    isRead = false;
    publisher.stop();
    publisher.start();
    publisher.on(batchOf({ time: 1_000 }));
    tick(1, 500);
    pass(1_000);
    publisher.stop();
    expect([bars, ticks]).toEqual([[], []]);
  });

  describe("of bars", () => {
    it("copies rows and hands them over after `on` has returned", () => {
      const batch = batchOf({ time: 1_000 }, { time: 1_000, of: 1, name: "1m" });
      publisher.on(batch);
      expect(bars).toEqual([]);
      batch.close.fill(1);
      batch.length = 0;
      pass(0);
      expect(bars).toHaveLength(1);
      expect(bars[0]).toMatchObject([
        {
          event: "close",
          newest: true,
          key: "NSE:S0",
          timeframe: "1s",
          time: 1_000,
          end: 2_000,
          close: 10_000,
          openInterest: -1,
          state: "closed",
          incomplete: false,
        },
        { key: "NSE:S1", timeframe: "1m" },
      ]);
    });

    it("hands over at most every 50 ms, the first at once", () => {
      for (let ms = 0; ms < 200; ms += 10) {
        publisher.on(batchOf({ time: ms * 1_000 }));
        pass(10);
      }
      pass(50);
      expect(bars.map((rows) => rows.length)).toEqual([1, 4, 5, 5, 5]);
    });

    it("passes over forming bars", () => {
      publisher.on(batchOf({ time: 1_000, event: UPDATE }));
      pass(100);
      expect(bars).toEqual([]);
    });

    it("publishes a patch of the newest bar as the whole bar: wider, closed by the late tick where its stamp says so", () => {
      publisher.on(
        batchOf(
          { time: 1_000, stamp: 1_500 },
          { time: 1_000, stamp: 1_400, event: PATCH, high: 10_200, low: 10_200, close: 10_200, volume: 0, ticks: 1 },
        ),
      );
      publisher.on(
        batchOf({
          time: 1_000,
          stamp: 1_600,
          event: PATCH,
          high: 9_800,
          low: 9_800,
          close: 9_800,
          volume: 0,
          ticks: 1,
        }),
      );
      pass(100);
      expect(bars.flat().slice(1)).toMatchObject([
        {
          event: "patch",
          newest: true,
          high: 10_200,
          low: 9_900,
          close: 10_000,
          volume: 50,
          ticks: 6,
          rev: 2,
          state: "patched",
        },
        {
          event: "patch",
          newest: true,
          high: 10_200,
          low: 9_800,
          close: 9_800,
          volume: 50,
          ticks: 7,
          rev: 3,
          state: "patched",
        },
      ]);
    });

    it("publishes a patch of an older or unknown bar as the part it is, and not as the latest", () => {
      publisher.on(
        batchOf(
          { time: 5_000, event: PATCH, ticks: 1 },
          { time: 6_000 },
          { time: 5_000, event: PATCH, high: 10_300, ticks: 1 },
        ),
      );
      pass(100);
      expect(bars.flat()).toMatchObject([
        { newest: false, ticks: 1 },
        { newest: true, time: 6_000 },
        { event: "patch", newest: false, time: 5_000, high: 10_300, ticks: 1 },
      ]);
    });

    it("keeps instruments and timeframes apart", () => {
      publisher.on(batchOf({ time: 9_000 }, { time: 1_000, of: 1 }, { time: 0, name: "1m" }, { time: 8_000 }));
      pass(100);
      expect(bars.flat().map((bar) => bar.newest)).toEqual([true, true, true, false]);
    });
  });

  describe("of ticks", () => {
    it("publishes what changed, newest per instrument, at most four times a second", () => {
      for (let ms = 0; ms < 1_000; ms += 5) {
        tick(3, 10_000 + ms);
        pass(5);
      }
      const rows = ticks.flat();
      expect(rows).toHaveLength(4);
      expect(rows.every((row) => row.key === "NSE:S3")).toBe(true);
      expect(rows.map((row) => row.price)).toEqual([...rows.map((row) => row.price)].sort((a, b) => a - b));
      expect(rows[0]).toMatchObject({ decimals: 2, volume: -1, openInterest: -1, time: 7, received: 8 });
    });

    it("says nothing of instruments that are silent", () => {
      tick(1, 500);
      pass(2_000);
      expect(ticks.flat()).toHaveLength(1);
    });

    it("spreads the instruments over the quarter second", () => {
      for (let of = 0; of < 10; of++) tick(of, 100);
      pass(250);
      expect(ticks.map((rows) => rows.length)).toEqual([2, 2, 2, 2, 2]);
    });

    it("follows a board and a table that grow", () => {
      board.grow(1_000);
      tick(9, 100);
      pass(250);
      expect(ticks.flat().map((row) => row.key)).toEqual(["NSE:S9"]);
    });
  });

  it("hands over what it still has when it stops, and then nothing more", () => {
    tick(2, 300);
    publisher.on(batchOf({ time: 1_000 }));
    publisher.stop();
    expect(bars.flat()).toHaveLength(1);
    expect(ticks.flat()).toHaveLength(1);
    tick(2, 301);
    pass(1_000);
    expect(ticks.flat()).toHaveLength(1);
  });
});
