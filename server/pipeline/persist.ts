import { type BarBatch, barStates, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { hasCode } from "@/server/domain/basics/errors";
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
import { BarShelf, BLOCK_ROWS, type Run } from "./bar-shelf";
import type { Sink } from "./stage";
import { WriteQueue } from "./write-queue";

const FLUSH_MS = 200;
/** Committed rows stay readable here this long: a read that began before the commit still finds them. */
const KEEP_MS = 15_000;
const SWEEP_MS = 1_000;
/** Bars that are on disk and not in the store yet stay readable, the newest so many. */
const MOST_SHELVED = 400_000;

/** What the spool holds: one statement's worth of bars. */
export interface BarRecord {
  how: BarWrite;
  bars: StoredBar[];
}

/** One statement's worth of bars as the store takes them. */
type BarRows = Pick<Run, "how" | "rows">;

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

/** Bars to the store, through one queue that never drops one (`WriteQueue`). Off the hot path: `on` only copies rows. */
export class BarWriter implements Sink<BarBatch>, RecentBars {
  private readonly shelf = new BarShelf();
  /** Rows of a batch that came late. */
  private readonly late: number[] = [];
  private cancelTimer: (() => void) | null = null;
  private stopSweep: (() => void) | null = null;
  private readonly queue: WriteQueue<Run, BarRows, BarRecord>;
  /** Bars the store cannot take as they are: a fault of ours, in the log with the bar. */
  refused = 0;
  /** When the last of them was rejected, epoch ms; null if none was. */
  refusedAt: number | null = null;
  constructor(
    private readonly store: BarStore,
    private readonly table: InstrumentTable,
    /** Real time, also in a replay: commits are measured in it. */
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly meter: Meter,
  ) {
    const { shelf } = this;
    this.queue = new WriteQueue({
      name: "bars",
      figures: { prefix: "persist", commit: "commit", stored: "persist.rows" },
      backlog: {
        get waiting() {
          return shelf.waiting;
        },
        first: () => shelf.first(),
        shift: ({ rows }, isStored) => shelf.shift(rows.length, isStored ? clock.now() : undefined),
      },
      prepare: (run): BarRows => run,
      rowsOf: ({ rows }) => rows.length,
      write: ({ rows, how }) => this.write(rows, how),
      pack: ({ how, rows }) => ({
        how,
        bars: Array.from({ length: rows.length }, (_, row) => storedBarAt(rows, row)),
      }),
      unpack: ({ how, bars }) => ({ how, rows: storedBarsOf(bars) }),
      stored: (bars, run) => this.stored(bars, run),
      clock,
      log,
      meter,
    });
  }

  /** Records on disk from an earlier process come first. */
  start(spool: Spool<BarRecord> | null = null): void {
    this.stopSweep ??= this.clock.every(SWEEP_MS, () => this.sweep());
    this.queue.start(spool);
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
    this.queue.grew();
    if (this.waiting >= BLOCK_ROWS) void this.queue.flush();
    else
      this.cancelTimer ??= this.clock.after(FLUSH_MS, () => {
        this.cancelTimer = null;
        void this.queue.flush();
      });
  }

  get waiting(): number {
    return this.shelf.waiting;
  }
  /** Records on disk that are not in the store yet. */
  get spooled(): number {
    return this.queue.spooled;
  }
  /** Since when the database has rejected writes, epoch ms; null while it accepts them. */
  get failingSince(): number | null {
    return this.queue.failingSince;
  }

  recent(instrumentId: number, kind: StoredKind, from: number, to: number): StoredBar[] {
    return this.shelf.recent(instrumentId, kind, from, to);
  }

  /** Rejects with `store_unreachable` when the writer has stopped and the store has not taken all. */
  settled(): Promise<void> {
    return this.queue.settled();
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.cancelTimer?.();
    this.stopSweep?.();
    await this.queue.stop();
  }

  /**
   * One bar the database rejects must not block the others: the batch is halved until the bar is alone, counted, logged
   * and skipped. An unavailable or full database is a different case.
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

  private stored({ rows, how }: BarRows, run: Run | null): void {
    const now = this.clock.now();
    // How long the oldest bar was on its way since it closed.
    if (run !== null) this.meter.record("closeToCommit", now - run.queuedAt);
    // A late part changed a bar whose result only the store knows.
    if (how === "patch") this.shelf.forget(rows);
    else if (run === null) this.shelf.committed(rows, now);
  }

  private sweep(): void {
    this.shelf.forgetBefore(this.clock.now() - KEEP_MS);
    // A long time without a store: memory holds the newest, the spool has them all.
    if (this.shelf.held > MOST_SHELVED) this.shelf.keepNewest(MOST_SHELVED);
  }
}

/** Two rows of one batch with the same bar. */
const isOneBar = (batch: BarBatch, one: number, other: number): boolean =>
  batch.time[one] === batch.time[other] &&
  batch.instrument[one] === batch.instrument[other] &&
  batch.timeframe[one] === batch.timeframe[other];
