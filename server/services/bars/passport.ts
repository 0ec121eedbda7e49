import { type AuctionMode, auctionsIn, figuresAt, placeAuctions } from "@/server/domain/bars/auction-print";
import {
  type Bar,
  barAt,
  type BarColumns,
  barColumns,
  type BarPassport,
  columnsOf,
  fromCollector,
  joinPassports,
  noPassport,
} from "@/server/domain/bars/bar";
import { join } from "@/server/domain/bars/bar-rows";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { spanAt } from "@/server/domain/bars/resample";
import { type Calendar, DAY_MS, istDay, istMidnight, phaseAt } from "@/server/domain/time/session";
import type { Turns } from "@/server/domain/basics/turns";
import { timeframe as timeframeNamed, type Timeframe } from "@/server/domain/time/timeframe";
import type { CompareStore, Difference, GapStore } from "@/server/ports/gap-stores";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { AuctionHeld, BarChange, PassportReading } from "@/server/ports/market-reads";
import type { BarStore, StoredBar, StoredKind } from "@/server/ports/stores";
import { type Bars, rungs } from "./bars";

interface Parts {
  bars: Bars;
  store: BarStore;
  /** Results of comparisons for a bar, and the spans history has covered. */
  compares: Pick<CompareStore, "about">;
  gaps: Pick<GapStore, "answers">;
  recent: RecentBars;
  live: LiveMarket;
  calendar: Calendar;
  /** Names of the collectors by their dense number. */
  collectorNames(): readonly string[];
}

/** A derived bar's revisions are those of its parts, of at most so many. */
const MOST_PARTS = 100;

/** Rows read with all they know about their making at a time, and in all for one answer: each is an object. */
const PIECE_ROWS = 5_000;
const MOST_ROWS = 100_000;

interface Folded {
  passport: BarPassport;
  timeframe: StoredKind;
  parts: StoredBar[];
}

/** Returns the passports of bars of any timeframe. Timeframes that are not stored join the passports of their parts. */
export class Passports {
  constructor(private readonly parts: Parts) {}

  /** By the bar's time. Bars without a tick of ours are left out. */
  async over(
    instrument: number,
    kind: StoredKind,
    from: number,
    to: number,
    turns: Turns,
  ): Promise<Map<number, BarPassport>> {
    const folded = await this.fold(instrument, kind, from, to, turns);
    return new Map([...folded].flatMap(([time, { passport }]) => (passport.sources === 0 ? [] : [[time, passport]])));
  }

  /** Everything about the bar that holds an instant. Throws `not_found` where there is none. */
  async at(
    instrument: number,
    kind: StoredKind,
    time: number,
    mode: AuctionMode,
    turns: Turns,
  ): Promise<PassportReading> {
    const { table } = this.parts.live;
    const { id, key } = table.at(instrument);
    const { bar, end, auctions, closing } = await this.bar(instrument, kind, time, mode);
    if (bar === null) {
      throw new AppError("not_found", `${key} has no ${kind} bar at that time: nothing traded, or no data is stored`, {
        details: { field: "time", value: time, accepted: "a time inside a bar" },
      });
    }
    // The row of a closing auction is made of that auction.
    const [made, from]: [StoredKind, number] = closing === null ? [kind, bar.time] : ["auction", closing];
    const folded = (await this.fold(instrument, made, from, closing === null ? end : closing + 1, turns)).get(from);
    const stored = made === "auction" || timeframeNamed(made).stored;
    const parts = (folded?.parts ?? []).filter((part) => part.rev > 1).slice(-MOST_PARTS);
    const changes = (await Promise.all(parts.map((part) => this.changes(id, part)))).flat();
    const passport = folded?.passport ?? noPassport;
    return {
      bar,
      end,
      cause: `${causeOf(bar, passport)}${closing === null ? await this.beside(id, kind, bar, end) : CLOSING_ROW}${closing === null && isIntraday(kind) ? auctionText(auctions, mode) : ""}`,
      passport,
      auctions,
      changes,
      collectors: this.parts.collectorNames().filter((_, number) => (passport.sources & fromCollector(number)) !== 0),
      // A stored bar that has not been closed yet is made of minutes too.
      parts:
        folded === undefined || (stored && folded.timeframe === made)
          ? null
          : { timeframe: folded.timeframe, count: folded.parts.length },
    };
  }

