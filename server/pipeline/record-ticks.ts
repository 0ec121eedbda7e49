import { copyTick, type StoredTicks, storedTicks } from "@/server/domain/stored-ticks";
import type { InstrumentTable } from "@/server/domain/instrument-table";
import type { TickBatch, TickMessage } from "@/server/domain/tick";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
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

/** Full blocks on their way to the store, oldest first. They wait and are never dropped: where they wait is said here. */
export interface TickQueue {
  readonly length: number;
  push(block: TickBlock): void;
  /** The oldest; it stays until `shift`. */
  first(): TickBlock | undefined;
  shift(): void;
}

export const memoryQueue = (): TickQueue => {
  const blocks: TickBlock[] = [];
  return { get length() { return blocks.length; }, push: (block) => { blocks.push(block); }, first: () => blocks[0], shift: () => { blocks.shift(); } };
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
  private draining: Promise<void> | null = null;
  private cancelTimer: (() => void) | null = null;
  private stopped = false;
  private queuedRows = 0;
  /** Since when the store has refused ticks, epoch ms; null while it takes them. */
  failingSince: number | null = null;

  constructor(
    private readonly store: TickStore, private readonly table: InstrumentTable,
    /** Real time, also in a replay. */
    private readonly clock: Clock,
    private readonly log: Log, private readonly meter: Meter, private readonly queue: TickQueue = memoryQueue(),
  ) {}

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

  /** Writes all that waits, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    await this.flush();
    // What came while the last block was written.
    if (this.failingSince === null && this.waiting > 0) await this.flush();
    if (this.waiting > 0) this.log.error("ticks were not written: the store is away", { ticks: this.waiting });
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
    for (let block = this.queue.first(); block !== undefined; block = this.queue.first()) {
      const began = this.clock.now();
      try {
        await this.store.write(this.runs(block));
      } catch (cause) {
        if (this.failingSince === null) this.log.error("the store refuses ticks; they wait", { cause: String(cause), ticks: this.waiting });
        this.failingSince ??= began;
        this.meter.count("ticks.failures");
        if (this.stopped) return;
        await this.clock.sleep(RETRY_MS);
        continue;
      }
      if (this.failingSince !== null) { this.log.info("the store takes ticks again", { waited: this.waiting }); this.failingSince = null; }
      this.queue.shift();
      this.queuedRows -= block.ticks.length;
      this.meter.record("ticks.commit", this.clock.now() - began);
      this.meter.count("ticks.stored", block.ticks.length);
      this.meter.gauge("ticks.queue", this.queuedRows);
      block.ticks.length = 0;
      if (this.free.length < MOST_FREE) this.free.push(block);
    }
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
