import { describe, expect, it } from "vitest";
import { type Bar, barStates, columnsOf } from "@/server/domain/bars/bar";
import { Turns } from "@/server/domain/basics/turns";
import { storedTicks } from "@/server/domain/ticks/stored-ticks";
import { AUCTION, EXCHANGE_CLOCK, JOINED, TRADE } from "@/server/domain/ticks/tick";
import type {
  About,
  BarsReading,
  MarketReads,
  OrderBook,
  PassportReading,
  SpanStats,
} from "@/server/ports/market-reads";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { JsonBytes } from "./json-bytes";
import { barViews, vwapOf, writeColumns, writeRows } from "./read-json";
import { changesView, passportView } from "./read-passport";
import { metaOf, noBooks, noDepth, orderBookView, quoteMeta, statsView, ticksView } from "./read-figures";

const NINE_FIFTEEN = Date.parse("2026-11-20T09:15:00+05:30");
const endless = () => new Turns(() => Promise.resolve());
const instrument = testInstrument(7);
const about = (quote: Partial<NonNullable<About["quote"]>> | null, segment = instrument.segment): About =>
  ({ instrument: { ...instrument, segment }, token: 1, quote, averagePrice: 0 }) as About;

/** No two figures are alike. */
const stats: SpanStats = {
  bars: 375,
  auctions: 2,
  open: 100_010,
  high: 104_000,
  low: 99_000,
  close: 103_000,
  volume: 4_000,
  ticks: 17,
  value: 408_123_456.4,
  estimatedVolume: 11,
  firstTime: NINE_FIFTEEN,
  lastTime: NINE_FIFTEEN + 60_000,
  openInterest: 23,
  previousClose: 101_000,
};
const nothing: SpanStats = {
  ...stats,
  bars: 0,
  auctions: 0,
  open: 0,
  high: 0,
  low: 0,
  close: 0,
  volume: 0,
  ticks: 0,
  value: 0,
  estimatedVolume: 0,
  firstTime: 0,
  lastTime: 0,
  openInterest: -1,
};

describe("figures of a span", () => {
  it("stand each in its place, in rupees", () => {
    expect(statsView(stats, 2, "Asia/Kolkata")).toEqual({
      open: 1_000.1,
      high: 1_040,
      low: 990,
      close: 1_030,
      volume: 4_000,
      value: 4_081_234.56,
      vwap: 1_020.3086,
      estimatedVolume: 11,
      ticks: 17,
      bars: 375,
      auctions: 2,
      openInterest: 23,
      previousClose: 1_010,
      change: 20,
      changePercent: 1.98,
      placeInRange: 0.8,
      firstBar: "2026-11-20T09:15:00+05:30",
      lastBar: "2026-11-20T09:16:00+05:30",
    });
  });
  it("are null where nothing traded, and known where an auction alone did", () => {
    expect(statsView(nothing, 2, undefined)).toEqual({
      open: null,
      high: null,
      low: null,
      close: null,
      volume: 0,
      value: 0,
      vwap: null,
      estimatedVolume: 0,
      ticks: 0,
      bars: 0,
      auctions: 0,
      openInterest: null,
      previousClose: 1_010,
      change: null,
      changePercent: null,
      placeInRange: null,
      firstBar: null,
      lastBar: null,
    });
    expect(statsView({ ...stats, bars: 0, auctions: 1 }, 2, undefined)).toMatchObject({
      open: 1_000.1,
      change: 20,
      firstBar: NINE_FIFTEEN,
      lastBar: NINE_FIFTEEN + 60_000,
    });
  });
  it("have no change without a close before, and no place in a range of one price", () => {
    expect(statsView({ ...stats, previousClose: 0 }, 2, undefined)).toMatchObject({
      previousClose: null,
      change: null,
      changePercent: null,
    });
    expect(statsView({ ...stats, high: 99_000, close: 99_000 }, 2, undefined)).toMatchObject({
      placeInRange: null,
      change: -20,
      changePercent: -1.98,
    });
    expect(statsView({ ...stats, openInterest: 0 }, 2, undefined).openInterest).toBe(0);
  });
  it("tell a VWAP of two more digits where value and volume are known", () => {
    expect(vwapOf(1_000, 3, 2)).toBe(3.3333);
    expect(vwapOf(1_000, 3, 4)).toBe(0.033333);
    expect([vwapOf(0, 3, 2), vwapOf(1_000, 0, 2), vwapOf(-5, 3, 2)]).toEqual([null, null, null]);
  });
});

