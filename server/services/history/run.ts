/** Runs one job: requests the source page by page, merges it with stored bars and records each finished day. */
import type { BarColumns } from "@/server/domain/bars/bar";
import { filterRows, within } from "@/server/domain/bars/bar-rows";
import { barEnd, barStart, expectedBars } from "@/server/domain/bars/bar-time";
import type { Stretch } from "@/server/domain/bars/completeness";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { hasCode } from "@/server/domain/basics/errors";
import { hasVolume, type Instrument } from "@/server/domain/instruments/instrument";
import type { DayCounts } from "@/server/domain/basics/job";
import { istText } from "@/server/domain/time/ist-text";
import { type Calendar, DAY_MS, type HoursKey, istDay, istMidnight, type Session } from "@/server/domain/time/session";
import { classOf } from "@/server/domain/instruments/source-conventions";
import { timeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import { checkedRows, RefusedRows } from "@/server/domain/bars/told-rows";
import type { Clock } from "@/server/ports/clock";
import type { GapStore } from "@/server/ports/gap-stores";
import type { HistorySource } from "@/server/ports/history-source";
import type { JobDay, JobStore } from "@/server/ports/jobs";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore, StoredBar } from "@/server/ports/stores";
import { mergeBars } from "./merge";
import type { BackfillOrder } from "./order";
import { type Page, pieces } from "./plan";
import { closingPrints, isAuctionRow, putPrints } from "./closing-prints";
import { putMerged, storedAndWaiting, wholeQuarters } from "./put-merged";
import { openingsOf } from "./read-openings";
import type { RequestPace } from "./request-pace";

/** Merged and committed at a time: a few writes of the store, a tenth of a second of work. */
const PIECE_BARS = 8_000;
/** The exchange may print a bar's last trade this long after it ended. */
const SETTLE_MS = 3_000;
const STORE_AWAY_MS = 2_000;

export interface RunParts {
  bars: BarStore;
  recent: RecentBars;
  jobs: JobStore;
  gaps: Pick<GapStore, "answered">;
  calendar: Calendar;
  /** Market time, which decides what has ended. */
  clock: Clock;
  wall: Clock;
  instrument(id: number): { instrument: Instrument; hours: HoursKey };
  /** Stretches during which the feed sent nothing for an instrument (store id). */
  away(instrumentId: number, from: number, to: number): Promise<readonly Stretch[]>;
  /** Called with rejected rows of a response. */
  refused?(instrumentId: number, rows: RefusedRows): void;
  /** Called when bars of a span have changed, so that clients get patches. */
  changed(instrumentId: number, from: number, to: number): Promise<void>;
}

export interface RunEvents {
  request(): void;
  retry(): void;
  began(page: Page): void;
  /** A piece of a page, with its checkpoint saved. */
  days(days: readonly JobDay[]): void;
}

export interface Run {
  jobId: number;
  order: BackfillOrder;
  source: HistorySource;
  pages: readonly Page[];
  /** Null if requests are not limited. */
  pace: RequestPace | null;
  signal: AbortSignal;
  events: RunEvents;
}

const noCounts: DayCounts = { bars: 0, added: 0, unchanged: 0, kept: 0, corrected: 0, flagged: 0 };

/**
 * Resolves when every page has been done or has failed; a page that fails does not hold up the others. Rejects with
 * `login_expired` (nothing more can be asked), and with the signal's reason.
 */
export const runBackfill = async (parts: RunParts, run: Run): Promise<void> => {
  const { order, source, signal } = run;
  const allowed = source.limits(order.timeframe)?.concurrency ?? 1;
  const waiting = [...run.pages];
  const worker = async (): Promise<void> => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
      signal.throwIfAborted();
      run.events.began(page);
      await fillPage(parts, run, page);
    }
  };
  const ended = await Promise.allSettled(
    Array.from({ length: Math.max(1, Math.min(order.concurrency, allowed)) }, async () => {
      try {
        await worker();
      } catch (cause) {
        waiting.length = 0;
        throw cause;
      }
    }),
  );
  const broken = ended.find((each) => each.status === "rejected");
  if (broken !== undefined) throw broken.reason;
};

