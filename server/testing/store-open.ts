import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { shiftedClock, systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import type { Clock } from "@/server/ports/clock";
import type { Store } from "@/server/ports/stores";
import { createStore, type StoreOptions } from "@/server/store/index";

const project = path.resolve(import.meta.dirname, "../..");
export const migrationsDir = path.join(project, "prisma/migrations");
export const workerFile = path.join(project, "server/store/pglite-worker.mjs");

export const temporaryFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), "candela-store-"));

/** A template of this PGlite version, made once per machine: a test's database then takes one second to make instead of four. */
export const templateFile = async (): Promise<string> => {
  const { version } = JSON.parse(
    readFileSync(path.join(project, "node_modules/@electric-sql/pglite/package.json"), "utf8"),
  ) as { version: string };
  const file = path.join(tmpdir(), `candela-test-pglite-${version}.tar.gz`);
  if (!existsSync(file))
    await promisify(execFile)(process.execPath, [path.join(project, "server/store/pglite-template.mjs"), file]);
  return file;
};

/** A store as the server builds it, silent, not yet started. */
export const storeAt = (dataDir: string, more: Partial<StoreOptions> = {}): Store =>
  createStore({ dataDir, workerFile, migrationsDir, log: silentLog(), clock: systemClock(), ...more });

/** The clock of a store that was started before any bar of the suite began: to it they are new ones. */
export const earlyClock = (): Clock =>
  shiftedClock(systemClock(), { real: Date.now(), shown: Date.UTC(2020, 0, 1), speed: 1 });

export const startedStore = async (dataDir: string, more: Partial<StoreOptions> = {}): Promise<Store> => {
  const store = storeAt(dataDir, { templateFile: await templateFile(), ...more });
  await store.start(new AbortController().signal);
  return store;
};
