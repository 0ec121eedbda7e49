import { HASH_SIZE } from "@/server/domain/bars/bar";
import { timeframe } from "@/server/domain/time/timeframe";

/** The ways a bar is written, as one statement each: arrays in, one row a bar, in the order of `bar-write.ts`. */

const columns = [
  "open",
  "high",
  "low",
  "close",
  "volume",
  "value",
  "ticks",
  "open_interest",
  "rev",
  "state",
  "incomplete",
  "late",
  "first_ms",
  "last_ms",
  "first_sequence",
  "last_sequence",
  "sources",
  "hash",
] as const;
const types = [
  "bigint",
  "bigint",
  "bigint",
  "bigint",
  "bigint",
  "bigint",
  "int",
  "bigint",
  "int",
  "smallint",
  "boolean",
  "int",
  "int",
  "int",
  "bigint",
  "bigint",
  "int",
  "bigint",
] as const;

/**
 * Inserts bars that do not exist yet. Lists are unnested side by side in a select list; as functions after FROM, each
 * would first be materialised.
 */
export const insertBars = `
  INSERT INTO bars AS stored (instrument_id, timeframe, ts, ${columns.join(", ")}, written_at)
  SELECT instrument_id, timeframe, to_timestamp(ms::float8 / 1000), ${columns.join(", ")}, now()
  FROM (SELECT unnest($1::text::int[]) AS instrument_id, unnest($2::text::smallint[]) AS timeframe, unnest($3::text::bigint[]) AS ms,
    ${types.map((type, at) => `unnest($${at + 4}::text::${type}[]) AS ${columns[at]}`).join(", ")}) AS written`;
const upsert = `${insertBars}
  ON CONFLICT (instrument_id, timeframe, ts) DO UPDATE SET`;

const MINUTE = timeframe("1m").index;
/** Positions in `barStates`. */
const PATCHED = 2;
const BACKFILLED = 3;
const CORRECTED = 4;

/** The bar with at least as many ticks is more complete. A patch may be only the late tick, so it must have more. */
const fuller = `(excluded.ticks > stored.ticks OR (excluded.ticks = stored.ticks AND excluded.state <> ${PATCHED}))`;
const whenFuller = (column: string): string => `CASE WHEN ${fuller} THEN excluded.${column} ELSE stored.${column} END`;
const openInterest = `CASE WHEN ${fuller} THEN coalesce(excluded.open_interest, stored.open_interest) ELSE coalesce(stored.open_interest, excluded.open_interest) END`;
/** The first part of a bar had its open; only a patch of the whole bar may move it. */
const open = `CASE WHEN ${fuller} AND excluded.state = ${PATCHED} THEN excluded.open ELSE stored.open END`;
/** A replay of the close after a patch leaves the bar patched. */
const state = `CASE WHEN NOT ${fuller} THEN greatest(stored.state, CASE WHEN stored.state < ${PATCHED} AND excluded.state = ${PATCHED} THEN ${PATCHED} ELSE 0 END) WHEN stored.state <= ${PATCHED} THEN greatest(stored.state, excluded.state) ELSE excluded.state END`;

/**
 * Late ticks were stored before the bar they belong to closed: the two are added, unless the bar already contains them.
 * After a restart, a bar of more than a minute continues from stored minutes, which include them. A start numbers ticks
 * from the microseconds of the day, so this shows as a jump that no feed makes.
 */
const lateAlone = `(stored.late > 0 AND stored.late = stored.ticks AND excluded.late < excluded.ticks
  AND NOT (excluded.timeframe > ${MINUTE}
    AND excluded.last_sequence - stored.last_sequence > 100000 + 20000 * extract(epoch FROM now() - stored.written_at)))`;
const added = (sum: string, otherwise: string): string => `CASE WHEN ${lateAlone} THEN ${sum} ELSE ${otherwise} END`;

/**
 * Greatest high, least low; close, volume, value, ticks, state and incomplete from the bar with at least as many ticks.
 * History takes precedence over a feed: a corrected bar is never merged into, a backfilled one only by a complete bar
 * (`incomplete` false). A patch never is, because history already has the late tick. Writing the same bar again changes
 * nothing.
 */
