import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { migrationsDir, templateFile, temporaryFolder, workerFile } from "@/server/testing/store-open";
import type { Backend } from "./backend";
import { openEmbedded } from "./embedded";
import { migrate } from "./migrator";

let folder: string;
let database: Backend;
let dir: string;
let every: (() => void)[];
const clock = {
  ...systemClock(),
  every: (_ms: number, run: () => void) => {
    every.push(run);
    return () => undefined;
  },
};

beforeAll(async () => {
  every = [];
  folder = await temporaryFolder();
  database = await openEmbedded({
    dataDir: folder,
    workerFile,
    templateFile: await templateFile(),
    log: silentLog(),
    clock,
  });
});
afterAll(async () => {
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  dir = path.join(folder, "migrations");
  await cp(migrationsDir, dir, { recursive: true });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = async (name: string, sql: string): Promise<void> => {
  await mkdir(path.join(dir, name), { recursive: true });
  await writeFile(path.join(dir, name, "migration.sql"), sql);
};
const run = (): Promise<string[]> => migrate(database.pool, dir, silentLog());

describe("the migrator", () => {
  it("applies what is missing in order, and nothing the second time", async () => {
    const applied = await run();
    expect(applied).toEqual([...applied].sort());
    expect(applied[0]).toMatch(/_store$/);
    expect(await run()).toEqual([]);
  });

  it("leaves nothing of a migration that fails, and takes it once it is repaired", async () => {
    await write("29990101000000_broken", "CREATE TABLE half (n int); SELECT nothing FROM nowhere;");
    await expect(run()).rejects.toThrow(/Migration 29990101000000_broken failed and was rolled back/);
    expect((await database.pool.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }]);
    await write("29990101000000_broken", "CREATE TABLE half (n int);");
    expect(await run()).toEqual(["29990101000000_broken"]);
  });

  it("refuses a migration that was changed after it was applied", async () => {
    await write("20261121000000_store", "SELECT 1;");
    await expect(run()).rejects.toThrow(/20261121000000_store was changed after it was applied to this database/);
  });

  it("stops at one that Prisma's own command left failed", async () => {
    await database.pool.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '29990102000000_theirs')",
    );
    await expect(run()).rejects.toThrow(/prisma migrate resolve --rolled-back 29990102000000_theirs/);
    await database.pool.query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'");
    expect(await run()).toEqual([]);
  });
});

describe("looking after the embedded database", () => {
  it("checkpoints and vacuums when its time comes, and vacuums once a day only", async () => {
    await run();
    const vacuumed = async (): Promise<number | undefined> =>
      (await database.pool.query<{ value: number }>("SELECT value FROM settings WHERE name = 'store.vacuumed'")).rows[0]
        ?.value;
    const analyzed = async () =>
      (await database.pool.query("SELECT 1 FROM pg_class WHERE relname = '_prisma_migrations' AND reltuples > 0"))
        .rowCount;
    expect([await vacuumed(), await analyzed()]).toEqual([undefined, 0]);
    every[0]!();
    await expect.poll(vacuumed, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await analyzed()).toBe(1);
    const first = await vacuumed();
    every[0]!();
    for (let query = 0; query < 5; query += 1) await database.pool.query("SELECT 1"); // after the checkpoint and what follows it
    expect(await vacuumed()).toBe(first);
  });
});
