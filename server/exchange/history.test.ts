import { describe, expect, it } from "vitest";
import { candles } from "./history";
import { istLabel } from "@/server/domain/time/ist-text";
import { istDay } from "@/server/domain/time/session";
import { market } from "./market";
import type { HistoryQuery } from "./history";
import type { Market } from "./market";

type Row = [
  label: string,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  openInterest?: number,
];

const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const NOW = at("2026-11-20T14:07:23");
const opened = (now = NOW, calendar: "SIM" | "NSE" = "SIM"): Market =>
  market({ seed: 7, calendar, rate: { perInstrument: 1 } }, now);

const ask = async (
  one: Market,
  symbol: string,
  minutes: number,
  from: string,
  to: string,
  more: Partial<HistoryQuery> = {},
): Promise<Row[]> => {
  const query = {
    listing: one.listing(`SIM:${symbol}`)!,
    minutes,
    from: at(from),
    to: at(to),
    openInterest: false,
    continuous: false,
    ...more,
  };
  return (await candles(one, query, () => 0)).map((row) => JSON.parse(row) as Row);
};

const fold = (rows: Row[]) => ({
  open: rows[0]![1],
  high: Math.max(...rows.map((row) => row[2])),
  low: Math.min(...rows.map((row) => row[3])),
  close: rows.at(-1)![4],
  volume: rows.reduce((sum, row) => sum + row[5], 0),
});

