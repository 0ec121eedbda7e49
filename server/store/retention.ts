import { badInput } from "@/server/domain/basics/errors";
import { timeframe, timeframes } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { DayOfPart, KeptPart, TableSize, UpkeepStore } from "@/server/ports/upkeep";
import { reaching, rowsOf, type Database } from "./database";
import { settleBars } from "./settle";
import { heldIn, instrumentsIn, isHypertable } from "./tables";

/** Bars of one instrument deleted at once. */
const BARS_A_STEP = 20_000;
const PAUSE_MS = 10;
/** Instruments whose newest day is counted: the rest is taken to be like them. */
const SAMPLE = 16;
const TABLES = [
  "tick_blocks",
  "tick_journal",
  "order_book",
  "bars",
  "bar_revisions",
  "bar_differences",
  "compare_differences",
] as const;
const OF_ONE =
  "SELECT pg_total_relation_size(oid)::bigint, reltuples::bigint FROM pg_class WHERE oid = $1::text::regclass";
/** A compressed chunk has no rows of its own to be counted (its reltuples is 0): TimescaleDB's estimate knows those it holds. */
const OF_CHUNKS =
  "SELECT hypertable_size($1::text::regclass)::bigint, approximate_row_count($1::text::regclass)::bigint";
/** The bar's revisions and differences are deleted with it. */
const ABOUT_BARS = ["bar_revisions", "bar_differences"] as const;

export const upkeepStore = (database: () => Database, clock: Clock): UpkeepStore => ({
  async pruneBars(name, before, signal) {
    const { stored, index, lengthMs } = timeframe(name);
    if (!stored)
      throw badInput(
        "timeframe",
        name,
        timeframes
          .filter((each) => each.stored)
          .map((each) => each.name)
          .join(", "),
      );
    const { pool } = database();
    const old = await reaching(() =>
      rowsOf<[number, number]>(
        pool,
        `${heldIn("bars")}
      SELECT held.instrument_id, (date_part('epoch', oldest.ts) * 1000)::bigint
      FROM held CROSS JOIN LATERAL (SELECT ts FROM bars b WHERE b.instrument_id = held.instrument_id AND b.timeframe = $1 ORDER BY ts LIMIT 1) oldest
      WHERE oldest.ts < to_timestamp($2::float8 / 1000)`,
        [index, before],
      ),
    );
    let pruned = 0;
    for (const [instrument, oldest] of old) {
      for (let until = oldest; until < before && !signal.aborted;) {
        until = Math.min(before, until + BARS_A_STEP * lengthMs);
        const values = [instrument, index, until];
        const where = "WHERE instrument_id = $1 AND timeframe = $2 AND ts < to_timestamp($3::float8 / 1000)";
        const { rowCount } = await reaching(() => pool.query(`DELETE FROM bars ${where}`, values));
        await reaching(() => pool.query(`DELETE FROM bar_revisions ${where}`, values));
        pruned += rowCount ?? 0;
        await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
      }
    }
    // Small tables, and of bars that may never have been there.
    for (const table of ["bar_differences", "compare_differences"]) {
      if (!signal.aborted)
        await reaching(() =>
          pool.query(`DELETE FROM ${table} WHERE timeframe = $1 AND ts < to_timestamp($2::float8 / 1000)`, [
            index,
            before,
          ]),
        );
    }
    return pruned;
  },

  settleBars: (bounds, signal) => settleBars(database(), clock, bounds, signal),

  async sizes() {
    const { pool } = database();
    const sizes: TableSize[] = [];
    for (const table of TABLES) {
      const [row] = await reaching(async () =>
        rowsOf<[number, number]>(pool, (await isHypertable(pool, table)) ? OF_CHUNKS : OF_ONE, [table]),
      );
      const [bytes, rows] = row!;
      sizes.push({ table, bytes, rows: rows === null || rows < 0 ? null : rows });
    }
    return sizes;
  },

  async newestDay() {
    const { pool } = database();
    const sizes = new Map((await this.sizes()).map((size) => [size.table, size]));
    const days: DayOfPart[] = [];
    for (const name of ["1s", "1m", "15m", "1d"] as const) {
      const where = `timeframe = ${timeframe(name).index}`;
      days.push(await reaching(() => dayOf(pool, name, "bars", where, "NULL", sizes, ABOUT_BARS)));
    }
    days.push(await reaching(() => dayOf(pool, "ticks", "tick_blocks", "true", "sum(ticks)", sizes)));
    days.push(await reaching(() => dayOf(pool, "depth", "order_book", "true", "NULL", sizes)));
    return days;
  },
});

/** Scales the newest day of a sample of instruments to all of them; bytes include the records `about` its rows. */
const dayOf = async (
  pool: Database["pool"],
  part: KeptPart,
  table: string,
  where: string,
  ticks: string,
  sizes: ReadonlyMap<string, TableSize>,
  about: readonly string[] = [],
): Promise<DayOfPart> => {
  const ids = await instrumentsIn(pool, table);
  const step = Math.max(1, Math.floor(ids.length / SAMPLE));
  const sample = `{${ids
    .filter((_, at) => at % step === 0)
    .slice(0, SAMPLE)
    .join(",")}}`;
  const [newest] = await rowsOf<[number | null]>(
    pool,
    `
    SELECT (date_part('epoch', max(last.ts)) * 1000)::bigint FROM unnest($1::text::int[]) AS id
    CROSS JOIN LATERAL (SELECT ts FROM ${table} t WHERE t.instrument_id = id AND ${where} ORDER BY ts DESC LIMIT 1) last`,
    [sample],
  );
  const counted = async (from: string, sum: string): Promise<{ rows: number; bytes: number; ticks: number | null }> => {
    const [row] = await rowsOf<[number, number, number | null]>(
      pool,
      `
      SELECT count(*), coalesce(avg(pg_column_size(t.*)), 0)::float8, ${sum}::bigint
      FROM ${from} t WHERE t.instrument_id = ANY ($1::text::int[]) AND ${where} AND t.ts > to_timestamp($2::float8 / 1000) - INTERVAL '1 day' AND t.ts <= to_timestamp($2::float8 / 1000)`,
      [sample, newest![0] ?? 0],
    );
    const [rows, width, total] = row!;
    const size = sizes.get(from)!;
    // Bytes per row with its index, if the database has counted them; otherwise the row's own width.
    return {
      rows,
      bytes: rows * (size.rows !== null && size.rows > 0 ? size.bytes / size.rows : width * 1.5),
      ticks: total,
    };
  };
  const share = sample === "{}" ? 0 : ids.length / Math.min(ids.length, SAMPLE);
  const own = await counted(table, ticks);
  let { bytes } = own;
  for (const other of about) bytes += (await counted(other, "NULL")).bytes;
  return {
    part,
    rows: Math.round(own.rows * share),
    bytes: Math.round(bytes * share),
    ...(own.ticks === null ? {} : { ticks: Math.round(own.ticks * share) }),
  };
};
