import type { Clock } from "@/server/ports/clock";
import type { Settled } from "@/server/ports/upkeep";
import { reaching, rowsOf, type Database } from "./database";
import { instant, isHypertable } from "./tables";

/** Rewriting locks a chunk: one of this size at most, unless its seconds are gone, which leaves little of it to write. */
const MOST_BYTES = 256 * 1_024 ** 2;
/** A page holds forty to sixty bars. Fewer than this: most of the chunk is room of bars that were deleted. */
const FEW_A_PAGE = 16;
const PAGES_WORTH_IT = 128;
/** Nobody waits longer than this behind our wish for the lock. */
const LOCK_WAIT_MS = 1_000;
const LONGEST_MS = 60_000;
const PAUSE_MS = 500;

/** Finished chunks of bars that still lie in the order of their arrival, or are mostly room of deleted ones, oldest first. */
const UNSETTLED = `
  SELECT format('%I.%I', c.chunk_schema, c.chunk_name), k.indexrelid::regclass::text, pg_total_relation_size(k.indrelid)::bigint
  FROM timescaledb_information.chunks c
  JOIN pg_index k ON k.indrelid = format('%I.%I', c.chunk_schema, c.chunk_name)::regclass AND k.indisprimary
  JOIN pg_class t ON t.oid = k.indrelid
  WHERE c.hypertable_name = 'bars' AND c.is_compressed IS NOT TRUE
    AND (NOT k.indisclustered OR (t.relpages > ${PAGES_WORTH_IT} AND t.reltuples >= 0 AND t.reltuples < ${FEW_A_PAGE}::float8 * t.relpages))
    AND (c.range_end <= to_timestamp($1::float8 / 1000) OR (c.range_end <= to_timestamp($2::float8 / 1000) AND pg_total_relation_size(k.indrelid) <= ${MOST_BYTES}))
  ORDER BY c.range_start`;

/**
 * TimescaleDB keeps a week of bars in a file, in the order they came: all instruments of a minute, then all of the next.
 * Read is one instrument's weeks. A week that is over is written once more in that order (`CLUSTER`, which every edition has),
 * and again when pruning has emptied it, which gives the room back to the disk. A chunk that is in use is left for another time.
 * Other databases reuse the room in place and have nothing to settle.
 */
export const settleBars = async ({ pool }: Pick<Database, "pool">, clock: Clock, bounds: { pruned: number; finished: number }, signal: AbortSignal): Promise<Settled> => {
  const settled: Settled = { chunks: 0, bytes: 0, busy: 0 };
  if (!await reaching(() => isHypertable(pool, "bars"))) return settled;
  const unsettled = await reaching(() => rowsOf<[string, string, number]>(pool, UNSETTLED, [instant(bounds.pruned), instant(bounds.finished)]));
  for (const [chunk, index, bytes] of unsettled) {
    if (signal.aborted) break;
    if (await reaching(() => rewrite(pool, chunk, index))) {
      const [now] = await reaching(() => rowsOf<[number]>(pool, "SELECT pg_total_relation_size($1::text::regclass)::bigint", [chunk]));
      settled.chunks++;
      settled.bytes += bytes - now![0];
    } else settled.busy++;
    await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
  }
  return settled;
};

/** False when somebody works with the chunk, or it would take too long. */
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