describe("history", () => {
  it.each(["RELIANCE", "TATACONSUM", "NIFTY 50", "NIFTY26NOVFUT"])(
    "makes the day of %s the fold of its minutes, today's too",
    async (symbol) => {
      const one = opened();
      for (const date of ["2026-11-18", "2026-11-20"]) {
        const minutes = await ask(one, symbol, 1, `${date}T00:00:00`, `${date}T23:59:59`);
        const [day] = await ask(one, symbol, 0, `${date}T00:00:00`, `${date}T23:59:59`);
        expect(day![0]).toBe(`${date}T00:00:00+0530`);
        expect(fold([day!])).toEqual(fold(minutes));
      }
    },
  );

  it("anchors longer bars at the session's open", async () => {
    const one = opened(NOW, "NSE");
    const minutes = await ask(one, "INDIA VIX", 1, "2026-11-19T00:00:00", "2026-11-19T23:59:59");
    const half = await ask(one, "INDIA VIX", 30, "2026-11-19T00:00:00", "2026-11-19T23:59:59");
    expect(minutes).toHaveLength(375);
    expect(half.map((row) => row[0].slice(11, 16))).toEqual([
      "09:15",
      "09:45",
      "10:15",
      "10:45",
      "11:15",
      "11:45",
      "12:15",
      "12:45",
      "13:15",
      "13:45",
      "14:15",
      "14:45",
      "15:15",
    ]);
    half.forEach((row, index) => expect(fold([row])).toEqual(fold(minutes.slice(index * 30, index * 30 + 30))));
  });

  it("shows the running minute as its ticks made it, and nothing after", async () => {
    const one = opened(at("2026-11-20T14:07:00") - 1);
    let [open, high, low, close, volume] = [0, 0, 0, 0, 0];
    one.advance(NOW, (cursor) => {
      if (cursor.listing.symbol !== "RELIANCE" || !cursor.traded) return;
      if (open === 0) open = high = low = cursor.price;
      high = Math.max(high, cursor.price);
      low = Math.min(low, cursor.price);
      close = cursor.price;
      volume += cursor.quantity;
    });
    const rows = await ask(one, "RELIANCE", 1, "2026-11-20T14:06:00", "2026-11-21T23:59:59");
    expect(rows.map((row) => row[0])).toEqual(["2026-11-20T14:06:00+0530", "2026-11-20T14:07:00+0530"]);
    expect(rows[1]!.slice(1)).toEqual([open / 100, high / 100, low / 100, close / 100, volume]);
  });

  it("says later what was sent live", async () => {
    const start = at("2026-11-20T10:00:00");
    const one = opened(start - 1);
    const sent = new Map<string, number[]>();
    one.advance(at("2026-11-20T10:30:00") - 1, (cursor) => {
      if (!cursor.traded) return;
      const name = `${cursor.listing.symbol} ${istLabel(Math.floor(cursor.time / 60_000) * 60_000)}`;
      const quantity = cursor.listing.segment === "INDICES" ? 0 : cursor.quantity;
      const bar = sent.get(name);
      if (bar === undefined) sent.set(name, [cursor.price, cursor.price, cursor.price, cursor.price, quantity]);
      else
        sent.set(name, [
          bar[0]!,
          Math.max(bar[1]!, cursor.price),
          Math.min(bar[2]!, cursor.price),
          cursor.price,
          bar[4]! + quantity,
        ]);
    });
    const later = opened(at("2026-11-21T09:00:00"));
    const told = new Map<string, number[]>();
    for (const { symbol } of later.listings) {
      for (const [label, open, high, low, close, volume] of await ask(
        later,
        symbol,
        1,
        "2026-11-20T10:00:00",
        "2026-11-20T10:29:59",
      )) {
        told.set(`${symbol} ${label}`, [...[open, high, low, close].map((price) => Math.round(price * 100)), volume]);
      }
    }
    expect(told.size).toBeGreaterThan(1_500);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(sent));
  });

  it("leaves out minutes without a trade", async () => {
    const rows = await ask(opened(), "TATACONSUM", 1, "2026-11-18T00:00:00", "2026-11-18T23:59:59");
    expect(rows.length).toBeLessThan(1_440);
    expect(rows.every((row) => row[5] > 0)).toBe(true);
  });

  it("adds open interest when asked, and day bars of the contracts before when continuous", async () => {
    const one = opened();
    const [row] = await ask(one, "NIFTY26NOVFUT", 1, "2026-11-20T10:00:00", "2026-11-20T10:00:00", {
      openInterest: true,
    });
    expect(row![6]).toBeGreaterThan(0);
    expect(await ask(one, "NIFTY26NOVFUT", 0, "2026-01-01T00:00:00", "2026-01-31T00:00:00")).toHaveLength(0);
    expect(
      await ask(one, "NIFTY26NOVFUT", 0, "2026-01-01T00:00:00", "2026-01-31T00:00:00", { continuous: true }),
    ).toHaveLength(31);
  });

  it("knows nothing of the future, also when the clock is set back", async () => {
    const one = opened();
    one.seek(at("2026-11-10T08:00:00"));
    const rows = await ask(one, "INFY", 0, "2026-11-08T00:00:00", "2026-11-20T00:00:00");
    expect(rows.map((row) => row[0].slice(0, 10))).toEqual(["2026-11-08", "2026-11-09", "2026-11-10"]);
  });

  describe("of NSE's calendar prints auctions as Kite does", () => {
    const DATE = "2026-11-19";
    const day = istDay(at(`${DATE}T12:00:00`));
    const of = (one: Market, symbol: string, minutes: number) =>
      ask(one, symbol, minutes, `${DATE}T00:00:00`, `${DATE}T23:59:59`);

    it.each(["RELIANCE", "INFY"])(
      "%s: the first candle opens at the pre-open's price without its volume, none after 15:14",
      async (symbol) => {
        const one = opened(NOW, "NSE");
        const record = one.book.day(one.listing(`NSE:${symbol}`)!, day)!;
        const minutes = await of(one, symbol, 1);
        const first = minutes[0]!;
        const place = record.trades.findIndex((trades) => trades > 0);
        expect(record.preOpen.volume).toBeGreaterThan(0);
        expect(first[1]).toBe(record.preOpen.price / 100);
        expect([first[2], first[3]]).toEqual([
          Math.max(record.preOpen.price, record.high[place]!) / 100,
          Math.min(record.preOpen.price, record.low[place]!) / 100,
        ]);
        expect(first[5]).toBe(record.volume[place]);
        expect(minutes.at(-1)![0].slice(11, 16)).toBe("15:14");
        const quarters = await of(one, symbol, 15);
        expect([quarters.length, quarters[0]![0].slice(11, 16), quarters.at(-1)![0].slice(11, 16)]).toEqual([
          24,
          "09:15",
          "15:00",
        ]);
        expect(fold(quarters)).toEqual(fold(minutes));
      },
    );

    it("a stock whose pre-open matched nothing opens at its first trade", async () => {
      const one = opened(NOW, "NSE");
      const record = one.book.day(one.listing("NSE:TATACONSUM")!, day)!;
      expect(record.preOpen.price).toBe(0);
      expect((await of(one, "TATACONSUM", 15))[0]![1]).toBe(
        record.open[record.trades.findIndex((trades) => trades > 0)]! / 100,
      );
    });

    it("a stock's day bar is the sum of its candles in the evening, and the exchange's the next morning", async () => {
      const record = opened(NOW, "NSE").book.day(opened(NOW, "NSE").listing("NSE:RELIANCE")!, day)!;
      const evening = opened(at(`${DATE}T20:00:00`), "NSE");
      const candlesThen = await of(evening, "RELIANCE", 15);
      expect(fold([(await of(evening, "RELIANCE", 0))[0]!])).toEqual(fold(candlesThen));
      const [settled] = await of(opened(at("2026-11-20T07:00:00"), "NSE"), "RELIANCE", 0);
      expect(settled!.slice(1)).toEqual([
        record.preOpen.price / 100,
        Math.max(fold(candlesThen).high, record.closing.price / 100),
        Math.min(fold(candlesThen).low, record.closing.price / 100),
        record.closing.price / 100,
        record.preOpen.volume + fold(candlesThen).volume + record.closing.volume + record.postVolume,
      ]);
      const ratio = fold(candlesThen).volume / settled![5];
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1);
    });

    it("an index's candle of 15:15 ends at the auction's value, in its day bar the same evening", async () => {
      const evening = opened(at(`${DATE}T20:00:00`), "NSE");
      const record = evening.book.day(evening.listing("NSE:NIFTY 50")!, day)!;
      const quarters = await of(evening, "NIFTY 50", 15);
      expect(quarters).toHaveLength(25);
      const [frozen, value] = [record.close[359]! / 100, record.closing.price / 100];
      expect(quarters.at(-1)).toEqual([
        `${DATE}T15:15:00+0530`,
        frozen,
        Math.max(frozen, value),
        Math.min(frozen, value),
        value,
        0,
      ]);
      expect((await of(evening, "NIFTY 50", 0))[0]![4]).toBe(value);
      // Before the print it does not change.
      const before = opened(at(`${DATE}T15:27:30`), "NSE");
      expect((await of(before, "NIFTY 50", 15)).at(-1)).toEqual([
        `${DATE}T15:15:00+0530`,
        frozen,
        frozen,
        frozen,
        frozen,
        0,
      ]);
      const minutes = await of(evening, "NIFTY 50", 1);
      expect(minutes).toHaveLength(375);
      expect(minutes.slice(360).filter(([, open, , , close]) => open !== close)).toHaveLength(1);
    });

    it("has no closing auction before 2026-08-03", async () => {
      const one = opened(at("2026-07-31T20:00:00"), "NSE");
      expect(await ask(one, "RELIANCE", 15, "2026-07-30T00:00:00", "2026-07-30T23:59:59")).toHaveLength(25);
      expect(await ask(one, "NIFTY 50", 15, "2026-07-30T00:00:00", "2026-07-30T23:59:59")).toHaveLength(25);
    });
  });
});
