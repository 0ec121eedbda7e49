import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Pool } from "pg";
import { AppError } from "@/server/domain/basics/errors";
import type { Log } from "@/server/ports/observe";

/** Prisma's own table, so that `prisma migrate deploy` and this can take turns on one database. */
const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
  logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;
/** The advisory lock that Prisma's engine takes. */
const LOCK = 72707369;

interface Applied {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/** Applies missing migrations from `dir`, each with its record in one transaction; returns the names applied. */
export const migrate = async (pool: Pool, dir: string, log: Log): Promise<string[]> => {
  const client = await pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${LOCK})`);
    await client.query(TABLE);
    const { rows } = await client.query<Applied>(
      "SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at",
    );
    const failed = rows.find((row) => row.finished_at === null);
    if (failed !== undefined) {
      throw new AppError(
        "internal",
        `Migration ${failed.migration_name} failed earlier; repair the database, then run: prisma migrate resolve --rolled-back ${failed.migration_name}`,
      );
    }
    const done = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const names = (await readdir(dir, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
    const unknown = [...done.keys()].filter((name) => !names.includes(name));
    if (unknown.length > 0) log.warn("The database has migrations unknown to this version", { migrations: unknown });
    const applied: string[] = [];
    for (const name of names) {
      const sql = await readFile(path.join(dir, name, "migration.sql"), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const before = done.get(name);
      if (before === undefined) {
        await apply(client, name, sql, checksum);
        applied.push(name);
      } else if (before !== checksum) {
        throw new AppError(
          "internal",
          `Migration ${name} was changed after it was applied to this database; restore the file.`,
        );
      }
    }
    return applied;
  } finally {
    await client.query(`SELECT pg_advisory_unlock(${LOCK})`).catch(() => undefined);
    client.release();
  }
};

const apply = async (
  client: { query(text: string, values?: unknown[]): Promise<unknown> },
  name: string,
  sql: string,
  checksum: string,
): Promise<void> => {
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, clock_timestamp(), 1)",
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw new AppError("internal", `Migration ${name} failed and was rolled back: ${(cause as Error).message}`, {
      cause,
    });
  }
};
