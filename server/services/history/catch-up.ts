import { type BarColumns, FORMING } from "@/server/domain/bars/bar";
import { filterRows, join, within } from "@/server/domain/bars/bar-rows";
import type { Stretch } from "@/server/domain/bars/completeness";
import { resample } from "@/server/domain/bars/resample";
import { type Calendar, DAY_MS, istDay, istMidnight } from "@/server/domain/time/session";
import { classOf, conventionOf, settledFrom } from "@/server/domain/instruments/source-conventions";
import { timeframe, type TimeframeName } from "@/server/domain/time/timeframe";
import { hasCode } from "@/server/domain/basics/errors";
import { hasVolume } from "@/server/domain/instruments/instrument";
import type { Clock } from "@/server/ports/clock";
import type { HistoryAccess } from "@/server/ports/history-source";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { BarStore, SettingStore, StoredBar } from "@/server/ports/stores";
import { readCheckpoint, type Unreadable } from "@/server/ports/stored";
import { checkedRows, RefusedRows } from "@/server/domain/bars/told-rows";
import { mergeBars } from "./merge";
import { type ClosingPrint, closingPrints, putPrints } from "./closing-prints";
import type { Verdict } from "./bar-rules";
import { OwedHistory } from "./owed-history";
import { hasEnded, partDays, sessionDays, sessionMinutes } from "./session-rows";
import { putMerged, storedAndWaiting, wholeQuarters } from "./put-merged";
import { openingsOf } from "./read-openings";
import type { RequestPaces } from "./request-pace";

/** How much history the first start fetches. */
const MINUTE_DAYS = 5;
const DAY_BAR_DAYS = 730;
/** Right edge of a heal: the exchange may print a minute's last trade this long after it ended. */
const SETTLE_MS = 3_000;
/**
 * History may publish its newest bars late. Bars it lacks that are older than this, or before its last bar, do not
 * exist.
 */
const LAG_MS = 60_000;
/** How often the feed's lag is looked at while a heal waits, and how long it waits at most: a minute, and the longest lag a feed is followed at. */
const LAG_LOOK_MS = 1_000;
const MOST_WAIT_MS = 420_000;
/** How long a fetch waits before it retries while the database is unavailable. It keeps waiting, as bars do. */
const STORE_PAUSE_MS = 1_000;
/** Days of minutes that are merged at a time: a few thousand bars, some milliseconds. */
const PIECE_DAYS = 5;

/** A broker's response, and the rows of it that were rejected. */
export interface ToldBars {
  bars: BarColumns;
  refused: RefusedRows;
}

export interface HistoryJob {
  id: string;
  title: string;
  done: number;
  total: number;
  detail: string;
  finished: boolean;
  failed: number;
}

/**
 * Instrument ids whose first days are fully fetched, per timeframe, so that an interrupted first start continues.
 * `from`: where fetching minutes of the others began, epoch ms. After a crash they are written again from there, even
 * on a later day.
 */
type Checkpoint = Record<"1m" | "1d", number[]> & { from?: number | undefined };
const CHECKPOINT = "history.first";
const CHECKPOINT_EVERY_MS = 5_000;
/** A connection's first minutes are only partly its own. */
const LEAD_MS = 120_000;

interface Task {
  instrument: number;
  timeframe: "1m" | "1d";
  from: number;
}

interface Parts {
  store: BarStore;
  settings: SettingStore;
  recent: RecentBars;
  live: LiveMarket;
  calendar: Calendar;
  clock: Clock;
  log: Log;
  meter: Meter;
  /** Shared with everything else that uses the same login. */
  paces: RequestPaces;
  /** Loads the instrument's running day into the pipeline again. */
  warm(instrument: number): Promise<void>;
  /** Called when bars of a span have changed. */
  changed(instrument: number, from: number, to: number): void;
  /**
   * Called with the span [from, to) that history has covered, after its bars are committed. Where it has no bar,
   * nothing traded.
   */
  answered?(instrument: number, timeframe: "1m" | "1d", from: number, to: number, bars: BarColumns): Promise<void>;
  /** Stretches during which the feed sent nothing for an instrument. */
  away?(instrument: number, from: number, to: number): Promise<readonly Stretch[]>;
  /** Called with bars on which history and the store disagreed, and the decision; not with missing bars. */
  differed?(instrument: number, timeframe: "1m" | "1d", verdicts: readonly Verdict[]): Promise<void>;
  /** Called with rejected rows of a broker's response. */
  refused?(instrument: number, rows: RefusedRows): void;
  /** Called when a checkpoint is unreadable. */
  unreadable?: Unreadable;
  /** Instruments on screen come first. */
  watched(instrument: number): boolean;
}

