import type { Clock } from "@/server/ports/clock";
import type { Settled } from "@/server/ports/upkeep";
import { reaching, rowsOf, type Database } from "./database";
import { instant, isHypertable } from "./tables";

/**
 * Rewriting locks a chunk, so it may have at most this size, unless its seconds are deleted, which leaves little to
 * write.
 */
const MOST_BYTES = 256 * 1_024 ** 2;
/** A page holds forty to sixty bars. Fewer than this: most of the chunk is room of bars that were deleted. */
const FEW_A_PAGE = 16;
const PAGES_WORTH_IT = 128;
/** Nobody waits longer than this behind our wish for the lock. */
const LOCK_WAIT_MS = 1_000;
const LONGEST_MS = 60_000;
const PAUSE_MS = 500;

/** Pages sampled to find whether a chunk is in order, and the fraction of rows whose successor may be elsewhere. */
const SAMPLE_PAGES = 128;
const OUT_OF_ORDER = 0.05;

/**
 * Finished chunks of bars, oldest first, and whether they have never been put in order or are mostly room of deleted bars.
 */
const FINISHED = `
  SELECT format('%I.%I', c.chunk_schema, c.chunk_name), k.indexrelid::regclass::text, pg_total_relation_size(k.indrelid)::bigint,
    NOT k.indisclustered OR (t.relpages > ${PAGES_WORTH_IT} AND t.reltuples >= 0 AND t.reltuples < ${FEW_A_PAGE}::float8 * t.relpages),
    (pg_relation_size(k.indrelid) / current_setting('block_size')::bigint)::bigint
  FROM timescaledb_information.chunks c
  JOIN pg_index k ON k.indrelid = format('%I.%I', c.chunk_schema, c.chunk_name)::regclass AND k.indisprimary
  JOIN pg_class t ON t.oid = k.indrelid
  WHERE c.hypertable_name = 'bars' AND c.is_compressed IS NOT TRUE
    AND (c.range_end <= to_timestamp($1::float8 / 1000) OR (c.range_end <= to_timestamp($2::float8 / 1000) AND pg_total_relation_size(k.indrelid) <= ${MOST_BYTES}))
  ORDER BY c.range_start`;

/**
 * A chunk that was put in order once may have received history since. For rows in some of its pages, the next row in
 * key order is looked up; it should be in the same page or the next.
 */
const isOutOfOrder = async (pool: Database["pool"], chunk: string, pages: number): Promise<boolean> => {
  const percent = pages <= SAMPLE_PAGES ? 100 : (100 * SAMPLE_PAGES) / pages;
  const page = (of: string): string => `(${of}::text::point)[0]`;
  const [row] = await rowsOf<[number | null]>(
    pool,
    `
    SELECT avg((abs(${page("follower.ctid")} - ${page("one.ctid")}) > 1)::int)::float8
    FROM (SELECT ctid, instrument_id, timeframe, ts FROM ${chunk} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1) WHERE (ctid::text::point)[1]::int % 16 = 1) one
    CROSS JOIN LATERAL (SELECT n.ctid FROM ${chunk} n WHERE (n.instrument_id, n.timeframe, n.ts) > (one.instrument_id, one.timeframe, one.ts)
      ORDER BY n.instrument_id, n.timeframe, n.ts LIMIT 1) follower`,
    [],
  );
  return (row![0] ?? 0) > OUT_OF_ORDER;
};

const EMPTIED = `
  SELECT format('%I.%I', c.chunk_schema, c.chunk_name), pg_relation_size(t.oid)::bigint
  FROM timescaledb_information.chunks c
  JOIN pg_class t ON t.oid = format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
  LEFT JOIN pg_stat_all_tables m ON m.relid = t.oid
  WHERE c.hypertable_name = 'bars' AND c.is_compressed IS TRUE
    AND pg_relation_size(t.oid) > ${PAGES_WORTH_IT}::bigint * current_setting('block_size')::bigint
    AND coalesce(m.n_live_tup, 0) < ${FEW_A_PAGE}::float8 * pg_relation_size(t.oid) / current_setting('block_size')::bigint
  ORDER BY c.range_start`;

/**
 * Bars of a compressed chunk are elsewhere, but rows stored before compression, or late ones, leave space in the
 * chunk's own file. A vacuum returns empty pages at its end without blocking anyone.
 */
const emptyCompressed = async ({ pool }: Pick<Database, "pool">, signal: AbortSignal): Promise<Settled> => {
  const settled: Settled = { chunks: 0, bytes: 0, busy: 0 };
  for (const [chunk, bytes] of await reaching(() => rowsOf<[string, number]>(pool, EMPTIED, []))) {
    if (signal.aborted) break;
    await reaching(() => pool.query(`VACUUM (ANALYZE) ${chunk}`));
    const [now] = await reaching(() =>
      rowsOf<[number]>(pool, "SELECT pg_relation_size($1::text::regclass)::bigint", [chunk]),
    );
    if (now![0] >= bytes) continue;
    settled.chunks++;
    settled.bytes += bytes - now![0];
  }
  return settled;
};

/**
 * TimescaleDB keeps a week of bars in a file, in the order they came: all instruments of a minute, then all of the next.
 * Read is one instrument's weeks. A week that is over is written once more in that order (`CLUSTER`, which every edition has),
 * and again when pruning has emptied it, which gives the room back to the disk. A chunk that is in use is left for another time.
 * Other databases reuse the room in place and have nothing to settle.
 */
export const settleBars = async (
  { pool }: Pick<Database, "pool">,
  clock: Clock,
  bounds: { pruned: number; finished: number },
  signal: AbortSignal,
): Promise<Settled> => {
  if (!(await reaching(() => isHypertable(pool, "bars")))) return { chunks: 0, bytes: 0, busy: 0 };
  const settled = await emptyCompressed({ pool }, signal);
  const finished = await reaching(() =>
    rowsOf<[string, string, number, boolean, number]>(pool, FINISHED, [
      instant(bounds.pruned),
      instant(bounds.finished),
    ]),
  );
  for (const [chunk, index, bytes, due, pages] of finished) {
    if (signal.aborted) break;
    if (!due && !(await reaching(() => isOutOfOrder(pool, chunk, pages)))) continue;
    if (await reaching(() => rewrite(pool, chunk, index))) {
      const [now] = await reaching(() =>
        rowsOf<[number]>(pool, "SELECT pg_total_relation_size($1::text::regclass)::bigint", [chunk]),
      );
      settled.chunks++;
      settled.bytes += bytes - now![0];
    } else settled.busy++;
    await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
  }
  return settled;
};

/** False if the chunk is in use, or the rewrite would take too long. */
const rewrite = async (pool: Database["pool"], chunk: string, index: string): Promise<boolean> => {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query(`SET LOCAL statement_timeout = ${LONGEST_MS}`);
    await client.query(`CLUSTER ${chunk} USING ${index.slice(index.lastIndexOf(".") + 1)}`);
    await client.query(`ANALYZE ${chunk}`);
    await client.query("COMMIT");
    return true;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    // lock_not_available, query_canceled, and a chunk that was dropped or compressed meanwhile.
    if (["55P03", "57014", "42P01", "0A000"].includes((error as { code?: string }).code ?? "")) return false;
    throw error;
  } finally {
    client.release();
  }
};
