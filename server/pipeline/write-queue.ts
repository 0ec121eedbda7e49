import { AppError } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";

const RETRY_MS = 1_000;
const SETTLE_MS = 3_000;

/** What waits in memory, oldest first. */
export interface Backlog<Item> {
  /** Rows. */
  readonly waiting: number;
  /** One statement's worth, or null. It stays until `shift`. */
  first(): Item | null;
  /** Removes what `first` returned: it is stored, or on disk, or dropped. */
  shift(item: Item, isStored: boolean): void;
}

/** `Item` is held in memory, `Batch` is the part passed to the store, `Kept` is its form on disk. */
interface Parts<Item, Batch, Kept> {
  /** What is written, in the log. */
  name: string;
  figures: {
    /** Part of the names of `failures`, `spoolFailures`, `dropped`, `queue` and `spooled`. */
    prefix: string;
    /** Duration of a transaction, and rows stored. */
    commit: string;
    stored: string;
  };
  backlog: Backlog<Item>;
  prepare(item: Item): Batch;
  rowsOf(batch: Batch): number;
  write(batch: Batch): Promise<void>;
  pack(batch: Batch): Kept;
  unpack(kept: Kept): Batch;
  /** The store has it; the item is null where it came from disk. */
  stored?(batch: Batch, item: Item | null): void;
  /** Rows that may wait in memory while there is no room on disk: the oldest beyond that are dropped and counted. Never, unless given. */
  most?: number;
  /** Real time, also in a replay: commits are measured in it. */
  clock: Clock;
  log: Log;
  meter: Meter;
}

/**
 * The way of bars, ticks and books into the store, each to its table, oldest first. While the store is away they go to the
 * spool on disk, and from there in their order into the store on return, also by the next process.
 */
export class WriteQueue<Item, Batch, Kept> {
  private draining: Promise<void> | null = null;
  private spool: Spool<Kept> | null = null;
  private spoolRefuses = false;
  private stopped = false;
  private readonly stopping: Promise<void>;
  private wake!: () => void;
  /** Since when the database has rejected them, epoch ms; null while it accepts them. */
  failingSince: number | null = null;

  constructor(private readonly parts: Parts<Item, Batch, Kept>) {
    this.stopping = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** Records on disk from an earlier process come first. */
  start(spool: Spool<Kept> | null): void {
    this.spool = spool;
    if (this.spooled > 0) void this.flush();
  }

  /** Rows in memory that are not in the store yet. */
  get waiting(): number {
    return this.parts.backlog.waiting;
  }
  /** Records on disk that are not in the store yet. */
  get spooled(): number {
    return this.spool?.records ?? 0;
  }

  /** Something has been put into the backlog. */
  grew(): void {
    this.gauge();
  }

  /** Writes what waits; resolves when it is committed, or cannot be. */
  flush(): Promise<void> {
    this.draining ??= this.drain().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  /** Resolves when what waits is in the store, and soon in any case while that is away. */
  async settle(): Promise<void> {
    if (this.failingSince === null && this.waiting > 0)
      await Promise.race([this.flush(), this.parts.clock.sleep(SETTLE_MS)]);
  }

  /** Resolves when the store has all there is, however long it is away. Rejects with `store_unreachable` when the queue was stopped before. */
  async settled(): Promise<void> {
    while (this.waiting > 0 || this.spooled > 0 || this.draining !== null) {
      await this.flush();
      if (this.stopped && (this.waiting > 0 || this.spooled > 0))
        throw new AppError("store_unreachable", `writer stopped; ${this.parts.name} are on disk for the next start`);
    }
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    // Once more after what came while the last item was written.
    do await this.flush();
    while (this.failingSince === null && this.waiting > 0);
    await this.spill();
    await this.spool?.close();
    const { log, name } = this.parts;
    if (this.waiting > 0)
      log.error(`${name} not written: the database is unavailable and the spool is full`, { waiting: this.waiting });
  }

  private async drain(): Promise<void> {
    await Promise.resolve(); // not inside the frame that filled the item
    const { name, figures, backlog, prepare, unpack, rowsOf, write, clock, log, meter } = this.parts;
    for (;;) {
      const began = clock.now();
      let item: Item | null;
      let batch: Batch;
      try {
        // Records on disk are older than those in memory.
        const kept = (await this.spool?.first()) ?? null;
        item = kept === null ? backlog.first() : null;
        if (kept !== null) batch = unpack(kept);
        else if (item !== null) batch = prepare(item);
        else return;
        await write(batch);
      } catch (cause) {
        if (this.failingSince === null)
          log.error(`database unavailable; ${name} are spooled to disk`, {
            cause: String(cause),
            waiting: this.waiting,
          });
        this.failingSince ??= began;
        meter.count(`${figures.prefix}.failures`);
        await this.spill();
        if (this.stopped) return;
        // A stop does not sit a pause out: it tries once more, then leaves the rest on disk.
        await Promise.race([clock.sleep(RETRY_MS), this.stopping]);
        continue;
      }
      meter.record(figures.commit, clock.now() - began);
      meter.count(figures.stored, rowsOf(batch));
      if (item === null) await this.spool!.shift();
      else backlog.shift(item, true);
      if (this.failingSince !== null) {
        log.info(`the database accepts ${name} again`, { waiting: this.waiting, spooled: this.spooled });
        this.failingSince = null;
      }
      this.gauge();
      this.parts.stored?.(batch, item);
    }
  }

  /** To disk, as far as there is space; the rest stays in memory. */
  private async spill(): Promise<void> {
    const { name, figures, backlog, prepare, pack, rowsOf, log, meter, most = Number.POSITIVE_INFINITY } = this.parts;
    for (let item = backlog.first(); this.spool !== null && item !== null; item = backlog.first()) {
      try {
        await this.spool.append(pack(prepare(item)));
      } catch (cause) {
        meter.count(`${figures.prefix}.spoolFailures`);
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
      backlog.shift(item, false);
      this.gauge();
    }
    for (let item = backlog.first(); this.waiting > most && item !== null; item = backlog.first()) {
      meter.count(`${figures.prefix}.dropped`, rowsOf(prepare(item)));
      backlog.shift(item, false);
      this.gauge();
    }
  }

  private gauge(): void {
    const { figures, meter } = this.parts;
    meter.gauge(`${figures.prefix}.queue`, this.waiting);
    meter.gauge(`${figures.prefix}.spooled`, this.spooled);
  }
}

/** Items one after the other. `done`: an item is where it will be found again, or dropped; its memory may be used for another. */
export class Items<Item> implements Backlog<Item> {
  private readonly queue: Item[] = [];
  waiting = 0;

  constructor(
    private readonly rowsOf: (item: Item) => number,
    private readonly done: (item: Item) => void,
  ) {}

  push(item: Item): void {
    this.queue.push(item);
    this.waiting += this.rowsOf(item);
  }
  first(): Item | null {
    return this.queue[0] ?? null;
  }
  shift(): void {
    const item = this.queue.shift()!;
    this.waiting -= this.rowsOf(item);
    this.done(item);
  }
}
