import { type Bar, barAt, type BarPassport, fromCollector, joinPassports, noPassport } from "@/server/domain/bar";
import { AppError, badInput } from "@/server/domain/errors";
import { spanAt } from "@/server/domain/resample";
import { type Calendar, istDay, istMidnight, phaseAt } from "@/server/domain/session";
import type { Turns } from "@/server/domain/turns";
import { timeframe as timeframeNamed, type Timeframe } from "@/server/domain/timeframe";
import type { CompareStore, Difference, GapStore } from "@/server/ports/gaps";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { BarChange, PassportReading } from "@/server/ports/reads";
import type { BarStore, StoredBar, StoredKind } from "@/server/ports/stores";
import { type Bars, rungs } from "./bars";

interface Parts {
  bars: Bars;
  store: BarStore;
  /** What comparisons have said of a bar, and what history has answered for. */
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

interface Folded { passport: BarPassport; timeframe: StoredKind; parts: StoredBar[] }

/** What bars know about their making, of any timeframe: those not stored join the passports of what they are folded from. */
export class Passports {
  constructor(private readonly parts: Parts) {}

  /** By the bar's time. Bars without a tick of ours are left out. */
  async over(instrument: number, kind: StoredKind, from: number, to: number, turns: Turns): Promise<Map<number, BarPassport>> {
    const folded = await this.fold(instrument, kind, from, to, turns);
    return new Map([...folded].flatMap(([time, { passport }]) => (passport.sources === 0 ? [] : [[time, passport]])));
  }

  /** Everything about the bar that holds an instant. Throws `not_found` where there is none. */
  async at(instrument: number, kind: StoredKind, time: number, turns: Turns): Promise<PassportReading> {
    const { table } = this.parts.live;
    const { id, key } = table.at(instrument);
    const { bar, end, auction } = await this.bar(instrument, kind, time);
    if (bar === null) {
      throw new AppError("not_found", `${key} has no ${kind} bar at that instant: nothing traded, or nothing is known`, { details: { field: "time", value: time, accepted: "an instant inside a bar" } });
    }
    const folded = (await this.fold(instrument, kind, bar.time, end, turns)).get(bar.time);
    const stored = kind === "auction" || timeframeNamed(kind).stored;
    const parts = (folded?.parts ?? []).filter((part) => part.rev > 1).slice(-MOST_PARTS);
    const changes = (await Promise.all(parts.map((part) => this.changes(id, part)))).flat();
    const passport = folded?.passport ?? noPassport;
    return {
      bar, end, cause: `${causeOf(bar, passport)}${await this.beside(id, kind, bar, end)}${auction === null ? "" : auctionText(auction.volumeIncluded)}`, passport, auction, changes, collectors: this.parts.collectorNames().filter((_, number) => (passport.sources & fromCollector(number)) !== 0),
      // A stored bar that has not been closed yet is made of minutes too.
      parts: folded === undefined || (stored && folded.timeframe === kind) ? null : { timeframe: folded.timeframe, count: folded.parts.length },
    };
  }

  /** What history says beside a bar of the stream that stayed as it was; "" where it was not asked. */
  private async beside(id: number, kind: StoredKind, { state, time, incomplete }: Bar, end: number): Promise<string> {
    if ((kind !== "1m" && kind !== "1d") || (state !== "closed" && state !== "patched") || incomplete) return "";
    const stays = (await this.parts.compares.about(id, kind, time)).filter(({ decision }) => decision !== "corrected").at(-1);
    if (stays !== undefined) return `; the broker's history differs and ours stays: ${stays.why}`;
    if (state !== "closed") return "";
    const answers = await this.parts.gaps.answers(kind, [id], time, end);
    return answers.some(({ from, to }) => from <= time && to >= end) ? "; the broker's history says the same" : "";
  }

  private async bar(instrument: number, kind: StoredKind, time: number): Promise<{ bar: Bar | null; end: number; auction: PassportReading["auction"] }> {
    const { bars, calendar, live } = this.parts;
    const hours = live.table.hours(instrument);
    if (kind === "auction") {
      const day = istMidnight(istDay(time));
      const auctions = await bars.auctions(instrument, day, time + 1);
      if (auctions.length === 0) return { bar: null, end: time, auction: null };
      const bar = barAt(auctions, auctions.length - 1);
      const session = calendar.on(hours, istDay(time));
      return { bar, end: (session === null ? null : phaseAt(session, bar.time))?.to ?? time + 1, auction: null };
    }
    const of = timeframeNamed(kind);
    const span = spanAt(calendar, hours, of, time);
    if (span === null) return { bar: null, end: time, auction: null };
    const { closed, forming } = await bars.read({ instrument, timeframe: of, from: span.start, to: span.start + 1 });
    const rows = closed.length > 0 ? closed : forming;
    const bar = rows.length === 0 ? null : barAt(rows, 0);
    return { bar, end: span.end, auction: bar === null || of.kind !== "intraday" ? null : await this.auctionIn(instrument, of, bar, span.start) };
  }

