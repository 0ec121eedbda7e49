import type pg from "pg";

const DAYS = 30;
const DAY_MINUTES = 1_440;
/** A day of NSE's seconds. */
const SECONDS = 22_500;
/** A year of NSE's quarters of an hour. */
const YEAR_DAYS = 365;
const QUARTERS = 25;

/**
 * What a month leaves behind, for every instrument the exchange lists: minutes round the clock, seconds of the last
 * hours, quarters of an hour of two years; in the order in which they would have come. Bars that are there stay.
 */
export const fillStore = async (client: pg.Client, now: number): Promise<{ instruments: number; bars: number }> => {
  const today = Math.floor(now / 86_400_000) * 86_400_000;
  const insert = (timeframe: number, times: string): string => `
    INSERT INTO bars (instrument_id, timeframe, ts, open, high, low, close, volume, value, ticks, rev, state, incomplete, late, first_ms, last_ms, first_sequence, last_sequence, sources, hash, written_at)
    SELECT i.id, ${timeframe}, t.ts, 150000 + n % 997, 150500 + n % 997, 149500 + n % 991, 150123 + n % 983, 1000 + n % 7919, (1000 + n % 7919)::bigint * 150111, 60, 1, 1, false,
      0, 5, 59000, 1700000000000000 + n, 1700000000000060 + n, 9, 140737488355328 + n, t.ts + interval '1 minute'
    FROM (${times}) AS t, instruments i ORDER BY t.ts, i.id ON CONFLICT DO NOTHING`;
  const from = (ms: number, count: number, step: string): string =>
    `SELECT to_timestamp(${ms / 1_000}) + n * interval '${step}' AS ts, n FROM generate_series(0, ${count - 1}) AS n`;
  for (let day = DAYS; day >= 1; day--)
    await client.query(insert(4, from(today - day * 86_400_000, DAY_MINUTES, "1 minute")));
  const minutes = Math.floor((now - today) / 60_000) - 10;
  if (minutes > 0) await client.query(insert(4, from(today, minutes, "1 minute")));
  await client.query(insert(0, from(Math.floor(now / 1_000) * 1_000 - (SECONDS + 600) * 1_000, SECONDS, "1 second")));
  for (let day = 2 * YEAR_DAYS; day >= 1; day--)
    await client.query(insert(9, from(today - day * 86_400_000 + 13_500_000, QUARTERS, "15 minutes")));
  await client.query("VACUUM (ANALYZE) bars");
  const { rows } = await client.query<{ instruments: string; bars: string }>(
    "SELECT (SELECT count(*) FROM instruments) AS instruments, (SELECT count(*) FROM bars) AS bars",
  );
  return { instruments: Number(rows[0]!.instruments), bars: Number(rows[0]!.bars) };
};
