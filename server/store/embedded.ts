import { mkdir } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import type { Clock } from "@/server/ports/clock";
import type { Log } from "@/server/ports/observe";
import type { Backend } from "./backend";
import { types } from "./database";
import { lockFolder } from "./folder-lock";
import { pgliteHost } from "./pglite-host";
import { PgliteStream } from "./pglite-stream";

const CHECKPOINT_MS = 5 * 60_000;
const VACUUM_MS = 24 * 3_600_000;
const VACUUMED = "store.vacuumed";

export interface EmbeddedOptions {
  dataDir: string;
  workerFile: string | URL;
  /** A database made by `buildTemplate`, copied on the first start instead of making one. */
  templateFile?: string | undefined;
  log: Log;
  clock: Clock;
}

/**
 * PGlite in a worker thread over DATA_DIR/pglite, one connection. It has no lock, no automatic checkpoint and no
 * autovacuum of its own, so they are here. It never calls fsync: a killed process loses nothing, a power cut may.
 */
export const openEmbedded = async (options: EmbeddedOptions): Promise<Backend> => {
  const { clock, log } = options;
  const dataDir = path.resolve(options.dataDir);
  const folder = path.join(dataDir, "pglite");
  await mkdir(dataDir, { recursive: true });
  const unlock = await lockFolder(dataDir, path.join(dataDir, "pglite.lock"), clock.now());
  const host = pgliteHost({ folder, workerFile: options.workerFile, templateFile: options.templateFile, log, clock });
  let streams = 0;
  const pool = new pg.Pool({
    user: "postgres",
    database: "postgres",
    password: "none",
    max: 1,
    idleTimeoutMillis: 0,
    types,
    stream: () => new PgliteStream(++streams, host.worker) as never,
  });
  pool.on("error", (error) => log.warn("The embedded database dropped its connection", { error: error.message }));
  const close = async (): Promise<void> => {
    await pool.end();
    await host.stop();
    await unlock();
  };
  let version: string;
  try {
    await host.worker();
    version = (await pool.query<{ server_version: string }>("SHOW server_version")).rows[0]!.server_version;
  } catch (error) {
    await close();
    throw error;
  }

  let maintaining: Promise<void> | null = null;
  const maintain = async (): Promise<void> => {
    await pool.query("CHECKPOINT");
    const { rows } = await pool.query<{ value: number }>("SELECT value FROM settings WHERE name = $1", [VACUUMED]);
    if (rows[0] !== undefined && clock.now() - rows[0].value < VACUUM_MS) return;
    await pool.query("VACUUM (ANALYZE)");
    await pool.query(
      "INSERT INTO settings VALUES ($1, to_jsonb($2::bigint)) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [VACUUMED, Math.round(clock.now())],
    );
  };
  const cancelMaintenance = clock.every(CHECKPOINT_MS, () => {
    maintaining ??= maintain()
      .catch((error: Error) => log.warn("Maintenance of the embedded database failed", { error: error.message }))
      .finally(() => {
        maintaining = null;
      });
  });

  return {
    pool,
    description: { kind: "embedded", version: `PGlite ${version}, embedded`, location: folder },
    async stop() {
      cancelMaintenance();
      await maintaining;
      await close();
    },
  };
};