const fillPage = async (parts: RunParts, run: Run, page: Page): Promise<void> => {
  const { order, source, signal, events } = run;
  const { instrument, hours } = parts.instrument(page.instrumentId);
  const fail = (reason: string): Promise<void> =>
    save(
      parts,
      run,
      page.days.map((day) => ({ ...noCounts, day, failure: reason })),
      page,
    );
  const lack = source.lacks(instrument);
  if (lack !== null) {
    await fail(lack);
    return;
  }
  let told: BarColumns;
  const refused = new RefusedRows();
  try {
    const ask = (): Promise<BarColumns> => {
      events.request();
      return source.bars({ instrument, timeframe: order.timeframe, from: page.from, to: page.to, refused }, signal);
    };
    told = await (run.pace === null ? ask() : run.pace.ask(ask, { signal, onRetry: () => events.retry() }));
  } catch (cause) {
    signal.throwIfAborted();
    if (hasCode(cause, "login_expired")) throw cause;
    await fail((cause as Error).message);
    return;
  }
  const now = parts.clock.now() - SETTLE_MS;
  const checked = checkedRows(
    told,
    { from: page.from, to: page.to - 1, days: timeframeNamed(order.timeframe).kind === "day" },
    refused,
  );
  const rows = inSessions(checked, order, hours, parts.calendar, now, refused);
  if (refused.total > 0) parts.refused?.(page.instrumentId, refused);
  const sessions = page.days.flatMap((day) => parts.calendar.on(hours, day) ?? []);
  const most = Math.max(...sessions.map((session) => expectedBars(session, timeframeNamed(order.timeframe))));
  // Before the days: a day bar that is made of minutes holds its auctions.
  const prints =
    order.timeframe !== "1m"
      ? []
      : closingPrints(checked, {
          calendar: parts.calendar,
          hours,
          of: classOf(instrument),
          source: source.prints,
          until: now,
        });
  await whenStoreIsThere(parts, signal, () =>
    putPrints({ store: parts.bars, recent: parts.recent }, page.instrumentId, prints),
  );
  for (const days of pieces(page.days, most, PIECE_BARS)) {
    await whenStoreIsThere(parts, signal, () => fillDays(parts, run, page, days, { bars: rows, refused }, hours, now));
  }
};

/** The database may be unavailable for a while; unwritten work is repeated when it is back. */
const whenStoreIsThere = async (parts: RunParts, signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
  for (;;) {
    signal.throwIfAborted();
    try {
      await work();
      return;
    } catch (cause) {
      if (!hasCode(cause, "store_unreachable")) throw cause;
      await parts.wall.sleep(STORE_AWAY_MS, signal);
    }
  }
};

/**
 * Handles whole days of one page: merge, commit, notify clients, record. In this order a crash repeats a day and never
 * skips one.
 */
