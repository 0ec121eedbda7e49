import { rm } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { templateFile, temporaryFolder, workerFile } from "@/server/testing/store-open";
import { pgliteHost, type PgliteHost } from "./pglite-host";
import { PgliteStream } from "./pglite-stream";

let folder: string;
let host: PgliteHost;
let pool: pg.Pool;
let streams = 0;

beforeEach(async () => {
  folder = await temporaryFolder();
  host = pgliteHost({
    folder: path.join(folder, "pglite"),
    workerFile,
    templateFile: await templateFile(),
    log: silentLog(),
    clock: systemClock(),
  });
  pool = new pg.Pool({
    user: "postgres",
    database: "postgres",
    password: "none",
    max: 1,
    idleTimeoutMillis: 0,
    stream: () => new PgliteStream(++streams, host.worker) as never,
  });
  pool.on("error", () => undefined);
  await pool.query("CREATE TABLE kept (n int)");
  await pool.query("INSERT INTO kept VALUES (1)");
});
afterEach(async () => {
  await pool.end();
  await host.stop();
  await rm(folder, { recursive: true, force: true });
});

const count = async (): Promise<number> =>
  Number((await pool.query<{ n: string }>("SELECT count(*) AS n FROM kept")).rows[0]!.n);

describe("PGlite behind node-postgres", () => {
  it("answers twenty queries asked at once, each its own", async () => {
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => (await pool.query<{ n: number }>("SELECT $1::int AS n", [n])).rows[0]!.n,
      ),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it("tells an SQL error to who made it and goes on", async () => {
    await expect(pool.query("SELECT nothing FROM nowhere")).rejects.toMatchObject({ code: "42P01" });
    expect(await count()).toBe(1);
  });

  it("starts again after the worker died, failing what was asked of the dead one", async () => {
    const lost = expect(pool.query("SELECT pg_sleep(5)")).rejects.toThrow(/Connection terminated/);
    await (await host.worker()).terminate();
    await lost;
    expect(await count()).toBe(1);
  });

  it("gives up with one sentence when the worker keeps dying", async () => {
    for (let death = 0; death < 3; death += 1) await (await host.worker()).terminate();
    await expect(pool.query("SELECT 1")).rejects.toMatchObject({
      code: "store_unreachable",
      message: expect.stringContaining("stopped 3 times within a minute"),
    });
  });

  it("rolls back what a dropped client left open", async () => {
    const client = await pool.connect();
    client.on("error", () => undefined);
    await client.query("BEGIN");
    await client.query("INSERT INTO kept VALUES (2)");
    client.release(true);
    expect(await count()).toBe(1);
  });
});
