import type { HeldLease, LeaseStore } from "@/server/ports/leases";
import { reaching, rowsOf, type Database } from "./database";

type Row = [instance: string, host: string, pid: number, started: string, since: number, remaining: number];
const COLUMNS = `instance, host, pid, started, (extract(epoch FROM since) * 1000)::bigint, (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint`;

const leaseOf = ([instance, host, pid, started, since, remaining]: Row): HeldLease => ({
  holder: { instance, host, pid, started },
  since: Number(since),
  remainingMs: Number(remaining),
});

/**
 * One row a lease: taking it over is one statement, so that of two who find it free one gets it. One that lasts longer than any
 * is given was written by a clock that was ahead, on another machine or before a correction: it is free as well.
 */
export const leaseStore = (database: () => Database): LeaseStore => ({
  async acquire(name, { instance, host, pid, started }, lengthMs, dead = instance) {
    for (;;) {
      const [taken] = await reaching(() =>
        rowsOf<Row>(
          database().pool,
          `
        INSERT INTO leases AS held (name, instance, host, pid, started, since, until)
        VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms')
        ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, host = excluded.host, pid = excluded.pid, started = excluded.started, until = excluded.until,
          since = CASE WHEN held.instance = excluded.instance THEN held.since ELSE excluded.since END
        WHERE held.instance IN (excluded.instance, $7) OR held.until <= clock_timestamp() OR held.until > clock_timestamp() + interval '1 minute' + $6::float8 * interval '1 ms'
        RETURNING ${COLUMNS}`,
          [name, instance, host, pid, started, lengthMs, dead],
        ),
      );
      if (taken !== undefined) return leaseOf(taken);
      const [held] = await reaching(() =>
        rowsOf<Row>(database().pool, `SELECT ${COLUMNS} FROM leases WHERE name = $1`, [name]),
      );
      // Freed between the two: it is there to be taken.
      if (held !== undefined) return leaseOf(held);
    }
  },
  async renew(name, instance, lengthMs) {
    const { rowCount } = await reaching(() =>
      database().pool.query(
        "UPDATE leases SET until = clock_timestamp() + $3::float8 * interval '1 ms' WHERE name = $1 AND instance = $2",
        [name, instance, lengthMs],
      ),
    );
    return rowCount === 1;
  },
  async release(name, instance) {
    await reaching(() =>
      database().pool.query("DELETE FROM leases WHERE name = $1 AND instance = $2", [name, instance]),
    );
  },
});
