import { describe, expect, it } from "vitest";
import { type BarColumns, barAt } from "@/server/domain/bars/bar";
import { istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { candles } from "@/server/exchange/history";
import { market as openMarket } from "@/server/exchange/market";
import type { AuctionMode } from "@/server/domain/bars/auction-print";
import { replayLines } from "./replay";

const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const DATE = "2026-11-20";
const options = { seed: 7, calendar: "NSE", rate: { perInstrument: 0.2 } } as const;
const SYMBOLS = ["RELIANCE", "NIFTY 50", "INFY"] as const;

/** The exchange's packets of a day as a recording: pre-open, closing auction and post-close included. */
const recorded = (): Map<string, string[]> => {
  const one = openMarket(options, at(`${DATE}T08:50:00`));
  const lines = new Map<string, string[]>(SYMBOLS.map((symbol) => [symbol, []]));
  one.advance(at(`${DATE}T16:30:00`), (cursor) => {
    lines.get(cursor.listing.symbol)?.push(`${istText(cursor.time)},${cursor.price / 100},${cursor.volume}`);
  });
  return lines;
};
const ticks = recorded();
const replay = async (symbol: string, timeframe: string, auctions?: AuctionMode): Promise<number[][]> =>
  rowsOf(
    (
      await replayLines([ticks.get(symbol)!.join("\n")], {
        file: "day.csv",
        instrument: symbol.includes(" ") ? `NSE_INDEX:${symbol}` : `NSE:${symbol}`,
        timeframe,
        now: at("2026-11-21T00:00:00"),
        ...(auctions === undefined ? {} : { auctions }),
      })
    ).bars,
  );
const rowsOf = (bars: BarColumns): number[][] =>
  Array.from({ length: bars.length }, (_, row) => {
    const { time, open, high, low, close, volume } = barAt(bars, row);
    return [time, open, high, low, close, volume];
  });

/** What the exchange's own history says the next morning. */
const told = async (symbol: string, minutes: number, now = at("2026-11-21T07:00:00")): Promise<number[][]> => {
  const later = openMarket(options, now);
  const rows = await candles(
    later,
    {
      listing: later.listing(`NSE:${symbol}`)!,
      minutes,
      from: at(`${DATE}T00:00:00`),
      to: at(`${DATE}T23:59:59`),
      openInterest: false,
      continuous: false,
    },
    () => 0,
  );
  return rows
    .map((row) => JSON.parse(row) as [string, ...number[]])
    .map(([label, open, high, low, close, volume]) => [
      Date.parse(label.replace("+0530", "+05:30")),
      ...[open, high, low, close].map((price) => Math.round(price! * 100)),
      volume!,
    ]);
};

describe("a day of the exchange with auctions, replayed", () => {
  it.each(["RELIANCE", "INFY"])("%s prints every candle as the exchange's history does", async (symbol) => {
    for (const [timeframe, minutes] of [
      ["1m", 1],
      ["5m", 5],
      ["15m", 15],
      ["1h", 60],
    ] as const)
      expect(await replay(symbol, timeframe), timeframe).toEqual(await told(symbol, minutes));
    const record = openMarket(options, at("2026-11-21T07:00:00"));
    const { preOpen } = record.book.day(record.listing(`NSE:${symbol}`)!, istDay(at(`${DATE}T12:00:00`)))!;
    expect((await replay(symbol, "1m"))[0]![1]).toBe(preOpen.price);
    expect((await replay(symbol, "1m", "apart"))[0]![1]).not.toBe(preOpen.price);
  });

  it.each(["RELIANCE", "INFY"])(
    "%s makes the day the exchange settles on the next morning, and merged bars add up to it",
    async (symbol) => {
      const [settled] = await told(symbol, 0);
      const [day] = await replay(symbol, "1d");
      expect(day!.slice(1)).toEqual(settled!.slice(1));
      const merged = await replay(symbol, "15m", "merged");
      expect(merged.reduce((sum, row) => sum + row[5]!, 0)).toBe(settled![5]);
      expect([merged[0]![1], merged.at(-1)![4]]).toEqual([settled![1], settled![4]]);
      // The same evening the exchange's own day is the sum of its candles.
      const [evening] = await told(symbol, 0, at(`${DATE}T20:00:00`));
      expect(evening![5]).toBeLessThan(settled![5]!);
    },
  );

  it("prints as the broker that is named: Upstox's first candle holds the pre-open's volume", async () => {
    const of = async (broker: "kite" | "upstox") =>
      rowsOf(
        (
          await replayLines([ticks.get("RELIANCE")!.join("\n")], {
            file: "day.csv",
            instrument: "NSE:RELIANCE",
            timeframe: "1m",
            now: at("2026-11-21T00:00:00"),
            broker,
          })
        ).bars,
      );
    const { preOpen } = openMarket(options, at("2026-11-21T07:00:00")).book.day(
      openMarket(options, at("2026-11-21T07:00:00")).listing("NSE:RELIANCE")!,
      istDay(at(`${DATE}T12:00:00`)),
    )!;
    const [kite, upstox] = [await of("kite"), await of("upstox")];
    expect(kite).toEqual(await replay("RELIANCE", "1m"));
    expect(upstox[0]).toEqual([...kite[0]!.slice(0, 5), kite[0]![5]! + preOpen.volume]);
    expect(upstox.slice(1)).toEqual(kite.slice(1));
  });

  it("an index moves to the auction's value in one row of 15:15, as the exchange's candle does", async () => {
    expect(await replay("NIFTY 50", "15m")).toEqual(await told("NIFTY 50", 15));
    expect((await replay("NIFTY 50", "15m", "apart")).length).toBe(24);
    const [day] = await replay("NIFTY 50", "1d");
    expect(day![4]).toBe((await told("NIFTY 50", 0))[0]![4]);
  });
});
