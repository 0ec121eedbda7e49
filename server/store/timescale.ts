import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Pool } from "pg";

/** The guarded blocks of the migrations: what TimescaleDB is asked for. Each does nothing where it is absent or done. */
const BLOCK = /^DO \$ts\$[\s\S]*?^END \$ts\$;/gm;

/** Runs those blocks again after a move to TimescaleDB or another edition; returns how many. */
export const applyTimescale = async (pool: Pool, migrationsDir: string): Promise<number> => {
  let count = 0;
  for (const name of (await readdir(migrationsDir)).sort()) {
    const sql = await readFile(path.join(migrationsDir, name, "migration.sql"), "utf8").catch(() => "");
    for (const [block] of sql.matchAll(BLOCK)) {
      await pool.query(block);
      count++;
    }
  }
  return count;
};

/** Tables that are hypertables now; none where TimescaleDB is absent. */
export const hypertables = async (pool: Pool): Promise<string[]> => {
  const { rows } = await pool.query<{ present: boolean }>(
    "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') AS present",
  );
  if (rows[0]?.present !== true) return [];
  return (
    await pool.query<{ name: string }>(
      "SELECT hypertable_name AS name FROM timescaledb_information.hypertables ORDER BY 1",
    )
  ).rows.map(({ name }) => name);
};

/** Why there are no hypertables, and what to do about it. */
export const whyNone = async (pool: Pick<Pool, "query">): Promise<string> => {
  const { rows } = await pool.query<{ installed: boolean; loaded: boolean }>(
    "SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb') AS installed, position('timescaledb' in current_setting('shared_preload_libraries')) > 0 AS loaded",
  );
  const { installed, loaded } = rows[0]!;
  if (!installed)
    return "This server has no TimescaleDB, so no table was changed: install the extension, add timescaledb to shared_preload_libraries and restart the server. Plain PostgreSQL works as it is.";
  if (!loaded)
    return "TimescaleDB is installed but not loaded, so no table was changed: add timescaledb to shared_preload_libraries and restart the server.";
  return "TimescaleDB is loaded, but no table has become a hypertable: the migrations that make them are missing.";
};
