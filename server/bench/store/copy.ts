import type pg from "pg";
import type { StoredBar } from "@/server/ports/stores";

/** The floor of writing: PostgreSQL's own bulk load, which asks for no row whether it is there already. */

/** What the driver needs of a query of its own kind; it has none for COPY. */
interface Connection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const copyIn = (client: pg.Client, statement: string, rows: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const query = {
      submit: (connection: Connection) => {
        connection.query(statement);
      },
      handleCopyInResponse: (connection: Connection) => {
        connection.sendCopyFromChunk(Buffer.from(rows));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => {
        resolve();
      },
      handleError: reject,
    };
    client.query(query as unknown as pg.Submittable);
  });

const COLUMNS =
  "instrument_id, timeframe, ts, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete, late, first_ms, last_ms, first_sequence, last_sequence, sources, hash, written_at";

const line = (bar: StoredBar, writtenAt: string): string => {
  const { late, firstTime, lastTime, firstSequence, lastSequence, sources, hash } = bar.passport!;
  return (
    `${bar.instrumentId}\t0\t${new Date(bar.time).toISOString()}\t${bar.open}\t${bar.high}\t${bar.low}\t${bar.close}\t${bar.volume}\t${bar.value}\t${bar.ticks}\t\\N\t${bar.rev}\t1\tf\t` +
    `${late}\t${firstTime - bar.time}\t${lastTime - bar.time}\t${firstSequence}\t${lastSequence}\t${sources}\t${hash}\t${writtenAt}\n`
  );
};

/** A table like that of the bars, a hypertable where that is one, without what our writer keeps beside it. */
export const createCopyTable = async (client: pg.Client): Promise<void> => {
  await client.query("CREATE TABLE bars_copied (LIKE bars INCLUDING ALL)");
  const { rows } = await client.query("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'");
  if (rows.length > 0)
    await client.query(
      "SELECT create_hypertable('bars_copied', by_range('ts', INTERVAL '7 days'), create_default_indexes => false)",
    );
};

/** One-second bars with passports, `batch` rows a transaction. */
export const copyBars = async (client: pg.Client, bars: readonly StoredBar[], batch: number): Promise<void> => {
  const writtenAt = new Date().toISOString();
  for (let from = 0; from < bars.length; from += batch) {
    await copyIn(
      client,
      `COPY bars_copied (${COLUMNS}) FROM STDIN`,
      bars
        .slice(from, from + batch)
        .map((bar) => line(bar, writtenAt))
        .join(""),
    );
  }
};
