import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@/prisma/generated/client";
import { AppError } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import type { Log } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { Store } from "@/server/ports/stores";
import type { Backend } from "./backend";
import { statementName } from "./bar-sql";
import { barStore } from "./bars";
import { bookStore } from "./books";
import { calendarEditStore } from "./calendar-edits";
import { collectorStore } from "./collectors";
import { reaching, type Database } from "./database";
import { openEmbedded } from "./embedded";
import { gapStore } from "./gaps";
import { compareStore } from "./gaps-compare";
import { instrumentStore } from "./instruments";
import { jobStore } from "./jobs";
import { leaseStore } from "./leases";
import { migrate } from "./migrator";
import { openPostgres, withTimescale } from "./postgres";
import { upkeepStore } from "./retention";
import { settingStore } from "./settings";
import { snapshotStore } from "./snapshots";
import { tickStore } from "./ticks";
import { openVault, type Vault } from "./vault";
import { watchlistStore } from "./watchlists";

export interface StoreOptions {
  /** A PostgreSQL or TimescaleDB server; without it the embedded database under `dataDir` is used. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** `pglite-worker.mjs`, or the build's copy of it. */
  workerFile: string | URL;
  migrationsDir: string;
  /** A database made by `buildTemplate`: shortens the first start of the embedded one. */
  templateFile?: string | undefined;
  log: Log;
  clock: Clock;
  /** Called for unreadable stored data at every read; they are skipped. By default they are logged. */
  unreadable?: Unreadable;
}

/** Longest time a tick stays in the journal. */
const FOLD_MS = 60_000;

interface Opened extends Database {
  backend: Backend;
  vault: Vault;
}

/** The durable store. Nothing happens before `start`, which opens, migrates and checks; `stop` may be called twice. */
export const createStore = (options: StoreOptions): Store => {
  let opened: Opened | null = null;
  let opening: Promise<Opened> | null = null;
  let stopped: Promise<void> | null = null;
  const database = (): Opened => {
    if (opened === null) throw new AppError("store_unreachable", "The store is not running.");
    return opened;
  };

  const unreadable: Unreadable =
    options.unreadable ??
    ((what, cause, rows = 1) =>
      options.log.warn("a stored record is unreadable and is skipped", { what, cause, rows }));
  const ticks = tickStore(database);
  let stopFolding: (() => void) | null = null;
  let folding: Promise<unknown> = Promise.resolve();
  const fold = (): void => {
    folding = ticks
      .fold()
      .catch((error: Error) =>
        options.log.warn("Could not fold ticks into blocks; retrying in a minute", { error: error.message }),
      );
  };

  const open = async (signal: AbortSignal): Promise<Opened> => {
    signal.throwIfAborted();
    const vault = await openVault(options.dataDir);
    const { databaseUrl, log } = options;
    const backend = databaseUrl === undefined ? await openEmbedded(options) : await openPostgres({ databaseUrl, log });
    try {
      const applied = await migrate(backend.pool, options.migrationsDir, log);
      if (applied.length > 0) log.info("Migrations applied", { migrations: applied });
      signal.throwIfAborted();
      const prisma = new PrismaClient({
        adapter: new PrismaPg(backend.pool, { statementNameGenerator: ({ sql }) => statementName(sql) }),
      });
      return { backend: await withTimescale(backend), pool: backend.pool, prisma, vault };
    } catch (error) {
      await backend.stop();
      throw error;
    }
  };

  return {
    bars: barStore(database, () => options.clock.now()),
    ticks,
    books: bookStore(database),
    upkeep: upkeepStore(database, options.clock),
    instruments: instrumentStore(database, options.log),
    collectors: collectorStore(database, () => database().vault, unreadable),
    watchlists: watchlistStore(database, unreadable),
    settings: settingStore(database),
    snapshots: snapshotStore(database, () => database().backend.description.kind === "embedded"),
    calendarEdits: calendarEditStore(database, unreadable),
    leases: leaseStore(database),
    jobs: jobStore(database, unreadable),
    gaps: gapStore(database, unreadable),
    compares: compareStore(database, unreadable),
    describe: () => database().backend.description,
    async ping() {
      const before = options.clock.now();
      await reaching(() => database().pool.query("SELECT 1"));
      return options.clock.now() - before;
    },
    async start(signal) {
      opening ??= open(signal);
      opened = await opening;
      fold();
      stopFolding ??= options.clock.every(FOLD_MS, fold);
    },
    stop() {
      stopped ??= (async () => {
        const running = await opening?.catch(() => null);
        if (!running) return;
        const { prisma, backend } = running;
        stopFolding?.();
        await folding;
        opened = null;
        await prisma.$disconnect();
        await backend.stop();
      })();
      return stopped;
    },
  };
};
