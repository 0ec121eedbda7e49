import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { systemClock } from "@/server/observe/clock";
import { createLog } from "@/server/observe/log";
import type { Store } from "@/server/ports/stores";
import { createStore } from "@/server/store";

interface Program {
  url: string;
  title: string;
  stop(): Promise<void>;
}

/** What the tests start their servers with: the bench runs against the same ones. */
interface Services {
  freePort(): Promise<number>;
  hasPostgres(): boolean;
  startDatabase(settings: Record<string, string | number>): Promise<Program>;
  startRedis(): Promise<Program>;
}

export const services = (root: string): Promise<Services> =>
  import(pathToFileURL(path.join(root, "scripts/services.mjs")).href) as Promise<Services>;

/** With a server's default settings: what was committed is on disk. */
const DURABLE = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };

/** A database server of the bench's own, and a folder beside it; both are thrown away by `stop`. */
export interface BenchDatabase {
  url: string;
  dataDir: string;
  stop(): Promise<void>;
}

/** Null where the machine has no database server. */
export const startBenchDatabase = async (root: string): Promise<BenchDatabase | null> => {
  const { hasPostgres, startDatabase } = await services(root);
  if (!hasPostgres()) return null;
  const server = await startDatabase(DURABLE);
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-bench-"));
  return {
    url: server.url,
    dataDir,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** The store as the server builds it, started; without a URL the embedded database. */
export const openStore = async (root: string, { url, dataDir }: { url: string; dataDir: string }): Promise<Store> => {
  const store = createStore({
    databaseUrl: url === "" ? undefined : url,
    dataDir,
    log: createLog("error"),
    clock: systemClock(),
    workerFile: path.join(root, "server/store/pglite-worker.mjs"),
    migrationsDir: path.join(root, "prisma/migrations"),
  });
  await store.start(new AbortController().signal);
  return store;
};
