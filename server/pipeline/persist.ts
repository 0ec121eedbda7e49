import { AUCTION_BAR, type BarBatch, CLOSE, barStates, PATCH, passportAt } from "@/server/domain/bar";
import { AppError, hasCode } from "@/server/domain/errors";
import type { InstrumentTable } from "@/server/domain/instrument-table";
import { timeframe, timeframes } from "@/server/domain/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";
import type { BarStore, BarWrite, StoredBar, StoredKind } from "@/server/ports/stores";
import type { Sink } from "./stage";

const BATCH_ROWS = 2_000;
const FLUSH_MS = 200;
/** Committed rows stay readable here this long: a read that began before the commit still finds them. */
const KEEP_MS = 15_000;
const RETRY_MS = 1_000;
/** Bars that are on disk and not in the store yet stay readable, the newest so many. */
const MOST_SHELVED = 400_000;

/** More than any timeframe's position, `AUCTION_BAR` included. */
const KINDS = 128;
const kindOf = (name: StoredKind): number => (name === "auction" ? AUCTION_BAR : timeframe(name).index);

/** What the spool holds: one statement's worth of bars. */
export interface BarRecord { how: BarWrite; bars: StoredBar[] }

interface Queued { bar: StoredBar; how: BarWrite; queuedAt: number }

/** The oldest that waits, one statement's worth; `queuedAt` is null for what waits on disk. */
interface Head extends BarRecord { queuedAt: number | null }

/**
 * The one writer of bars. The queue waits and never drops: while the store is away bars go to the spool on disk, and from
 * there in their order into the store on return, also by the next process. Off the hot path: `on` only copies rows.
 */
export class BarWriter implements Sink<BarBatch>, RecentBars {
  private queue: Queued[] = [];
  private readonly shelf = new Map<number, Map<number, { bar: StoredBar; committedAt: number }>>();
  private flushing: Promise<void> | null = null;
  private cancelTimer: (() => void) | null = null;
  private stopSweep: (() => void) | null = null;
  private spoolRefuses = false;
  private stopped = false;
  private spool: Spool<BarRecord> | null = null;
  /** Bars the store cannot take as they are: a fault of ours, in the log with the bar. */
  refused = 0;
  /** Since when the store has refused writes, epoch ms; null while it takes them. */
  failingSince: number | null = null;

  constructor(
    private readonly store: BarStore, private readonly table: InstrumentTable,
    /** Real time, also in a replay: commits are measured in it. */
    private readonly clock: Clock,
    private readonly log: Log, private readonly meter: Meter,
  ) {}

  /** What an earlier process left on disk comes first. */
  start(spool: Spool<BarRecord> | null = null): void {
    this.spool = spool;
    this.stopSweep ??= this.clock.every(5_000, () => this.sweep());
    if (this.spooled > 0) this.flush();
  }

  on(batch: BarBatch): void {
    let closed: StoredBar[] = [];
    let late: StoredBar[] = [];
    const hand = (): void => {
      if (closed.length > 0) this.enqueue(closed, "merge");
      if (late.length > 0) this.enqueue(late, "patch");
      [closed, late] = [[], []];
    };
    for (let row = 0; row < batch.length; row++) {
      const event = batch.event[row]!;
      const kind = batch.timeframe[row]!;
      const name: StoredKind | null = kind === AUCTION_BAR ? "auction" : timeframes[kind]!.stored ? timeframes[kind]!.name : null;
      if (name === null || (event !== CLOSE && event !== PATCH)) continue;
      const { id: instrumentId } = this.table.at(batch.instrument[row]!);
      const time = batch.time[row]!;
      // All that closed in one statement, all that came late in another: unless a part of a bar was before the bar.
      if (event === CLOSE && late.some((each) => each.time === time && each.instrumentId === instrumentId && each.timeframe === name)) hand();
      (event === PATCH ? late : closed).push({
        instrumentId, timeframe: name, time, open: batch.open[row]!, high: batch.high[row]!, low: batch.low[row]!, close: batch.close[row]!,
        volume: batch.volume[row]!, value: batch.value[row]!, ticks: batch.ticks[row]!, openInterest: batch.openInterest[row]!,
        rev: batch.rev[row]!, state: barStates[batch.state[row]!]!, incomplete: batch.incomplete[row] === 1, passport: passportAt(batch, row),
      });
    }
    hand();
  }

