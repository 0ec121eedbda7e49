import type { BarColumns } from "@/server/domain/bars/bar";
import type { Stretch } from "@/server/domain/bars/completeness";
import { AppError } from "@/server/domain/basics/errors";
import { type Gap, isClosed, minutesTouched } from "@/server/domain/bars/gap";
import type { GapQuery } from "@/server/ports/gap-stores";
import type { Log } from "@/server/ports/observe";
import type { BarStore } from "@/server/ports/stores";
import { type Absence, absencesBefore } from "./gap-absence";
import { CutBars } from "./gap-cut";
import { GapLedger, type LedgerParts } from "./gap-ledger";

/** How gaps are filled: from the history of the broker that delivers the instruments. */
export interface GapHealing {
  /** Name of the history a collector can ask; null when it has none. */
  source(collector: string): string | null;
  /** True if everything was fetched. */
  heal(
    collector: string,
    instruments: readonly number[],
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<boolean>;
}

interface Parts extends LedgerParts {
  /** Running collectors. */
  collectors(): readonly string[];
  bars: Pick<BarStore, "lastTimes">;
  log: Log;
  healing: GapHealing;
}

/** A gap in progress. It gets a row only when a minute of trading lies in it; a disconnect at night loses nothing. */
interface Lasting extends Absence {
  /** A single instrument's. */
  single: boolean;
  /** At a start: complete minutes in the span when it began, what is being fetched, and where that knowledge ends. */
  start: { whole: number; fetched: Promise<boolean>; until: number } | null;
}

const LOOK_MS = 5_000;
/** A broker's history may lag. Only its older part counts as covered, unless it has a later bar. */
const HISTORY_LAG_MS = 60_000;
/** A start's own fetch ends where it began; the minutes around that belong to the first tick's. */
const LEAD_MS = 120_000;
/** Tries of a gap that stays open, and the pauses between them: doubled each time. */
const ATTEMPTS = 12;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

/**
 * The gap ledger: a row for every stretch of trading in which a feed, or one of its instruments, sent nothing. A gap is
 * filled from the broker's history; what remains is counted and requested again.
 */
export class Gaps {
  private readonly ledger: GapLedger;
  private readonly cuts: CutBars;
  private filing: Promise<unknown> = Promise.resolve();
  private lasting: Lasting[] = [];
  private readonly tries = new Map<number, { count: number; next: number }>();
  private readonly running = new Set<number>();
  private readonly firstTicks = new Map<string, number>();
  private readonly ending = new AbortController();
  private stopLooking: (() => void) | null = null;

  constructor(private readonly parts: Parts) {
    this.ledger = new GapLedger(parts, this.ending.signal);
    this.cuts = new CutBars(parts, this.ledger, (collector) => parts.healing.source(collector) !== null);
  }

  async start(): Promise<void> {
    await this.ledger.load();
    this.stopLooking = this.parts.clock.every(LOOK_MS, () => this.look());
  }

  stop(): void {
    this.stopLooking?.();
    this.ending.abort(new Error("stopped"));
  }

  /** Rows that are not closed. */
  get open(): number {
    return this.ledger.active.size;
  }
  list(query: GapQuery): Promise<Gap[]> {
    return this.parts.store.list(query);
  }

  /** A collector is about to connect: its first tick is still to come. */
  connecting(collector: string): void {
    this.firstTicks.delete(collector);
  }

  firstTick(collector: string, at: number): void {
    this.firstTicks.set(collector, at);
    this.back(collector, at);
  }

