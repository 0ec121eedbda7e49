import { Buffer } from "node:buffer";
import type { Pool, PoolClient } from "pg";
import { arrange, filterTicks, type StoredTicks, storedTicks } from "@/server/domain/ticks/stored-ticks";
import { rowsOf } from "./database";
import { decodeRun, TickEncoder } from "./ticks-codec";

/** Rows of the journal folded at once: a minute's, or after an outage many times that. */
const ROWS_A_FOLD = 240;
/** A slice keeps the event loop for about a millisecond. */
const TICKS_A_SLICE = 4_096;
const BLOCKS_A_SLICE = 200;
/** Longer blocks gain nothing and make a short read long. */
const TICKS_A_BLOCK = 4_096;

interface Run {
  bytes: Buffer;
  start: number;
  count: number;
}

/** Blocks on their way into one statement: columns, and their bytes side by side. */
class Blocks {
  readonly instruments: number[] = [];
  readonly until: number[] = [];
  readonly firstTime: number[] = [];
  readonly firstSequence: number[] = [];
  readonly lastTime: number[] = [];
  readonly lastSequence: number[] = [];
  readonly counts: number[] = [];
  readonly starts: number[] = [];
  readonly lengths: number[] = [];
  private readonly encoder = new TickEncoder(new Uint8Array(1 << 16));

  add(instrument: number, ticks: StoredTicks, first: number, end: number): void {
    const { encoder } = this;
    const start = encoder.length;
    let firstTime = Infinity,
      lastTime = -Infinity,
      until = -Infinity;
    encoder.begin();
    for (let row = first; row < end; row++) {
      const time = ticks.time[row]!;
      if (time < firstTime) firstTime = time;
      if (time > lastTime) lastTime = time;
      if (ticks.received[row]! > until) until = ticks.received[row]!;
      encoder.put(ticks, row);
    }
    this.instruments.push(instrument);
    this.until.push(Math.max(until, lastTime));
    this.firstTime.push(firstTime);
    this.lastTime.push(lastTime);
    this.firstSequence.push(ticks.sequence[first]!);
    this.lastSequence.push(ticks.sequence[end - 1]!);
    this.counts.push(end - first);
    this.starts.push(start);
    this.lengths.push(encoder.length - start);
  }

  /** Parameters of `INSERT_BLOCKS`. */
  values(): (string | Buffer)[] {
    const columns = [
      this.instruments,
      this.until,
      this.firstTime,
      this.firstSequence,
      this.lastTime,
      this.lastSequence,
      this.counts,
      this.starts,
      this.lengths,
    ];
    return [
      ...columns.map((column) => `{${column.join(",")}}`),
      Buffer.from(this.encoder.bytes.buffer, 0, this.encoder.length),
    ];
  }
}

const INSERT_BLOCKS = `
  INSERT INTO tick_blocks (instrument_id, ts, first_time, first_sequence, last_time, last_sequence, ticks, packed)
  SELECT id, to_timestamp(until / 1000.0), to_timestamp(first_time / 1000.0), first_sequence, to_timestamp(last_time / 1000.0), last_sequence, count,
    substring($10::bytea FROM start + 1 FOR length)
  FROM unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[],
    $7::text::int[], $8::text::int[], $9::text::int[]) AS block (id, until, first_time, first_sequence, last_time, last_sequence, count, start, length)
  ON CONFLICT DO NOTHING`;

/** Blocks that hold ticks of these spans already: the same write came twice. */
const OVERLAPPING = `
  SELECT b.instrument_id, b.ticks, b.packed
  FROM unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[]) AS span (id, since, first_sequence, last_sequence)
  JOIN tick_blocks b ON b.instrument_id = span.id AND b.ts >= to_timestamp(span.since / 1000.0)
    AND b.first_sequence <= span.last_sequence AND b.last_sequence >= span.first_sequence`;

/**
 * Folds the oldest rows of the journal into blocks: all ticks of an instrument together, in order of arrival, without
 * duplicates. It is one transaction, so no tick is in both places or in neither. Returns the number of blocks.
 */
