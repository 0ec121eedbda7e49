import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe } from "vitest";
import { gapSuite } from "@/server/testing/gap-suite";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import type { Store } from "@/server/ports/stores";

const server = process.env.TEST_DATABASE_URL;

describe("gaps on PGlite", () => {
  let store: Store;
  let folder: string;
  beforeAll(async () => {
    store = await startedStore((folder = await temporaryFolder()));
  });
  afterAll(async () => {
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });
  gapSuite(() => store);
});

describe.skipIf(server === undefined)("gaps on a PostgreSQL server", () => {
  let store: Store;
  let folder: string;
  beforeAll(async () => {
    store = await startedStore((folder = await temporaryFolder()), { databaseUrl: await ownDatabase(server!, "gaps") });
  });
  afterAll(async () => {
    await store.stop();
    await dropDatabases();
    await rm(folder, { recursive: true, force: true });
  });
  gapSuite(() => store);
});