describe("a quote in an answer", () => {
  const quote = {
    price: 103_000,
    previousClose: 101_000,
    volume: 77,
    time: NINE_FIFTEEN,
    received: NINE_FIFTEEN + 250.4,
  };
  it("tells change from the close before", () => {
    expect(quoteMeta(about(quote), "UTC")).toEqual({
      lastPrice: 1_030,
      dayVolume: 77,
      time: "2026-11-20T03:45:00Z",
      change: 20,
      changePercent: 1.98,
    });
    expect(quoteMeta(about({ ...quote, previousClose: 0 }), undefined)).toEqual({
      lastPrice: 1_030,
      dayVolume: 77,
      time: NINE_FIFTEEN,
      change: null,
      changePercent: null,
    });
    expect(quoteMeta(about(null), undefined)).toBeNull();
  });
  it("tells how old the data are, never less than nothing", () => {
    const reads = (now: number) => ({ now: () => now }) as MarketReads;
    const { key } = instrument;
    expect(metaOf(reads(NINE_FIFTEEN + 1_000), about(quote))).toEqual({ key, dataAgeMs: 750 });
    expect(metaOf(reads(NINE_FIFTEEN), about(quote))).toEqual({ key, dataAgeMs: 0 });
    expect(metaOf(reads(NINE_FIFTEEN), about(null))).toEqual({ key, dataAgeMs: null });
  });
});

describe("ticks in an answer", () => {
  const ticks = storedTicks(4);
  ticks.length = 4;
  for (let row = 0; row < 4; row++) {
    ticks.time[row] = NINE_FIFTEEN + row * 1_000;
    ticks.received[row] = NINE_FIFTEEN + row * 1_000 + 40;
    ticks.price[row] = 100_005 + row;
    ticks.volume[row] = 500 + row;
    ticks.openInterest[row] = 60 + row;
    ticks.sequence[row] = 900 + row;
  }
  ticks.flags.set([TRADE | EXCHANGE_CLOCK | JOINED, AUCTION, TRADE, 0]);
  ticks.volume[3] = -1;
  ticks.openInterest[3] = -1;
  const quantity = Float64Array.of(7, 0, 9, -1);

  it("are the newest so many, each figure in its place", async () => {
    const all = await ticksView(endless(), { ticks, quantity }, 9, 2, undefined);
    expect(all[0]).toEqual({
      time: NINE_FIFTEEN,
      received: NINE_FIFTEEN + 40,
      price: 1_000.05,
      quantity: 7,
      dayVolume: 500,
      openInterest: 60,
      kind: "trade",
      clock: "exchange",
      firstAfterConnect: true,
      sequence: 900,
    });
    expect(all.map(({ kind, clock, firstAfterConnect }) => [kind, clock, firstAfterConnect])).toEqual([
      ["trade", "exchange", true],
      ["auction", "ours", false],
      ["trade", "ours", false],
      ["book", "ours", false],
    ]);
    expect(all[1]!.quantity).toBe(0);
    expect(all[3]).toMatchObject({ quantity: null, dayVolume: null, openInterest: null });
    expect((await ticksView(endless(), { ticks, quantity }, 2, 2, undefined)).map(({ sequence }) => sequence)).toEqual([
      902, 903,
    ]);
    expect((await ticksView(endless(), { ticks, quantity }, 1, 2, "UTC"))[0]).toMatchObject({
      time: "2026-11-20T03:45:03Z",
      received: "2026-11-20T03:45:03.040Z",
    });
  });
});

