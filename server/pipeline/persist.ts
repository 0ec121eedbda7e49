import { type BarBatch, barStates, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { AppError, hasCode } from "@/server/domain/basics/errors";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import {
  cutStored,
  isStoredKind,
  type StoredBar,
  storedBarAt,
  type StoredBars,
  storedBarsOf,
} from "@/server/domain/bars/stored-bars";
import { timeframes } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";
import type { BarStore, BarWrite, StoredKind } from "@/server/ports/stores";
import { BarShelf, BLOCK_ROWS } from "./bar-shelf";
import type { Sink } from "./stage";

const FLUSH_MS = 200;
/** Committed rows stay readable here this long: a read that began before the commit still finds them. */
const KEEP_MS = 15_000;
const SWEEP_MS = 1_000;
const RETRY_MS = 1_000;
/** Bars that are on disk and not in the store yet stay readable, the newest so many. */
const MOST_SHELVED = 400_000;

/** What the spool holds: one statement's worth of bars. */
export interface BarRecord {
  how: BarWrite;
  bars: StoredBar[];
}

const figures = ["time", "open", "high", "low", "close", "volume", "value", "ticks", "openInterest", "rev"] as const;
const hows: ReadonlySet<unknown> = new Set<BarWrite>(["merge", "patch", "replace", "remove"]);
const kinds: ReadonlySet<unknown> = new Set<StoredKind>([
  ...timeframes.filter(({ stored }) => stored).map(({ name }) => name),
  "auction",
]);

/** What an earlier version, or a damaged disk, left may be anything: only what can be written is. */
export const isBarRecord = (record: unknown): record is BarRecord => {
  const { how, bars } = (record ?? {}) as Partial<BarRecord>;
  return (
    hows.has(how) &&
    Array.isArray(bars) &&
    bars.every(
      (bar: Partial<StoredBar> | null) =>
        bar !== null &&
        typeof bar === "object" &&
        Number.isSafeInteger(bar.instrumentId) &&
        kinds.has(bar.timeframe) &&
        figures.every((name) => typeof bar[name] === "number") &&
        (barStates as readonly unknown[]).includes(bar.state) &&
        (bar.passport === undefined || (bar.passport !== null && typeof bar.passport === "object")),
    )
  );
};

/** The oldest that waits, one statement's worth; `queuedAt` is null for what waits on disk. */
interface Head {
  how: BarWrite;
  rows: StoredBars;
  queuedAt: number | null;
}

/**
 * The one writer of bars. The queue waits and never drops: while the store is away bars go to the spool on disk, and from
 * there in their order into the store on return, also by the next process. Off the hot path: `on` only copies rows.
 */
export class BarWriter implements Sink<BarBatch>, RecentBars {
  private readonly shelf = new BarShelf();
  /** Rows of a batch that came late. */
  private readonly late: number[] = [];
  private flushing: Promise<void> | null = null;
  private cancelTimer: (() => void) | null = null;
  private stopSweep: (() => void) | null = null;
  private spoolRefuses = false;
  private stopped = false;
  private spool: Spool<BarRecord> | null = null;
  /** Bars the store cannot take as they are: a fault of ours, in the log with the bar. */
  refused = 0;
  /** When the last of them was refused, epoch ms; null: none. */
  refusedAt: number | null = null;
  /** Since when the store has refused writes, epoch ms; null while it takes them. */
  failingSince: number | null = null;

  constructor(
    private readonly store: BarStore,
    private readonly table: InstrumentTable,
    /** Real time, also in a replay: commits are measured in it. */
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly meter: Meter,
  ) {}

  /** What an earlier process left on disk comes first. */
  start(spool: Spool<BarRecord> | null = null): void {
    this.spool = spool;
    this.stopSweep ??= this.clock.every(SWEEP_MS, () => this.sweep());
    if (this.spooled > 0) void this.flush();
  }

  on(batch: BarBatch): void {
    const { shelf, late } = this;
    const now = this.clock.now();
    const append = (row: number, how: BarWrite): void =>
      shelf.append(batch, row, this.table.at(batch.instrument[row]!).id, batch.timeframe[row]!, how, now);
    const before = shelf.waiting;
    for (let row = 0; row < batch.length; row++) {
      const event = batch.event[row]!;
      if ((event !== CLOSE && event !== PATCH) || !isStoredKind(batch.timeframe[row]!)) continue;
      // All that closed in one statement, all that came late in another: unless a part of a bar was before the bar.
      if (event === PATCH) {
        late.push(row);
        continue;
      }
      if (late.some((each) => isOneBar(batch, each, row))) for (const each of late.splice(0)) append(each, "patch");
      append(row, "merge");
    }
    for (const each of late) append(each, "patch");
    late.length = 0;
    if (shelf.waiting > before) this.flushSoon();
  }

  enqueue(bars: readonly StoredBar[], how: BarWrite): void {
    const now = this.clock.now();
    for (const bar of bars) this.shelf.appendBar(bar, how, now);
    this.flushSoon();
  }

  private flushSoon(): void {
    this.meter.gauge("persist.queue", this.waiting);
    if (this.waiting >= BLOCK_ROWS) void this.flush();
    else
      this.cancelTimer ??= this.clock.after(FLUSH_MS, () => {
        this.cancelTimer = null;
        void this.flush();
      });
  }

  get waiting(): number {
    return this.shelf.waiting;
  }
  /** Records on disk that are not in the store yet. */
  get spooled(): number {
    return this.spool?.records ?? 0;
  }

  recent(instrumentId: number, kind: StoredKind, from: number, to: number): StoredBar[] {
    return this.shelf.recent(instrumentId, kind, from, to);
  }

  /** Rejects with `store_unreachable` when the writer has stopped and the store has not taken all. */
  async settled(): Promise<void> {
    while (this.waiting > 0 || this.spooled > 0 || this.flushing !== null) {
      await this.flush();
      if (this.stopped && (this.waiting > 0 || this.spooled > 0))
        throw new AppError("store_unreachable", "writer stopped; bars are on disk for the next start");
    }
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    this.stopSweep?.();
    while (this.waiting > 0 && this.failingSince === null) await this.flush();
    await this.flushing;
    await this.spill();
    await this.spool?.close();
    if (this.waiting > 0)
      this.log.error("bars not written: the database is unavailable and the spool is full", { bars: this.waiting });
  }

  private flush(): Promise<void> {
    this.flushing ??= this.drain().finally(() => {
      this.flushing = null;
    });
    return this.flushing;
  }

  private async drain(): Promise<void> {
    for (;;) {
      const began = this.clock.now();
      let head: Head | null;
      try {
        head = await this.head();
        if (head === null) return;
        await this.write(head.rows, head.how);
      } catch (cause) {
        if (this.failingSince === null)
          this.log.error("database unavailable; bars are spooled to disk", {
            cause: String(cause),
            bars: this.waiting,
          });
        this.failingSince ??= began;
        this.meter.count("persist.failures");
        await this.spill();
        if (this.stopped) return;
        await this.clock.sleep(RETRY_MS);
        continue;
      }
      if (head.queuedAt === null) await this.spool!.shift();
      else this.shelf.shift(head.rows.length, this.clock.now());
      if (this.failingSince !== null) {
        this.log.info("the database accepts bars again", { waited: this.waiting, spooled: this.spooled });
        this.failingSince = null;
      }
      this.committed(head, began);
    }
  }

  /** What is to be written next: what waits on disk is older than what waits here. */
  private async head(): Promise<Head | null> {
    const record = (await this.spool?.first()) ?? null;
    return record === null ? this.shelf.first() : { how: record.how, rows: storedBarsOf(record.bars), queuedAt: null };
  }

  /**
   * One bar the store cannot take must not hold up all behind it: halves are tried until it stands alone, and is counted,
   * logged and left out. A store that is away, or full, is no such case.
   */
  private async write(rows: StoredBars, how: BarWrite): Promise<void> {
    try {
      await this.store.writeRows(rows, how);
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (rows.length === 1) {
        this.refused++;
        this.refusedAt = this.clock.now();
        this.meter.count("persist.refused");
        this.log.error("the database rejected a bar", { bar: storedBarAt(rows, 0), cause: String(cause) });
        return;
      }
      const half = Math.ceil(rows.length / 2);
      await this.write(cutStored(rows, 0, half), how);
      await this.write(cutStored(rows, half, rows.length), how);
    }
  }

  /** The queue onto disk, as far as there is room; what has no room waits on. */
  private async spill(): Promise<void> {
    for (let run = this.shelf.first(); this.spool !== null && run !== null; run = this.shelf.first()) {
      const { how, rows } = run;
      try {
        await this.spool.append({ how, bars: Array.from({ length: rows.length }, (_, row) => storedBarAt(rows, row)) });
      } catch (cause) {
        this.meter.count("persist.spoolFailures");
        // Once, not with every attempt of the seconds to come.
        if (!this.spoolRefuses)
          this.log.error("could not write bars to disk; they are held in memory", {
            cause: String(cause),
            bars: this.waiting,
          });
        this.spoolRefuses = true;
        return;
      }
      this.spoolRefuses = false;
      this.shelf.shift(rows.length);
      this.meter.gauge("persist.queue", this.waiting);
      this.meter.gauge("persist.spooled", this.spooled);
    }
  }

  private committed({ rows, how, queuedAt }: Head, began: number): void {
    const now = this.clock.now();
    // The transaction, and how long the oldest bar was on its way since it closed.
    this.meter.record("commit", now - began);
    if (queuedAt !== null) this.meter.record("closeToCommit", now - queuedAt);
    this.meter.count("persist.rows", rows.length);
    this.meter.gauge("persist.queue", this.waiting);
    this.meter.gauge("persist.spooled", this.spooled);
    // What a late part has made of a bar only the store knows.
    if (how === "patch") this.shelf.forget(rows);
    else if (queuedAt === null) this.shelf.committed(rows, now);
  }

  private sweep(): void {
    this.shelf.forgetBefore(this.clock.now() - KEEP_MS);
    // A long time without a store: memory holds the newest, the spool has them all.
    if (this.shelf.held > MOST_SHELVED) this.shelf.keepNewest(MOST_SHELVED);
  }
}

/** Two rows of one batch that tell the same bar. */
const isOneBar = (batch: BarBatch, one: number, other: number): boolean =>
  batch.time[one] === batch.time[other] &&
  batch.instrument[one] === batch.instrument[other] &&
  batch.timeframe[one] === batch.timeframe[other];
