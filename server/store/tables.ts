import { reaching, rowsOf, type Database } from "./database";

/** The years a PostgreSQL timestamp and a JavaScript date both hold. */
const EARLIEST_MS = -6e13;
const LATEST_MS = 8.64e15;
export const instant = (ms: number): number => Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS);

/** `held (instrument_id)`: the instruments in a table, stepped along its primary key: no pass over its rows. */
export const heldIn = (table: string): string => `
  WITH RECURSIVE held AS (
    (SELECT instrument_id FROM ${table} ORDER BY instrument_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.instrument_id FROM ${table} t WHERE t.instrument_id > held.instrument_id ORDER BY t.instrument_id LIMIT 1)
    FROM held WHERE held.instrument_id IS NOT NULL
  )`;

export const instrumentsIn = async (pool: Database["pool"], table: string): Promise<number[]> =>
  (await rowsOf<[number]>(pool, `${heldIn(table)} SELECT instrument_id FROM held WHERE instrument_id IS NOT NULL`)).map(
    ([id]) => id,
  );

export const isHypertable = async (pool: Database["pool"], table: string): Promise<boolean> => {
  const [known] = await rowsOf<[boolean]>(
    pool,
    "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL",
  );
  return (
    known![0] &&
    (await rowsOf(pool, "SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_name = $1", [table]))
      .length > 0
  );
};

const INSTRUMENTS_A_STEP = 32;

/** Deletes blocks with `ts` before a time, in small steps; returns how many. */
export const pruneBlocks = async (
  pool: Database["pool"],
  table: "tick_blocks" | "order_book",
  before: number,
): Promise<number> => {
  const limit = instant(before);
  if (await reaching(() => isHypertable(pool, table))) return reaching(() => dropChunks(pool, table, limit));
  const held = await reaching(() => instrumentsIn(pool, table));
  let pruned = 0;
  for (let at = 0; at < held.length; at += INSTRUMENTS_A_STEP) {
    const { rowCount } = await reaching(() =>
      pool.query(
        `DELETE FROM ${table} WHERE instrument_id = ANY ($1::text::int[]) AND ts < to_timestamp($2::float8 / 1000)`,
        [`{${held.slice(at, at + INSTRUMENTS_A_STEP).join(",")}}`, limit],
      ),
    );
    pruned += rowCount ?? 0;
  }
  return pruned;
};

/** Whole days are deleted at once, file by file; the day that contains `before`, row by row. */
const dropChunks = async (pool: Database["pool"], table: string, before: number): Promise<number> => {
  const [counted] = await rowsOf<[number]>(
    pool,
    `SELECT count(*) FROM ${table} WHERE ts < to_timestamp($1::float8 / 1000)`,
    [before],
  );
  await pool.query(`SELECT drop_chunks('${table}', older_than => to_timestamp($1::float8 / 1000))`, [before]);
  await pool.query(`DELETE FROM ${table} WHERE ts < to_timestamp($1::float8 / 1000)`, [before]);
  return counted![0];
};