  /**
   * The absence before a start: from the last stored bar to the first tick. `fetch` gets what is missing until now; it
   * starts after the missing bars have been counted.
   */
  async starting(collector: string, fetch: () => Promise<boolean>): Promise<boolean> {
    const now = this.parts.clock.now();
    const begun: { gap: Absence; whole: number }[] = [];
    try {
      for (const gap of await absencesBefore(this.parts, this.ledger, collector, now))
        begun.push({ gap, whole: (await this.ledger.count(this.concerned(gap), gap.from, now)).whole });
    } catch (cause) {
      this.failed("could not record a start in the gap ledger", cause);
      // Healing does not depend on the ledger: the minute the feed comes in the middle of is healed all the same.
      begun.push({
        gap: { collector, instruments: null, from: now - LEAD_MS, cause: "restart", note: "", row: null },
        whole: 0,
      });
    }
    const fetched = fetch();
    fetched.catch(() => undefined); // The caller receives the error.
    for (const { gap, whole } of begun)
      this.lasting.push({ ...gap, single: false, start: { whole, fetched, until: now - LEAD_MS } });
    this.look();
    const first = this.firstTicks.get(collector);
    if (first !== undefined) this.back(collector, first);
    return fetched;
  }

  /** A feed has sent nothing since its last tick. */
  lost(collector: string, from: number, cause: "disconnect" | "silence", reason: string): void {
    const known = this.lasting.find((each) => each.collector === collector && !each.single);
    if (known === undefined)
      this.begin({ collector, instruments: null, single: false, from, cause, note: reason, row: null, start: null });
    else if (!known.note.includes(reason)) known.note = known.note === "" ? reason : `${known.note}; ${reason}`;
  }

  /** It sends ticks again, or its market has closed. */
  back(collector: string, to: number): void {
    const ended = this.lasting.filter((each) => each.collector === collector && !each.single);
    this.lasting = this.lasting.filter((each) => !ended.includes(each));
    for (const each of ended) void this.end(each, to, false);
  }

  /** One instrument of a live feed has sent nothing since `from`. */
  silent(collector: string, instrument: number, from: number, reason: string): void {
    if (this.lasting.some((each) => each.single && each.collector === collector && each.instruments![0] === instrument))
      return;
    this.begin({
      collector,
      instruments: [instrument],
      single: true,
      from,
      cause: "silence",
      note: reason,
      row: null,
      start: null,
    });
  }

  /**
   * It ticks again, or its market has closed. `untraded`: its day volume is unchanged, so nothing traded in between.
   */
  returned(instrument: number, to: number, untraded: boolean): void {
    const ended = this.lasting.find((each) => each.single && each.instruments![0] === instrument);
    if (ended === undefined) return;
    this.lasting = this.lasting.filter((each) => each !== ended);
    void this.end(ended, to, untraded);
  }

  /** Bars a session should have and has not, whatever the reason: rows for what no open row covers. They heal by themselves. */
  missing(instrument: number, runs: readonly Stretch[], note: string): Promise<Gap[]> {
    // One after the other: two checks at once would both find nothing that covers a run, and each open a row for it.
    const filed = this.filing.then(() => this.file(instrument, runs, note));
    this.filing = filed.catch(() => undefined);
    return filed;
  }

  private async file(instrument: number, runs: readonly Stretch[], note: string): Promise<Gap[]> {
    const { ledger } = this;
    const known = [...ledger.active.values()].filter((gap) => ledger.instrumentsIn(gap).includes(instrument));
    const uncovered = runs.filter(
      ({ from, to }) =>
        !known.some(
          (gap) => minutesTouched(gap.from, 0).from <= from && (gap.to === null || minutesTouched(0, gap.to).to >= to),
        ),
    );
    if (uncovered.length === 0) return [];
    return ledger.openCounted(
      uncovered.map(({ from, to }) => ({
        instrument: ledger.idOf(instrument),
        collector: this.parts.collectorsOf(instrument)[0] ?? null,
        instruments: null,
        from,
        to,
        cause: "completeness",
        openedAt: this.parts.clock.now(),
        note,
      })),
    );
  }

