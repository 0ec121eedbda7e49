/** The base of every other part: time, the log, the data folder, the store, and the events between parts. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Metrics } from "@/server/observe/metrics";
import { shiftedClock, systemClock } from "@/server/observe/clock";
import { createLog } from "@/server/observe/log";
import type { Config } from "@/server/config";
import type { Clock } from "@/server/ports/clock";
import { createEvents } from "@/server/ports/events";
import { KeptBars } from "@/server/services/bars/kept-bars";
import { EventLog } from "@/server/services/upkeep/events";
import { UnreadableParts } from "@/server/services/upkeep/unreadable";
import { createStore } from "@/server/store";
import { lockFolder } from "@/server/store/folder-lock";
import type { Part } from "./lifecycle";
import { openRecording } from "./recording";

/** Steps of a start, said as they are done. */
export type Say = (step: string) => void;

export type Base = Awaited<ReturnType<typeof createBase>>;

/** Writing what waits goes to a disk or network that may be slow: it is given longer than others. */
export const WRITE_MS = 30_000;

/**
 * `warn` receives a sentence about anything the person at the terminal must do. `market` replaces the machine's clock as the
 * source of market time, for tests.
 */
export const createBase = async (config: Config, say: Say, { market, warn }: { market?: Clock; warn?: Say }) => {
  const wall = systemClock();
  const log = createLog(config.logLevel);
  const metrics = new Metrics();
  const events = createEvents((event, cause) =>
    log.error("an event listener failed", { event, cause: cause instanceof Error ? cause.stack : String(cause) }),
  );
  // A recording runs the whole process on its own time.
  const recording = await openRecording(config.feed, wall);
  const clock =
    recording?.clock ?? market ?? (config.testClock === undefined ? wall : shiftedClock(wall, config.testClock));
  const eventLog = new EventLog(clock);
  const unreadables = new UnreadableParts({ events: eventLog, log, meter: metrics });

  // A recording is watched, not kept: its bars must neither meet those of an earlier run nor the trader's own.
  const scratch = recording === null ? null : path.join(tmpdir(), `candela-replay-${randomUUID()}`);
  const dataDir = scratch ?? config.dataDir;
  const opened = createStore({
    databaseUrl: scratch === null ? config.databaseUrl : undefined,
    dataDir,
    workerFile: path.join(config.root, "server/store/pglite-worker.mjs"),
    migrationsDir: path.join(config.root, "prisma/migrations"),
    templateFile: path.join(config.root, ".build/pglite-template.tar"),
    log,
    clock: wall,
    unreadable: unreadables.tell,
  });

  // Another process may write bars to a database server too: what is in memory would be old, and all is read from there.
  const keptBars = scratch === null && config.databaseUrl !== undefined ? null : new KeptBars(opened.bars);
  // Whoever writes bars writes them through what is kept.
  const store = keptBars === null ? opened : { ...opened, bars: keptBars.store };

  let unlock: (() => Promise<void>) | null = null;
  const lifecycle: Part[] = [
    {
      name: "data folder",
      async start() {
        if (scratch !== null) mkdirSync(scratch);
        // Also with an external database: the spool has one owner.
        else unlock = await lockFolder(dataDir, path.join(dataDir, "candela.lock"), wall.now());
      },
      async stop() {
        await unlock?.();
        if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
      },
    },
    {
      name: "store",
      async start(signal) {
        const began = wall.now();
        await store.start(signal);
        const { version, location } = store.describe();
        say(`Database ready: ${version}, ${location} (${((wall.now() - began) / 1_000).toFixed(1)} s)`);
      },
      stop: () => store.stop(),
      stopMs: WRITE_MS,
    },
  ];
  /** Aborts when the server begins to stop: whatever is under way for longer ends then. */
  const ending = new AbortController();
  return {
    config,
    say,
    warn,
    wall,
    clock,
    log,
    metrics,
    events,
    eventLog,
    unreadables,
    unreadable: unreadables.tell,
    recording,
    isScratch: scratch !== null,
    dataDir,
    store,
    /** Bars of the store, the newest ones kept in memory; null where that is not possible. */
    keptBars,
    barStore: keptBars?.store ?? store.bars,
    ending,
    lifecycle,
  };
};
