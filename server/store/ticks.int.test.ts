import { rm } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUCTION, JOINED, TRADE } from "@/server/domain/ticks/tick";
import type { Store } from "@/server/ports/stores";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { listed, OPEN } from "@/server/testing/store-suite-rows";
import { tickRow, ticksOf, tickSuite } from "@/server/testing/tick-suite";
import type { FoldingTickStore } from "./ticks";

const server = process.env.TEST_DATABASE_URL;
const folders: string[] = [];

const newFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
};

const newDatabase = (): Promise<string> => ownDatabase(server!, "ticks");

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await dropDatabases();
});

tickSuite("PGlite", async () => startedStore(await newFolder()));

describe("the embedded store of ticks", () => {
  it("keeps what has not been folded over a restart, and folds it then", async () => {
    const folder = await newFolder();
    const before = await startedStore(folder);
    await before.ticks.write([{ instrumentId: 1, ticks: ticksOf([tickRow(1), tickRow(2)]) }]);
    await before.stop();
    const after = await startedStore(folder);
    expect((await after.ticks.read({ instrumentId: 1, from: 0, to: Infinity })).sequence).toEqual(
      Float64Array.of(1, 2),
    );
    await (after.ticks as FoldingTickStore).fold();
    expect((await after.ticks.read({ instrumentId: 1, from: 0, to: Infinity })).length).toBe(2);
    await after.stop();
  });
});

describe.skipIf(server === undefined)(
  `a database server${server === undefined ? " (skipped: TEST_DATABASE_URL names no server)" : ""}`,
  () => {
    tickSuite("a server", async () => startedStore(await newFolder(), { databaseUrl: await newDatabase() }));

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

      it("shows ticks in rupees and IST, those of the last minute too", async () => {
        const rows = [
          tickRow(1, { price: 1500_05, volume: 200, openInterest: 7, flags: TRADE | JOINED, time: OPEN + 250 }),
          tickRow(2, { price: 1499_95, volume: -1, flags: 255 & ~AUCTION }),
          tickRow(3, { price: 1500_00, time: OPEN - 3_700 }),
        ];
        await store.ticks.write([
          { instrumentId: 2, ticks: ticksOf([tickRow(9)]) },
          { instrumentId: 1, ticks: ticksOf(rows.slice(0, 2)) },
        ]);
        await (store.ticks as FoldingTickStore).fold();
        await store.ticks.write([
          { instrumentId: 2, ticks: ticksOf([tickRow(10)]) },
          { instrumentId: 1, ticks: ticksOf(rows.slice(2)) },
        ]);
        const { rows: shown } =
          await client.query(`SELECT exchange, time_ist::text, received_ist::text, price::text, day_volume::int, open_interest::int, is_trade, in_auction, by_exchange_clock, first_after_connect, sequence::int
        FROM ticks_in_rupees WHERE symbol = 'INFY' ORDER BY sequence`);
        expect(shown).toEqual([
          {
            exchange: "NSE",
            time_ist: "2026-01-05 09:15:00.25",
            received_ist: "2026-01-05 09:15:00.25",
            price: "1500.05",
            day_volume: 200,
            open_interest: 7,
            is_trade: true,
            in_auction: false,
            by_exchange_clock: false,
            first_after_connect: true,
            sequence: 1,
          },
          {
            exchange: "NSE",
            time_ist: "2026-01-05 09:15:00",
            received_ist: "2026-01-05 09:15:00.5",
            price: "1499.95",
            day_volume: null,
            open_interest: null,
            is_trade: true,
            in_auction: false,
            by_exchange_clock: true,
            first_after_connect: true,
            sequence: 2,
          },
          {
            exchange: "NSE",
            time_ist: "2026-01-05 09:14:56.3",
            received_ist: "2026-01-05 09:15:00.75",
            price: "1500.00",
            day_volume: 1030,
            open_interest: null,
            is_trade: true,
            in_auction: false,
            by_exchange_clock: true,
            first_after_connect: false,
            sequence: 3,
          },
        ]);
      });

      it("keeps blocks in chunks of a day where there is TimescaleDB, and drops whole ones", async ({ skip }) => {
        if (store.describe().kind !== "timescale") skip("this server has no TimescaleDB");
        const chunks = async (): Promise<string[]> =>
          (
            await client.query<{ day: string }>(
              "SELECT (range_start AT TIME ZONE 'UTC')::date::text AS day FROM timescaledb_information.chunks WHERE hypertable_name = 'tick_blocks' ORDER BY 1",
            )
          ).rows.map(({ day }) => day);
        for (const received of [OPEN, OPEN - 2 * 86_400_000, OPEN - 86_400_000]) {
          await store.ticks.write([
            { instrumentId: 1, ticks: ticksOf([tickRow(received / 1_000, { received, time: received })]) },
          ]);
          await (store.ticks as FoldingTickStore).fold();
        }
        expect(await chunks()).toEqual(["2026-01-03", "2026-01-04", "2026-01-05"]);
        expect(await store.ticks.prune(Date.UTC(2026, 0, 5))).toBe(2);
        expect(await chunks()).toEqual(["2026-01-05"]);
      });
    });
  },
);
