import { rm } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "@/server/ports/stores";
import { bookRow, booksOf, bookSuite } from "@/server/testing/book-suite";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { listed, OPEN } from "@/server/testing/store-suite-rows";

const server = process.env.TEST_DATABASE_URL;
const folders: string[] = [];

const newFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
};

const newDatabase = (): Promise<string> => ownDatabase(server!, "books");

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await dropDatabases();
});

bookSuite("PGlite", async () => startedStore(await newFolder()));

describe.skipIf(server === undefined)(
  `a database server${server === undefined ? " (skipped: TEST_DATABASE_URL names no server)" : ""}`,
  () => {
    bookSuite("a server", async () => startedStore(await newFolder(), { databaseUrl: await newDatabase() }));

    describe("for people with a SQL client", () => {
      let store: Store;
      let client: pg.Client;
      beforeAll(async () => {
        const databaseUrl = await newDatabase();
        store = await startedStore(await newFolder(), { databaseUrl });
        await store.instruments.upsert("kite", "2026-01-05", [listed("INFY", 408065), listed("TCS", 2953217)]);
        client = new pg.Client({ connectionString: databaseUrl });
        await client.connect();
      });
      afterAll(async () => {
        await client.end();
        await store.stop();
      });

      it("shows books in rupees and IST, and as Market Bridge's table without levels that have no orders", async () => {
        const thin = bookRow(2).figures.map((value, place) => (place >= 6 && place < 18 ? 0 : value));
        await store.books.write([
          { instrumentId: 2, books: booksOf([bookRow(0)]) },
          {
            instrumentId: 1,
            books: booksOf([bookRow(0), bookRow(1, { price: 1501_10 }), bookRow(2, { figures: thin })]),
          },
        ]);
        const { rows } =
          await client.query(`SELECT time_ist::text, received_ist::text, last_price::text, bid_price::text, bid_quantity::text, bid_orders::text, ask_price::text, buy_quantity::int, sell_quantity::int
        FROM order_book_in_rupees WHERE symbol = 'INFY' ORDER BY time_ist`);
        expect(rows.slice(0, 2)).toEqual([
          {
            time_ist: "2026-01-05 09:15:00",
            received_ist: "2026-01-05 09:15:00.24",
            last_price: "1500.00",
            bid_price: "{1499.95,1499.90,1499.85,1499.80,1499.75}",
            bid_quantity: "{100,200,300,400,500}",
            bid_orders: "{1,2,3,4,5}",
            ask_price: "{1500.00,1500.05,1500.10,1500.15,1500.20}",
            buy_quantity: 10_000,
            sell_quantity: 20_000,
          },
          {
            time_ist: "2026-01-05 09:15:01",
            received_ist: "2026-01-05 09:15:01.24",
            last_price: "1501.10",
            bid_price: "{1501.05,1501.00,1500.95,1500.90,1500.85}",
            bid_quantity: "{101,201,301,401,501}",
            bid_orders: "{1,2,3,4,5}",
            ask_price: "{1501.10,1501.15,1501.20,1501.25,1501.30}",
            buy_quantity: 10_001,
            sell_quantity: 19_999,
          },
        ]);
        const bridge = await client.query(
          `SELECT exchange, symbol, instrument_token::int, snapshot_timestamp, bids, asks->0 AS ask, bid_quantity::int, spread, source FROM md.order_book WHERE symbol = 'INFY' ORDER BY snapshot_timestamp DESC LIMIT 1`,
        );
        expect(bridge.rows).toEqual([
          {
            exchange: "NSE",
            symbol: "INFY",
            instrument_token: 408065,
            snapshot_timestamp: new Date(OPEN + 2_000),
            bids: [{ price: 1499.95, quantity: 102, orders: 1 }],
            ask: { price: 1500, quantity: 92, orders: 2 },
            bid_quantity: 10_002,
            spread: 0.05,
            source: "live_tick",
          },
        ]);
      });

      it("is a hypertable in chunks of a day where there is TimescaleDB, and whole ones are dropped", async ({
        skip,
      }) => {
        if (store.describe().kind !== "timescale") skip("this server has no TimescaleDB");
        const chunks = async (): Promise<string[]> =>
          (
            await client.query<{ day: string }>(
              "SELECT (range_start AT TIME ZONE 'UTC')::date::text AS day FROM timescaledb_information.chunks WHERE hypertable_name = 'order_book' ORDER BY 1",
            )
          ).rows.map(({ day }) => day);
        for (const days of [1, 2])
          await store.books.write([{ instrumentId: 1, books: booksOf([bookRow(-days * 86_400)]) }]);
        expect(await chunks()).toEqual(["2026-01-03", "2026-01-04", "2026-01-05"]);
        expect(await store.books.prune(Date.UTC(2026, 0, 5))).toBe(2);
        expect(await chunks()).toEqual(["2026-01-05"]);
      });
    });
  },
);