  /** Returns what history says about a bar that was left as it was; "" if history was not asked. */
  private async beside(id: number, kind: StoredKind, { state, time, incomplete }: Bar, end: number): Promise<string> {
    if ((kind !== "1m" && kind !== "1d") || (state !== "closed" && state !== "patched") || incomplete) return "";
    const stays = (await this.parts.compares.about(id, kind, time))
      .filter(({ decision }) => decision !== "corrected")
      .at(-1);
    if (stays !== undefined) return `; the broker's history differs and ours is kept: ${stays.why}`;
    if (state !== "closed") return "";
    const answers = await this.parts.gaps.answers(kind, [id], time, end);
    return answers.some(({ from, to }) => from <= time && to >= end) ? "; the broker's history agrees" : "";
  }

  /** `closing`: the bar is the row of the closing auction that began then. */
  private async bar(
    instrument: number,
    kind: StoredKind,
    time: number,
    mode: AuctionMode,
  ): Promise<{ bar: Bar | null; end: number; auctions: AuctionHeld[]; closing: number | null }> {
    const { bars, calendar, live } = this.parts;
    const hours = live.table.hours(instrument);
    if (kind === "auction") {
      const day = istMidnight(istDay(time));
      const auctions = await bars.auctions(instrument, day, time + 1);
      if (auctions.length === 0) return { bar: null, end: time, auctions: [], closing: null };
      const bar = barAt(auctions, auctions.length - 1);
      const session = calendar.on(hours, istDay(time));
      return {
        bar,
        end: (session === null ? null : phaseAt(session, bar.time))?.to ?? time + 1,
        auctions: [],
        closing: null,
      };
    }
    const of = timeframeNamed(kind);
    const span = spanAt(calendar, hours, of, time);
    if (span === null) return this.closingRow(instrument, of, time, mode);
    const bar = await this.one(instrument, of, span.start, mode);
    return {
      bar,
      end: span.end,
      auctions: bar === null || of.kind !== "intraday" ? [] : await this.auctionsIn(instrument, of, span, mode),
      closing: null,
    };
  }

  private async one(
    instrument: number,
    timeframe: Timeframe,
    start: number,
    auctions: AuctionMode,
  ): Promise<Bar | null> {
    const { closed, forming } = await this.parts.bars.read({
      instrument,
      timeframe,
      from: start,
      to: start + 1,
      auctions,
    });
    const rows = closed.length > 0 ? closed : forming;
    return rows.length === 0 ? null : barAt(rows, 0);
  }

  /** The broker's candle row for the closing auction, if it prints one. */
  private async closingRow(
    instrument: number,
    timeframe: Timeframe,
    time: number,
    auctions: AuctionMode,
  ): Promise<{ bar: Bar | null; end: number; auctions: AuctionHeld[]; closing: number | null }> {
    const { bars, calendar, live } = this.parts;
    const { closing } = await bars.read({
      instrument,
      timeframe,
      from: time,
      to: time + 1,
      auctions,
      closingRows: true,
    });
    if (closing === undefined || closing.length === 0) return { bar: null, end: time, auctions: [], closing: null };
    const bar = barAt(closing, 0);
    const told = await bars.auctions(instrument, bar.time, time + DAY_MS);
    const placed = placeAuctions(told, calendar, live.table.hours(instrument)).find(
      ({ place, session }) => place === "closing" && session.close === bar.time,
    )!;
    return {
      bar,
      end: placed.to,
      auctions: [{ place: "closing", price: bar.close, volume: bar.volume, volumeIncluded: true, source: "broker" }],
      closing: told.time[placed.row]!,
    };
  }

