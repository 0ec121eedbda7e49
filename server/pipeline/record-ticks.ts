import { hasCode } from "@/server/domain/errors";
import { copyTick, cutTicks, type StoredTicks, storedTicks } from "@/server/domain/stored-ticks";
import type { InstrumentTable } from "@/server/domain/instrument-table";
import type { TickBatch, TickMessage } from "@/server/domain/tick";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";
import type { TickRun, TickStore } from "@/server/ports/stores";
import type { Sink } from "./stage";

/** A block this full is written at once: half a megabyte, and a millisecond of work. */
const BLOCK_ROWS = 8_192;
/** Longest a tick waits in memory while the store takes them. */
const FLUSH_MS = 1_000;
const RETRY_MS = 1_000;
const SETTLE_MS = 3_000;
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

const runsOf = ({ runs, ticks }: TickRecord): TickRun[] => runs.map((run) => ({ ...run, ticks }));
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
  private draining: Promise<void> | null = null;
  private cancelTimer: (() => void) | null = null;
  private stopped = false;
  /** Full blocks on their way to the store, oldest first. They are never dropped. */
  private readonly queue: TickBlock[] = [];
  private queuedRows = 0;
  private spool: Spool<TickRecord> | null = null;
  /** Ticks the store cannot take as they are: a fault of ours, in the log. */
  refused = 0;
  /** Since when the store has refused ticks, epoch ms; null while it takes them. */
  failingSince: number | null = null;

  constructor(
    private readonly store: TickStore, private readonly table: InstrumentTable,
    /** Real time, also in a replay. */
    private readonly clock: Clock,
    private readonly log: Log, private readonly meter: Meter,
  ) {}

  /** While the store is away full blocks wait on disk; what an earlier process left there comes first. */
  start(spool: Spool<TickRecord>): void {
    this.spool = spool;
    if (this.spooled > 0) void this.flush();
  }

  /** Blocks on disk that are not in the store yet. */
  get spooled(): number { return this.spool?.records ?? 0; }

  on(message: TickMessage): void {
    if (message.kind !== "ticks") return;
    for (let from = 0; from < message.length;) from = this.take(message, from);
    this.cancelTimer ??= this.clock.after(FLUSH_MS, () => { this.cancelTimer = null; void this.flush(); });
  }

  /** Ticks that are not in the store yet. */
  get waiting(): number { return this.queuedRows + this.block.ticks.length; }

  /** Writes what has come so far; resolves when it is committed, or cannot be. */
  flush(): Promise<void> {
    if (this.block.ticks.length > 0) this.close();
    this.draining ??= this.drain().finally(() => { this.draining = null; });
    return this.draining;
  }

  /** Resolves when what came so far is in the store, and soon in any case while that is away. */
  async settle(): Promise<void> {
    if (this.failingSince === null && this.waiting > 0) await Promise.race([this.flush(), this.clock.sleep(SETTLE_MS)]);
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    await this.flush();
    // What came while the last block was written.
    if (this.failingSince === null && this.waiting > 0) await this.flush();
    await this.spill();
    await this.spool?.close();
    if (this.waiting > 0) this.log.error("ticks were not written: the store is away and the spool is full", { ticks: this.waiting });
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
    if (at === BLOCK_ROWS) {
      this.close();
      this.draining ??= this.drain().finally(() => { this.draining = null; });
    }
    return end;
  }

  private close(): void {
    this.queue.push(this.block);
    this.queuedRows += this.block.ticks.length;
    this.block = this.free.pop() ?? newBlock();
    this.meter.gauge("ticks.queue", this.queuedRows);
  }

  private async drain(): Promise<void> {
    await Promise.resolve(); // not inside the frame that filled the block
    for (;;) {
      const began = this.clock.now();
      let record: TickRecord | null;
      const block = this.queue[0];
      try {
        record = (await this.spool?.first()) ?? null;
        if (record === null && block === undefined) return;
        await this.write(record === null ? this.runs(block!) : runsOf(record));
      } catch (cause) {
        if (this.failingSince === null) this.log.error("ticks cannot be stored; they wait on disk", { cause: String(cause), ticks: this.waiting });
        this.failingSince ??= began;
        this.meter.count("ticks.failures");
        await this.spill();
        if (this.stopped) return;
        await this.clock.sleep(RETRY_MS);
        continue;
      }
      if (this.failingSince !== null) { this.log.info("the store takes ticks again", { waited: this.waiting, spooled: this.spooled }); this.failingSince = null; }
      this.meter.record("ticks.commit", this.clock.now() - began);
      this.meter.count("ticks.stored", record?.ticks.length ?? block!.ticks.length);
      if (record === null) this.done(); else await this.spool!.shift();
    }
  }

  /** Runs the store cannot take do not hold up the others: they are counted, logged and left out. */
  private async write(runs: readonly TickRun[]): Promise<void> {
    try {
      await this.store.write(runs);
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (runs.length > 1) { for (const run of runs) await this.write([run]); return; }
      const { instrumentId, ticks, first = 0, end = ticks.length } = runs[0]!;
      this.refused += end - first;
      this.meter.count("ticks.refused", end - first);
      this.log.error("the store refuses ticks of an instrument", { instrumentId, ticks: end - first, cause: String(cause) });
    }
  }

  /** Full blocks onto disk, as far as there is room; what has no room waits on. */
  private async spill(): Promise<void> {
    while (this.spool !== null && this.queue.length > 0) {
      const runs = this.runs(this.queue[0]!).map(({ instrumentId, first, end }) => ({ instrumentId, first: first!, end: end! }));
      try {
        await this.spool.append({ runs, ticks: cutTicks(this.grouped) });
      } catch (cause) {
        this.meter.count("ticks.spoolFailures");
        this.log.error("ticks could not be written to disk; they wait in memory", { cause: String(cause), ticks: this.waiting });
        return;
      }
      this.done();
      this.meter.gauge("ticks.spooled", this.spooled);
    }
  }

  /** The oldest block is where it will be found again. */
  private done(): void {
    const block = this.queue.shift()!;
    this.queuedRows -= block.ticks.length;
    this.meter.gauge("ticks.queue", this.queuedRows);
    block.ticks.length = 0;
    if (this.free.length < MOST_FREE) this.free.push(block);
  }

  /** A block sorted by instrument: two passes, each row keeps its place among its own. */
  private runs({ ticks, instrument }: TickBlock): TickRun[] {
    const { grouped, table } = this;
    if (this.starts.length <= table.size) this.starts = new Int32Array(table.size * 2 + 1);
    const { starts } = this;
    starts.fill(0);
    for (let row = 0; row < ticks.length; row++) starts[instrument[row]! + 1]!++;
    const runs: TickRun[] = [];
    let sum = 0;
    for (let index = 0; index < table.size; index++) {
      const count = starts[index + 1]!;
      if (count > 0) runs.push({ instrumentId: table.at(index).id, ticks: grouped, first: sum, end: sum + count });
      starts[index] = sum;
      sum += count;
    }
    for (let row = 0; row < ticks.length; row++) copyTick(ticks, row, grouped, starts[instrument[row]!]!++);
    grouped.length = ticks.length;
    return runs;
  }
}