/**
 * Fills from the broker's history what the feed did not deliver: the first days at a first start, the absence after a
 * restart, the span of a disconnect. Stored bars are merged with history by one table of rules (`bar-rules.ts`); what
 * the feed saw completely stays. Requests keep to the broker's rate, and the live chart never waits for them.
 */
export class History {
  readonly jobs: HistoryJob[] = [];
  private count = 0;
  private readonly owed: OwedHistory;

  constructor(private readonly parts: Parts) {
    this.owed = new OwedHistory(parts.settings, parts.unreadable);
  }

  /**
   * Fetches what a start needs: everything since the last stored bar, or the first days. It is one job. Returns true if
   * everything was fetched.
   */
  async catchUp(access: HistoryAccess, instruments: readonly number[], signal: AbortSignal): Promise<boolean> {
    const { store, clock, live } = this.parts;
    const now = clock.now();
    const [minutes, days, saved, owed] = await Promise.all([
      store.lastTimes("1m"),
      store.lastTimes("1d"),
      this.parts.settings.get(CHECKPOINT),
      this.owed.inheritance(),
    ]);
    const done: Checkpoint = readCheckpoint(`setting ${CHECKPOINT}`, saved, this.parts.unreadable);
    const known = { "1m": new Set(done["1m"]), "1d": new Set(done["1d"]) };
    const begun = (instrument: number, name: "1m" | "1d"): boolean => known[name].has(live.table.at(instrument).id);
    const isFirst = instruments.some((instrument) => !begun(instrument, "1m"));
    const first = Math.min(istMidnight(istDay(now) - MINUTE_DAYS), (isFirst ? done.from : undefined) ?? now);
    if (isFirst && done.from !== first) {
      done.from = first;
      await this.parts.settings.set(CHECKPOINT, done);
    }
    const last = (times: Map<number, number>, instrument: number): number | undefined =>
      times.get(live.table.at(instrument).id);
    // A minute may be stored behind a hole, by a run that ended before it was filled.
    const since = (instrument: number): number =>
      Math.max(first, Math.min(last(minutes, instrument) ?? first, owed.from));
    const sinceDay = (instrument: number): number =>
      Math.max(
        now - DAY_BAR_DAYS * DAY_MS,
        Math.min(last(days, instrument) ?? 0, istMidnight(istDay(Math.min(owed.from, now)))),
      );
    const tasks = [
      ...instruments.map((instrument) => ({
        instrument,
        timeframe: "1m" as const,
        from: begun(instrument, "1m") ? since(instrument) : first,
      })),
      ...instruments.map((instrument) => ({
        instrument,
        timeframe: "1d" as const,
        from: begun(instrument, "1d") ? sinceDay(instrument) : now - DAY_BAR_DAYS * DAY_MS,
      })),
    ].filter((task) => task.timeframe === "1m" || now - task.from > DAY_MS || this.isOver(task.instrument, task.from));
    const paid = await this.owed.owe(
      Math.min(now - LEAD_MS, ...instruments.filter((instrument) => begun(instrument, "1m")).map(since)),
    );
    let savedAt = now;
    const fetched = await this.run(
      instruments.every((instrument) => begun(instrument, "1m")) ? "Catching up" : "First history",
      access,
      tasks,
      now,
      signal,
      async ({ instrument, timeframe: name }, over) => {
        const { id } = live.table.at(instrument);
        if (!known[name].has(id)) {
          known[name].add(id);
          done[name].push(id);
        }
        if (!over && clock.now() - savedAt < CHECKPOINT_EVERY_MS) return;
        savedAt = clock.now();
        await this.parts.settings.set(CHECKPOINT, done);
      },
    );
    if (fetched && done.from !== undefined) await this.parts.settings.set(CHECKPOINT, { ...done, from: undefined });
    if (fetched) {
      this.owed.paid(owed);
      await paid();
    }
    return fetched;
  }

