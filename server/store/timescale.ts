import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Pool } from "pg";

/** The guarded blocks of the migrations: what TimescaleDB is asked for. Each does nothing where it is absent or done. */
const BLOCK = /^DO \$ts\$[\s\S]*?^END \$ts\$;/gm;

/** Runs those blocks again, after a database has moved to TimescaleDB or to another edition; answers how many. */
export const applyTimescale = async (pool: Pool, migrationsDir: string): Promise<number> => {
  let count = 0;
  for (const name of (await readdir(migrationsDir)).sort()) {
    const sql = await readFile(path.join(migrationsDir, name, "migration.sql"), "utf8").catch(() => "");
    for (const [block] of sql.matchAll(BLOCK)) { await pool.query(block); count++; }
  }
  return count;
};

/** Tables that are hypertables now; none where TimescaleDB is absent. */
export const hypertables = async (pool: Pool): Promise<string[]> => {
  const { rows } = await pool.query<{ present: boolean }>("SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') AS present");
  if (rows[0]?.present !== true) return [];
  return (await pool.query<{ name: string }>("SELECT hypertable_name AS name FROM timescaledb_information.hypertables ORDER BY 1")).rows.map(({ name }) => name);
};
