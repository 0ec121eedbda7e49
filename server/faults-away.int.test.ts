import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DatabaseServer, hasDatabase, startDatabase } from "../scripts/services.mjs";
import { isBuilt, ServerProgram } from "./testing/fault-programs";
import { FaultRig, faultSettings } from "./testing/fault-rig";
import { canMount, Readers, SmallDisk, Witness } from "./testing/fault-surroundings";
import { hasRedisServer, RedisServer } from "./testing/redis-server";

const settings = faultSettings(process.env);
const { seed } = settings;
const missing = [
  [isBuilt(), "the server is not built"],
  [hasDatabase(), "there is no PostgreSQL"],
  [hasRedisServer(), "there is no redis-server"],
]
  .filter(([there]) => !there)
  .map(([, what]) => what);
const mountable = canMount();
const why = missing.length === 0 ? "" : ` (skipped: ${missing.join(", ")})`;

/** What is being closed and written when something is killed: the watermark, a batch, a retry. */
const OPEN_MS = 5_000;
/** Ticks a second of each instrument, while so many readers ask for bars. */
const RATE = 20;
const READERS = 2;

describe.skipIf(missing.length > 0)(`a server round which everything goes away${why}`, () => {
  let database: DatabaseServer;
  let redis: RedisServer;
  let rig: FaultRig;
  let witness: Witness;
  let readers: Readers;
  let disk: SmallDisk | null = null;
  const own = (): ServerProgram => rig.server;

  beforeAll(async () => {
    // A commit that was acknowledged must outlive the server; the machine stays up, so nothing needs to be synced.
    database = await startDatabase({ synchronous_commit: "on" });
    redis = await RedisServer.create();
    await redis.start();
    disk = mountable ? new SmallDisk(64) : null;
    rig = await FaultRig.create({
      ...settings,
      rate: RATE,
      databaseUrl: database.url,
      settings: { REDIS_URL: redis.url, REDIS_PREFIX: "fault:" },
      ...(disk === null ? {} : { dataDir: disk.folder }),
    });
    witness = new Witness(database.url);
    witness.start();
    await rig.launch();
    await own().live();
    await rig.listens();
    readers = new Readers(
      () => own().port,
      rig.listed.map(({ key }) => key),
    );
    readers.start(READERS);
  }, 300_000);
  afterAll(async () => {
    await readers?.stop();
    await witness?.stop();
    await rig?.stop();
    await redis?.kill();
    await database?.stop();
    disk?.remove();
  }, 60_000);

  const written = (): Promise<unknown> =>
    own().until(
      "the database accepts bars again",
      ({ failing, spooled, waiting }) => !failing && !spooled && waiting < 200,
    );

  it("keeps collecting while the database is unreachable, stopped and crashed, and writes the queue afterwards", async () => {
    for (const signal of ["SIGINT", "SIGQUIT"] as const) {
      await database.halt(signal);
      await own().until("it says that the store is away", ({ failing, spooled }) => failing && spooled);
      await wait(3_000);
      await database.resume();
      await written();
    }
  }, 300_000);

  it("keeps on disk what the database has not got when it is killed too", async () => {
    await database.halt();
    await own().until("bars wait on disk", ({ spooled }) => spooled);
    await wait(2_000);
    await rig.deaf(OPEN_MS);
    await own().kill();
    // Nothing to work with: one sentence, and the process ends.
    await rig.launch();
    await expect.poll(() => own().ended, { timeout: 30_000 }).toBe(1);
    expect(own().output()).toContain("cannot be reached");
    await database.resume();
    await rig.launch();
    await own().live();
    await rig.listens();
    await written();
  }, 300_000);

  it("continues while Redis is killed, hangs and is emptied, and publishes again afterwards", async () => {
    const reader = redis.connect();
    const age = async (): Promise<number> => {
      const bar = JSON.parse((await reader.get("fault:candle:1s:latest:SIM:NIFTY 50").catch(() => null)) ?? "null") as {
        time: number;
      } | null;
      return bar === null ? Number.POSITIVE_INFINITY : (await rig.exchange.now()) - bar.time;
    };
    const fresh = (): Promise<void> => expect.poll(age, { timeout: 30_000 }).toBeLessThan(10_000);
    try {
      await fresh();
      await redis.kill();
      await wait(3_000);
      await redis.start();
      await fresh();
      redis.freeze();
      await wait(3_000);
      redis.thaw();
      await fresh();
      await reader.flushall();
      await fresh();
    } finally {
      reader.disconnect();
    }
  }, 300_000);

  it("asks for a new login when its token is rejected, and continues with another", async () => {
    await rig.deaf(OPEN_MS);
    await rig.exchange.fault({ kind: "expired" });
    const { feed } = await own().until("AUTH_EXPIRED", (told) => told.feed?.state === "AUTH_EXPIRED");
    expect(feed?.reason).toMatch(/token|login/i);
    await rig.exchange.reset();
    await rig.exchange.login();
    expect(await own().stop()).toBe(0);
    await rig.launch();
    await own().live();
    await rig.listens();
    await wait(2_000);
  }, 300_000);

  it("comes back when its line is cut, refused, mute and dead", async () => {
    await rig.deaf(OPEN_MS);
    await rig.exchange.fault({ kind: "disconnect" });
    await wait(2_000);
    await own().live();
    await rig.exchange.fault({ kind: "disconnect", ms: 3_000 });
    await own().until("it tries again", ({ feed }) => feed?.state === "RECONNECTING");
    await own().live();
    await rig.exchange.fault({ kind: "mute", ms: 8_000 });
    await own().until("MUTE", ({ feed }) => feed?.state === "MUTE");
    await own().live();
    await rig.exchange.fault({ kind: "silent", ms: 7_000 });
    await own().until("the dead line is given up", ({ feed }) => feed?.state !== "LIVE" && feed?.state !== "SLOW");
    await own().live();
  }, 300_000);

  // What is lost or swapped inside a second leaves no trace in stamps of whole seconds: those faults have their own tests.
  it("is not led astray by repeated and broken packets", async () => {
    await rig.listens();
    for (const kind of ["duplicate", "garbage"]) {
      await rig.exchange.fault({ kind, ms: 4_000 });
      await wait(4_000);
    }
    await rig.deaf(OPEN_MS);
  }, 60_000);

  it("closes the right bars with a clock that is ahead, one that is behind, and an exchange's that jumps", async () => {
    for (const skewMs of [60_000, 4_000, -4_000]) {
      await own().kill();
      await rig.launch(skewMs);
      await own().live();
      await rig.listens();
      await wait(10_000);
      await rig.deaf(OPEN_MS + 4_000);
    }
    await own().kill();
    await rig.launch();
    await own().live();
    await rig.exchange.advance(4_000);
    await wait(5_000);
  }, 300_000);

  it("lets no other instance collect, and is followed at once by the standby", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "candela-fault-second-"));
    const second = new ServerProgram(folder, { DATABASE_URL: database.url }, settings.log);
    try {
      await second.launch(await rig.exchange.environment());
      const { feed } = await second.until("it stands by", (told) => told.feed?.state === "STOPPED");
      expect(feed?.reason).toContain(`on standby: process ${own().pid} on `);
      await own().kill();
      const began = Date.now();
      await second.live();
      expect(Date.now() - began).toBeLessThan(10_000);
      await rig.launch();
      await own().until("it stands by in its turn", (told) => told.feed?.state === "STOPPED");
      await wait(3_000);
      expect(await second.stop()).toBe(0);
      await own().live();
      await rig.listens();
    } finally {
      await second.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);

  it.skipIf(!mountable)(
    `holds in memory what neither the database nor a full disk takes${mountable ? "" : " (skipped: no disk of its own can be mounted here)"}`,
    async () => {
      disk!.fill(48_000);
      await database.halt();
      await own().until("more waits than the disk takes", ({ waiting }) => waiting > 40, 60_000);
      await wait(4_000);
      disk!.free();
      await wait(2_000);
      await database.resume();
      await written();
    },
    120_000,
  );

  it(`has every bar as the exchange has it after all that, and nothing that was committed is gone (FAULT_SEED=${seed})`, async () => {
    await rig.healed();
    await readers.stop();
    const { bars, differences, code } = await rig.compare();
    const { seen, gone } = await witness.verdict();
    console.log(
      `${bars} bars compared, ${seen} commits witnessed, ${readers.answers} reads, ${database.title}, seed ${seed}`,
    );
    expect(differences).toEqual([]);
    expect(gone).toEqual([]);
    expect(readers.faults).toEqual([]);
    expect(seen).toBeGreaterThan(1_000);
    expect(code).toBe(0);
  }, 400_000);
});