describe("an order book in an answer", () => {
  const book: OrderBook = {
    bids: [
      { price: 100_000, quantity: 5, orders: 2 },
      { price: 99_995, quantity: 6, orders: 3 },
    ],
    asks: [{ price: 100_010, quantity: 7, orders: 4 }],
    buyQuantity: 300,
    sellQuantity: 100,
    lastPrice: 100_005,
    time: NINE_FIFTEEN,
    received: NINE_FIFTEEN + 40,
  };
  it("is in rupees, with spread and imbalance", () => {
    expect(orderBookView(book, 2, "UTC")).toEqual({
      bids: [
        { price: 1_000, quantity: 5, orders: 2 },
        { price: 999.95, quantity: 6, orders: 3 },
      ],
      asks: [{ price: 1_000.1, quantity: 7, orders: 4 }],
      spread: 0.1,
      buyQuantity: 300,
      sellQuantity: 100,
      imbalance: 0.5,
      lastPrice: 1_000.05,
      time: "2026-11-20T03:45:00Z",
      received: "2026-11-20T03:45:00.040Z",
    });
    expect(orderBookView({ ...book, buyQuantity: 1, sellQuantity: 2 }, 2, undefined).imbalance).toBe(-0.3333);
  });
  it("has no spread with one side, no imbalance without orders", () => {
    expect(orderBookView({ ...book, bids: [] }, 2, undefined).spread).toBeNull();
    expect(orderBookView({ ...book, asks: [] }, 2, undefined).spread).toBeNull();
    expect(orderBookView({ ...book, buyQuantity: 0, sellQuantity: 0 }, 2, undefined).imbalance).toBeNull();
  });
  it("says why there is none: an index, no packet, another mode, or none kept", () => {
    const reasons = [noDepth(about({}, "index")), noDepth(about(null)), noDepth(about({})), noBooks(about(null))];
    expect(new Set(reasons).size).toBe(4);
    expect(noBooks(about({}, "index"))).toBe(reasons[0]);
    for (const each of reasons) expect(each.length).toBeGreaterThan(10);
  });
});

/** No two figures are alike, and a bar stands in each state. */
const bars = barStates.map((state, at): Bar => ({
  time: NINE_FIFTEEN + at * 60_000,
  open: 100_001 + at * 10,
  high: 100_102 + at * 10,
  low: 99_903 + at * 10,
  close: 100_004 + at * 10,
  volume: 50 + at,
  value: (50 + at) * (100_003 + at * 10),
  ticks: 30 + at,
  openInterest: at === 1 ? -1 : 70 + at,
  rev: 1 + at,
  state,
  incomplete: at % 2 === 1,
}));
const passport = {
  late: 3,
  firstTime: NINE_FIFTEEN + 10,
  lastTime: NINE_FIFTEEN + 20,
  firstSequence: 5,
  lastSequence: 9,
  sources: 0x100 | 0x80_0000 | 1 | 4 | 8,
  hash: 0xabc,
};
const passportTold = {
  sources: ["stream", "late ticks", "exchange clock"],
  collectors: [0, 15],
  lateTicks: 3,
  firstTick: { time: NINE_FIFTEEN + 10, sequence: 5 },
  lastTick: { time: NINE_FIFTEEN + 20, sequence: 9 },
  hash: "000000000abc",
};
const reading = (over: Partial<BarsReading> = {}): BarsReading => ({
  bars: columnsOf(bars),
  filled: null,
  passports: null,
  expected: null,
  received: 0,
  incomplete: 0,
  truncated: false,
  notice: null,
  ...over,
});
const written = async (
  write: typeof writeRows,
  given: BarsReading,
  zone?: "UTC",
  turns = endless(),
): Promise<unknown> => {
  const json = new JsonBytes();
  await write(json, given, 2, zone, turns);
  return JSON.parse(new TextDecoder().decode(json.done())) as unknown;
};
const told = bars.map((bar, at) => ({
  time: bar.time,
  open: (100_001 + at * 10) / 100,
  high: (100_102 + at * 10) / 100,
  low: (99_903 + at * 10) / 100,
  close: (100_004 + at * 10) / 100,
  volume: 50 + at,
  vwap: (100_003 + at * 10) / 100,
  openInterest: at === 1 ? null : 70 + at,
  ticks: 30 + at,
  state: bar.state as string,
  rev: 1 + at,
  incomplete: at % 2 === 1,
}));

