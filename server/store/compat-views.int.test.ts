import { rm } from "node:fs/promises";
import path from "node:path";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import type { Store } from "@/server/ports/stores";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { listed, OPEN, storedBar } from "@/server/testing/store-suite-rows";
import { tickRow, ticksOf } from "@/server/testing/tick-suite";

const DAY = 86_400_000;
const server = process.env.TEST_DATABASE_URL;
const cleanUp: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const each of cleanUp.reverse()) await each();
});

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

const fill = async (store: Store): Promise<void> => {
  await store.instruments.upsert("kite", "2026-01-05", [
    listed("ONGC", 2475 * 256 + 1),
    listed("NIFTY 50", 256265, { exchange: "NSE_INDEX", segment: "index" }),
    listed("ONGC", 77 * 256 + 4, { exchange: "BSE" }),
    listed("USDINR26JANFUT", 12 * 256 + 3, { exchange: "CDS", segment: "currency", decimals: 4, tickSize: 25 }),
    listed("ONGC", 88 * 256 + 1, { exchange: "SIM" }),
    listed("ACME", 89 * 256 + 1, { exchange: "SIM" }),
  ]);
  const { instruments } = await store.instruments.load("2026-01-05");
  const id = (key: string): number => instruments.find((each) => each.key === key)!.id;
  await store.bars.write(
    [
      storedBar(id("NSE:ONGC"), 0),
      storedBar(id("NSE:ONGC"), 1, { state: "backfilled", value: 0, openInterest: 5 }),
      storedBar(id("NSE:ONGC"), 0, { timeframe: "1s" }),
      storedBar(id("NSE:ONGC"), 0, { timeframe: "15m" }),
      storedBar(id("NSE:ONGC"), 0, { timeframe: "1d" }),
      storedBar(id("NSE:ONGC"), -15, { timeframe: "auction", close: 101_00 }),
      storedBar(id("NSE_INDEX:NIFTY 50"), 0, { volume: 0, value: 0 }),
      storedBar(id("BSE:ONGC"), 0),
      storedBar(id("SIM:ONGC"), 0),
      storedBar(id("SIM:ACME"), 0),
      storedBar(id("CDS:USDINR26JANFUT"), 0, {
        open: 84_1250,
        high: 84_1275,
        low: 84_1225,
        close: 84_1275,
        value: 84_1250 * 1_000,
      }),
    ],
    "merge",
  );
  await store.ticks.write([
    {
      instrumentId: id("NSE:ONGC"),
      ticks: ticksOf([
        tickRow(1),
        tickRow(5, { price: 100_10 }),
        tickRow(9, { price: 101_00, volume: 7, time: OPEN + DAY, received: OPEN + DAY }),
      ]),
    },
  ]);
  await store.bars.write([storedBar(id("NSE:ONGC"), 0, { close: 104_50, state: "corrected" })], "replace");
};

const onEmbedded = async (): Promise<Query> => {
  const folder = await temporaryFolder();
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const store = await startedStore(folder);
  await fill(store);
  await store.stop();
  const database = await PGlite.create(path.join(folder, "pglite"));
  cleanUp.push(() => database.close());
  return async (sql) => (await database.query<Record<string, unknown>>(sql)).rows;
};

const onServer = async (): Promise<Query> => {
  cleanUp.push(dropDatabases);
  const databaseUrl = await ownDatabase(server!, "views");
  const folder = await temporaryFolder();
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const store = await startedStore(folder, { databaseUrl });
  await fill(store);
  await store.stop();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  cleanUp.push(() => client.end());
  return async (sql) => (await client.query<Record<string, unknown>>(sql)).rows;
};

