import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { silentLog } from "@/server/observe/log";
import { systemClock } from "@/server/observe/clock";
import { createStore, type StoreOptions } from "@/server/store/index";
import type { Store } from "@/server/ports/stores";

const project = path.resolve(import.meta.dirname, "../..");
export const migrationsDir = path.join(project, "prisma/migrations");
export const workerFile = path.join(project, "server/store/pglite-worker.mjs");

export const temporaryFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), "candela-store-"));

/** A store as the server builds it, silent, not yet started. */
export const storeAt = (dataDir: string, more: Partial<StoreOptions> = {}): Store =>
  createStore({ dataDir, workerFile, migrationsDir, log: silentLog(), clock: systemClock(), ...more });

export const startedStore = async (dataDir: string, more: Partial<StoreOptions> = {}): Promise<Store> => {
  const store = storeAt(dataDir, more);
  await store.start(new AbortController().signal);
  return store;
};
