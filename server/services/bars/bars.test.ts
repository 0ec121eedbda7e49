import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUCTION_BAR, type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { QuoteBoard } from "@/server/domain/ticks/quote-board";
import { AUCTION } from "@/server/domain/ticks/tick";
import { type AnyTimeframe, anyTimeframe, timeframes } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore, StoredBar, StoredKind } from "@/server/ports/stores";
import { oracleBars, type OracleBar, oracleStart } from "@/server/testing/bar-oracle";
import { named, PipelineRig, rowsOf } from "@/server/testing/pipeline-rig";
import { type ArrivingTick, randomTrading } from "@/server/testing/random-session";
import { Bars, type BarsQuery } from "./bars";
import { conventionOf } from "@/server/domain/instruments/source-conventions";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
/** Those of the list, and some that are derived when they are asked for: from quarters of an hour and from minutes. */
const askable: readonly AnyTimeframe[] = [...timeframes, ...(["45m", "4h", "7m", "90m"] as const).map(anyTimeframe)];
const hours = "NFO"; // 09:15 to 15:40: 385 minutes, whose last bars are short in most timeframes
const start = at("2026-10-30T09:00:00"); // a Friday; a new week and month follow
const trading = randomTrading(calendar, hours, start);
const arrival = (tick: ArrivingTick): number => (Math.floor(tick.time / 1_000) + tick.delay) * 1_000;

/** Closed bars, some committed, some queued, some both. */
const partsOf = (rig: PipelineRig, committed: number, overlap: number) => {
  const closed = timeframes
    .filter((each) => each.stored)
    .flatMap((of) =>
      rig.closed(of).map((bar): StoredBar => ({
        ...bar,
        instrumentId: 1,
        timeframe: of.name,
        value: 0,
        openInterest: -1,
        rev: 1,
        state: "closed",
        incomplete: false,
      })),
    );
  const inOrder = closed.sort((a, b) => a.time - b.time);
  const split = Math.floor(inOrder.length * committed);
  const [durable, queued] = [inOrder.slice(0, split), inOrder.slice(Math.max(0, split - overlap))];
  const select = (bars: StoredBar[], timeframe: StoredKind, from: number, to: number): StoredBar[] =>
    bars.filter((bar) => bar.timeframe === timeframe && bar.time >= from && bar.time < to);
  const store = {
    read: ({ timeframe, from, to, limit }: Parameters<BarStore["read"]>[0]): Promise<BarColumns> => {
      const rows = select(durable, timeframe, from, to);
      return Promise.resolve(columnsOf(limit === undefined ? rows : rows.slice(Math.max(0, rows.length - limit))));
    },
    readWhole: ({ timeframe, from, to }: Parameters<BarStore["readWhole"]>[0]): Promise<StoredBar[]> =>
      Promise.resolve(select(durable, timeframe, from, to)),
  } as BarStore;
  const recent = {
    recent: (_id: number, of: StoredKind, from: number, to: number) => select(queued, of, from, to),
  } as RecentBars;
  return { store, recent };
};

const bars = (rig: PipelineRig, now: number, committed: number, overlap: number): Bars =>
  new Bars({
    ...partsOf(rig, committed, overlap),
    calendar,
    clock: { now: () => now } as Clock,
    live: { table: rig.table, board: new QuoteBoard(), bars: rig.bars },
  });

const scenario = fc.record({
  ticks: trading,
  committed: fc.double({ min: 0, max: 1, noNaN: true }),
  overlap: fc.nat(30),
  limit: fc.integer({ min: 1, max: 12 }),
  edges: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
});
interface Scenario {
  ticks: ArrivingTick[];
  committed: number;
  overlap: number;
  limit: number;
  edges: [number, number];
}

/** The pipeline after the ticks, and what any client must see of it. */
const played = ({ ticks, committed, overlap }: Scenario) => {
  const rig = new PipelineRig(calendar, hours);
  for (const tick of ticks) {
    rig.at(arrival(tick));
    rig.ticks([tick]);
  }
  const now = Math.max(...ticks.map(arrival));
  rig.at(now);
  return {
    service: bars(rig, now, committed, overlap),
    rig,
    now,
    expected: (of: AnyTimeframe): OracleBar[] => oracleBars(ticks, calendar, hours, of),
  };
};
const all = ({ closed, forming }: { closed: BarColumns; forming: BarColumns }): OracleBar[] => [
  ...rowsOf(closed),
  ...rowsOf(forming),
];

