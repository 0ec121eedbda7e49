import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { arrange, filterTicks, type StoredTicks, storedTicks } from "@/server/domain/ticks/stored-ticks";
import type { TickRun, TickStore } from "@/server/ports/stores";
import { reaching, rowsOf, type Database } from "./database";
import { instant, pruneBlocks } from "./tables";
import { foldJournal } from "./ticks-fold";
import { decodeRun, TickEncoder } from "./ticks-codec";

/** Bytes packed in one turn of the event loop: half a millisecond, or frames of that moment would wait. */
const SLICE_BYTES = 8_192;
/** Blocks asked for at first when only the newest ticks are wanted. */
const FEW_BLOCKS = 16;

const list = (numbers: readonly number[]): string => `{${numbers.join(",")}}`;

/** Blocks of an instrument ($1) that may contain ticks of [$2, $3), and all its ticks that are not folded yet. */
const runsOf = (limit: string): string => `
  SELECT count, run FROM (
    (SELECT ticks AS count, packed AS run FROM tick_blocks
     WHERE instrument_id = $1 AND ts >= to_timestamp($2::float8 / 1000) AND first_time < to_timestamp($3::float8 / 1000) AND last_time >= to_timestamp($2::float8 / 1000)
     ORDER BY ts DESC ${limit})
    UNION ALL
    SELECT r.count, substring(j.packed FROM r.start + 1 FOR r.length)
    FROM tick_journal j, unnest(j.instruments, j.counts, j.starts, j.lengths) AS r (instrument_id, count, start, length)
    WHERE r.instrument_id = $1
  ) AS runs`;

export interface FoldingTickStore extends TickStore {
  /**
   * Folds what was written since the last call into blocks, one instrument each. Returns how many. Called every minute.
   */
  fold(): Promise<number>;
}

/**
 * Ticks are written as they come, one row of bytes a flush, and folded into one row per instrument and minute: see the
 * README for what that saves. Bytes go through the pool: Prisma would carry them as base64 text.
 */
export const tickStore = (database: () => Database): FoldingTickStore => {
  let folding: Promise<number> | null = null;
  const fold = (): Promise<number> => {
    folding ??= reaching(() => foldJournal(database().pool)).finally(() => {
      folding = null;
    });
    return folding;
  };

  const readRuns = async (
    instrumentId: number,
    from: number,
    to: number,
    blocks?: number,
  ): Promise<{ ticks: StoredTicks; runs: number }> => {
    const rows = await reaching(() =>
      rowsOf<[number, Buffer]>(database().pool, runsOf(blocks === undefined ? "" : "LIMIT $4"), [
        instrumentId,
        instant(from),
        instant(to),
        ...(blocks === undefined ? [] : [blocks]),
      ]),
    );
    const ticks = storedTicks(rows.reduce((sum, [count]) => sum + count, 0));
    for (const [count, run] of rows) decodeRun(run, 0, count, ticks);
    const ordered = arrange(ticks);
    return {
      ticks: filterTicks(ordered, (row) => ordered.time[row]! >= from && ordered.time[row]! < to),
      runs: rows.length,
    };
  };

  return {
    fold,

    async write(runs) {
      const encoder = new TickEncoder();
      const instruments: number[] = [],
        counts: number[] = [],
        starts: number[] = [],
        lengths: number[] = [];
      let packed = 0;
      for (const { instrumentId, ticks, first = 0, end = ticks.length } of runs as readonly TickRun[]) {
        if (end <= first) continue;
        if (encoder.length - packed > SLICE_BYTES) {
          packed = encoder.length;
          await setImmediate();
        }
        instruments.push(instrumentId);
        counts.push(end - first);
        starts.push(encoder.length);
        encoder.begin();
        for (let row = first; row < end; row++) encoder.put(ticks, row);
        lengths.push(encoder.length - starts.at(-1)!);
      }
      if (instruments.length === 0) return;
      await reaching(() =>
        database().pool.query(
          "INSERT INTO tick_journal (instruments, counts, starts, lengths, packed) VALUES ($1::text::int[], $2::text::int[], $3::text::int[], $4::text::int[], $5)",
          [
            list(instruments),
            list(counts),
            list(starts),
            list(lengths),
            Buffer.from(encoder.bytes.buffer, 0, encoder.length),
          ],
        ),
      );
    },

    async read({ instrumentId, from, to, limit }) {
      for (let blocks = limit === undefined ? undefined : FEW_BLOCKS; ; blocks *= 4) {
        const { ticks, runs } = await readRuns(instrumentId, from, to, blocks);
        if (blocks === undefined) return ticks;
        if (ticks.length < limit! && runs >= blocks) continue;
        return filterTicks(ticks, (row) => row >= ticks.length - limit!);
      }
    },

    async prune(before) {
      await fold();
      return pruneBlocks(database().pool, "tick_blocks", before);
    },
  };
};