  /** What history answered for [from, to), once its bars are stored: where it has none, nothing traded. */
  async answered(
    instrument: number,
    timeframe: "1m" | "1d",
    from: number,
    to: number,
    bars: Pick<BarColumns, "length" | "time">,
  ): Promise<void> {
    const last = bars.length === 0 ? 0 : bars.time[bars.length - 1]! + (timeframe === "1m" ? 60_000 : 86_400_000);
    const until = Math.min(to, Math.max(last, this.parts.clock.now() - HISTORY_LAG_MS));
    if (until > from)
      await this.ledger.persistently(() =>
        this.parts.store.answered(timeframe, { instrument: this.ledger.idOf(instrument), from, to: until }),
      );
  }

  /**
   * Checks open gaps again after bars have come from elsewhere (a backfill, a comparison), and closes complete ones.
   */
  async review(by: string): Promise<void> {
    for (const gap of [...this.ledger.active.values()])
      if (gap.to !== null && !this.running.has(gap.id)) await this.ledger.judge(gap, by);
  }

  /** Requests history for a gap now. Returns the row as it is while that runs. */
  async healNow(id: number): Promise<Gap> {
    const gap = await this.ledger.find(id);
    if (gap.to === null)
      throw new AppError("bad_input", `gap ${id} is still open: it is filled when the feed is back`, {
        details: { field: "id", value: id, accepted: "a gap that has ended" },
      });
    if (this.running.has(id)) return gap;
    const collector = this.ledger.collectorOf(gap);
    if (collector === null || this.parts.healing.source(collector) === null) {
      throw new AppError(
        "unsupported",
        `gap ${id} cannot be filled now: ${collector ?? "it"} has no broker connection that serves history`,
        { details: { field: "id", value: id, accepted: "a gap of a collector whose broker provides history" } },
      );
    }
    this.ledger.reopen(gap);
    const healing = await this.ledger.change(gap, { state: "healing", closedAt: null, healedBy: null });
    void this.heal(healing, collector, null);
    return healing;
  }

  /** A person closes a gap as it is, saying why. */
  async ignore(id: number, by: string, note: string): Promise<Gap> {
    const gap = await this.ledger.find(id);
    this.lasting = this.lasting.filter(
      (each) => each.row === null || each.from !== gap.from || each.collector !== gap.collector,
    );
    this.ledger.reopen(gap);
    return this.ledger.change(gap, {
      state: "ignored",
      closedAt: this.parts.clock.now(),
      healedBy: by,
      note: gap.note === "" ? note : `${gap.note}; ${note}`,
    });
  }

  private begin(gap: Lasting): void {
    this.lasting.push(gap);
    this.giveRow(gap);
  }

  /** Opens rows for gaps that now include trading minutes, and retries open ones. */
  private look(): void {
    for (const each of this.lasting) this.giveRow(each);
    const now = this.parts.clock.now();
    this.cuts.look(now).catch((cause: unknown) => this.failed("could not search for incomplete bars", cause));
    for (const gap of this.ledger.active.values()) {
      if (gap.state !== "open" || gap.to === null || this.running.has(gap.id) || this.ledger.counting.has(gap.id))
        continue;
      const tried = this.tries.get(gap.id);
      if (tried !== undefined && (tried.count >= ATTEMPTS || tried.next > now)) continue;
      const collector = this.ledger.collectorOf(gap);
      if (collector !== null && this.parts.healing.source(collector) !== null) void this.heal(gap, collector, null);
    }
  }

  private giveRow(gap: Lasting, until = this.parts.clock.now()): void {
    if (gap.row !== null || this.ledger.counter.expected(this.concerned(gap), gap.from, until) === 0) return;
    const ids = gap.instruments?.map((instrument) => this.ledger.idOf(instrument)) ?? null;
    gap.row = this.ledger
      .open([
        {
          instrument: gap.single ? ids![0]! : null,
          collector: gap.collector,
          instruments: gap.single ? null : ids,
          from: gap.from,
          to: null,
          cause: gap.cause,
          openedAt: this.parts.clock.now(),
          note: gap.note,
        },
      ])
      .then(([row]) => row!);
    gap.row.catch(() => undefined); // heard of when it ends
  }