  /**
   * Fetches the minutes of a span again, to fill missing bars and complete partial ones. Returns true if everything was
   * fetched.
   */
  async heal(
    access: HistoryAccess,
    instruments: readonly number[],
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const paid = await this.owed.owe(from);
    // The minute in which the feed came back must have ended before history has it completely.
    const end = Math.ceil(to / 60_000) * 60_000;
    await this.untilSettled(end, signal);
    // A day that is over by now was closed with the hole in it.
    const tasks: Task[] = [
      ...instruments.map((instrument) => ({
        instrument,
        timeframe: "1m" as const,
        from: Math.floor(from / 60_000) * 60_000,
      })),
      ...instruments
        .filter((instrument) => this.isOver(instrument, from))
        .map((instrument) => ({ instrument, timeframe: "1d" as const, from: istMidnight(istDay(from)) })),
    ];
    const fetched = await this.run("Healing a gap", access, tasks, end, signal);
    if (fetched) await paid();
    return fetched;
  }

  /** What the broker's history says of a span, in sessions and ended; nothing is written. Null when the broker does not know the instrument. */
  async read(
    access: HistoryAccess,
    instrument: number,
    name: "1m" | "1d",
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<ToldBars | null> {
    const pages: BarColumns[] = [];
    const refused = new RefusedRows();
    for (const [start, end] of this.pages(access, name, from, to)) {
      const page = await this.page(access, instrument, name, start, end, signal, refused);
      if (page === null) return null;
      pages.push(page.bars);
    }
    if (refused.total > 0) this.parts.refused?.(instrument, refused);
    return { bars: join(pages), refused };
  }

  /** True if everything was fetched. */
  private async run(
    title: string,
    access: HistoryAccess,
    tasks: readonly Task[],
    to: number,
    signal: AbortSignal,
    filled: (task: Task, over: boolean) => Promise<void> = async () => {},
  ): Promise<boolean> {
    if (tasks.length === 0) return true;
    const job: HistoryJob = {
      id: `history-${++this.count}`,
      title,
      done: 0,
      total: tasks.length,
      detail: "",
      finished: false,
      failed: 0,
    };
    this.jobs.unshift(job);
    this.jobs.length = Math.min(this.jobs.length, 20);
    const { log, live, meter } = this.parts;
    const began = this.parts.clock.now();
    const waiting = [...tasks];
    while (waiting.length > 0 && !signal.aborted) {
      // Asked before each: who opens a chart meanwhile does not wait for all the others.
      const task = waiting.splice(
        Math.max(
          0,
          waiting.findIndex(({ instrument }) => this.parts.watched(instrument)),
        ),
        1,
      )[0]!;
      job.detail = `${live.table.at(task.instrument).key} ${task.timeframe}`;
      try {
        await this.fill(access, task.instrument, task.timeframe, task.from, to, signal);
        await filled(task, waiting.length === 0);
      } catch (cause) {
        if (signal.aborted) break;
        if (hasCode(cause, "store_unreachable")) {
          // The broker is not at fault: the same piece is fetched again once it can be stored.
          waiting.unshift(task);
          await this.parts.clock.sleep(STORE_PAUSE_MS, signal).catch(() => undefined);
          continue;
        }
        job.failed++;
        meter.count("history.failures");
        log.warn("could not fetch history", {
          instrument: live.table.at(task.instrument).key,
          timeframe: task.timeframe,
          cause: String(cause),
        });
        if (hasCode(cause, "login_expired")) {
          job.failed += job.total - job.done - 1;
          break;
        }
      }
      job.done++;
    }
    job.finished = true;
    job.detail = "";
    log.info(title.toLowerCase(), {
      tasks: job.total,
      failed: job.failed,
      seconds: Math.round((this.parts.clock.now() - began) / 100) / 10,
    });
    return job.failed === 0 && !signal.aborted;
  }

  private async fill(
    access: HistoryAccess,
    instrument: number,
    name: "1m" | "1d",
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.parts;
    for (const [first, end] of this.pages(access, name, from, to)) {
      const refused = new RefusedRows();
      const page = await this.page(access, instrument, name, first, end, signal, refused);
      if (page === null) return;
      const { bars: told, prints } = page;
      if (refused.total > 0) this.parts.refused?.(instrument, refused);
      const last = told.length === 0 ? 0 : told.time[told.length - 1]!;
      // For days, only those before the last one in the response count; the newest may be missing.
      const whole = name === "1d" ? last : Math.max(last, clock.now() - LAG_MS - 60_000);
      const step = name === "1m" ? PIECE_DAYS * DAY_MS : end - first;
      // A piece is committed before the next one: memory holds one page, and a stop loses one piece.
      for (let start = first; start < end; start += step)
        await this.take(access.feed, instrument, name, start, Math.min(start + step, end), told, whole, refused);
      await putPrints(this.parts, this.parts.live.table.at(instrument).id, prints);
      for (const span of refused.spoken(first, end, name === "1m" ? 60_000 : DAY_MS))
        await this.parts.answered?.(instrument, name, span.from, span.to, within(told, span.from, span.to));
    }
    // Days too, because the running week and month are built from them.
    if (to > clock.now() - 2 * DAY_MS) await this.parts.warm(instrument);
    this.parts.changed(instrument, from, to);
  }

  /**
   * Compares history's bars of [from, to) with stored ones. `whole`: bars that begin before it and are not in history
   * do not exist.
   */
  private async take(
    source: string,
    instrument: number,
    name: "1m" | "1d",
    from: number,
    to: number,
    all: BarColumns,
    whole: number,
    refused: RefusedRows,
  ): Promise<void> {
    const { live, recent, store, calendar } = this.parts;
    const { id, segment } = live.table.at(instrument);
    const hours = live.table.hours(instrument);
    const until = this.settled();
    const { settled: told, provisional } =
      name === "1d"
        ? partDays({ calendar, hours }, within(all, from, to), this.parts.clock.now(), (day) =>
            settledFrom(conventionOf(source, classOf({ segment }), day), day),
          )
        : { settled: within(all, from, to), provisional: null };
    const around = name === "1m" ? wholeQuarters(calendar, hours, from, to) : { from, to };
    const held = await storedAndWaiting({ store, recent }, { instrumentId: id, timeframe: name, ...around });
    // On the same evening a day bar lacks the auctions. It is used until the morning if we have none of our own.
    if (provisional !== null)
      recent.enqueue(
        stored(
          filterRows(provisional, (row) => held.every(({ time }) => time !== provisional.time[row])),
          id,
          name,
        ).map((bar) => ({ ...bar, incomplete: true })),
        "replace",
      );
    if (held.length === 0) {
      // Nothing is there: no bar needs to be looked at.
      if (told.length === 0) {
        if (provisional !== null) await recent.settled();
        return;
      }
      recent.enqueue(stored(told, id, name), "replace");
      if (name === "1m") {
        const quarters = resample(told, calendar, hours, timeframe("15m"), until);
        recent.enqueue(
          stored(
            filterRows(quarters.bars, (row) => quarters.bars.state[row] !== FORMING),
            id,
            "15m",
          ),
          "replace",
        );
      }
      await recent.settled();
      return;
    }
    const spoken = new Set(told.time.subarray(0, told.length));
    // If a row was unreadable, history says nothing about its bar, and ours stays.
    const ours = held.filter(
      ({ time }) =>
        time >= from &&
        time < to &&
        (name === "1d" || time + 60_000 <= until) &&
        (spoken.has(time) || !refused.hides(...startsOf(name, time))),
    );
    const away = ours.length === 0 || name === "1d" ? [] : ((await this.parts.away?.(instrument, from, to)) ?? []);
    const openings =
      name === "1d"
        ? []
        : await openingsOf(
            { store, recent, calendar },
            { instrumentId: id, of: classOf({ segment }), hours, source, from, to },
          );
    const merged = mergeBars(ours, told, {
      instrumentId: id,
      timeframe: name,
      authority: "broker",
      traded: hasVolume(segment),
      whole,
      away,
      openings,
    });
    await putMerged({ store, recent, calendar }, { instrumentId: id, hours, timeframe: name, held, until }, merged);
    const differing = merged.verdicts.filter(
      ({ theirs, verdict, differs }) =>
        verdict !== "added" && differs.length > 0 && !(theirs === null && verdict === "kept"),
    );
    if (differing.length > 0) await this.parts.differed?.(instrument, name, differing);
  }

  /** Spans [from, to) of one request each. */
  private *pages(
    access: HistoryAccess,
    name: "1m" | "1d",
    from: number,
    to: number,
  ): Generator<readonly [number, number]> {
    const span = (access.definition.daysPerRequest[name] ?? 30) * DAY_MS;
    for (let page = from; page < to; page += span) yield [page, Math.min(to, page + span)];
  }

  private async page(
    access: HistoryAccess,
    instrument: number,
    name: "1m" | "1d",
    from: number,
    to: number,
    signal: AbortSignal,
    refused: RefusedRows,
  ): Promise<{ bars: BarColumns; prints: ClosingPrint[] } | null> {
    const { live, clock, calendar } = this.parts;
    const token = access.token(instrument);
    if (token === undefined) return null;
    const { decimals, segment } = live.table.at(instrument);
    const rows = await this.parts.paces
      .of(access.login, access.definition.requestsPerSecond)
      .ask(
        () =>
          access.definition.bars(access.login, { token, decimals, timeframe: name, from, to: to - 1, refused }, signal),
        { signal, urgent: true, attempts: 5 },
      );
    const bars = checkedRows(rows, { from, to: to - 1, days: name === "1d" }, refused);
    const traded = { calendar, hours: live.table.hours(instrument) };
    if (name === "1d") return { bars: sessionDays(traded, bars, clock.now()), prints: [] };
    const until = this.settled();
    const prints = closingPrints(bars, {
      calendar,
      hours: traded.hours,
      of: classOf({ segment }),
      source: access.feed,
      until,
    });
    return { bars: sessionMinutes(traded, bars, until, refused), prints };
  }

  /** Minutes that end at or before this instant are closed, here and at the exchange. */
  private settled(): number {
    const now = this.parts.clock.now();
    return Math.min(now - SETTLE_MS, this.parts.live.bars.settledBefore(now));
  }

  /**
   * Waits until minutes that end at `end` are closed, here and at the exchange. How far the feed lags behind our clock may
   * only be known while we wait: it is asked again.
   */
  private async untilSettled(end: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const latest = clock.now() + MOST_WAIT_MS;
    for (let left = end - this.settled(); left > 0 && clock.now() < latest; left = end - this.settled())
      await clock.sleep(Math.min(left, LAG_LOOK_MS), signal);
  }

  /** True when the trading day of an instant is over, auctions included. */
  private isOver(instrument: number, instant: number): boolean {
    const { live, calendar, clock } = this.parts;
    return hasEnded({ calendar, hours: live.table.hours(instrument) }, instant, clock.now());
  }
}

/** Where the row of a stored bar may begin; for a day, its date's midnight. */
export const startsOf = (name: "1m" | "1d", time: number): [number, number] =>
  name === "1m" ? [time, time + 60_000] : [istMidnight(istDay(time)), istMidnight(istDay(time) + 1)];

/** Written out field by field: spreading an object for each of half a million rows took seconds of the live chart's time. */
const stored = (bars: BarColumns, instrumentId: number, name: TimeframeName): StoredBar[] => {
  const rows: StoredBar[] = [];
  for (let row = 0; row < bars.length; row++) {
    rows.push({
      instrumentId,
      timeframe: name,
      time: bars.time[row]!,
      open: bars.open[row]!,
      high: bars.high[row]!,
      low: bars.low[row]!,
      close: bars.close[row]!,
      volume: bars.volume[row]!,
      value: bars.value[row]!,
      ticks: bars.ticks[row]!,
      openInterest: bars.openInterest[row]!,
      rev: bars.rev[row]!,
      state: "backfilled",
      incomplete: false,
    });
  }
  return rows;
};