describe("bars in an answer", () => {
  it("have each figure in its place, as rows and as columns", async () => {
    expect(await written(writeRows, reading())).toEqual(told);
    expect(await barViews(columnsOf(bars), 2, undefined)).toEqual(told);
    expect(await written(writeColumns, reading())).toEqual(
      Object.fromEntries(Object.keys(told[0]!).map((name) => [name, told.map((row) => row[name as "time"])])),
    );
    expect(await written(writeRows, reading({ bars: columnsOf([]) }))).toEqual([]);
    expect((await written(writeRows, reading(), "UTC")) as object[]).toMatchObject([
      { time: "2026-11-20T03:45:00Z" },
      {},
      {},
      {},
      {},
    ]);
  });
  it("say which are the reader's wish, and know about their making where asked", async () => {
    const filled = Uint8Array.of(0, 1, 0, 0, 0);
    const passports = new Map([[bars[1]!.time, passport]]);
    const rows = (await written(writeRows, reading({ filled, passports }))) as { state: string; passport: unknown }[];
    expect(rows.map(({ state }) => state)).toEqual(["forming", "filled", "patched", "backfilled", "corrected"]);
    expect(rows.map((row) => row.passport)).toEqual([null, passportTold, null, null, null]);
  });
  it("are written in turns, so that others are heard", async () => {
    const long = columnsOf(Array.from({ length: 10_000 }, () => bars[0]!));
    for (const [write, count] of [
      [writeRows, 6],
      [writeColumns, 8],
    ] as const) {
      let pauses = 0;
      const turns = new Turns(() => {
        pauses++;
        return Promise.resolve();
      });
      await written(write, reading({ bars: long }), undefined, turns);
      expect(pauses).toBe(count);
    }
  });
});

describe("a passport in an answer", () => {
  it("names sources, collectors, ticks and hash", () => {
    const time = (instant: number) => instant;
    expect(passportView(passport, time)).toEqual(passportTold);
    expect(passportView({ ...passport, firstSequence: 0, sources: 2 | 16 | 0x200 }, time)).toEqual({
      sources: ["history", "our clock"],
      collectors: [1],
      lateTicks: 3,
      firstTick: null,
      lastTick: null,
      hash: null,
    });
  });
  it("shows of a change what changed, before and after", () => {
    const before = { ...bars[0]!, replacedAt: 5, knownAt: 4 };
    const after = { ...bars[0]!, high: 100_200, volume: 51, rev: 2 };
    const changes = [
      { timeframe: "1m", before, after, who: "healing", why: "missing volume" },
    ] as unknown as PassportReading["changes"];
    expect(changesView(changes, 2, (instant) => instant)).toEqual([
      {
        timeframe: "1m",
        bar: NINE_FIFTEEN,
        at: 5,
        knownSince: 4,
        rev: { before: 1, after: 2 },
        who: "healing",
        why: "missing volume",
        before: { high: 1_001.02, volume: 50 },
        after: { high: 1_002, volume: 51 },
      },
    ]);
    for (const name of ["open", "high", "low", "close", "volume", "ticks", "openInterest"] as const) {
      const one = [{ ...changes[0]!, after: { ...bars[0]!, [name]: 7 } }] as unknown as PassportReading["changes"];
      const value = ["open", "high", "low", "close"].includes(name) ? 0.07 : 7;
      expect(changesView(one, 2, (instant) => instant)[0]!.after).toEqual({ [name]: value });
    }
    const other = [
      { ...changes[0]!, after: { ...bars[0]!, state: "closed", incomplete: true } },
    ] as unknown as PassportReading["changes"];
    expect(changesView(other, 2, (instant) => instant)[0]!.after).toEqual({ state: "closed", incomplete: true });
  });
});
