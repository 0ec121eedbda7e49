import { existsSync } from "node:fs";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { AppError } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import type { Log } from "@/server/ports/observe";
import type { WorkerMessage } from "./pglite-stream";

const FAILURES_ALLOWED = 3;
const FAILURE_WINDOW_MS = 60_000;
/** With less free space than one file of its log, PostgreSQL may not start. */
const ROOM_BYTES = 16 * 1024 ** 2;

export interface PgliteHost {
  /** The running worker; starts one when none runs. Rejects with `store_unreachable` when it keeps dying. */
  worker(): Promise<Worker>;
  /** Checkpoints and closes the database; no worker runs afterwards. */
  stop(): Promise<void>;
}

/** Keeps one PGlite worker alive over `folder`. */
export const pgliteHost = (options: {
  folder: string;
  workerFile: string | URL;
  templateFile?: string | undefined;
  log: Log;
  clock: Clock;
}): PgliteHost => {
  const { folder, log, clock } = options;
  /** Stands while the first start fills the folder: nothing in it is worth keeping if that was cut short. */
  const unfinished = `${folder}.unfinished`;
  let running: Promise<Worker> | null = null;
  let stopping = false;
  let failures: number[] = [];

  const spawn = async (): Promise<Worker> => {
    if (existsSync(unfinished)) await rm(folder, { recursive: true, force: true });
    const isNew = !existsSync(folder);
    if (isNew) {
      await writeFile(unfinished, "The first start did not finish; creating this folder's database again.\n");
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const template =
      isNew && options.templateFile !== undefined && existsSync(options.templateFile)
        ? options.templateFile
        : undefined;
    const worker = new Worker(options.workerFile, { workerData: { dataDir: folder, template }, execArgv: [] });
    await new Promise<void>((resolve, reject) => {
      worker.on("message", (message: WorkerMessage) => {
        if (message.kind === "ready") resolve();
      });
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the worker ended with code ${code}`)));
    });
    worker.on("error", (error) => log.error("The embedded database failed", { error: error.message }));
    worker.once("exit", () => {
      if (stopping) return;
      running = null;
      failures.push(clock.now());
      log.warn("The embedded database stopped; restarting it");
    });
    if (isNew) await rm(unfinished, { force: true });
    return worker;
  };

  /** PGlite ends with "Aborted()" on a full disk; the message names the cause a person can fix. */
  const shortage = async (): Promise<string | null> => {
    const disk = await statfs(path.dirname(folder)).catch(() => null);
    const free = disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
    return free < ROOM_BYTES ? `the disk is full (${Math.floor(free / 1024 ** 2)} MB free)` : null;
  };

  const worker = (): Promise<Worker> => {
    if (stopping) return Promise.reject(new AppError("store_unreachable", "The embedded database is stopped."));
    failures = failures.filter((time) => time > clock.now() - FAILURE_WINDOW_MS);
    if (failures.length >= FAILURES_ALLOWED) {
      return Promise.reject(
        new AppError(
          "store_unreachable",
          `The embedded database in ${folder} stopped ${failures.length} times within a minute; see the log for its error.`,
          { retryable: true },
        ),
      );
    }
    running ??= spawn().catch(async (cause: Error) => {
      running = null;
      failures.push(clock.now());
      throw new AppError(
        "store_unreachable",
        `The embedded database in ${folder} cannot start: ${(await shortage()) ?? cause.message}`,
        { retryable: true, cause },
      );
    });
    return running;
  };

  return {
    worker,
    async stop() {
      if (stopping) return;
      stopping = true;
      const alive = await running?.catch(() => null);
      if (!alive) return;
      const ended = new Promise<void>((resolve) => alive.once("exit", () => resolve()));
      alive.postMessage({ kind: "close" });
      await ended;
    },
  };
};
