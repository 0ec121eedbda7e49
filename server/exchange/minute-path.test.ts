import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { MinutePath } from "./minute-path";
import { book } from "./record";
import { cashListings, futureListings } from "./listing";
import { dayOfDate } from "@/server/domain/time/session";
import { tradingCalendar } from "./calendar";
import type { DayRecord } from "./record";
import type { Listing } from "./listing";

const DAY = dayOfDate("2026-11-20");
const cash = cashListings();
const listings = [...cash, ...futureListings(cash, DAY)];
const calendar = tradingCalendar("SIM");
const path = new MinutePath();
const books = new Map([1, 7, 12_345].map((seed) => [seed, book(seed, calendar)]));

interface Walk {
  offsets: number[];
  trades: { price: number; quantity: number }[];
  packets: number;
}
const walk = (listing: Listing, record: DayRecord, minute: number, packets: number, rate: number): Walk => {
  const out: Walk = { offsets: [], trades: [], packets: 0 };
  path.begin(listing, record, minute, packets, rate);
  while (path.nextOffset !== Infinity) {
    path.next();
    out.packets += 1;
    out.offsets.push(path.offset);
    if (path.traded) out.trades.push({ price: path.price, quantity: path.quantity });
  }
  return out;
};

const anyMinute = fc.record({
  seed: fc.constantFrom(1, 7, 12_345),
  listing: fc.constantFrom(...listings),
  back: fc.nat({ max: 12 }),
  minute: fc.integer({ min: 0, max: 1_439 }),
  rate: fc.constantFrom(0.1, 0.5, 1, 2, 10, 150),
});

describe("the packets of a minute", () => {
  it("fold to exactly the minute's bar, at every rate", () => {
    fc.assert(
      fc.property(anyMinute, ({ seed, listing, back, minute, rate }) => {
        const record = books.get(seed)!.day(listing, DAY - back * (listing.type === "FUT" ? 2 : 30));
        if (record === null) throw new Error(`no record of ${listing.symbol}`);
        const { trades, offsets } = walk(listing, record, minute, Math.round(60 * rate), rate);
        expect(trades.length === 0).toBe(record.trades[minute] === 0);
        expect(offsets.every((offset, at) => at === 0 || offset >= offsets[at - 1]!)).toBe(true);
        expect(offsets.at(-1) ?? 0).toBeLessThan(60_000);
        if (trades.length === 0) return;
        const prices = trades.map((trade) => trade.price);
        expect({
          open: prices[0],
          high: Math.max(...prices),
          low: Math.min(...prices),
          close: prices.at(-1),
          volume: trades.reduce((sum, trade) => sum + trade.quantity, 0),
        }).toEqual({
          open: record.open[minute],
          high: record.high[minute],
          low: record.low[minute],
          close: record.close[minute],
          volume: record.volume[minute],
        });
        expect(trades.every(({ price }) => price % listing.tick === 0)).toBe(true);
        expect(
          trades.every(({ quantity }) => quantity % listing.lot === 0 && (listing.lotsPerMinute === 0 || quantity > 0)),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("begin a day with a trade, so that its open is known from the first packet", () => {
    const record = book(3, calendar).day(listings[0]!, DAY)!;
    path.begin(listings[0]!, record, 0, 60, 1);
    path.next();
    expect(path.traded).toBe(true);
    expect(path.price).toBe(record.open[0]);
  });

  it("are as many as asked for, trades or changes of the book", () => {
    const record = book(3, calendar).day(listings[0]!, DAY)!;
    expect(walk(listings[0]!, record, 600, 3_000, 50).packets).toBe(3_000);
  });
});
