import { rm } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeSuite } from "@/server/testing/store-suite";
import { storedBar, listed, OPEN } from "@/server/testing/store-suite-rows";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { earlyClock, migrationsDir, startedStore, storeAt, temporaryFolder } from "@/server/testing/store-open";
import { applyTimescale, hypertables, whyNone } from "./timescale";

const server = process.env.TEST_DATABASE_URL;
const why = server === undefined ? " (skipped: TEST_DATABASE_URL names no server)" : "";

const folders: string[] = [];

const newDatabase = (): Promise<string> => ownDatabase(server!, "test");

const newFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
};

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await dropDatabases();
});

const refusal = async (databaseUrl: string): Promise<Error & { code: string }> => {
  const store = storeAt(await newFolder(), { databaseUrl });
  const error = await store.start(new AbortController().signal).catch((caught: unknown) => caught);
  await store.stop();
  return error as Error & { code: string };
};

describe("a database that cannot be used", () => {
  it("is named in one sentence without the password", async () => {
    const error = await refusal("postgresql://user:hush-hush@127.0.0.1:9/candela");
    expect(error).toMatchObject({ code: "store_unreachable", retryable: true });
    expect(error.message).toBe(
      "The database at 127.0.0.1:9/candela cannot be reached: nothing listens there (DATABASE_URL).",
    );
  });

  it("is refused as an address, the password hidden", async () => {
    for (const url of ["mysql://user:hush-hush@localhost/x", "user:hush-hush@localhost"]) {
      const error = await refusal(url);
      expect(error).toMatchObject({ code: "bad_input", details: { field: "DATABASE_URL" } });
      expect(JSON.stringify(error) + error.message).not.toContain("hush-hush");
    }
  });
});

describe.skipIf(server === undefined)(`a PostgreSQL server${why}`, () => {
  storeSuite("PostgreSQL", async () => startedStore(await newFolder(), { databaseUrl: await newDatabase() }));
  storeSuite("PostgreSQL, of bars that begin after it was started", async () =>
    startedStore(await newFolder(), { databaseUrl: await newDatabase(), clock: earlyClock() }),
  );

  it("merges a bar that it takes for new and another process has stored", async () => {
    const databaseUrl = await newDatabase();
    const [one, other] = [
      await startedStore(await newFolder(), { databaseUrl, clock: earlyClock() }),
      await startedStore(await newFolder(), { databaseUrl, clock: earlyClock() }),
    ];
    await one.bars.write([storedBar(7, 0, { high: 106_00 }), storedBar(8, 0)], "merge");
    await other.bars.write([storedBar(7, 0, { ticks: 20, close: 103_00 }), storedBar(7, 1)], "merge");
    const { length, high, close, rev } = await other.bars.read({
      instrumentId: 7,
      timeframe: "1m",
      from: 0,
      to: Infinity,
    });
    expect({ length, high: [...high], close: [...close], rev: [...rev] }).toEqual({
      length: 2,
      high: [106_00, 105_00],
      close: [103_00, 104_00],
      rev: [1, 0],
    });
    await one.stop();
    await other.stop();
  });

  it("says which database is missing", async () => {
    const url = new URL(server!);
    url.pathname = "/candela_no_such_database";
    expect((await refusal(url.href)).message).toMatch(/no database with that name/);
  });

  it("is migrated once by two that start at the same time", async () => {
    const databaseUrl = await newDatabase();
    const stores = await Promise.all([
      startedStore(await newFolder(), { databaseUrl }),
      startedStore(await newFolder(), { databaseUrl }),
    ]);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ times: string }>(
      "SELECT count(*) AS times FROM _prisma_migrations GROUP BY migration_name",
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every((row) => row.times === "1")).toBe(true);
    await client.end();
    await Promise.all(stores.map((store) => store.stop()));
  });

  describe("with TimescaleDB", () => {
    let client: pg.Client;
    let databaseUrl: string;
    let hasTimescale: boolean;
    beforeAll(async () => {
      databaseUrl = await newDatabase();
      const store = await startedStore(await newFolder(), { databaseUrl });
      hasTimescale = store.describe().kind === "timescale";
      await store.instruments.upsert("kite", "2026-01-05", [listed("INFY", 408065)]);
      await store.bars.write(
        [0, 8 * 1440].map((minute) => storedBar(1, minute)),
        "merge",
      );
      await store.stop();
      client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
    });
    afterAll(() => client.end());

    it("keeps bars in chunks of seven days", async ({ skip }) => {
      if (!hasTimescale) skip("this server has no TimescaleDB");
      const { rows } = await client.query(
        "SELECT range_end - range_start AS length FROM timescaledb_information.chunks WHERE hypertable_name = 'bars'",
      );
      expect(rows).toEqual([
        { length: expect.objectContaining({ days: 7 }) },
        { length: expect.objectContaining({ days: 7 }) },
      ]);
    });

    it("can be told again to make hypertables, as after a move, and says which there are", async ({ skip }) => {
      const pool = new pg.Pool({ connectionString: databaseUrl });
      try {
        expect(await applyTimescale(pool, migrationsDir)).toBeGreaterThan(1);
        const names = await hypertables(pool);
        if (!hasTimescale) {
          expect(names).toEqual([]);
          expect(await whyNone(pool)).toMatch(/no table was changed: (install the extension|add timescaledb)/);
          skip("this server has no TimescaleDB");
        }
        expect(names).toContain("bars");
      } finally {
        await pool.end();
      }
    });

    it("compresses old chunks where the licence allows, and still takes a late bar into one", async ({ skip }) => {
      if (!hasTimescale) skip("this server has no TimescaleDB");
      const { rows } = await client.query<{ license: string }>(
        "SELECT current_setting('timescaledb.license') AS license",
      );
      if (rows[0]!.license !== "timescale")
        skip(`compression needs TimescaleDB's community licence; this one is ${rows[0]!.license}`);
      // In its own database, because other tests read the bars of the shared one.
      const own = await newDatabase();
      const store = await startedStore(await newFolder(), { databaseUrl: own });
      await store.bars.write([storedBar(1, 0)], "merge");
      const beside = new pg.Client({ connectionString: own });
      await beside.connect();
      await beside.query("SELECT compress_chunk(chunk) FROM show_chunks('bars') chunk");
      await beside.end();
      await store.bars.write(
        [storedBar(1, 0, { high: 106_00, ticks: 11, state: "patched" }), storedBar(1, 1)],
        "merge",
      );
      expect(
        Array.from((await store.bars.read({ instrumentId: 1, timeframe: "1m", from: 0, to: OPEN + 60_001 })).high),
      ).toEqual([106_00, 105_00]);
      await store.stop();
    });

    it("shows bars in rupees and IST to a SQL client", async () => {
      const { rows } = await client.query(
        "SELECT exchange, symbol, timeframe, time_ist::text, close::text, vwap::text, state FROM bars_in_rupees ORDER BY time_ist LIMIT 1",
      );
      expect(rows).toEqual([
        {
          exchange: "NSE",
          symbol: "INFY",
          timeframe: "1m",
          time_ist: "2026-01-05 09:15:00",
          close: "104.00",
          vwap: "102.0000",
          state: "closed",
        },
      ]);
      await expect(client.query("DELETE FROM bars_in_rupees")).rejects.toThrow(/cannot delete from view/);
    });
  });
});