const fillDays = async (
  parts: RunParts,
  run: Run,
  page: Page,
  days: readonly number[],
  { bars: told, refused }: { bars: BarColumns; refused: RefusedRows },
  hours: HoursKey,
  now: number,
): Promise<void> => {
  const { order, source } = run;
  const from = istMidnight(days[0]!);
  const to = Math.min(istMidnight(days.at(-1)! + 1), page.to);
  // Minutes beside the span, in its first and last quarter hour, belong to those quarters.
  const around = order.timeframe === "1m" ? wholeQuarters(parts.calendar, hours, from, to) : { from, to };
  const stored = await storedAndWaiting(
    { store: parts.bars, recent: parts.recent },
    { instrumentId: page.instrumentId, timeframe: order.timeframe, ...around },
  );
  const away = stored.length === 0 || order.timeframe !== "1m" ? [] : await parts.away(page.instrumentId, from, to);
  const checkpoints: Omit<JobDay, "jobId" | "instrumentId" | "timeframe">[] = [];
  const writes: StoredBar[] = [];
  const removes: StoredBar[] = [];
  const differences = [];
  const history = within(told, from, to);
  const spoken = new Set(history.time.subarray(0, history.length));
  const { kind, lengthMs } = timeframeNamed(order.timeframe);
  // If a row was unreadable, history says nothing about its bar, and ours stays.
  const startOf = (time: number): [number, number] =>
    kind === "day" ? [istMidnight(istDay(time)), istMidnight(istDay(time) + 1)] : [time, time + lengthMs];
  const traded = hasVolume(parts.instrument(page.instrumentId).instrument.segment);
  const { segment } = parts.instrument(page.instrumentId).instrument;
  const openings = await openingsOf(
    { store: parts.bars, recent: parts.recent, calendar: parts.calendar },
    { instrumentId: page.instrumentId, of: classOf({ segment }), hours, source: source.prints, from, to },
  );
  for (const day of days) {
    const [begin, end] = [istMidnight(day), istMidnight(day + 1)];
    const ofDay = stored.filter(
      ({ time }) => time >= begin && time < Math.min(end, to) && (spoken.has(time) || !refused.hides(...startOf(time))),
    );
    const session = parts.calendar.on(hours, day);
    // Only a broker's response is complete, and for a running day only up to now.
    const whole = source.authority === "broker" && session !== null && dayEnd(session) <= now;
    const merged = mergeBars(ofDay, within(history, begin, end), {
      instrumentId: page.instrumentId,
      timeframe: order.timeframe,
      authority: source.authority,
      whole,
      traded,
      away,
      openings,
    });
    writes.push(...merged.write);
    removes.push(...merged.remove);
    differences.push(...merged.differences);
    checkpoints.push({ day, ...merged.counts, failure: null });
  }
  const target = {
    instrumentId: page.instrumentId,
    hours,
    timeframe: order.timeframe,
    held: stored,
    until: now,
    daily: order.daily,
  };
  if (
    await putMerged({ store: parts.bars, recent: parts.recent, calendar: parts.calendar }, target, {
      write: writes,
      remove: removes,
    })
  ) {
    await parts.changed(page.instrumentId, Math.min(...[...writes, ...removes].map(({ time }) => time)), to);
  }
  if (differences.length > 0)
    await parts.jobs.saveDifferences(differences.map((each) => ({ jobId: run.jobId, ...each })));
  if (source.authority === "broker") {
    for (const span of refused.spoken(from, Math.min(to, now), kind === "day" ? DAY_MS : lengthMs))
      await parts.gaps.answered(order.timeframe, { instrument: page.instrumentId, ...span });
  }
  await save(parts, run, checkpoints, page);
};

const save = async (
  parts: RunParts,
  run: Run,
  days: readonly Omit<JobDay, "jobId" | "instrumentId" | "timeframe">[],
  page: Page,
): Promise<void> => {
  const rows = days.map((day) => ({
    jobId: run.jobId,
    instrumentId: page.instrumentId,
    timeframe: run.order.timeframe,
    ...day,
  }));
  await parts.jobs.saveDays(rows);
  run.events.days(rows);
};

/**
 * Bars on the session's grid that overlap continuous trading and have ended; day bars are moved from midnight to their
 * session's open.
 */
const inSessions = (
  told: BarColumns,
  { timeframe: name }: BackfillOrder,
  hours: HoursKey,
  calendar: Calendar,
  now: number,
  refused: RefusedRows,
): BarColumns => {
  const of = timeframeNamed(name);
  const sessionOf = (row: number): Session | null => calendar.on(hours, istDay(told.time[row]!));
  if (of.kind === "day") {
    const days = filterRows(told, (row) => {
      const session = sessionOf(row);
      return session !== null && dayEnd(session) <= now;
    });
    for (let row = 0; row < days.length; row++) days.time[row] = calendar.on(hours, istDay(days.time[row]!))!.open;
    return days;
  }
  return filterRows(told, (row) => {
    const session = sessionOf(row);
    const start = told.time[row]!;
    if (session === null || isAuctionRow(session, start, refused) || start < session.open || start >= session.close)
      return false;
    if (barStart(session, of, start) !== start) {
      refused.add("off_grid", start, () => `${istText(start)} is not the start of a ${name} bar`);
      return false;
    }
    const end = barEnd(session, of, start);
    return (
      end <= now && session.phases.some(({ phase, from, to }) => phase === "continuous" && from < end && to > start)
    );
  });
};
