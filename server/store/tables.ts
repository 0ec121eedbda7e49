import { rowsOf, type Database } from "./database";

/** `held (instrument_id)`: the instruments in a table, stepped along its primary key: no pass over its rows. */
export const heldIn = (table: string): string => `
  WITH RECURSIVE held AS (
    (SELECT instrument_id FROM ${table} ORDER BY instrument_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.instrument_id FROM ${table} t WHERE t.instrument_id > held.instrument_id ORDER BY t.instrument_id LIMIT 1)
    FROM held WHERE held.instrument_id IS NOT NULL
  )`;

export const instrumentsIn = async (pool: Database["pool"], table: string): Promise<number[]> =>
  (await rowsOf<[number]>(pool, `${heldIn(table)} SELECT instrument_id FROM held WHERE instrument_id IS NOT NULL`)).map(([id]) => id);

export const isHypertable = async (pool: Database["pool"], table: string): Promise<boolean> => {
  const [known] = await rowsOf<[boolean]>(pool, "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL");
  return known![0] && (await rowsOf(pool, "SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_name = $1", [table])).length > 0;
};