export const foldJournal = async (pool: Pool): Promise<number> => {
  let folded = 0;
  for (;;) {
    const ids = (await rowsOf<[number]>(pool, "SELECT id FROM tick_journal ORDER BY id LIMIT $1", [ROWS_A_FOLD])).map(
      ([id]) => id,
    );
    if (ids.length === 0) return folded;
    const runs = new Map<number, Run[]>();
    for (const id of ids) await takeRuns(pool, id, runs);
    folded += await moveRuns(pool, ids, runs);
    // What was deleted takes no room for long: this table is small and written every second.
    await pool.query("VACUUM tick_journal");
    if (ids.length < ROWS_A_FOLD) return folded;
  }
};

/** One row at a time: a minute of a busy market at once would hold the event loop for its hexadecimal text. */
const takeRuns = async (pool: Pool, id: number, into: Map<number, Run[]>): Promise<void> => {
  // Lists as text: the driver's own reader of lists takes ten times as long.
  const [row] = await rowsOf<[string, string, string, Buffer]>(
    pool,
    "SELECT instruments::text, counts::text, starts::text, packed FROM tick_journal WHERE id = $1",
    [id],
  );
  if (row === undefined) return;
  const [instruments, counts, starts] = [row[0], row[1], row[2]].map((list) =>
    list.slice(1, -1).split(",").map(Number),
  ) as [number[], number[], number[]];
  const bytes = row[3];
  instruments.forEach((instrument, at) => {
    let known = into.get(instrument);
    if (known === undefined) into.set(instrument, (known = []));
    known.push({ bytes, start: starts[at]!, count: counts[at]! });
  });
};

const moveRuns = async (
  pool: Pool,
  ids: readonly number[],
  runs: ReadonlyMap<number, readonly Run[]>,
): Promise<number> => {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    let folded = 0;
    for (const slice of slicesOf(runs)) {
      const blocks = new Blocks();
      await withoutKnown(client, slice);
      for (const [instrument, ticks] of slice) {
        for (let first = 0; first < ticks.length; first += TICKS_A_BLOCK)
          blocks.add(instrument, ticks, first, Math.min(ticks.length, first + TICKS_A_BLOCK));
      }
      if (blocks.instruments.length > 0) await client.query(INSERT_BLOCKS, blocks.values());
      folded += blocks.instruments.length;
    }
    await client.query("DELETE FROM tick_journal WHERE id = ANY ($1::text::bigint[])", [`{${ids.join(",")}}`]);
    await client.query("COMMIT");
    return folded;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
};

/** The ticks of some instruments at a time, in order, nothing twice. */
function* slicesOf(runs: ReadonlyMap<number, readonly Run[]>): Generator<Map<number, StoredTicks>> {
  let slice = new Map<number, StoredTicks>();
  let size = 0;
  for (const [instrument, parts] of runs) {
    const ticks = storedTicks(parts.reduce((sum, { count }) => sum + count, 0));
    for (const { bytes, start, count } of parts) decodeRun(bytes, start, count, ticks);
    slice.set(instrument, arrange(ticks));
    size += ticks.length;
    if (size < TICKS_A_SLICE && slice.size < BLOCKS_A_SLICE) continue;
    yield slice;
    slice = new Map();
    size = 0;
  }
  if (slice.size > 0) yield slice;
}

/** Takes out of a slice what an earlier fold has put into blocks. Hardly ever anything: a question to the index. */
const withoutKnown = async (client: PoolClient, slice: Map<number, StoredTicks>): Promise<void> => {
  const spans = [...slice].map(([instrument, { length, received, sequence }]) => [
    instrument,
    received.subarray(0, length).reduce((least, each) => Math.min(least, each), Infinity),
    sequence[0]!,
    sequence[length - 1]!,
  ]);
  const { rows } = await client.query<[number, number, Buffer]>({
    text: OVERLAPPING,
    values: [0, 1, 2, 3].map((column) => `{${spans.map((span) => span[column]).join(",")}}`),
    rowMode: "array",
  });
  for (const [instrument, count, run] of rows) {
    const stored = storedTicks(count);
    decodeRun(run, 0, count, stored);
    const known = new Set(stored.sequence);
    const ticks = slice.get(instrument)!;
    slice.set(
      instrument,
      filterTicks(ticks, (row) => !known.has(ticks.sequence[row]!)),
    );
  }
};