  /** The pre-open that is printed into a bar: what the bar would be without it tells. */
  private async auctionIn(instrument: number, of: Timeframe, bar: Bar, start: number): Promise<PassportReading["auction"]> {
    const { bars, calendar, live } = this.parts;
    const session = calendar.on(live.table.hours(instrument), istDay(start));
    if (session === null) return null;
    const auctions = await bars.auctions(instrument, istMidnight(session.day), session.open);
    if (auctions.length === 0 || auctions.close[auctions.length - 1] !== bar.open) return null;
    const earlier = start === session.open ? null : await bars.read({ instrument, timeframe: of, from: session.open, to: start, limit: 1 });
    if (earlier !== null && earlier.closed.length + earlier.forming.length > 0) return null;
    const apart = await bars.read({ instrument, timeframe: of, from: start, to: start + 1, auctions: "apart" });
    const rows = apart.closed.length > 0 ? apart.closed : apart.forming;
    const [price, volume] = [auctions.close[auctions.length - 1]!, auctions.volume[auctions.length - 1]!];
    const plain = rows.length === 0 ? null : barAt(rows, 0);
    return { price, volume, volumeIncluded: plain !== null && bar.volume > plain.volume, source: plain?.open === price && plain.state !== "closed" && plain.state !== "patched" ? "history" : "broker" };
  }

  private async changes(id: number, part: StoredBar): Promise<BarChange[]> {
    const revisions = await this.parts.store.revisions(id, part.timeframe, part.time);
    const found = part.timeframe === "1m" || part.timeframe === "1d" ? await this.parts.compares.about(id, part.timeframe, part.time) : [];
    return revisions.map((before, at) => {
      const after = revisions[at + 1] ?? part;
      return { timeframe: part.timeframe, before, after, ...changeOf(before, after, found) };
    });
  }

  /** Stored rows of the span with what has been written a moment ago in their places. */
  private async rows(instrumentId: number, timeframe: StoredKind, from: number, to: number, turns: Turns): Promise<StoredBar[]> {
    const { store, recent } = this.parts;
    const rows = new Map<number, StoredBar>();
    const step = PIECE_ROWS * (timeframe === "auction" ? 86_400_000 : timeframeNamed(timeframe).lengthMs);
    for (let at = from; at < to; at += step) {
      for (const row of await store.readWhole({ instrumentId, timeframe, from: at, to: Math.min(to, at + step) })) rows.set(row.time, row);
      if (rows.size > MOST_ROWS) throw badInput("fields", "passport", `no passports here, or a shorter span: it is made of more than ${MOST_ROWS.toLocaleString("en-IN")} stored bars`);
      await turns.take(PIECE_ROWS);
    }
    for (const row of recent.recent(instrumentId, timeframe, from, to)) rows.set(row.time, row);
    return [...rows.values()].sort((a, b) => a.time - b.time);
  }

  private async fold(instrument: number, kind: StoredKind, from: number, to: number, turns: Turns): Promise<Map<number, Folded>> {
    const { live, calendar } = this.parts;
    const { id } = live.table.at(instrument);
    const hours = live.table.hours(instrument);
    const folded = new Map<number, Folded>();
    if (kind === "auction" || timeframeNamed(kind).from === kind) {
      for (const row of await this.rows(id, kind, from, to, turns)) folded.set(row.time, { passport: row.passport ?? noPassport, timeframe: kind, parts: [row] });
      if (kind === "auction" || rungs(timeframeNamed(kind)).length === 1) return folded;
    }
    const of = timeframeNamed(kind);
    const add = (start: number, row: StoredBar): void => {
      const known = folded.get(start);
      const passport = row.passport ?? noPassport;
      if (known === undefined) folded.set(start, { passport, timeframe: row.timeframe, parts: [row] });
      else { known.passport = joinPassports(known.passport, passport); known.parts.push(row); }
    };
    const last = spanAt(calendar, hours, of, to - 1);
    const until = Math.max(to, last?.end ?? to);
    let since = from;
    for (const rung of rungs(of)) {
      if (rung === kind) { since = this.endOfLast(hours, of, folded, since); continue; }
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
    return last === undefined ? from : spanAt(this.parts.calendar, hours, of, last)?.end ?? last + 1;
  }
}

const auctionText = (volumeIncluded: boolean): string => `; it opens at the pre-open's price as the broker prints it, ${volumeIncluded ? "with" : "without"} the pre-open's volume`;

/** A bar's making in one sentence. */
const causeOf = (bar: Bar, passport: BarPassport): string => {
  const hole = bar.incomplete ? "; the feed was away during part of it, and history has not filled that yet" : "";
  switch (bar.state) {
    case "forming": return `still open: the figures so far${hole}`;
    case "closed": return passport.firstSequence === 0 ? `closed; no tick of ours is told of it${hole}` : `made of the ticks of the stream${hole}`;
    case "patched": return `${passport.late === 1 ? "a tick" : `${passport.late} ticks`} came after it was closed, and the bar was changed${hole}`;
    case "backfilled": return bar.ticks === 0 ? "told by the broker's history: the stream did not bring it"
      : `told by the broker's history: the stream brought ${bar.ticks === 1 ? "one tick" : `${bar.ticks} ticks`} of it, and had a hole`;
    case "corrected": return "replaced by the exchange's own bar, which differed from ours";
  }
};

/** Who changed a bar and why, as far as what became of it tells. */
const changeOf = (before: Bar, after: Bar, found: readonly Difference[]): { who: string; why: string } => {
  // The rule on record, where it changed what was changed here.
  const reason = found.find(({ decision, field, ours, theirs }) => decision === "corrected" && before[field] === ours && after[field] === theirs && ours !== theirs);
  if (reason !== undefined && (after.state === "backfilled" || after.state === "corrected")) return { who: "history", why: reason.why };
  switch (after.state) {
    case "patched": return { who: "pipeline", why: "a tick came after the bar was closed" };
    case "backfilled": return { who: "history", why: "the broker's history filled what the stream did not bring" };
    case "corrected": return { who: "history", why: "the exchange's own bar differed" };
    default: return { who: "pipeline", why: "the bar was closed once more, with more of its ticks" };
  }
};

