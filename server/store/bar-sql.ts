/** The two ways a bar is written, as one statement each: arrays in, one row a bar, in the order of `bars.ts`. */

const insert = `
  INSERT INTO bars AS stored
    (instrument_id, timeframe, ts, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete)
  SELECT instrument_id, timeframe, to_timestamp(ms / 1000.0), open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete
  FROM unnest(
    $1::text::int[], $2::text::smallint[], $3::text::bigint[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[],
    $7::text::bigint[], $8::text::bigint[], $9::text::bigint[], $10::text::int[], $11::text::bigint[], $12::text::int[],
    $13::text::smallint[], $14::text::boolean[]
  ) AS written (instrument_id, timeframe, ms, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete)
  ON CONFLICT (instrument_id, timeframe, ts) DO UPDATE SET`;

/** Positions in `barStates`. */
const PATCHED = 2;
const BACKFILLED = 3;
const CORRECTED = 4;

/** The bar with at least as many ticks knows more of it; a patch may be the late tick alone, so it must have more. */
const fuller = `(excluded.ticks > stored.ticks OR (excluded.ticks = stored.ticks AND excluded.state <> ${PATCHED}))`;
const whenFuller = (column: string): string => `CASE WHEN ${fuller} THEN excluded.${column} ELSE stored.${column} END`;
const openInterest = `CASE WHEN ${fuller} THEN coalesce(excluded.open_interest, stored.open_interest) ELSE coalesce(stored.open_interest, excluded.open_interest) END`;
/** The first part of a bar had its open; only a patch of the whole bar may move it. */
const open = `CASE WHEN ${fuller} AND excluded.state = ${PATCHED} THEN excluded.open ELSE stored.open END`;
/** A replay of the close after a patch leaves the bar patched. */
const state = `CASE WHEN NOT ${fuller} THEN greatest(stored.state, CASE WHEN stored.state < ${PATCHED} AND excluded.state = ${PATCHED} THEN ${PATCHED} ELSE 0 END) WHEN stored.state <= ${PATCHED} THEN greatest(stored.state, excluded.state) ELSE excluded.state END`;

/**
 * Greatest high, least low; close, volume, value, ticks, state and incomplete from whichever has at least as many ticks.
 * What history said stands above what a feed saw: a corrected bar is never merged into, a backfilled one only by a bar
 * that was seen whole (`incomplete` false), which a patch is not: history has the late tick already. Writing the same bar again changes nothing.
 */
export const mergeBars = `${insert}
    open = ${open},
    high = greatest(stored.high, excluded.high),
    low = least(stored.low, excluded.low),
    close = ${whenFuller("close")},
    volume = ${whenFuller("volume")},
    value = ${whenFuller("value")},
    ticks = greatest(stored.ticks, excluded.ticks),
    open_interest = ${openInterest},
    rev = stored.rev + 1,
    state = ${state},
    incomplete = ${whenFuller("incomplete")}
  WHERE NOT (stored.state = ${CORRECTED} OR (stored.state = ${BACKFILLED} AND (excluded.incomplete OR excluded.state = ${PATCHED})))
    AND (
      excluded.high > stored.high OR excluded.low < stored.low
      OR stored.open_interest IS DISTINCT FROM ${openInterest}
      OR (${fuller} AND (
        (excluded.close, excluded.volume, excluded.value, excluded.ticks, excluded.incomplete)
          IS DISTINCT FROM (stored.close, stored.volume, stored.value, stored.ticks, stored.incomplete)
        OR stored.open <> ${open} OR stored.state <> ${state}))
    )`;

const replaced = ["open", "high", "low", "close", "volume", "value", "ticks", "open_interest", "state", "incomplete"];
const tuple = (table: string): string => `(${replaced.map((column) => `${table}.${column}`).join(", ")})`;

/** The exchange's own bar: taken as it is. */
export const replaceBars = `${insert}
    ${replaced.map((column) => `${column} = excluded.${column}`).join(", ")},
    rev = stored.rev + 1
  WHERE ${tuple("stored")} IS DISTINCT FROM ${tuple("excluded")}`;
