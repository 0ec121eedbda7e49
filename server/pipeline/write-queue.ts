import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";

const RETRY_MS = 1_000;
const SETTLE_MS = 3_000;

interface Parts<Item, Kept> {
  /** What is written, in the log and in the names of figures: `ticks`. */
  name: string;
  rows(item: Item): number;
  /** What is written of an item, and kept on disk while the store is away. */
  keep(item: Item): Kept;
  rowsOf(kept: Kept): number;
  write(kept: Kept): Promise<void>;
  /** The item is where it will be found again: its memory may be used for another. */
  done(item: Item): void;
  /** Rows that may wait in memory while there is no room on disk: the oldest beyond that are dropped and counted. Never, unless given. */
  most?: number;
  /** Real time, also in a replay. */
  clock: Clock;
  log: Log;
  meter: Meter;
}

/**
 * Items on their way to one table of the store, oldest first. While the store is away they go to the spool on disk, and
 * from there in their order into the store on return, also by the next process.
 */
export class WriteQueue<Item, Kept> {
  private readonly queue: Item[] = [];
  private draining: Promise<void> | null = null;
  private spool: Spool<Kept> | null = null;
  private spoolRefuses = false;
  private stopped = false;
  private readonly stopping: Promise<void>;
  private wake!: () => void;
  /** Rows of items that are not in the store yet. */
  waiting = 0;
  /** Since when the store has refused them, epoch ms; null while it takes them. */
  failingSince: number | null = null;

  constructor(private readonly parts: Parts<Item, Kept>) {
    this.stopping = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** What an earlier process left on disk comes first. */
  start(spool: Spool<Kept>): void {
    this.spool = spool;
    if (this.spooled > 0) void this.flush();
  }

  /** Items on disk that are not in the store yet. */
  get spooled(): number {
    return this.spool?.records ?? 0;
  }

  push(item: Item): void {
    this.queue.push(item);
    this.count(this.parts.rows(item));
  }

  /** Writes what waits; resolves when it is committed, or cannot be. */
  flush(): Promise<void> {
    this.draining ??= this.drain().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  /** Resolves when what was pushed is in the store, and soon in any case while that is away. */
  async settle(): Promise<void> {
    if (this.failingSince === null && this.queue.length > 0)
      await Promise.race([this.flush(), this.parts.clock.sleep(SETTLE_MS)]);
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.flush();
    // What came while the last item was written.
    if (this.failingSince === null && this.queue.length > 0) await this.flush();
    await this.spill();
    await this.spool?.close();
    const { log, name } = this.parts;
    if (this.queue.length > 0)
      log.error(`${name} not written: the database is unavailable and the spool is full`, { waiting: this.waiting });
  }

  private async drain(): Promise<void> {
    await Promise.resolve(); // not inside the frame that filled the item
    const { name, keep, rowsOf, write, clock, log, meter } = this.parts;
    for (;;) {
      const began = clock.now();
      const item = this.queue[0];
      let spooled: Kept | null;
      let rows: number;
      try {
        spooled = (await this.spool?.first()) ?? null;
        if (spooled === null && item === undefined) return;
        const kept = spooled ?? keep(item!);
        rows = rowsOf(kept);
        await write(kept);
      } catch (cause) {
        if (this.failingSince === null)
          log.error(`database unavailable; ${name} are spooled to disk`, {
            cause: String(cause),
            waiting: this.waiting,
          });
        this.failingSince ??= began;
        meter.count(`${name}.failures`);
        await this.spill();
        if (this.stopped) return;
        // A stop does not sit a pause out: it tries once more, then leaves the rest on disk.
        await Promise.race([clock.sleep(RETRY_MS), this.stopping]);
        continue;
      }
      if (this.failingSince !== null) {
        log.info(`the database accepts ${name} again`, { waiting: this.waiting, spooled: this.spooled });
        this.failingSince = null;
      }
      meter.record(`${name}.commit`, clock.now() - began);
      meter.count(`${name}.stored`, rows);
      if (spooled === null) this.shift();
      else await this.spool!.shift();
    }
  }

  /** Onto disk, as far as there is room; what has no room waits on. */
  private async spill(): Promise<void> {
    const { name, keep, log, meter, most = Number.POSITIVE_INFINITY } = this.parts;
    while (this.spool !== null && this.queue.length > 0) {
      try {
        await this.spool.append(keep(this.queue[0]!));
      } catch (cause) {
        meter.count(`${name}.spoolFailures`);
        // Once, not with every attempt of the seconds to come.
        if (!this.spoolRefuses)
          log.error(`could not write ${name} to disk; they are held in memory`, {
            cause: String(cause),
            waiting: this.waiting,
          });
        this.spoolRefuses = true;
        break;
      }
      this.spoolRefuses = false;
      this.shift();
      meter.gauge(`${name}.spooled`, this.spooled);
    }
    while (this.waiting > most) meter.count(`${name}.dropped`, this.shift());
  }

  /** The oldest leaves; answers its rows. */
  private shift(): number {
    const { rows, done } = this.parts;
    const item = this.queue.shift()!;
    const left = rows(item);
    this.count(-left);
    done(item);
    return left;
  }

  private count(rows: number): void {
    this.waiting += rows;
    this.parts.meter.gauge(`${this.parts.name}.queue`, this.waiting);
  }
}