  enqueue(bars: readonly StoredBar[], how: BarWrite): void {
    const now = this.clock.now();
    for (const bar of bars) {
      this.queue.push({ bar, how, queuedAt: now });
      // A patch is a part of a bar, not the bar: readers wait for the store to have merged it. History comes in
      // thousands and its readers are told after the commit: it only takes the place of what is already here.
      if (how === "replace") this.reshelve(bar);
      else if (how === "merge") this.shelve(bar);
    }
    this.meter.gauge("persist.queue", this.queue.length);
    if (this.queue.length >= BATCH_ROWS) this.flush();
    else this.cancelTimer ??= this.clock.after(FLUSH_MS, () => { this.cancelTimer = null; this.flush(); });
  }

  get waiting(): number { return this.queue.length; }
  /** Records on disk that are not in the store yet. */
  get spooled(): number { return this.spool?.records ?? 0; }

  recent(instrumentId: number, kind: StoredKind, from: number, to: number): StoredBar[] {
    const shelf = this.shelf.get(instrumentId * KINDS + kindOf(kind));
    if (shelf === undefined) return [];
    return [...shelf.values()].map((each) => each.bar).filter((bar) => bar.time >= from && bar.time < to).sort((a, b) => a.time - b.time);
  }

  /** Rejects with `store_unreachable` when the writer has stopped and the store has not taken all. */
  async settled(): Promise<void> {
    while (this.queue.length > 0 || this.spooled > 0 || this.flushing !== null) {
      await this.flush();
      if (this.stopped && (this.queue.length > 0 || this.spooled > 0)) throw new AppError("store_unreachable", "the writer has stopped; bars wait on disk for the next start");
    }
  }

  /** Writes all that waits, into the store or onto disk, then ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    this.stopSweep?.();
    while (this.queue.length > 0 && this.failingSince === null) await this.flush();
    await this.flushing;
    await this.spill();
    await this.spool?.close();
    if (this.queue.length > 0) this.log.error("bars were not written: the store is away and the spool is full", { bars: this.queue.length });
  }

  private flush(): Promise<void> {
    this.flushing ??= this.drain().finally(() => { this.flushing = null; });
    return this.flushing;
  }

  private async drain(): Promise<void> {
    for (;;) {
      const began = this.clock.now();
      let head: Head | null;
      try {
        head = await this.head();
        if (head === null) return;
        await this.write(head.bars, head.how);
      } catch (cause) {
        if (this.failingSince === null) this.log.error("bars cannot be stored; they wait on disk", { cause: String(cause), bars: this.queue.length });
        this.failingSince ??= began;
        this.meter.count("persist.failures");
        await this.spill();
        if (this.stopped) return;
        await this.clock.sleep(RETRY_MS);
        continue;
      }
      if (head.queuedAt === null) await this.spool!.shift();
      else this.queue.splice(0, head.bars.length);
      if (this.failingSince !== null) { this.log.info("the store takes bars again", { waited: this.queue.length, spooled: this.spooled }); this.failingSince = null; }
      this.committed(head, began);
    }
  }

  /** What is to be written next: what waits on disk is older than what waits here. */
  private async head(): Promise<Head | null> {
    const record = (await this.spool?.first()) ?? null;
    if (record !== null) return { ...record, queuedAt: null };
    const first = this.queue[0];
    return first === undefined ? null : { how: first.how, bars: this.queue.slice(0, this.run()).map((each) => each.bar), queuedAt: first.queuedAt };
  }