describe.each([
  { name: "PGlite", open: onEmbedded, skipped: false },
  {
    name: `a PostgreSQL server${server === undefined ? " (skipped: TEST_DATABASE_URL names no server)" : ""}`,
    open: onServer,
    skipped: server === undefined,
  },
])("the views of $name", ({ open, skipped }) => {
  let query: Query;
  const rows = async (sql: string): Promise<Record<string, unknown>[]> => {
    query ??= await open();
    return query(sql);
  };

  it.skipIf(skipped)("show minutes as Odin's candles, by the exchange's own number", async () => {
    expect(
      await rows(
        "SELECT scrip_token::int, exchange, minute_ts, open::text, high::text, low::text, close::text, volume::int, source FROM compat_candles WHERE scrip_token = 2475 ORDER BY minute_ts",
      ),
    ).toEqual([
      {
        scrip_token: 2475,
        exchange: "NSE_EQ",
        minute_ts: new Date(OPEN),
        open: "100.00",
        high: "105.00",
        low: "99.00",
        close: "104.50",
        volume: 1_000,
        source: "history",
      },
      {
        scrip_token: 2475,
        exchange: "NSE_EQ",
        minute_ts: new Date(OPEN + 60_000),
        open: "100.00",
        high: "105.00",
        low: "99.00",
        close: "104.00",
        volume: 1_000,
        source: "history",
      },
    ]);
    expect(
      await rows("SELECT exchange, close::text FROM compat_candles WHERE scrip_token IN (77, 12) ORDER BY exchange"),
    ).toEqual([
      { exchange: "BSE_EQ", close: "104.00" },
      { exchange: "NSE_CD", close: "84.13" },
    ]);
  });

  it.skipIf(skipped)("show stored timeframes as Market Bridge's bars, under its name too", async () => {
    for (const view of ["compat_intraday_bars", "md.intraday_bars"]) {
      expect(
        await rows(
          `SELECT exchange, symbol, instrument_token::int, bar_timestamp, timeframe, open, high, low, close, volume::int, trades_count, vwap, oi::int, source FROM ${view} WHERE symbol = 'ONGC' AND exchange = 'NSE' AND timeframe = '1m' ORDER BY bar_timestamp`,
        ),
      ).toEqual([
        {
          exchange: "NSE",
          symbol: "ONGC",
          instrument_token: 633601,
          bar_timestamp: new Date(OPEN),
          timeframe: "1m",
          open: 100,
          high: 105,
          low: 99,
          close: 104.5,
          volume: 1_000,
          trades_count: 10,
          vwap: 102,
          oi: null,
          source: "zerodha",
        },
        {
          exchange: "NSE",
          symbol: "ONGC",
          instrument_token: 633601,
          bar_timestamp: new Date(OPEN + 60_000),
          timeframe: "1m",
          open: 100,
          high: 105,
          low: 99,
          close: 104,
          volume: 1_000,
          trades_count: 10,
          vwap: null,
          oi: 5,
          source: "zerodha",
        },
      ]);
    }
    expect(await rows("SELECT DISTINCT timeframe FROM compat_intraday_bars ORDER BY timeframe")).toEqual([
      { timeframe: "15m" },
      { timeframe: "1m" },
      { timeframe: "1s" },
      { timeframe: "day" },
    ]);
    expect(await rows("SELECT close, vwap FROM compat_intraday_bars WHERE exchange = 'CDS'")).toEqual([
      { close: 84.1275, vwap: 84.125 },
    ]);
  });

  it.skipIf(skipped)("show a row a symbol and minute as the NIFTY 50 system had them", async () => {
    for (const view of ["compat_candles_1m", "candles_1m"]) {
      expect(
        await rows(
          `SELECT time, symbol, close, volume::int, trades, vwap FROM ${view} WHERE time = '2026-01-05 09:15+05:30' ORDER BY symbol`,
        ),
      ).toEqual([
        { time: new Date(OPEN), symbol: "ACME", close: 104, volume: 1_000, trades: 10, vwap: 102 },
        { time: new Date(OPEN), symbol: "NIFTY 50", close: 104, volume: 0, trades: 10, vwap: null },
        { time: new Date(OPEN), symbol: "ONGC", close: 104.5, volume: 1_000, trades: 10, vwap: 102 },
      ]);
      expect(await rows(`SELECT 1 FROM ${view} GROUP BY symbol, time HAVING count(*) > 1`)).toEqual([]);
    }
  });

  it.skipIf(skipped)("show ticks as Market Bridge's, each with what the day's volume grew by", async () => {
    for (const view of ["compat_tick_data", "md.tick_data"]) {
      expect(
        await rows(
          `SELECT exchange, symbol, instrument_token::int, tick_timestamp, price, quantity::int, trade_type, source FROM ${view} WHERE symbol = 'ONGC' AND exchange = 'NSE' ORDER BY tick_timestamp`,
        ),
      ).toEqual([
        {
          exchange: "NSE",
          symbol: "ONGC",
          instrument_token: 633601,
          tick_timestamp: new Date(OPEN),
          price: 100.05,
          quantity: 0,
          trade_type: "unknown",
          source: "live_tick",
        },
        {
          exchange: "NSE",
          symbol: "ONGC",
          instrument_token: 633601,
          tick_timestamp: new Date(OPEN + 1_000),
          price: 100.1,
          quantity: 40,
          trade_type: "unknown",
          source: "live_tick",
        },
        {
          exchange: "NSE",
          symbol: "ONGC",
          instrument_token: 633601,
          tick_timestamp: new Date(OPEN + DAY),
          price: 101,
          quantity: 0,
          trade_type: "unknown",
          source: "live_tick",
        },
      ]);
    }
  });

  it.skipIf(skipped)("show seconds and longer bars as Trading System v1's, in paise", async () => {
    expect(
      await rows("SELECT exchange, token::int, ts, open::int, close::int, volume::int, ticks_count FROM candles_1s"),
    ).toEqual([
      { exchange: "NSE", token: 2475, ts: new Date(OPEN), open: 100_00, close: 104_00, volume: 1_000, ticks_count: 10 },
    ]);
    expect(
      await rows("SELECT tf, ts, close::int FROM candles_tf WHERE token = 2475 AND exchange = 'NSE' ORDER BY tf, ts"),
    ).toEqual([
      { tf: 60, ts: new Date(OPEN), close: 104_50 },
      { tf: 60, ts: new Date(OPEN + 60_000), close: 104_00 },
      { tf: 900, ts: new Date(OPEN), close: 104_00 },
      { tf: 86_400, ts: new Date(OPEN), close: 104_00 },
    ]);
  });

  it.skipIf(skipped)("show auctions, the making of a bar and what it was before in rupees and IST", async () => {
    expect(await rows("SELECT time_ist::text, close::text FROM bars_in_rupees WHERE timeframe = 'auction'")).toEqual([
      { time_ist: "2026-01-05 09:00:00", close: "101.00" },
    ]);
    expect(await rows("SELECT time_ist::text, rev, close::text, state FROM bar_revisions_in_rupees")).toEqual([
      { time_ist: "2026-01-05 09:15:00", rev: expect.any(Number), close: "104.00", state: "closed" },
    ]);
    expect(
      await rows(
        "SELECT state, from_history, late_ticks, hash FROM bars_in_rupees WHERE exchange = 'NSE' AND timeframe = '1m' AND time_ist = '2026-01-05 09:15'",
      ),
    ).toEqual([{ state: "corrected", from_history: true, late_ticks: 0, hash: null }]);
    await expect(rows("DELETE FROM compat_candles")).rejects.toThrow(/cannot delete from view/);
  });
});
