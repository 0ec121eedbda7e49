import { badInput } from "@/server/domain/errors";
import { timeframe, timeframes } from "@/server/domain/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { DayOfPart, KeptPart, TableSize, UpkeepStore } from "@/server/ports/upkeep";
import { reaching, rowsOf, type Database } from "./database";
import { heldIn, instrumentsIn, isHypertable } from "./tables";

/** Bars of one instrument deleted at once. */
const BARS_A_STEP = 20_000;
const PAUSE_MS = 10;
/** Instruments whose newest day is counted: the rest is taken to be like them. */
const SAMPLE = 16;
const TABLES = ["tick_blocks", "tick_journal", "order_book", "bars", "bar_revisions"] as const;

export const upkeepStore = (database: () => Database, clock: Clock): UpkeepStore => ({
  async pruneBars(name, before, signal) {
    const { stored, index, lengthMs } = timeframe(name);
    if (!stored) throw badInput("timeframe", name, timeframes.filter((each) => each.stored).map((each) => each.name).join(", "));
    const { pool } = database();
    const old = await reaching(() => rowsOf<[number, number]>(pool, `${heldIn("bars")}
      SELECT held.instrument_id, (date_part('epoch', oldest.ts) * 1000)::bigint
      FROM held CROSS JOIN LATERAL (SELECT ts FROM bars b WHERE b.instrument_id = held.instrument_id AND b.timeframe = $1 ORDER BY ts LIMIT 1) oldest
      WHERE oldest.ts < to_timestamp($2::float8 / 1000)`, [index, before]));
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
    return pruned;
  },

  async sizes() {
    const { pool } = database();
    const sizes: TableSize[] = [];
    for (const table of TABLES) {
      const [row] = await reaching(async () => rowsOf<[number, number]>(pool, (await isHypertable(pool, table))
        ? "SELECT hypertable_size($1::text::regclass)::bigint, (SELECT sum(greatest(c.reltuples, 0)) FROM show_chunks($1::text::regclass) chunk JOIN pg_class c ON c.oid = chunk)::bigint"
        : "SELECT pg_total_relation_size(oid)::bigint, reltuples::bigint FROM pg_class WHERE oid = $1::text::regclass", [table]));
      const [bytes, rows] = row!;
      sizes.push({ table, bytes, rows: rows === null || rows < 0 ? null : rows });
    }
    return sizes;
  },

  async newestDay() {
    const { pool } = database();
    const sizes = new Map((await this.sizes()).map((size) => [size.table, size]));
    const days: DayOfPart[] = [];
    for (const name of ["1s", "1m", "15m", "1d"] as const) days.push(await reaching(() => dayOf(pool, name, "bars", `timeframe = ${timeframe(name).index}`, "NULL", sizes.get("bars")!)));
    days.push(await reaching(() => dayOf(pool, "ticks", "tick_blocks", "true", "sum(ticks)", sizes.get("tick_blocks")!)));
    days.push(await reaching(() => dayOf(pool, "depth", "order_book", "true", "NULL", sizes.get("order_book")!)));
    return days;
  },
});

/** The newest day of some instruments spread over all that there are, taken for all. */
const dayOf = async (pool: Database["pool"], part: KeptPart, table: string, where: string, ticks: string, size: TableSize): Promise<DayOfPart> => {
  const ids = await instrumentsIn(pool, table);
  const step = Math.max(1, Math.floor(ids.length / SAMPLE));
  const sample = ids.filter((_, at) => at % step === 0).slice(0, SAMPLE);
  const [row] = await rowsOf<[number, number, number | null]>(pool, `
    WITH newest AS (
      SELECT max(last.ts) AS ts FROM unnest($1::text::int[]) AS id
      CROSS JOIN LATERAL (SELECT ts FROM ${table} t WHERE t.instrument_id = id AND ${where} ORDER BY ts DESC LIMIT 1) last
    )
    SELECT count(*), coalesce(avg(pg_column_size(t.*)), 0)::float8, ${ticks}::bigint
    FROM ${table} t, newest WHERE t.instrument_id = ANY ($1::text::int[]) AND ${where} AND t.ts > newest.ts - INTERVAL '1 day' AND t.ts <= newest.ts`,
    [`{${sample.join(",")}}`]);
  const [count, width, sum] = row!;
  const share = sample.length === 0 ? 0 : ids.length / sample.length;
  // What a row takes with its index, where the database has counted; else its own width.
  const bytesARow = size.rows !== null && size.rows > 0 ? size.bytes / size.rows : width * 1.5;
  return { part, rows: Math.round(count * share), bytes: Math.round(count * share * bytesARow), ...(sum === null ? {} : { ticks: Math.round(sum * share) }) };
};

