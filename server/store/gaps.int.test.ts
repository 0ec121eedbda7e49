import { rm } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { gapSuite } from "@/server/testing/gap-suite";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import type { Store } from "@/server/ports/stores";

const server = process.env.TEST_DATABASE_URL;

describe("gaps on PGlite", () => {
  let store: Store;
  let folder: string;
  beforeAll(async () => { store = await startedStore(folder = await temporaryFolder()); });
  afterAll(async () => { await store.stop(); await rm(folder, { recursive: true, force: true }); });
  gapSuite(() => store);
});

describe.skipIf(server === undefined)("gaps on a PostgreSQL server", () => {
  const name = `candela_gaps_${process.pid}`;
  let store: Store;
  let folder: string;
  const asAdmin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  beforeAll(async () => {
    await asAdmin(`CREATE DATABASE ${name}`);
    const url = new URL(server!);
    url.pathname = `/${name}`;
    store = await startedStore(folder = await temporaryFolder(), { databaseUrl: url.href });
  });
  afterAll(async () => {
    await store.stop();
    await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    await rm(folder, { recursive: true, force: true });
  });
  gapSuite(() => store);
});
