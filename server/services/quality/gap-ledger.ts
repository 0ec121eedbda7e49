import { AppError, hasCode } from "@/server/domain/basics/errors";
import { type Gap, isClosed } from "@/server/domain/bars/gap";
import type { Calendar } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { GapChange, GapStore, NewGap } from "@/server/ports/gap-stores";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Meter } from "@/server/ports/observe";
import { GapCounter } from "./gap-count";

export interface LedgerParts {
  store: GapStore;
  recent: Pick<RecentBars, "settled">;
  live: Pick<LiveMarket, "table" | "board">;
  calendar: Calendar;
  clock: Clock;
  meter: Meter;
  /** Dense numbers of a collector's instruments, and names of the collectors that deliver an instrument. */
  instrumentsOf(collector: string): readonly number[];
  collectorsOf(instrument: number): readonly string[];
  /** Called with every row that is opened or changed. */
  changed(gap: Gap): void;
}

/** Rows of the gap ledger; open ones are in memory. Writes wait while the database is unavailable, as bars do. */
export class GapLedger {
  readonly counter: GapCounter;
  /** Rows that are not closed, by id. */
  readonly active = new Map<number, Gap>();
  /** Rows whose lack is being counted: nothing may be filled before that is done. */
  readonly counting = new Set<number>();

  constructor(
    private readonly parts: LedgerParts,
    private readonly signal: AbortSignal,
  ) {
    this.counter = new GapCounter(parts);
  }

  /** Loads the rows of an earlier run; those it was filling are open again. */
  async load(): Promise<void> {
    for (const gap of await this.parts.store.list({ states: ["open", "healing"] }))
      this.active.set(gap.id, { ...gap, state: "open" });
    this.parts.meter.gauge("gaps.open", this.active.size);
  }

  async open(gaps: readonly NewGap[]): Promise<Gap[]> {
    const rows = await this.persistently(() => this.parts.store.open(gaps));
    for (const row of rows) this.opened(row);
    return rows;
  }

  /** Opens gaps that have already ended, and counts what they lack. */
  async openCounted(gaps: readonly (NewGap & { to: number })[]): Promise<Gap[]> {
    const rows = await this.persistently(() => this.parts.store.open(gaps));
    for (const { id } of rows) this.counting.add(id);
    for (const row of rows) this.opened(row);
    const counted: Gap[] = [];
    try {
      for (const row of rows) {
        const { expected, whole } = await this.count(this.instrumentsIn(row), row.from, row.to!);
        counted.push(await this.change(row, { missing: expected - whole }));
        this.counting.delete(row.id);
      }
    } finally {
      for (const { id } of rows) this.counting.delete(id);
    }
    return counted;
  }

  /** Returns the current row. A row that a person has closed in the meantime stays closed. */
  async change(gap: Gap, change: GapChange): Promise<Gap> {
    if (!this.active.has(gap.id)) return gap;
    const changed = (await this.persistently(() => this.parts.store.change(gap.id, change))) ?? { ...gap, ...change };
    this.took(changed);
    return changed;
  }

  /**
   * Closes a gap if its minutes are all present or proved to have had no trades; otherwise it stays open with the
   * remaining count. `untraded`: nothing was missed. `unfinished`: part of it could not be fetched, so it stays open.
   */
  async judge(gap: Gap, by: string, { untraded = false, unfinished = false } = {}): Promise<Gap> {
    const { expected, whole, remaining, remainingIn } = await this.count(this.instrumentsIn(gap), gap.from, gap.to!);
    const missing = gap.missing ?? expected - whole;
    const filled = Math.max(0, whole - (expected - missing));
    if (remaining > 0 || unfinished)
      return this.change(gap, { state: "open", missing, filled, remaining, remainingIn });
    const state = !untraded && (filled > 0 || missing === 0) ? "healed" : "no_trade";
    return this.change(gap, {
      state,
      closedAt: this.parts.clock.now(),
      healedBy: by,
      missing,
      filled,
      remaining: 0,
      remainingIn: [],
    });
  }

  count(instruments: readonly number[], from: number, to: number): ReturnType<GapCounter["count"]> {
    return this.persistently(() => this.counter.count(instruments, from, to));
  }

  /** Throws `not_found`. A closed row is taken up again by whoever changes it. */
  async find(id: number): Promise<Gap> {
    const gap = this.active.get(id) ?? (await this.parts.store.get(id));
    if (gap === null)
      throw new AppError("not_found", `there is no gap ${id}`, {
        details: { field: "id", value: id, accepted: "the id of a gap" },
      });
    return gap;
  }

  /** A row is open again, whatever it was. */
  reopen(gap: Gap): void {
    this.active.set(gap.id, gap);
  }

  /** Dense numbers of a row's instruments; those that are listed no more are left out. */
  instrumentsIn(gap: Gap): readonly number[] {
    const ids = gap.instrument !== null ? [gap.instrument] : gap.instruments;
    if (ids === null) return gap.collector === null ? [] : this.parts.instrumentsOf(gap.collector);
    return this.dense(ids);
  }

  dense(ids: readonly number[]): number[] {
    return ids.map((id) => this.parts.live.table.indexOfId(id)).filter((instrument) => instrument !== -1);
  }
  idOf(instrument: number): number {
    return this.parts.live.table.at(instrument).id;
  }

  collectorOf(gap: Gap): string | null {
    if (gap.collector !== null) return gap.collector;
    const [instrument] = this.instrumentsIn(gap);
    return instrument === undefined ? null : (this.parts.collectorsOf(instrument)[0] ?? null);
  }

  async persistently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (!hasCode(cause, "store_unreachable") || this.signal.aborted) throw cause;
        await this.parts.clock.sleep(1_000, this.signal);
      }
    }
  }

  private opened(gap: Gap): void {
    this.parts.meter.count("gaps.opened");
    this.took(gap);
  }

  private took(gap: Gap): void {
    if (isClosed(gap.state)) {
      this.active.delete(gap.id);
      this.parts.meter.count("gaps.closed");
    } else this.active.set(gap.id, gap);
    this.parts.meter.gauge("gaps.open", this.active.size);
    this.parts.changed(gap);
  }
}
