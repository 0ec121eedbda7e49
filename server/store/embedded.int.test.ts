import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeSuite } from "@/server/testing/store-suite";
import { listed, OPEN, storedBar } from "@/server/testing/store-suite-rows";
import { earlyClock, startedStore, storeAt, temporaryFolder } from "@/server/testing/store-open";

const project = path.resolve(import.meta.dirname, "../..");
let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await temporaryFolder();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(dataDir, { recursive: true, force: true });
});

let suiteFolder: string;
storeSuite("PGlite", async () => {
  suiteFolder = await temporaryFolder();
  return startedStore(suiteFolder, { clock: earlyClock() });
});
afterAll(() => rm(suiteFolder, { recursive: true, force: true }));

/** Starts `store-writer.ts` on the folder; answers it and its lines. */
const writer = () => {
  const child = spawn(process.execPath, ["--import", "tsx", "server/testing/store-writer.ts", dataDir], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
};

describe("the embedded database", () => {
  it("keeps every acknowledged bar when the process is killed, and the next one takes the folder over", async () => {
    const { child, lines } = writer();
    let acknowledged = 0;
    expect((await lines.next()).value).toBe("open");
    while (acknowledged < 2_000) acknowledged = Number((await lines.next()).value);
    const closed = once(child, "close");
    child.kill("SIGKILL");
    for (let line = await lines.next(); line.done !== true; line = await lines.next())
      acknowledged = Number(line.value);
    await closed;
    expect(existsSync(path.join(dataDir, "pglite.lock"))).toBe(true);

    const store = await startedStore(dataDir);
    const { length, time } = await store.bars.read({ instrumentId: 1, timeframe: "1m", from: 0, to: Infinity });
    expect(length).toBeGreaterThanOrEqual(acknowledged);
    expect(Array.from(time)).toEqual(Array.from({ length }, (_, minute) => OPEN + minute * 60_000));
    await store.bars.write([storedBar(1, length)], "merge");
    await store.stop();
    expect(existsSync(path.join(dataDir, "pglite.lock"))).toBe(false);
  });

  it("is refused to a second process while the first lives, naming folder and process", async () => {
    const { child, lines } = writer();
    expect((await lines.next()).value).toBe("open");
    const second = storeAt(dataDir);
    await expect(second.start(new AbortController().signal)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`Data folder ${dataDir} is in use by process ${child.pid}`),
    });
    await second.stop();
    expect(existsSync(path.join(dataDir, "pglite.lock"))).toBe(true);
  });

  it("takes over from a process whose number now belongs to another, and from a lock cut short", async () => {
    const lock = path.join(dataDir, "pglite.lock");
    for (const left of [
      JSON.stringify({ pid: process.pid, started: "another boot 12345" }),
      '{"pid":',
      JSON.stringify({ pid: 2 ** 22 + 1, started: null }),
    ]) {
      await writeFile(lock, left);
      const store = await startedStore(dataDir);
      expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject({ pid: process.pid });
      await store.stop();
    }
  });

  it("makes the database anew, here without a template, when the first start was cut short", async () => {
    const unfinished = await startedStore(dataDir);
    await unfinished.stop();
    await writeFile(path.join(dataDir, "pglite.unfinished"), "");
    await rm(path.join(dataDir, "pglite/global"), { recursive: true });
    const store = await startedStore(dataDir, { templateFile: undefined });
    expect(await store.bars.span(1, "1m")).toBeNull();
    await store.stop();
  });

  it("keeps instruments, logins and settings over a restart, the login unreadable in the files", async () => {
    const before = await startedStore(dataDir);
    await before.instruments.upsert("kite", "2026-01-05", [listed("INFY", 408065)]);
    await before.collectors.save(
      { name: "main", feed: "kite", mode: "full", autoStart: true, subscriptions: ["*"] },
      { accessToken: "token-of-kite" },
    );
    await before.settings.set("theme", "dark");
    const loaded = await before.instruments.load("2026-01-05");
    await before.stop();
    const after = await startedStore(dataDir);
    expect(await after.instruments.load("2026-01-05")).toEqual(loaded);
    expect(await after.collectors.login("main")).toEqual({ accessToken: "token-of-kite" });
    expect(await after.settings.get("theme")).toBe("dark");
    await after.stop();
    for (const entry of await readdir(path.join(dataDir, "pglite"), { recursive: true, withFileTypes: true })) {
      if (entry.isFile())
        expect((await readFile(path.join(entry.parentPath, entry.name))).includes("token-of-kite"), entry.name).toBe(
          false,
        );
    }

    await writeFile(path.join(dataDir, "secret.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`);
    const otherKey = await startedStore(dataDir);
    await expect(otherKey.collectors.login("main")).rejects.toThrow(/stored with a different key/);
    await otherKey.stop();
  });

  it("stops in the middle of a start, leaving no lock", async () => {
    const stopping = new AbortController();
    const store = storeAt(dataDir);
    const start = store.start(stopping.signal);
    stopping.abort(new Error("stopped by the user"));
    await store.stop();
    await expect(start).rejects.toThrow("stopped by the user");
    expect(existsSync(path.join(dataDir, "pglite.lock"))).toBe(false);
  });
});