  /** Returns the auctions that are printed into a bar, by comparing it with the bar without them. */
  private async auctionsIn(
    instrument: number,
    timeframe: Timeframe,
    { start, end }: { start: number; end: number },
    mode: AuctionMode,
  ): Promise<AuctionHeld[]> {
    const { bars, calendar, live } = this.parts;
    const hours = live.table.hours(instrument);
    const session = calendar.on(hours, istDay(start));
    const told =
      session === null ? null : await bars.auctions(instrument, istMidnight(session.day), istMidnight(session.day + 1));
    if (session === null || told === null || told.length === 0) return [];
    const beside = async (from: number, to: number): Promise<BarColumns> => {
      const { closed, forming } =
        from < to
          ? await bars.read({ instrument, timeframe, from, to, limit: 1, auctions: "apart" })
          : { closed: barColumns(0), forming: barColumns(0) };
      return join([closed, forming]);
    };
    const before = await beside(session.open, start);
    const own = await this.one(instrument, timeframe, start, "apart");
    if (own === null) return [];
    const rows = join([before, columnsOf([own]), await beside(end, session.close)]);
    const printed = auctionsIn(rows, told, {
      calendar,
      hours,
      mode,
      convention: (day) => bars.convention(instrument, day),
    });
    // If the bar came only from history, it already opens there, and the auction cannot be removed.
    const isTold = own.state !== "closed" && own.state !== "patched" && own.state !== "forming";
    const held = printed
      .filter(({ row }) => row === before.length)
      .map(({ place, withVolume, figures: { price, volume } }): AuctionHeld => ({
        place,
        price,
        volume,
        volumeIncluded: withVolume,
        source:
          place === "pre_open" && isTold && own.open === price ? "history" : mode === "merged" ? "asked" : "broker",
      }));
    const preOpen = placeAuctions(told, calendar, hours).find(({ place }) => place === "pre_open");
    if (before.length === 0 && isTold && preOpen !== undefined && held.every(({ place }) => place !== "pre_open")) {
      const { price, volume } = figuresAt(told, preOpen.row);
      if (own.open === price)
        held.unshift({ place: "pre_open", price, volume, volumeIncluded: false, source: "history" });
    }
    return held;
  }

  private async changes(id: number, part: StoredBar): Promise<BarChange[]> {
    const revisions = await this.parts.store.revisions(id, part.timeframe, part.time);
    const found =
      part.timeframe === "1m" || part.timeframe === "1d"
        ? await this.parts.compares.about(id, part.timeframe, part.time)
        : [];
    return revisions.map((before, at) => {
      const after = revisions[at + 1] ?? part;
      return { timeframe: part.timeframe, before, after, ...changeOf(before, after, found) };
    });
  }

  /** Stored rows of the span, with rows just written in their places. */
  private async rows(
    instrumentId: number,
    timeframe: StoredKind,
    from: number,
    to: number,
    turns: Turns,
  ): Promise<StoredBar[]> {
    const { store, recent } = this.parts;
    const rows = new Map<number, StoredBar>();
    const step = PIECE_ROWS * (timeframe === "auction" ? 86_400_000 : timeframeNamed(timeframe).lengthMs);
    for (let at = from; at < to; at += step) {
      for (const row of await store.readWhole({ instrumentId, timeframe, from: at, to: Math.min(to, at + step) }))
        rows.set(row.time, row);
      if (rows.size > MOST_ROWS)
        throw badInput(
          "fields",
          "passport",
          `no passports here, or a shorter period: this one covers more than ${MOST_ROWS.toLocaleString("en-IN")} stored bars`,
        );
      await turns.take(PIECE_ROWS);
    }
    for (const row of recent.recent(instrumentId, timeframe, from, to)) rows.set(row.time, row);
    return [...rows.values()].sort((a, b) => a.time - b.time);
  }

  private async fold(
    instrument: number,
    kind: StoredKind,
    from: number,
    to: number,
    turns: Turns,
  ): Promise<Map<number, Folded>> {
    const { live, calendar } = this.parts;
    const { id } = live.table.at(instrument);
    const hours = live.table.hours(instrument);
    const folded = new Map<number, Folded>();
    if (kind === "auction" || timeframeNamed(kind).from === kind) {
      for (const row of await this.rows(id, kind, from, to, turns))
        folded.set(row.time, { passport: row.passport ?? noPassport, timeframe: kind, parts: [row] });
      if (kind === "auction" || rungs(timeframeNamed(kind)).length === 1) return folded;
    }
    const of = timeframeNamed(kind);
    const add = (start: number, row: StoredBar): void => {
      const known = folded.get(start);
      const passport = row.passport ?? noPassport;
      if (known === undefined) folded.set(start, { passport, timeframe: row.timeframe, parts: [row] });
      else {
        known.passport = joinPassports(known.passport, passport);
        known.parts.push(row);
      }
    };
    const last = spanAt(calendar, hours, of, to - 1);
    const until = Math.max(to, last?.end ?? to);
    let since = from;
    for (const rung of rungs(of)) {
      if (rung === kind) {
        since = this.endOfLast(hours, of, folded, since);
        continue;
      }
      for (const row of await this.rows(id, rung, since, until, turns)) {
        await turns.take(1);
        const span = spanAt(calendar, hours, of, row.time);
        if (span === null) continue;
        add(span.start, row);
        since = spanAt(calendar, hours, timeframeNamed(rung), row.time)?.end ?? row.time + 1;
      }
    }
    return folded;
  }