  /** The feed is back: missing bars are counted, then requested. Filling does not depend on the ledger. */
  private async end(gap: Lasting, to: number, untraded: boolean): Promise<void> {
    const { healing } = this.parts;
    this.giveRow(gap, to);
    // On a day without a known calendar, only history shows whether there is anything to fetch; it is requested without
    // a row.
    if (gap.row === null && !this.ledger.counter.reachesUnknown(this.concerned(gap), gap.from, to)) return;
    let row: Gap | null = null;
    try {
      if (gap.row !== null) row = await gap.row;
      if (row !== null) {
        this.running.add(row.id);
        const { expected, whole } = await this.ledger.count(this.concerned(gap), gap.from, to);
        row = await this.ledger.change(row, {
          to,
          note: gap.note,
          missing: Math.max(0, expected - (gap.start?.whole ?? whole)),
        });
        if (untraded) row = await this.prove(row, to);
      }
    } catch (cause) {
      this.failed("could not record a gap in the ledger", cause);
    }
    if (row !== null) this.running.delete(row.id);
    if (healing.source(gap.collector) === null || (row !== null && isClosed(row.state))) return;
    if (row !== null) return this.heal(row, gap.collector, gap.start);
    await healing
      .heal(gap.collector, this.concerned(gap), gap.from, to, this.ending.signal)
      .catch((cause: unknown) => this.failed("could not fill a gap", cause));
  }

  /** The day's volume did not change from the last tick before to the first after: no minute before that one had a trade. */
  private async prove(gap: Gap, to: number): Promise<Gap> {
    const { clock, store } = this.parts;
    const span = minutesTouched(gap.from, to);
    await clock.sleep(Math.max(0, span.to + 3_000 - clock.now()), this.ending.signal);
    const untraded = { from: span.from, to: span.to - 60_000 };
    if (untraded.to > untraded.from)
      await this.ledger.persistently(() => store.answered("1m", { instrument: gap.instrument!, ...untraded }));
    return this.ledger.judge(gap, "the day's volume", { untraded: true });
  }

  private async heal(gap: Gap, collector: string, start: Lasting["start"]): Promise<void> {
    const { healing, clock } = this.parts;
    const { ledger } = this;
    this.running.add(gap.id);
    const count = (this.tries.get(gap.id)?.count ?? 0) + 1;
    try {
      const row = gap.state === "healing" ? gap : await ledger.change(gap, { state: "healing" });
      const left = ledger.dense(gap.remainingIn ?? []);
      const fetched = await Promise.all([
        start?.fetched,
        healing.heal(
          collector,
          left.length > 0 ? left : ledger.instrumentsIn(gap),
          Math.max(gap.from, start?.until ?? 0),
          gap.to!,
          this.ending.signal,
        ),
      ]);
      // A day's bar that could not be fetched is not among the minutes that are counted.
      await ledger.judge(row, `history of ${healing.source(collector) ?? collector}`, {
        unfinished: fetched.includes(false),
      });
    } catch (cause) {
      this.failed("could not fill a gap", cause);
      if (!this.ending.signal.aborted) await ledger.change(gap, { state: "open" }).catch(() => undefined);
    } finally {
      this.running.delete(gap.id);
      if (ledger.active.has(gap.id))
        this.tries.set(gap.id, {
          count,
          next: clock.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1)),
        });
      else this.tries.delete(gap.id);
    }
  }

  private concerned({ collector, instruments }: Pick<Lasting, "collector" | "instruments">): readonly number[] {
    return instruments ?? this.parts.instrumentsOf(collector);
  }

  private failed(what: string, cause: unknown): void {
    if (!this.ending.signal.aborted)
      this.parts.log.error(what, { cause: cause instanceof Error ? cause.stack : String(cause) });
  }
}
