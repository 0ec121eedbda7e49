import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { averagePrice, depthRow } from "./packet";
import { istDay } from "@/server/domain/time/session";
import { market } from "./market";
import type { Cursor } from "./cursor";
import type { Market } from "./market";

const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const opened = (start: number, options: { calendar?: "SIM" | "NSE"; rate?: number; seed?: number } = {}): Market =>
  market(
    { seed: options.seed ?? 7, calendar: options.calendar ?? "SIM", rate: { perInstrument: options.rate ?? 1 } },
    start,
  );

const SHOWN = [
  "time",
  "price",
  "quantity",
  "volume",
  "open",
  "high",
  "low",
  "previousClose",
  "lastTradeTime",
  "openInterest",
  "openInterestHigh",
  "openInterestLow",
  "bookKey",
  "minuteStart",
  "minuteTrades",
  "minuteVolume",
] as const;
const shown = (cursor: Cursor) =>
  Object.fromEntries([...SHOWN.map((field) => [field, cursor[field]]), ["average", averagePrice(cursor)]]);
const everything = (one: Market) => one.listings.map(({ token, symbol }) => ({ symbol, ...shown(one.cursor(token)!) }));

describe("the feed", () => {
  it("shows the same at an instant whether it was played or looked up", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 86_400 }),
        fc.integer({ min: 1, max: 900 }),
        fc.constantFrom(0.3, 1, 4),
        (second, length, rate) => {
          const start = at("2026-11-20T00:00:00") + second * 1_000;
          const played = opened(start, { rate });
          played.advance(start + length * 1_000, () => undefined);
          expect(everything(opened(start + length * 1_000, { rate }))).toEqual(everything(played));
        },
      ),
      { numRuns: 8 },
    );
  });

  it("keeps every packet consistent with the ones before, through midnight", () => {
    const start = at("2026-11-19T23:40:00");
    const one = opened(start);
    interface Seen {
      time: number;
      volume: number;
      day: number;
      high: number;
      low: number;
      open: number;
      price: number;
    }
    const seen = new Map<string, Seen>();
    let packets = 0;
    one.advance(at("2026-11-20T00:20:00"), (cursor) => {
      packets += 1;
      const { listing } = cursor;
      const before = seen.get(listing.symbol);
      const holds = (rule: string, held: boolean): void => {
        if (!held) throw new Error(`${listing.symbol} at ${new Date(cursor.time).toISOString()}: ${rule}`);
      };
      holds("low <= price <= high", cursor.low <= cursor.price && cursor.price <= cursor.high);
      holds("price on the grid", cursor.price % listing.tick === 0);
      holds("last trade not after the packet", cursor.lastTradeTime <= cursor.time);
      holds(
        "open interest inside its day range",
        cursor.openInterestLow <= cursor.openInterest && cursor.openInterest <= cursor.openInterestHigh,
      );
      if (listing.segment === "INDICES") holds("no volume", cursor.volume === 0);
      else
        holds(
          "average inside the day range",
          averagePrice(cursor) >= cursor.low && averagePrice(cursor) <= cursor.high,
        );
      if (before !== undefined) {
        holds("time goes on", cursor.time >= before.time);
        if (before.day === cursor.tradingDay) {
          holds(
            "volume grows by what traded",
            cursor.volume - before.volume === (cursor.traded && listing.segment !== "INDICES" ? cursor.quantity : 0),
          );
          holds("open stays", cursor.open === before.open);
          holds(
            "high and low follow the price",
            cursor.high === Math.max(before.high, cursor.price) && cursor.low === Math.min(before.low, cursor.price),
          );
          holds("the price moves by trades only", cursor.traded || cursor.price === before.price);
        } else {
          holds("previous close is the last price", cursor.previousClose === before.price);
          holds("the day begins with a trade at its open", cursor.traded && cursor.open === cursor.price);
        }
      }
      seen.set(listing.symbol, {
        time: cursor.time,
        volume: cursor.volume,
        day: cursor.tradingDay,
        high: cursor.high,
        low: cursor.low,
        open: cursor.open,
        price: cursor.price,
      });
    });
    expect(packets).toBeGreaterThan(66 * 2_400 * 0.95);
    expect(packets).toBeLessThan(66 * 2_400 * 1.05);
  });

  it("has a book around the price: five rows a side, best first, bid below ask", () => {
    const start = at("2026-11-20T11:00:00");
    const one = opened(start);
    one.advance(start + 5_000, (cursor) => {
      const rows = (side: "buy" | "sell") => [0, 1, 2, 3, 4].map((level) => depthRow(cursor, side, level));
      const [buy, sell] = [rows("buy"), rows("sell")];
      if (cursor.listing.id % 7 !== 0) return;
      expect(buy[0]!.price).toBeLessThan(sell[0]!.price);
      expect(cursor.price).toBeGreaterThanOrEqual(buy[0]!.price);
      expect(cursor.price).toBeLessThanOrEqual(sell[0]!.price);
      for (const row of [...buy, ...sell]) {
        expect(row.price % cursor.listing.tick).toBe(0);
        expect(row.quantity).toBeGreaterThan(0);
        expect(row.orders).toBeGreaterThan(0);
      }
      for (let level = 1; level < 5; level++) {
        expect(buy[level]!.price).toBeLessThan(buy[level - 1]!.price);
        expect(sell[level]!.price).toBeGreaterThan(sell[level - 1]!.price);
      }
    });
  });

  it("sends bursts and updates of the book alone, and little of quiet symbols", () => {
    const start = at("2026-11-20T11:00:00");
    const one = opened(start);
    const counts = new Map<string, number>();
    let [bookOnly, burst, lastTime] = [0, 0, 0];
    one.advance(start + 300_000, (cursor) => {
      counts.set(cursor.listing.symbol, (counts.get(cursor.listing.symbol) ?? 0) + 1);
      if (!cursor.traded) bookOnly += 1;
      if (cursor.listing.symbol === "RELIANCE") {
        if (cursor.time - lastTime < 60) burst += 1;
        lastTime = cursor.time;
      }
    });
    expect(bookOnly).toBeGreaterThan(1_000);
    expect(burst).toBeGreaterThan(20);
    expect(counts.get("TATACONSUM")! * 2).toBeLessThan(counts.get("RELIANCE")!);
  });

  it("sends as many as asked for in all", () => {
    const start = at("2026-11-20T11:00:00");
    const one = market({ seed: 7, calendar: "SIM", rate: { total: 50_000 } }, start);
    let packets = 0;
    one.advance(start + 60_000, () => {
      packets += 1;
    });
    expect(Math.abs(packets / 60 - 50_000)).toBeLessThan(500);
  });

  it("sends an index's values on NSE's calendar: moving to the match of the pre-open, still from 15:15 to one jump", () => {
    const one = opened(at("2026-11-20T08:00:00"), { calendar: "NSE" });
    const { token } = one.listing("NSE:NIFTY 50")!;
    const seen: { time: number; price: number; continuous: boolean }[] = [];
    one.advance(at("2026-11-23T08:59:59"), (cursor) => {
      if (cursor.listing.token === token)
        seen.push({ time: cursor.time, price: cursor.price, continuous: cursor.continuous });
    });
    const record = one.book.day(one.listing("NSE:NIFTY 50")!, istDay(at("2026-11-20T12:00:00")))!;
    expect(seen[0]!.time).toBe(at("2026-11-20T09:00:00"));
    const before = seen.filter(({ time }) => time < at("2026-11-20T09:15:00"));
    expect(before.every(({ continuous }) => !continuous)).toBe(true);
    expect(
      before.filter(({ time }) => time >= record.preOpen.at).every(({ price }) => price === record.preOpen.price),
    ).toBe(true);
    expect(new Set(before.map(({ price }) => price)).size).toBeGreaterThan(10);
    const after = seen.filter(({ time }) => time >= at("2026-11-20T15:15:00"));
    expect(after.some(({ continuous }) => continuous)).toBe(false);
    const frozen = record.close[359];
    expect(record.closing.price).not.toBe(frozen);
    expect(after.every(({ time, price }) => price === (time < record.closing.at ? frozen : record.closing.price))).toBe(
      true,
    );
    expect(record.closing.at).toBeGreaterThanOrEqual(at("2026-11-20T15:28:00"));
    expect(record.closing.at).toBeLessThan(at("2026-11-20T15:30:00"));
    expect(after.at(-1)!.time).toBeLessThan(at("2026-11-20T15:35:00"));
  });

  it("sends a stock's auctions on NSE's calendar: matched volume once each, then frozen, then the post-close's", () => {
    const one = opened(at("2026-11-20T08:00:00"), { calendar: "NSE" });
    const listing = one.listing("NSE:RELIANCE")!;
    const record = one.book.day(listing, istDay(at("2026-11-20T12:00:00")))!;
    const { preOpen, closing, postVolume } = record;
    let volume = 0;
    const steps: { time: number; price: number; added: number; open: number }[] = [];
    one.advance(at("2026-11-20T23:00:00"), (cursor) => {
      if (cursor.listing.token !== listing.token) return;
      if (!cursor.continuous)
        steps.push({ time: cursor.time, price: cursor.price, added: cursor.volume - volume, open: cursor.open });
      volume = cursor.volume;
    });
    const matched = steps.filter(({ added }) => added > 0);
    expect(matched.slice(0, 2).map(({ time, price, added }) => ({ time, price, added }))).toEqual([
      { time: preOpen.at, price: preOpen.price, added: preOpen.volume },
      { time: closing.at, price: closing.price, added: closing.volume },
    ]);
    expect(matched[0]!.open).toBe(preOpen.price);
    const post = matched.slice(2);
    expect(
      post.every(
        ({ time, price }) =>
          time >= at("2026-11-20T15:50:00") && time < at("2026-11-20T16:00:00") && price === closing.price,
      ),
    ).toBe(true);
    expect(post.reduce((sum, { added }) => sum + added, 0)).toBe(postVolume);
    expect(volume).toBe(
      preOpen.volume + record.volume.reduce((sum, each) => sum + each, 0) + closing.volume + postVolume,
    );
    expect(
      steps
        .filter(({ time }) => time >= at("2026-11-20T15:15:00") && time < closing.at)
        .every(({ price, added }) => price === record.close[359] && added === 0),
    ).toBe(true);
    expect(record.open[0]).not.toBe(preOpen.price);
  });

  it("shows the same at an instant of an NSE day whether it was played or looked up", () => {
    for (const clock of [
      "09:03:11",
      "09:10:00",
      "09:15:30",
      "15:14:59",
      "15:20:00",
      "15:31:00",
      "15:55:30",
      "20:00:00",
    ]) {
      const played = opened(at(`2026-11-20T${clock}`) - 8 * 60_000, { calendar: "NSE" });
      played.advance(at(`2026-11-20T${clock}`), () => undefined);
      expect(everything(opened(at(`2026-11-20T${clock}`), { calendar: "NSE" })), clock).toEqual(everything(played));
    }
  });

  it("rolls its contracts the day after expiry", () => {
    const one = opened(at("2026-11-24T23:59:00"));
    expect(one.listing("SIM:NIFTY26NOVFUT")).toBeDefined();
    one.advance(at("2026-11-25T00:01:00"), () => undefined);
    expect(one.listing("SIM:NIFTY26NOVFUT")).toBeUndefined();
    expect(one.listing("SIM:NIFTY27JANFUT")).toBeDefined();
  });
});