  /**
   * One bar the store cannot take must not hold up all behind it: halves are tried until it stands alone, and is counted,
   * logged and left out. A store that is away, or full, is no such case.
   */
  private async write(bars: readonly StoredBar[], how: BarWrite): Promise<void> {
    try {
      await this.store.write(bars, how);
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (bars.length === 1) {
        this.refused++;
        this.meter.count("persist.refused");
        this.log.error("the store refuses a bar", { bar: bars[0]!, cause: String(cause) });
        return;
      }
      const half = Math.ceil(bars.length / 2);
      await this.write(bars.slice(0, half), how);
      await this.write(bars.slice(half), how);
    }
  }

  /** How many bars at the head of the queue go in one statement. */
  private run(): number {
    const how = this.queue[0]!.how;
    let count = 1;
    while (count < this.queue.length && count < BATCH_ROWS && this.queue[count]!.how === how) count++;
    return count;
  }

  /** The queue onto disk, as far as there is room; what has no room waits on. */
  private async spill(): Promise<void> {
    while (this.spool !== null && this.queue.length > 0) {
      const count = this.run();
      const batch = this.queue.slice(0, count);
      try {
        await this.spool.append({ how: batch[0]!.how, bars: batch.map((each) => each.bar) });
      } catch (cause) {
        this.meter.count("persist.spoolFailures");
        // Once, not with every attempt of the seconds to come.
        if (!this.spoolRefuses) this.log.error("bars could not be written to disk; they wait in memory", { cause: String(cause), bars: this.queue.length });
        this.spoolRefuses = true;
        return;
      }
      this.spoolRefuses = false;
      this.queue.splice(0, count);
      this.meter.gauge("persist.queue", this.queue.length);
      this.meter.gauge("persist.spooled", this.spooled);
    }
  }

  private committed({ bars, how, queuedAt }: Head, began: number): void {
    const now = this.clock.now();
    // The transaction, and how long the oldest bar was on its way since it closed.
    this.meter.record("commit", now - began);
    if (queuedAt !== null) this.meter.record("closeToCommit", now - queuedAt);
    this.meter.count("persist.rows", bars.length);
    this.meter.gauge("persist.queue", this.queue.length);
    this.meter.gauge("persist.spooled", this.spooled);
    for (const bar of bars) {
      const shelf = this.shelf.get(bar.instrumentId * KINDS + kindOf(bar.timeframe));
      // What a late part has made of a bar only the store knows.
      if (how === "patch") { shelf?.delete(bar.time); continue; }
      const kept = shelf?.get(bar.time);
      // A record of the spool is a copy of the bar.
      if (kept !== undefined && (kept.bar === bar || (queuedAt === null && kept.committedAt === 0))) kept.committedAt = now;
    }
  }

  private shelve(bar: StoredBar): void {
    const place = bar.instrumentId * KINDS + kindOf(bar.timeframe);
    let shelf = this.shelf.get(place);
    if (shelf === undefined) this.shelf.set(place, shelf = new Map());
    shelf.set(bar.time, { bar, committedAt: 0 });
  }

  private reshelve(bar: StoredBar): void {
    const shelf = this.shelf.get(bar.instrumentId * KINDS + kindOf(bar.timeframe));
    if (shelf?.has(bar.time) === true) shelf.set(bar.time, { bar, committedAt: 0 });
  }

  private sweep(): void {
    const before = this.clock.now() - KEEP_MS;
    for (const [place, shelf] of this.shelf) {
      for (const [time, { committedAt }] of shelf) if (committedAt !== 0 && committedAt < before) shelf.delete(time);
      if (shelf.size === 0) this.shelf.delete(place);
    }
    let size = 0;
    for (const shelf of this.shelf.values()) size += shelf.size;
    if (size <= MOST_SHELVED) return;
    // A long time without a store: memory holds the newest, the spool has them all.
    const keep = Math.floor(MOST_SHELVED / this.shelf.size);
    for (const shelf of this.shelf.values()) for (const time of [...shelf.keys()].slice(0, Math.max(0, shelf.size - keep))) shelf.delete(time);
  }
}
