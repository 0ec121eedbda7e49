import { describe, expect, it } from "vitest";
import { book, dayRecord } from "./record";
import { cashListings, futureListings } from "./listing";
import { dayOfDate } from "@/server/domain/time/session";
import { tradingCalendar, tradingDayBefore } from "./calendar";
import type { Listing } from "./listing";

const DAY = dayOfDate("2026-11-20");
const cash = cashListings();
const find = (symbol: string): Listing => cash.find((listing) => listing.symbol === symbol)!;
const sim = tradingCalendar("SIM");
const nse = tradingCalendar("NSE");

const returns = (symbol: string): number[] => {
  const record = book(7, sim).day(find(symbol), DAY)!;
  const marks = Array.from({ length: 288 }, (_, at) => {
    let minute = at * 5 + 4;
    while (record.trades[minute] === 0) minute -= 1;
    return Math.log(record.close[minute]!);
  });
  return marks.slice(1).map((value, at) => value - marks[at]!);
};
const correlation = (a: number[], b: number[]): number => {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const cov = mean(a.map((value, at) => (value - ma) * (b[at]! - mb)));
  return cov / Math.sqrt(mean(a.map((value) => (value - ma) ** 2)) * mean(b.map((value) => (value - mb) ** 2)));
};

describe("the exchange's record", () => {
  it("is a function of the seed: asked in any order it says the same", () => {
    const straight = book(7, sim);
    const backwards = book(7, sim);
    const days = [DAY - 40, DAY - 3, DAY];
    const forward = days.map((day) => straight.day(find("INFY"), day));
    const reverse = [...days]
      .reverse()
      .map((day) => backwards.day(find("INFY"), day))
      .reverse();
    expect(reverse).toEqual(forward);
    expect(book(8, sim).day(find("INFY"), DAY)).not.toEqual(forward[2]);
  });

  it("writes over a used record what it would write on a fresh one", () => {
    const scratch = dayRecord(sim.minutes);
    const one = book(7, sim);
    one.write(find("TCS"), DAY - 9, scratch);
    const again = one.write(find("MAXHEALTH"), DAY, scratch)!;
    const fresh = one.day(find("MAXHEALTH"), DAY)!;
    for (let minute = 0; minute < sim.minutes; minute++) {
      expect(again.trades[minute]).toBe(fresh.trades[minute]);
      if (fresh.trades[minute]! > 0)
        expect([
          again.open[minute],
          again.high[minute],
          again.low[minute],
          again.close[minute],
          again.volume[minute],
        ]).toEqual([
          fresh.open[minute],
          fresh.high[minute],
          fresh.low[minute],
          fresh.close[minute],
          fresh.volume[minute],
        ]);
    }
  });

  it.each([
    ["SIM", sim],
    ["NSE", nse],
  ] as const)("ends a %s day at its close, which is the next day's previous close", (_name, calendar) => {
    const record = book(7, calendar);
    for (const symbol of ["RELIANCE", "TATACONSUM", "NIFTY 50"]) {
      const today = record.day(find(symbol), DAY)!;
      const before = record.day(find(symbol), tradingDayBefore(calendar, DAY))!;
      expect(today.trades[0]).toBeGreaterThan(0);
      const last =
        before.closing.price > 0
          ? before.closing.price
          : before.close[calendar.hours(find(symbol).kind, before.day).minutes - 1];
      expect(last).toBe(today.previousClose);
    }
  });

  it("keeps every bar whole: low <= open, close <= high, on the tick grid", () => {
    for (const listing of cash) {
      const record = book(11, sim).day(listing, DAY)!;
      for (let minute = 0; minute < sim.minutes; minute++) {
        if (record.trades[minute] === 0) continue;
        const [open, high, low, close] = [
          record.open[minute]!,
          record.high[minute]!,
          record.low[minute]!,
          record.close[minute]!,
        ];
        if (!(
          low <= Math.min(open, close) &&
          high >= Math.max(open, close) &&
          open % listing.tick === 0 &&
          high % listing.tick === 0 &&
          low % listing.tick === 0 &&
          low > 0
        ))
          throw new Error(`${listing.symbol} ${minute}`);
      }
    }
  });

  it("has quiet symbols with minutes without a trade, and busy ones without such", () => {
    const empty = (symbol: string) =>
      book(7, sim)
        .day(find(symbol), DAY)!
        .trades.filter((trades) => trades === 0).length;
    expect(empty("TATACONSUM")).toBeGreaterThan(50);
    expect(empty("RELIANCE")).toBe(0);
  });

  it("moves banks together, and their index with them", () => {
    expect(correlation(returns("HDFCBANK"), returns("ICICIBANK"))).toBeGreaterThan(
      correlation(returns("HDFCBANK"), returns("SUNPHARMA")),
    );
    expect(correlation(returns("NIFTY BANK"), returns("SBIN"))).toBeGreaterThan(0.4);
    expect(correlation(returns("NIFTY 50"), returns("INDIA VIX"))).toBeLessThan(0);
  });

  it("stays at realistic prices for years", () => {
    const record = book(7, sim);
    for (const listing of cash.filter(({ symbol }) => symbol !== "INDIA VIX")) {
      for (let day = dayOfDate("2020-01-01"); day < DAY; day += 10) {
        const factor = record.close(listing, day) / Math.exp(listing.base);
        expect(factor).toBeGreaterThan(0.3);
        expect(factor).toBeLessThan(3.3);
        expect(Math.abs(record.close(listing, day + 1) / record.close(listing, day) - 1)).toBeLessThan(0.15);
      }
    }
  });

  it("is busier and wilder when the session is", () => {
    const record = book(7, nse).day(find("INFY"), DAY)!;
    const sum = (from: number, to: number) =>
      record.volume.slice(from, to).reduce((total, volume) => total + volume, 0);
    expect(sum(0, 30)).toBeGreaterThan(1.3 * sum(170, 200));
  });

  it("has no day on a weekend or a holiday of NSE's, and every day of its own", () => {
    for (const date of ["2026-11-21", "2026-11-22", "2023-10-24"])
      expect(book(7, nse).day(find("INFY"), dayOfDate(date))).toBeNull();
    expect(book(7, sim).day(find("INFY"), dayOfDate("2026-11-22"))).not.toBeNull();
  });

  it("lists a future's life only, near its underlying and with open interest", () => {
    const record = book(7, sim);
    const future = futureListings(cash, DAY)[0]!;
    expect(record.day(future, future.firstDay - 1)).toBeNull();
    expect(record.day(future, future.lastDay + 1)).toBeNull();
    expect(record.day(future, DAY)!.openInterest[700]).toBeGreaterThan(0);
    expect(
      Math.abs(record.close(future, future.lastDay) / record.close(find("NIFTY 50"), future.lastDay) - 1),
    ).toBeLessThan(0.01);
  });
});
