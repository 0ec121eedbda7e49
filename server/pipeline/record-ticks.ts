import { hasCode } from "@/server/domain/basics/errors";
import { copyTick, cutTicks, type StoredTicks, storedTicks } from "@/server/domain/ticks/stored-ticks";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { TickBatch, TickMessage } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";
import type { TickRun, TickStore } from "@/server/ports/stores";
import type { Sink } from "./stage";
import { Items, WriteQueue } from "./write-queue";

/** A block this full is written at once: half a megabyte, and a millisecond of work. */
const BLOCK_ROWS = 8_192;
/** Longest a tick waits in memory while the store takes them. */
const FLUSH_MS = 1_000;
/** Blocks kept for reuse. */
const MOST_FREE = 4;

/** Ticks of all instruments in the order of arrival. */
export interface TickBlock {
  ticks: StoredTicks;
  /** Dense numbers. */
  instrument: Int32Array;
}

/** What the spool holds: a block sorted by instrument. */
export interface TickRecord {
  runs: { instrumentId: number; first: number; end: number }[];
  ticks: StoredTicks;
}

const columns = ["time", "received", "price", "volume", "openInterest", "flags", "sequence"] as const;

/** See `isBarRecord`. */
export const isTickRecord = (record: unknown): record is TickRecord => {
  const { runs, ticks } = (record ?? {}) as Partial<TickRecord>;
  if (
    !Array.isArray(runs) ||
    ticks === undefined ||
    ticks === null ||
    !Number.isSafeInteger(ticks.length) ||
    ticks.length < 0
  )
    return false;
  const room = (column: unknown, of: typeof Float64Array | typeof Uint8Array): boolean =>
    column instanceof of && column.length >= ticks.length;
  return (
    columns.every((name) => room(ticks[name], name === "flags" ? Uint8Array : Float64Array)) &&
    runs.every(
      (run: Partial<TickRecord["runs"][number]> | null) =>
        Number.isSafeInteger(run?.instrumentId) &&
        Number.isSafeInteger(run?.first) &&
        Number.isSafeInteger(run?.end) &&
        run!.first! >= 0 &&
        run!.first! <= run!.end! &&
        run!.end! <= ticks.length,
    )
  );
};

const newBlock = (): TickBlock => ({ ticks: storedTicks(BLOCK_ROWS), instrument: new Int32Array(BLOCK_ROWS) });

/**
 * Every accepted tick to the store. On the hot path a row is copied from columns to columns; sorting by instrument and
 * writing happen between frames, once a second or when a block is full.
 */
export class TickRecorder implements Sink<TickMessage> {
  private block = newBlock();
  private readonly free: TickBlock[] = [];
  private readonly grouped = storedTicks(BLOCK_ROWS);
  private starts = new Int32Array(64);
  private cancelTimer: (() => void) | null = null;
  /** Full blocks on their way to the store. They are never dropped. */
  private readonly full = new Items<TickBlock>(
    ({ ticks }) => ticks.length,
    (block) => {
      block.ticks.length = 0;
      if (this.free.length < MOST_FREE) this.free.push(block);
    },
  );
  private readonly queue: WriteQueue<TickBlock, TickRecord, TickRecord>;
  /** Ticks the store cannot take as they are: a fault of ours, in the log. */
  refused = 0;

  constructor(
    private readonly store: TickStore,
    private readonly table: InstrumentTable,
    /** Real time, also in a replay. */
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly meter: Meter,
  ) {
    this.queue = new WriteQueue({
      name: "ticks",
      figures: { prefix: "ticks", commit: "ticks.commit", stored: "ticks.stored" },
      backlog: this.full,
      clock,
      log,
      meter,
      prepare: (block) => this.sorted(block),
      rowsOf: ({ ticks }) => ticks.length,
      write: ({ runs, ticks }) =>
        this.write(runs.map(({ instrumentId, first, end }) => ({ instrumentId, ticks, first, end }))),
      pack: (record) => record,
      unpack: (record) => record,
    });
  }

