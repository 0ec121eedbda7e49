import { type AuctionMode, closingRowsOf, printAuctions, type PrintRules } from "@/server/domain/bars/auction-print";
import { copyOf, cut, join, merge, overlay, within } from "@/server/domain/bars/bar-rows";
import { type BarColumns, barColumns, type BarPassport, FORMING } from "@/server/domain/bars/bar";
import { resample, spanAt } from "@/server/domain/bars/resample";
import { type Calendar, DAY_MS, istDay, istMidnight, type Session } from "@/server/domain/time/session";
import { type AuctionConvention, classOf, conventionOf } from "@/server/domain/instruments/source-conventions";
import { type AnyTimeframe, timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { BarStore, StoredBar, StoredKind } from "@/server/ports/stores";

export interface BarsQuery {
  /** Dense number. */
  instrument: number;
  timeframe: AnyTimeframe;
  /** Bars with from <= time < to; both optional. */
  from?: number;
  to?: number;
  /** The newest so many, forming ones among them. */
  limit?: number;
  /** Returns bars as they were known at that time, from what was stored by then. */
  asOf?: number;
  /** Aborts when the client disconnected. */
  signal?: AbortSignal | undefined;
  /** How auctions are printed into intraday bars; by default as the login's broker does. */
  auctions?: AuctionMode;
  /** Nobody will ask again soon: these bars need not be kept in memory. */
  once?: boolean;
  /** Also returns the broker's candle rows for the closing auction. They are for display, not for indicators. */
  closingRows?: boolean;
}

export interface BarsAnswer {
  /** Oldest first. */
  closed: BarColumns;
  /** Bars not closed yet (none, one, or two while the watermark of the older runs), oldest first. */
  forming: BarColumns;
  /**
   * Rows of closing auctions, if requested. They are separate because they lie in no slot of their session; each has
   * the time of its session's close. Included are auctions that overlap the range.
   */
  closing?: BarColumns;
}

/**
 * Stored timeframes a timeframe is read from, coarsest first. Each continues where the previous one ends, so the
 * running day or quarter hour is built from its minutes.
 */
export const rungs = (of: AnyTimeframe): TimeframeName[] =>
  of.from === "1m" || of.from === "1s" ? [of.from] : [of.from, "1m"];

/** Stored rows that one read folds at most: a year of minutes around the clock is half a million, and folding them holds the event loop. */
const MOST_ROWS = 250_000;
/** More bars of an instrument and timeframe than this are never forming at once: the seconds of the watermark are the most. */
export const MOST_FORMING = 16;

/** Nothing of the day is stored before a session's open. */
const LONGEST_PRE_OPEN_MS = 3 * 3_600_000;

const ratio = (of: AnyTimeframe, source: AnyTimeframe): number =>
  of.kind === "week" ? 7 : of.kind === "month" ? 31 : of.kind === "day" ? 1 : Math.ceil(of.lengthMs / source.lengthMs);

/** Reads bars of any timeframe and range: the store, the writer's queue and forming bars, joined without a gap. */
export class Bars {
  constructor(
    private readonly parts: {
      store: BarStore;
      recent: RecentBars;
      live: LiveMarket;
      calendar: Calendar;
      clock: Clock;
      /** How the login's broker prints auctions in an instrument's candles of an IST day; in no bar if unknown. */
      convention?: (instrument: number, day: number) => AuctionConvention;
    },
  ) {}

  /**
   * After the last wait everything that lives in memory is read in one go: the answer and the live stream that
   * follows it in the same turn of the event loop have no hole and no overlap.
   */
  async read(query: BarsQuery): Promise<BarsAnswer> {
    const { store, recent, live, calendar, clock } = this.parts;
    const { instrument, timeframe, asOf, auctions: mode = "broker" } = query;
    const { id } = live.table.at(instrument);
    const hours = live.table.hours(instrument);
    // Up to the end of the last bar that begins in the range: a longer bar is folded from all its parts.
    const last = query.to === undefined ? null : spanAt(calendar, hours, timeframe, query.to - 1);
    const to = last !== null && last.start < query.to! ? last.end : (query.to ?? Number.MAX_SAFE_INTEGER);
    const queryFrom = query.from ?? 0;
    const then = { ...(asOf === undefined ? {} : { asOf }), ...(query.once === true ? { once: true } : {}) };
    if (asOf !== undefined) await recent.settled();
    const newer = (kind: StoredKind, since: number, until = to): StoredBar[] =>
      asOf === undefined ? recent.recent(id, kind, since, until) : [];
    const ladder = rungs(timeframe).map(timeframeNamed);

    const { signal } = query;
    const wanted =
      query.limit === undefined
        ? undefined
        : timeframe.stored
          ? query.limit + 2
          : Math.min(MOST_ROWS, (query.limit + 2) * ratio(timeframe, ladder[0]!));
    const stored: BarColumns[] = [];
    let from = queryFrom;
    /** Behind the last day that is stored as a whole, auctions in it: those of later days are added to their minutes. */
    let unsettled = queryFrom;
    for (const rung of ladder) {
      const limit = rung === ladder[0] ? wanted : undefined;
      const rows = await store.read({
        instrumentId: id,
        timeframe: rung.name,
        from,
        to: Math.min(to, 8.64e15),
        signal,
        ...(limit === undefined ? {} : { limit }),
        ...then,
      });
      signal?.throwIfAborted();
      stored.push(rows);
      if (rows.length > 0) from = this.endOf(hours, rung, rows.time[rows.length - 1]!);
      // Nothing coarse is stored: finer rows are, at most, of the last days, unless a span says where to look.
      else if (rung === ladder[0] && ladder.length > 1 && query.limit !== undefined && query.from === undefined)
        from = Math.max(from, (asOf ?? clock.now()) - 10 * DAY_MS);
      if (rung === ladder[0]) unsettled = from;
    }

    // A day has its auctions; an intraday bar is printed with them.
    const folded = timeframe.kind !== "intraday";
    const oldest = stored.find((rows) => rows.length > 0)?.time[0] ?? query.from ?? (asOf ?? clock.now()) - DAY_MS;
    const since = folded ? unsettled - LONGEST_PRE_OPEN_MS : istMidnight(istDay(oldest));
    const wants = folded || (mode !== "apart" && this.hasAuctions(hours, Math.min(to, clock.now())));
    // The last bar of a day is printed by an auction that begins behind it.
    const until = folded || to > 8.64e15 ? to : istMidnight(istDay(to - 1) + 1);
    const auctions = wants
      ? await store.read({ instrumentId: id, timeframe: "auction", from: since, to: Math.min(until, 8.64e15), ...then })
      : null;
    const before = wants && !folded ? await this.closeBefore(query, id, ladder.at(-1)!.name, newer) : null;

    // No `await` from here on.
    const parts: BarColumns[] = [];
    let start = queryFrom;
    ladder.forEach((rung, place) => {
      const rows = overlay(stored[place]!, newer(rung.name, start));
      const kept = within(rows, start);
      parts.push(kept);
      if (kept.length > 0) start = this.endOf(hours, rung, kept.time[kept.length - 1]!);
      if (place === 0) unsettled = start;
    });
    const open = barColumns(MOST_FORMING);
    if (asOf === undefined)
      live.bars.forming(instrument, timeframe.from === "1s" ? timeframeNamed("1s") : timeframeNamed("1m"), open, false);
    parts.push(within(open, start, to));

    const told = auctions === null ? null : overlay(auctions, newer("auction", since, until));
    const pieces = told !== null && folded ? [merge(this.inSession(hours, told, unsettled), join(parts))] : parts;
    const limitTime = live.bars.settledBefore(clock.now());
    // A stored bar is its own answer; longer bars are folded from parts.
    let whole =
      timeframe.stored && ladder.length === 1
        ? join(pieces)
        : resample(pieces, calendar, hours, timeframe, limitTime).bars;
    let closing = barColumns(0);
    if (told !== null && !folded) {
      const rules: PrintRules = { calendar, hours, mode, convention: (day) => this.convention(instrument, day) };
      whole = printAuctions(
        whole,
        told,
        rules,
        (row, session) => before === null || row > 0 || queryFrom <= session.open,
        to,
      );
      if (query.closingRows === true)
        closing = closingRowsOf(whole, told, rules, timeframe, {
          from: queryFrom,
          to: query.to ?? Number.POSITIVE_INFINITY,
          before,
        });
    }
    // The first derived bar may have lost its beginning to the limit or to `from`.
    let first = 0;
    while (first < whole.length && whole.time[first]! < queryFrom) first++;
    const begins = first;
    if (wanted !== undefined && !timeframe.stored && stored[0]!.length >= wanted) first = Math.max(first, 1);
    if (query.limit !== undefined) first = Math.max(first, whole.length - query.limit);
    if (first > begins) closing = within(closing, first < whole.length ? whole.time[first]! : Number.POSITIVE_INFINITY);
    let split = whole.length;
    while (split > first && whole.state[split - 1] === FORMING) split--;
    return {
      closed: cut(whole, first, split),
      forming: cut(whole, split, whole.length),
      ...(query.closingRows === true ? { closing } : {}),
    };
  }

  /** How the login's broker prints auctions in an instrument's candles of an IST day. */
  convention(instrument: number, day: number): AuctionConvention {
    return (
      this.parts.convention?.(instrument, day) ??
      conventionOf("unknown", classOf(this.parts.live.table.at(instrument)), day)
    );
  }

  /** True for hours that have auctions; where their day is known. */
  private hasAuctions(hours: string, instant: number): boolean {
    const session = this.parts.calendar.previous(hours, instant);
    return session !== null && session.phases.some(({ phase }) => phase !== "continuous" && phase !== "halt");
  }

  /** The last price before a range that begins inside a day; null where its first row is that day's first bar. */
  private async closeBefore(
    { instrument, from }: BarsQuery,
    id: number,
    rung: TimeframeName,
    newer: (kind: StoredKind, since: number) => StoredBar[],
  ): Promise<number | null> {
    if (from === undefined) return null;
    const session: Session | null = this.parts.calendar.on(this.parts.live.table.hours(instrument), istDay(from));
    if (session === null || from <= session.open) return null;
    const stored = await this.parts.store.read({
      instrumentId: id,
      timeframe: rung,
      from: session.open,
      to: from,
      limit: 1,
    });
    const rows = overlay(
      stored,
      newer(rung as StoredKind, session.open).filter(({ time }) => time < from),
    );
    return rows.length === 0 ? null : rows.close[rows.length - 1]!;
  }

  /** Auctions at or after an instant, moved into the session whose day they belong to: before its first bar or after its last. */
  private inSession(hours: string, auctions: BarColumns, from: number): BarColumns {
    const moved = copyOf(auctions);
    for (let row = 0; row < moved.length; row++) {
      const session = this.parts.calendar.on(hours, istDay(moved.time[row]!));
      if (session !== null) moved.time[row] = Math.min(Math.max(moved.time[row]!, session.open), session.close - 1);
    }
    return within(moved, from);
  }

  /** Auctions whose order entry began in [from, to), oldest first; the newest `limit`; as they were known at `asOf`. */
  async auctions(
    instrument: number,
    from: number,
    to: number,
    more: { limit?: number; asOf?: number } = {},
  ): Promise<BarColumns> {
    const { store, recent, live } = this.parts;
    const { id } = live.table.at(instrument);
    if (more.asOf !== undefined) await recent.settled();
    const stored = await store.read({ instrumentId: id, timeframe: "auction", from, to, ...more });
    if (more.asOf !== undefined) return stored;
    const all = overlay(stored, recent.recent(id, "auction", from, to));
    return cut(all, Math.max(0, all.length - (more.limit ?? all.length)), all.length);
  }

  /** Resolves when everything the pipeline has closed and patched so far can be read. */
  committed(): Promise<void> {
    return this.parts.recent.settled();
  }

  private endOf(hours: string, of: AnyTimeframe, start: number): number {
    if (of.kind === "intraday") return start + of.lengthMs;
    // A day's bar ends with its session; the next rung begins there.
    return this.parts.calendar.next(hours, start)?.close ?? start + DAY_MS;
  }

  /**
   * Loads the minutes of the running session and the days of the running month and week into the pipeline, so that
   * longer forming bars are whole.
   */
  async warm(instrument: number): Promise<void> {
    const { live, calendar, clock, store, recent } = this.parts;
    const hours = live.table.hours(instrument);
    const now = clock.now();
    const session = calendar.previous(hours, now);
    const from = session?.open ?? now;
    const { id } = live.table.at(instrument);
    const days = await this.read({
      instrument,
      timeframe: timeframeNamed("1d"),
      from: from - 40 * DAY_MS,
      to: from,
      once: true,
    });
    const whole = await store.readWhole({ instrumentId: id, timeframe: "1m", from, to: now });
    const auctions = await this.auctions(instrument, from - LONGEST_PRE_OPEN_MS, now);
    // Last, and nothing waits after it: a minute that closes in between would be in neither.
    const minutes = await this.read({
      instrument,
      timeframe: timeframeNamed("1m"),
      from,
      auctions: "apart",
      once: true,
    });
    const passports = new Map<number, BarPassport>();
    for (const { time, passport } of [...whole, ...recent.recent(id, "1m", from, now)])
      if (passport !== undefined) passports.set(time, passport);
    live.bars.rebuild(instrument, minutes.closed, days.closed, auctions, passports);
  }
}