export const mergeBars = `${upsert}
    open = ${added("CASE WHEN stored.first_ms < excluded.first_ms THEN stored.open ELSE excluded.open END", open)},
    high = greatest(stored.high, excluded.high),
    low = least(stored.low, excluded.low),
    close = ${added("CASE WHEN stored.last_ms >= excluded.last_ms THEN stored.close ELSE excluded.close END", whenFuller("close"))},
    volume = ${added("excluded.volume", whenFuller("volume"))},
    value = ${added("excluded.value", whenFuller("value"))},
    ticks = ${added("stored.ticks + excluded.ticks", "greatest(stored.ticks, excluded.ticks)")},
    open_interest = ${openInterest},
    rev = stored.rev + 1,
    state = ${added(String(PATCHED), state)},
    incomplete = ${added("excluded.incomplete", whenFuller("incomplete"))},
    late = ${added("stored.late + excluded.late", whenFuller("late"))},
    first_ms = ${added("least(stored.first_ms, excluded.first_ms)", whenFuller("first_ms"))},
    last_ms = ${added("greatest(stored.last_ms, excluded.last_ms)", whenFuller("last_ms"))},
    first_sequence = ${added("least(stored.first_sequence, excluded.first_sequence)", whenFuller("first_sequence"))},
    last_sequence = ${added("greatest(stored.last_sequence, excluded.last_sequence)", whenFuller("last_sequence"))},
    hash = ${added(`(stored.hash + excluded.hash) % ${HASH_SIZE}`, whenFuller("hash"))},
    sources = stored.sources | excluded.sources,
    written_at = now()
  WHERE NOT (stored.state = ${CORRECTED} OR (stored.state = ${BACKFILLED} AND (excluded.incomplete OR excluded.state = ${PATCHED})))
    AND (
      ${lateAlone}
      OR excluded.high > stored.high OR excluded.low < stored.low
      OR stored.open_interest IS DISTINCT FROM ${openInterest}
      OR (${fuller} AND (
        (excluded.close, excluded.volume, excluded.value, excluded.ticks, excluded.incomplete, excluded.hash)
          IS DISTINCT FROM (stored.close, stored.volume, stored.value, stored.ticks, stored.incomplete, stored.hash)
        OR stored.open <> ${open} OR stored.state <> ${state}))
    )`;

/**
 * Late ticks alone are added to their bar: they widen it, and become its open or close if their time says so. Later
 * ticks have counted their volume. A sequence number already in the bar is not added again. A bar from history already
 * had the tick. A patch without a tick marks a bar as incomplete after it closed.
 */
export const patchBars = `${upsert}
    open = CASE WHEN excluded.first_ms < stored.first_ms THEN excluded.open ELSE stored.open END,
    high = greatest(stored.high, excluded.high),
    low = least(stored.low, excluded.low),
    close = CASE WHEN excluded.last_ms >= stored.last_ms THEN excluded.close ELSE stored.close END,
    ticks = stored.ticks + excluded.ticks,
    late = stored.late + excluded.late,
    first_ms = least(stored.first_ms, excluded.first_ms),
    last_ms = greatest(stored.last_ms, excluded.last_ms),
    first_sequence = coalesce(stored.first_sequence, excluded.first_sequence),
    last_sequence = greatest(stored.last_sequence, excluded.last_sequence),
    sources = stored.sources | excluded.sources,
    hash = (coalesce(stored.hash, 0) + excluded.hash) % ${HASH_SIZE},
    rev = stored.rev + 1,
    state = ${PATCHED},
    incomplete = stored.incomplete OR excluded.incomplete,
    written_at = now()
  WHERE stored.state NOT IN (${BACKFILLED}, ${CORRECTED})
    AND (excluded.first_sequence > coalesce(stored.last_sequence, 0) OR (excluded.ticks = 0 AND excluded.incomplete AND NOT stored.incomplete))`;

/** Values that distinguish two bars; the kept bar keeps its passport. */
const compared = ["open", "high", "low", "close", "volume", "value", "ticks", "open_interest", "state", "incomplete"];
const tuple = (table: string): string => `(${compared.map((column) => `${table}.${column}`).join(", ")})`;

/**
 * A passport written with the bar (built from stored parts) replaces the stored one; otherwise the stored one stays.
 */
const stamps = ["late", "first_ms", "last_ms", "first_sequence", "last_sequence", "hash"];
const stamped = stamps
  .map(
    (column) =>
      `${column} = CASE WHEN excluded.first_sequence IS NULL THEN stored.${column} ELSE excluded.${column} END`,
  )
  .join(", ");

/** The exchange's own bar is written as given. The passport of the feed's ticks stays. */
export const replaceBars = `${upsert}
    ${compared.map((column) => `${column} = excluded.${column}`).join(", ")},
    ${stamped},
    sources = stored.sources | excluded.sources,
    rev = stored.rev + 1,
    written_at = now()
  WHERE ${tuple("stored")} IS DISTINCT FROM ${tuple("excluded")}`;

const kept = [
  "instrument_id",
  "timeframe",
  "ts",
  "rev",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "value",
  "ticks",
  "open_interest",
  "state",
  "incomplete",
  "late",
  "sources",
  "hash",
  "written_at",
];
/**
 * A bar that the exchange does not have stays as a revision. A trigger cannot do this, or retention would keep what it
 * deletes.
 */
export const removeBars = `
  WITH gone AS (
    DELETE FROM bars USING (SELECT unnest($1::text::int[]) AS instrument_id, unnest($2::text::smallint[]) AS timeframe, unnest($3::text::bigint[]) AS ms) AS told
    WHERE bars.instrument_id = told.instrument_id AND bars.timeframe = told.timeframe AND bars.ts = to_timestamp(told.ms::float8 / 1000)
    RETURNING ${kept.map((column) => `bars.${column}`).join(", ")}
  )
  INSERT INTO bar_revisions (${kept.join(", ")}, replaced_at) SELECT ${kept.join(", ")}, now() FROM gone ON CONFLICT DO NOTHING`;

const prepared = new Map([
  [insertBars, "bars_insert"],
  [mergeBars, "bars_merge"],
  [patchBars, "bars_patch"],
  [replaceBars, "bars_replace"],
  [removeBars, "bars_remove"],
]);

/** The name of the prepared statement on a connection; planning one takes as long as writing five hundred bars. */
export const statementName = (sql: string): string => prepared.get(sql) ?? "";