describe("Bars.read", () => {
  it("joins store, queue and forming bars without hole or overlap, in every timeframe", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { service, expected, now } = played(given);
        for (const of of askable) {
          const answer = await service.read({ instrument: 0, timeframe: of });
          expect(all(answer), of.name).toEqual(expected(of));
          for (const { time } of rowsOf(answer.forming)) expect(time).toBeLessThanOrEqual(now);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("answers the newest bars under a limit, each of them whole", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { service, expected } = played(given);
        for (const of of askable)
          expect(all(await service.read({ instrument: 0, timeframe: of, limit: given.limit })), of.name).toEqual(
            expected(of).slice(-given.limit),
          );
      }),
      { numRuns: 20 },
    );
  });

  it("answers the bars that begin in a range, each of them whole", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { service, expected } = played(given);
        const times = given.ticks.map(({ time }) => time);
        const [from, to] = given.edges
          .map((share) => Math.min(...times) + Math.floor(share * (Math.max(...times) - Math.min(...times))))
          .sort((a, b) => a - b) as [number, number];
        for (const of of askable) {
          expect(all(await service.read({ instrument: 0, timeframe: of, from, to })), of.name).toEqual(
            expected(of).filter(({ time }) => time >= from && time < to),
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  it.each([0, 0.5, 1])("answers whole bars around the edges of a range, %d of them stored", async (committed) => {
    const ticks = Array.from({ length: 150 }, (_, minute): ArrivingTick => ({
      time: start + 900_000 + minute * 60_000,
      price: 10_000 + minute,
      volume: minute * 10,
      delay: 0,
    }));
    const { service, expected } = played({ ticks, committed, overlap: 5, limit: 1, edges: [0, 0] });
    const [from, to] = [start + 900_000 + 20 * 60_000, start + 900_000 + 130 * 60_000];
    for (const of of askable) {
      expect(all(await service.read({ instrument: 0, timeframe: of, from, to })), `${of.name} in a range`).toEqual(
        expected(of).filter(({ time }) => time >= from && time < to),
      );
      for (let limit = 1; limit < 12; limit++)
        expect(
          all(await service.read({ instrument: 0, timeframe: of, limit, to })),
          `${of.name} newest ${limit} before`,
        ).toEqual(
          expected(of)
            .filter(({ time }) => time < to)
            .slice(-limit),
        );
    }
  });

  it("pages into the past until everything has been seen once", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { service, expected } = played(given);
        for (const of of [
          named("1s"),
          named("1m"),
          named("15m"),
          named("1h"),
          named("125m"),
          named("1d"),
          named("1W"),
          anyTimeframe("45m"),
          anyTimeframe("7m"),
        ]) {
          const pages: OracleBar[][] = [];
          let to: number | undefined;
          for (;;) {
            const page = all(
              await service.read({
                instrument: 0,
                timeframe: of,
                limit: given.limit,
                ...(to === undefined ? {} : { to }),
              }),
            );
            if (page.length === 0) break;
            if (to !== undefined) expect(page.at(-1)!.time, of.name).toBeLessThan(to);
            pages.unshift(page);
            to = page[0]!.time;
          }
          expect(pages.flat(), of.name).toEqual(expected(of));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("Bars.warm", () => {
  it("makes longer forming bars whole after a restart, from what is stored", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { rig, expected, now } = played(given);
        // The next minute: all seconds are closed and stored.
        const later = Math.floor(now / 60_000) * 60_000 + 63_000;
        rig.at(later);
        rig.restart();
        await bars(rig, later, given.committed, given.overlap).warm(0);
        for (const of of timeframes.slice(named("2m").index)) {
          const last = expected(of).at(-1)!;
          const open =
            oracleStart(calendar, hours, of, Math.max(...given.ticks.map(({ time }) => time))) === last.time &&
            rig.bars.endOf(0, of, last.time) > later - 2_000;
          // A bar that ended between two clock turns may precede the running one until the next turn closes it.
          const forming = rig.forming(of);
          if (open) expect(forming, of.name).toEqual(expected(of).slice(-Math.max(1, forming.length)));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("Bars.read of an index with a closing auction", () => {
  const ist = (text: string): number => Date.parse(`2026-11-20T${text}+05:30`);
  const minute = (text: string, timeframe: StoredKind, close: number): StoredBar => ({
    instrumentId: 1,
    timeframe,
    time: ist(text),
    open: close,
    high: close,
    low: close,
    close,
    volume: 0,
    value: 0,
    ticks: 1,
    openInterest: -1,
    rev: 1,
    state: "closed",
    incomplete: false,
  });
  /** Minutes 15:10 to 15:14 from 2,000,000 on, the auction at 1,999,000; `queued`: all of it on its way to the store. */
  const index = (queued: boolean): Bars => {
    const rows = [
      ...[10, 11, 12, 13, 14].map((at) => minute(`15:${at}:00`, "1m", 1_999_990 + at)),
      minute("15:00:00", "15m", 2_000_004),
      minute("15:20:00", "auction", 1_999_000),
    ];
    const select = (timeframe: StoredKind, from: number, to: number): StoredBar[] =>
      rows.filter((row) => row.timeframe === timeframe && row.time >= from && row.time < to);
    const rig = new PipelineRig(calendar, "NSE_INDEX");
    return new Bars({
      store: {
        read: ({ timeframe, from, to, limit }: Parameters<BarStore["read"]>[0]) =>
          Promise.resolve(columnsOf(queued ? [] : select(timeframe, from, to).slice(-(limit ?? 1e9)))),
      } as BarStore,
      recent: {
        recent: (_: number, timeframe: StoredKind, from: number, to: number) =>
          queued ? select(timeframe, from, to) : [],
      } as RecentBars,
      calendar,
      convention: (_, day) => conventionOf("kite", "index", day),
      clock: { now: () => ist("15:36:00") } as Clock,
      live: { table: rig.table, board: new QuoteBoard(), bars: rig.bars },
    });
  };
  const row = [ist("15:15:00"), 2_000_004, 2_000_004, 1_999_000, 1_999_000];
  const read = async (service: Bars, query: Partial<BarsQuery>) => {
    const { closed, closing } = await service.read({
      instrument: 0,
      timeframe: named("1m"),
      closingRows: true,
      ...query,
    });
    return [closed.length, rowsOf(closing!).map(({ time, open, high, low, close }) => [time, open, high, low, close])];
  };

  it.each([false, true])(
    "gives its row apart from the bars, to whatever reaches into the auction (queued: %s)",
    async (queued) => {
      const service = index(queued);
      expect(await read(service, {})).toEqual([5, [row]]);
      expect(await read(service, { timeframe: named("15m") })).toEqual([1, [row]]);
      expect(await read(service, { timeframe: named("5m"), limit: 1 })).toEqual([1, [row]]);
      expect(await read(service, { limit: 2 })).toEqual([2, [row]]);
      expect(await read(service, { from: ist("15:14:00"), to: ist("15:16:00") })).toEqual([1, [row]]);
      for (const from of ["15:15:00", "15:20:00", "15:34:59"])
        expect(await read(service, { from: ist(from), to: ist("15:40:00") }), from).toEqual([0, [row]]);
      for (const [from, to] of [
        ["15:10:00", "15:15:00"],
        ["15:35:00", "16:00:00"],
      ] as const)
        expect((await read(service, { from: ist(from), to: ist(to) }))[1], from).toEqual([]);
      for (const query of [
        { timeframe: named("1s") },
        { timeframe: named("30s") },
        { auctions: "apart" },
        { auctions: "merged" },
      ] as const)
        expect((await read(service, query))[1]).toEqual([]);
      expect(await service.read({ instrument: 0, timeframe: named("1m") })).not.toHaveProperty("closing");
    },
  );
});

describe("Bars.read of a stock with auctions", () => {
  const ist = (text: string): number => Date.parse(`2026-11-20T${text}+05:30`);
  const tick = (text: string, price: number, volume: number) => ({ time: ist(text), price, volume });
  const day = (committed: number): Bars => {
    const rig = new PipelineRig(calendar, "NSE_CAS");
    rig.ticks([tick("09:00:30", 10_200, 0), tick("09:10:30", 10_000, 500)], AUCTION);
    rig.ticks([
      tick("09:15:00", 10_050, 600),
      tick("09:16:30", 10_070, 650),
      tick("10:00:00", 10_100, 1_900),
      tick("15:14:59", 10_080, 2_000),
    ]);
    rig.ticks(
      [tick("15:21:00", 10_300, 2_000), tick("15:29:00", 10_090, 2_150), tick("15:51:00", 10_090, 2_200)],
      AUCTION,
    );
    rig.at(ist("16:00:03"));
    const parts = partsOf(rig, committed, 3);
    const auctions = rig.events
      .filter(({ timeframe }) => timeframe === AUCTION_BAR)
      .map((bar): StoredBar => ({
        instrumentId: 1,
        timeframe: "auction",
        time: bar.time,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        value: 0,
        ticks: bar.ticks,
        openInterest: -1,
        rev: 1,
        state: "closed",
        incomplete: false,
      }));
    const store = {
      ...parts.store,
      read: (range: Parameters<BarStore["read"]>[0]) =>
        range.timeframe === "auction"
          ? Promise.resolve(columnsOf(auctions.filter(({ time }) => time >= range.from && time < range.to)))
          : parts.store.read(range),
    } as BarStore;
    return new Bars({
      store,
      recent: parts.recent,
      calendar,
      convention: (_, day) => conventionOf("kite", "stock", day),
      clock: { now: () => ist("16:01:00") } as Clock,
      live: { table: rig.table, board: new QuoteBoard(), bars: rig.bars },
    });
  };
  const ohlcv = ({ open, high, low, close, volume }: OracleBar) => [open, high, low, close, volume];
  const read = async (service: Bars, timeframe: string, more: Partial<BarsQuery> = {}) =>
    all(await service.read({ instrument: 0, timeframe: named(timeframe), ...more })).map(ohlcv);

  it.each([0, 0.5, 1])(
    "prints the first bar of any timeframe as Kite does, %d of the bars stored",
    async (committed) => {
      const service = day(committed);
      expect((await read(service, "1m"))[0]).toEqual([10_000, 10_050, 10_000, 10_050, 100]);
      for (const name of ["5m", "15m", "30m"])
        expect((await read(service, name))[0], name).toEqual([10_000, 10_070, 10_000, 10_070, 150]);
      expect((await read(service, "1m", { auctions: "apart" }))[0]).toEqual([10_050, 10_050, 10_050, 10_050, 100]);
      expect(await read(service, "1m", { limit: 2 })).toEqual([
        [10_100, 10_100, 10_100, 10_100, 1_250],
        [10_080, 10_080, 10_080, 10_080, 100],
      ]);
    },
  );

  it("merges every auction into the bars beside it: their sum is the day's volume", async () => {
    const service = day(1);
    for (const name of ["1m", "5m", "15m", "1h"]) {
      const rows = await read(service, name, { auctions: "merged" });
      expect(
        rows.reduce((sum, row) => sum + row[4]!, 0),
        name,
      ).toBe(2_200);
      expect([rows[0]![0], rows.at(-1)![3]], name).toEqual([10_000, 10_090]);
    }
    // Pre-open 500, continuous 1,500, closing auction 150, post-close 50: the day has each once.
    for (const auctions of ["broker", "merged", "apart"] as const)
      expect(await read(service, "1d", { auctions }), auctions).toEqual([[10_000, 10_100, 10_000, 10_090, 2_200]]);
  });

  it("opens no bar at the auction's price that is not the day's first, wherever a range begins", async () => {
    const service = day(1);
    expect((await read(service, "1m", { from: ist("09:16:00") }))[0]).toEqual([10_070, 10_070, 10_070, 10_070, 50]);
    expect(await read(service, "1m", { from: ist("09:15:00"), to: ist("09:16:00") })).toEqual([
      [10_000, 10_050, 10_000, 10_050, 100],
    ]);
  });

  it("makes a day of minutes with its auctions where no day is stored", async () => {
    const rows: StoredBar[] = (
      [
        ["1m", "09:15:00", 10_050, 600],
        ["1m", "15:14:00", 10_080, 900],
        ["auction", "09:00:00", 10_000, 500],
        ["auction", "15:20:00", 10_090, 150],
        ["auction", "15:50:00", 10_090, 50],
      ] as const
    ).map(([timeframe, time, price, volume]) => ({
      instrumentId: 1,
      timeframe,
      time: ist(time),
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      value: 0,
      ticks: 0,
      openInterest: -1,
      rev: 1,
      state: "backfilled",
      incomplete: false,
    }));
    const rig = new PipelineRig(calendar, "NSE_CAS");
    const service = new Bars({
      store: {
        read: ({ timeframe, from, to }: Parameters<BarStore["read"]>[0]) =>
          Promise.resolve(
            columnsOf(rows.filter((row) => row.timeframe === timeframe && row.time >= from && row.time < to)),
          ),
      } as BarStore,
      recent: { recent: () => [] as StoredBar[] } as unknown as RecentBars,
      calendar,
      clock: { now: () => ist("16:01:00") } as Clock,
      live: { table: rig.table, board: new QuoteBoard(), bars: rig.bars },
    });
    for (const query of [{}, { limit: 1 }, { from: ist("00:00:00") - 30 * 86_400_000, to: ist("23:00:00") }])
      for (const name of ["1d", "1W", "1M"])
        expect(await read(service, name, query), name).toEqual([[10_000, 10_090, 10_000, 10_090, 2_200]]);
  });

  it("goes on in the pipeline from bars of continuous trading after a start", async () => {
    const service = day(1);
    await service.warm(0);
    expect(await read(service, "1d")).toEqual([[10_000, 10_100, 10_000, 10_090, 2_200]]);
  });
});