  /** While the database is unavailable full blocks are spooled to disk; those of an earlier process come first. */
  start(spool: Spool<TickRecord>): void {
    this.queue.start(spool);
  }

  /** Blocks on disk that are not in the store yet. */
  get spooled(): number {
    return this.queue.spooled;
  }
  /** Since when the database has rejected ticks, epoch ms; null while it accepts them. */
  get failingSince(): number | null {
    return this.queue.failingSince;
  }

  on(message: TickMessage): void {
    if (message.kind !== "ticks") return;
    for (let from = 0; from < message.length;) from = this.take(message, from);
    this.cancelTimer ??= this.clock.after(FLUSH_MS, () => {
      this.cancelTimer = null;
      this.flush();
    });
  }

  /** Ticks that are not in the store yet. */
  get waiting(): number {
    return this.queue.waiting + this.block.ticks.length;
  }

  /** Resolves when everything so far is stored, and soon in any case while the database is unavailable. */
  async settle(): Promise<void> {
    if (this.failingSince !== null) return;
    this.close();
    await this.queue.settle();
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.cancelTimer?.();
    this.close();
    await this.queue.stop();
  }

  private flush(): void {
    this.close();
    void this.queue.flush();
  }

  /** Copies rows from `from` on, as many as there is room for; answers where it stopped. */
  private take(batch: TickBatch, from: number): number {
    const { ticks, instrument } = this.block;
    let at = ticks.length;
    const end = Math.min(batch.length, from + BLOCK_ROWS - at);
    for (let row = from; row < end; row++, at++) {
      instrument[at] = batch.instrument[row]!;
      ticks.time[at] = batch.time[row]!;
      ticks.received[at] = batch.receivedTime;
      ticks.price[at] = batch.price[row]!;
      ticks.volume[at] = batch.volume[row]!;
      ticks.openInterest[at] = batch.openInterest[row]!;
      ticks.flags[at] = batch.flags[row]!;
      ticks.sequence[at] = batch.sequence + row;
    }
    ticks.length = at;
    if (at === BLOCK_ROWS) this.flush();
    return end;
  }

  private close(): void {
    if (this.block.ticks.length === 0) return;
    this.full.push(this.block);
    this.queue.grew();
    this.block = this.free.pop() ?? newBlock();
  }

  /** Runs the store cannot take do not hold up the others: they are counted, logged and left out. */
  private async write(runs: readonly TickRun[]): Promise<void> {
    try {
      await this.store.write(runs);
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (runs.length > 1) {
        for (const run of runs) await this.write([run]);
        return;
      }
      const { instrumentId, ticks, first = 0, end = ticks.length } = runs[0]!;
      this.refused += end - first;
      this.meter.count("ticks.refused", end - first);
      this.log.error("the database rejected an instrument's ticks", {
        instrumentId,
        ticks: end - first,
        cause: String(cause),
      });
    }
  }

  /** A block sorted by instrument: two passes, each row keeps its place among its own. */
  private sorted({ ticks, instrument }: TickBlock): TickRecord {
    const { grouped, table } = this;
    if (this.starts.length <= table.size) this.starts = new Int32Array(table.size * 2 + 1);
    const { starts } = this;
    starts.fill(0);
    for (let row = 0; row < ticks.length; row++) starts[instrument[row]! + 1]!++;
    const runs: TickRecord["runs"] = [];
    let sum = 0;
    for (let index = 0; index < table.size; index++) {
      const count = starts[index + 1]!;
      if (count > 0) runs.push({ instrumentId: table.at(index).id, first: sum, end: sum + count });
      starts[index] = sum;
      sum += count;
    }
    for (let row = 0; row < ticks.length; row++) copyTick(ticks, row, grouped, starts[instrument[row]!]!++);
    grouped.length = ticks.length;
    return { runs, ticks: cutTicks(grouped) };
  }
}
