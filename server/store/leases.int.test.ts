import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { leaseSuite } from "@/server/testing/lease-suite";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { lockFolder } from "./folder-lock";
import { isDead, isRunning, startOf, thisInstance } from "./leases-process";

const server = process.env["TEST_DATABASE_URL"];
const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  folders.push(await temporaryFolder());
  return folders[folders.length - 1]!;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await dropDatabases();
});

leaseSuite("PGlite", async () => startedStore(await newFolder()));

describe.skipIf(server === undefined)(
  server === undefined ? "leases of a server (skipped: TEST_DATABASE_URL names none)" : "leases of a server",
  () => {
    leaseSuite("a server", async () =>
      startedStore(await newFolder(), { databaseUrl: await ownDatabase(server!, "leases") }),
    );
  },
);

describe("a holder", () => {
  it("lives while its process does, and is dead after kill -9", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const held = { ...thisInstance(), pid: child.pid!, started: startOf(child.pid!)! };
    expect(isDead(held)).toBe(false);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    expect(isDead(held)).toBe(true);
  });

  it("is this process, each time another instance", () => {
    const [one, two] = [thisInstance(), thisInstance()];
    expect(one.instance).not.toBe(two.instance);
    expect([isDead(one), one.pid]).toEqual([false, process.pid]);
  });

  it("is dead when its number belongs to a later process", () => {
    const self = thisInstance();
    const [boot] = self.started.split(" ");
    expect(isDead({ ...self, started: `${boot} 1` })).toBe(true);
    expect(isRunning(process.pid, `${boot} 1`)).toBe(false);
  });

  it("is not called dead where that cannot be known: another host, or a namesake of this one", () => {
    const dead = { ...thisInstance(), pid: 2 ** 22 + 1 };
    expect(isDead(dead)).toBe(true);
    expect(isDead({ ...dead, host: "another.desk" })).toBe(false);
    expect(isDead({ ...dead, started: "00000000-1111-2222-3333-444444444444 5" })).toBe(false);
  });
});

describe("the lock of a data folder", () => {
  it("is had soon although a process was killed just while it took it", async () => {
    const folder = await newFolder();
    const file = path.join(folder, "candela.lock");
    await mkdir(`${file}.guard`);
    const began = performance.now();
    const unlock = await lockFolder(folder, file, Date.now());
    expect(performance.now() - began).toBeLessThan(9_000);
    await expect(lockFolder(folder, file, Date.now())).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`in use by process ${process.pid}`),
    });
    await unlock();
    await (
      await lockFolder(folder, file, Date.now())
    )();
  });
});