  private endOfLast(hours: string, of: Timeframe, folded: ReadonlyMap<number, Folded>, from: number): number {
    const last = [...folded.keys()].at(-1);
    return last === undefined ? from : (spanAt(this.parts.calendar, hours, of, last)?.end ?? last + 1);
  }
}

const CLOSING_ROW =
  "; the broker's candle row for the closing auction: not continuous trading, excluded from indicators";

const isIntraday = (kind: StoredKind): boolean => kind !== "auction" && timeframeNamed(kind).kind === "intraday";

const what: Record<AuctionHeld["place"], string> = {
  pre_open: "it opens at the pre-open's price",
  reopening: "it includes the auction after a halt",
  closing: "it closes at the closing auction's price",
  post_close: "it includes the post-close session",
};
const who = { broker: " as the broker prints it", history: " as given by the broker's history", asked: "" } as const;

/** How a bar is printed, where an auction is in it or was asked to be in none. */
const auctionText = (auctions: readonly AuctionHeld[], mode: AuctionMode): string =>
  [
    ...(mode === "broker"
      ? []
      : [mode === "merged" ? "merged with adjacent auctions, as requested" : "shown without auctions, as requested"]),
    ...auctions.map(
      ({ place, volumeIncluded, source }) =>
        `${what[place]}${who[source]}, ${volumeIncluded ? "with" : "without"} ${place === "pre_open" ? "the pre-open's" : "its"} volume`,
    ),
  ]
    .map((text) => `; ${text}`)
    .join("");

/** A bar's making in one sentence. */
const causeOf = (bar: Bar, passport: BarPassport): string => {
  const hole = bar.incomplete ? "; the feed was down for part of it, and history has not filled that part yet" : "";
  switch (bar.state) {
    case "forming":
      return `still forming: values so far${hole}`;
    case "closed":
      return passport.firstSequence === 0
        ? `closed; none of its ticks is recorded${hole}`
        : `built from the feed's ticks${hole}`;
    case "patched":
      return `${passport.late === 1 ? "a tick" : `${passport.late} ticks`} arrived after it had closed, and the bar was updated${hole}`;
    case "backfilled":
      return bar.ticks === 0
        ? "taken from the broker's history: the feed did not deliver it"
        : `taken from the broker's history: the feed delivered ${bar.ticks === 1 ? "one tick" : `${bar.ticks} ticks`} of it and had a gap`;
    case "corrected":
      return "replaced by the exchange's bar, which differed from ours";
  }
};

/** Derives who changed a bar and why from the result. */
const changeOf = (before: Bar, after: Bar, found: readonly Difference[]): { who: string; why: string } => {
  // Use the recorded rule if it made this change.
  const reason = found.find(
    ({ decision, field, ours, theirs }) =>
      decision === "corrected" && before[field] === ours && after[field] === theirs && ours !== theirs,
  );
  if (reason !== undefined && (after.state === "backfilled" || after.state === "corrected"))
    return { who: "history", why: reason.why };
  switch (after.state) {
    case "patched":
      return { who: "pipeline", why: "a tick arrived after the bar had closed" };
    case "backfilled":
      return { who: "history", why: "the broker's history filled what the feed did not deliver" };
    case "corrected":
      return { who: "history", why: "the exchange's bar differed" };
    default:
      return { who: "pipeline", why: "the bar was closed again with more of its ticks" };
  }
};
