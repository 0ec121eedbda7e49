import type { AuctionMode } from "@/server/domain/bars/auction-print";
import { type Bar, barAt, type BarColumns, barColumns, FORMING } from "@/server/domain/bars/bar";
import { cut, join, merge, within } from "@/server/domain/bars/bar-rows";
import { Book, LEVEL, LEVELS, type StoredBooks } from "@/server/domain/ticks/order-book";
import { badInput } from "@/server/domain/basics/errors";
import {
  type Calendar,
  DAY_MS,
  dayOfDate,
  istDate,
  istDay,
  istMidnight,
  isUnknown,
} from "@/server/domain/time/session";
import {
  anyTimeframe,
  type AskedBars,
  isListed,
  timeframe as timeframeNamed,
  type TimeframeName,
  timeframeNames,
} from "@/server/domain/time/timeframe";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import type { FeedDefinition, QuoteDetails } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { BookStore } from "@/server/ports/order-books";
import type {
  About,
  BarsRead,
  BarsReading,
  MarketReads,
  OrderBook,
  PassportReading,
  SpanStats,
  TickReading,
} from "@/server/ports/market-reads";
import type { StoredKind, TickStore } from "@/server/ports/stores";
import type { Bars } from "@/server/services/bars/bars";
import type { CompletenessDays } from "@/server/services/quality/completeness";
import type { Passports } from "@/server/services/bars/passport";
import { fillBars } from "./fill";
import { countSlots, isClosedAllOver, slotStarts, type Slots, unknownDay } from "./slots";
import { spanStats } from "./stats";

interface Parts {
  desk: Desk;
  bars: Bars;
  passports: Passports;
  ticks: TickStore;
  books: BookStore;
  live: LiveMarket;
  calendar: Calendar;
  clock: Clock;
  /** The feed whose packets a collector delivers, for day figures and depth. */
  feedAt(collector: number): FeedDefinition | undefined;
  tokenOf(instrument: number): number | undefined;
  completeness: Pick<CompletenessDays, "days">;
  /** Puts ticks that are still in memory into the store. */
  settleTicks(): Promise<void>;
  /** The same of an instrument's order books. */
  settleBooks(instrument: number): Promise<void>;
}

interface RowsWanted {
  from?: number | undefined;
  to?: number | undefined;
  limit: number;
  asOf?: number | undefined;
  signal?: AbortSignal | undefined;
  auctions?: AuctionMode | undefined;
  closingRows?: boolean;
}

/** A span of one instrument's bars is at most this long: more is asked for by page. */
const MOST_BARS = 50_000;

export class Reads implements MarketReads {
  constructor(private readonly parts: Parts) {}

  resolve(text: string, vendor?: string): number {
    return this.parts.desk.resolve(text, vendor);
  }
  now(): number {
    return Math.round(this.parts.clock.now());
  }

  about(instrument: number): About {
    const { desk, live, tokenOf } = this.parts;
    const quote = desk.quote(instrument);
    const at = live.table.at(instrument);
    return {
      instrument: at,
      token: tokenOf(instrument) ?? at.id,
      quote,
      averagePrice: this.details(instrument).averagePrice,
    };
  }

  turns(signal?: AbortSignal): Turns {
    return new Turns(() => this.parts.clock.sleep(0, signal));
  }

  async bars({
    instrument,
    timeframe,
    from,
    to,
    limit,
    fill,
    asOf: asked,
    passports,
    auctions,
    signal,
  }: BarsRead): Promise<BarsReading> {
    if (from !== undefined && to !== undefined && from >= to) throw badInput("from", from, "an instant before `to`");
    const { parts } = this;
    const turns = this.turns(signal);
    const now = this.now();
    if (passports && timeframe !== "auction" && !isListed(anyTimeframe(timeframe)))
      throw badInput("fields", "passport", `none with ${timeframe}: passports exist for ${timeframeNames.join(", ")}`);
    // For a time in the future, the answer is what is known now.
    const asOf = asked === undefined || asked >= now ? undefined : asked;
    const { rows, closing } = await this.printed(instrument, timeframe, {
      from,
      to,
      limit: limit + 1,
      asOf,
      signal,
      auctions,
      closingRows: fill === "none",
    });
    const truncated = rows.length > limit;
    let bars = truncated ? cut(rows, rows.length - limit, rows.length) : rows;
    const received = Math.max(0, bars.length - formingCount(bars) - within(closing, bars.time[0] ?? 0).length);
    let incomplete = 0;
    for (let row = 0; row < bars.length; row++) incomplete += bars.incomplete[row]!;

    const first = truncated || from === undefined ? bars.time[0] : from;
    let expected: number | null = null;
    let filled: Uint8Array | null = null;
    if (timeframe !== "auction") {
      const slots: Slots | null =
        first === undefined
          ? null
          : {
              calendar: parts.calendar,
              hours: parts.live.table.hours(instrument),
              timeframe: anyTimeframe(timeframe),
              from: first,
              to: Math.min(to ?? Number.POSITIVE_INFINITY, (asOf ?? now) + 1),
              bars,
              turns,
              ended:
                asOf === undefined
                  ? parts.live.bars.settledBefore(now)
                  : asOf - parts.live.bars.watermarkSeconds * 1_000,
            };
      expected = slots === null ? 0 : await countSlots(slots);
      if (fill !== "none" && slots !== null) {
        const starts = await slotStarts(slots, limit);
        const before =
          fill === "previous" ? await this.closeBefore(instrument, timeframe, starts[0], bars.time[0], asOf) : null;
        const all = await fillBars(bars, starts, fill, before, turns);
        const drop = Math.max(0, all.bars.length - limit);
        bars = cut(all.bars, drop, all.bars.length);
        filled = all.filled.subarray(drop);
      }
    } else if (fill !== "none") throw badInput("fill", fill, "none: auctions have no regular grid to fill");
    const told =
      passports && bars.length > 0
        ? await parts.passports.over(
            instrument,
            timeframe as StoredKind,
            bars.time[0]!,
            bars.time[bars.length - 1]! + 1,
            turns,
          )
        : null;
    const notice =
      bars.length > 0 || from === undefined
        ? null
        : (this.closedNotice(instrument, from, to ?? now) ?? (await this.storedNotice(instrument, timeframe)));
    return { bars, filled, passports: told, expected, received, incomplete, truncated, notice };
  }

  async latest(instrument: number, timeframe: StoredKind): Promise<Bar | null> {
    const { live } = this.parts;
    if (timeframe !== "auction") {
      const of = timeframeNamed(timeframe);
      await this.warmed(instrument, timeframe);
      const forming = barColumns(16);
      live.bars.forming(instrument, of, forming);
      if (forming.length > 0) return barAt(forming, forming.length - 1);
    }
    const rows = await this.rows(instrument, timeframe, { limit: 1 });
    return rows.length === 0 ? null : barAt(rows, rows.length - 1);
  }

  dateOf(instant: number): string {
    return istDate(istDay(instant));
  }

  day(date?: string): { date: string; from: number; to: number } {
    const day = date === undefined ? istDay(this.now()) : dayOfDate(date);
    return { date: istDate(day), from: istMidnight(day), to: istMidnight(day) + DAY_MS };
  }

  async stats(
    instrument: number,
    timeframe: StoredKind,
    { from, to }: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<SpanStats> {
    if (from >= to) throw badInput("from", from, "an instant before `to`");
    const [rows, auctions, before] = await Promise.all([
      this.rows(instrument, timeframe, { from, to, limit: MOST_BARS + 1, signal, auctions: "apart" }),
      // Longer bars have their auctions in them.
      timeframe === "auction" || timeframeNamed(timeframe).kind !== "intraday"
        ? barColumns(0)
        : this.parts.bars.auctions(instrument, from, to),
      this.rows(instrument, "1d", { to: istMidnight(istDay(from)), limit: 1 }),
    ]);
    if (rows.length > MOST_BARS)
      throw badInput("timeframe", timeframe, `a longer timeframe: this period has more than ${MOST_BARS} bars`);
    return spanStats(rows, auctions, before.length === 0 ? 0 : before.close[before.length - 1]!);
  }

  async ticks(instrument: number, { from, to }: { from: number; to: number }, limit: number): Promise<TickReading> {
    if (from >= to) throw badInput("from", from, "an instant before `to`");
    await this.parts.settleTicks();
    const { id } = this.parts.live.table.at(instrument);
    // One more, to know from where the first one's day volume counts.
    const ticks = await this.parts.ticks.read({ instrumentId: id, from, to, limit: limit + 1 });
    const quantity = new Float64Array(ticks.length);
    for (let row = 0; row < ticks.length; row++) {
      const sameDay = row > 0 && istDay(ticks.time[row]!) === istDay(ticks.time[row - 1]!);
      const known =
        sameDay &&
        ticks.volume[row]! >= 0 &&
        ticks.volume[row - 1]! >= 0 &&
        ticks.volume[row]! >= ticks.volume[row - 1]!;
      quantity[row] = known ? ticks.volume[row]! - ticks.volume[row - 1]! : -1;
    }
    return { ticks, quantity };
  }

  orderBook(instrument: number): OrderBook | null {
    const { board } = this.parts.live;
    const { depth, buyQuantity, sellQuantity } = this.details(instrument);
    if (depth === undefined) return null;
    return {
      bids: withOrders(depth.buy),
      asks: withOrders(depth.sell),
      buyQuantity,
      sellQuantity,
      lastPrice: board.price(instrument),
      time: board.time(instrument),
      received: Math.round(board.received(instrument)),
    };
  }

  async orderBookAt(instrument: number, time: number): Promise<OrderBook | null> {
    await this.parts.settleBooks(instrument);
    return bookOf(await this.parts.books.at(this.parts.live.table.at(instrument).id, time), 0);
  }

  async orderBooks(
    instrument: number,
    { from, to }: { from: number; to: number },
    limit: number,
  ): Promise<{ books: OrderBook[]; truncated: boolean }> {
    if (from >= to) throw badInput("from", from, "an instant before `to`");
    await this.parts.settleBooks(instrument);
    const stored = await this.parts.books.read({
      instrumentId: this.parts.live.table.at(instrument).id,
      from,
      to,
      limit: limit + 1,
    });
    const books = Array.from({ length: stored.length }, (_, row) => bookOf(stored, row)!);
    return { books: books.slice(-limit), truncated: books.length > limit };
  }

  async passport(
    instrument: number,
    timeframe: StoredKind,
    time: number,
    auctions: AuctionMode,
    signal?: AbortSignal,
  ): Promise<PassportReading> {
    await this.warmed(instrument, timeframe);
    return this.parts.passports.at(instrument, timeframe, time, auctions, this.turns(signal));
  }

  async missing(
    instrument: number,
    timeframe: TimeframeName,
    { from, to }: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<{ expected: number; missing: number[] }> {
    if (from >= to) throw badInput("from", from, "an instant before `to`");
    const { calendar, live } = this.parts;
    const of = timeframeNamed(timeframe);
    const days = await this.parts.completeness.days(instrument, of, istDay(from), istDay(to - 1), signal);
    const lost = days.flatMap(({ runs }) => runs.filter(({ kind }) => kind === "missing" || kind === "incomplete"));
    // On a day outside all holiday lists, nothing is expected while it has no bar.
    const idle = new Set(
      days.filter(({ session, expected }) => isUnknown(session) && expected === 0).map(({ session }) => session.day),
    );
    const starts = (
      await slotStarts(
        {
          calendar,
          hours: live.table.hours(instrument),
          timeframe: of,
          from,
          to,
          ended: live.bars.settledBefore(this.now()),
          turns: this.turns(signal),
        },
        Number.POSITIVE_INFINITY,
      )
    ).filter((start) => !idle.has(istDay(start)));
    let run = 0;
    const missing = starts.filter((start) => {
      while (run < lost.length && lost[run]!.to <= start) run++;
      return run < lost.length && lost[run]!.from <= start;
    });
    return { expected: starts.length, missing };
  }

  closedNotice(instrument: number, from: number, to: number): string | null {
    const { calendar, live } = this.parts;
    if (from > this.now()) return `${ist(from)} IST is in the future`;
    const hours = live.table.hours(instrument);
    const unknown = unknownDay(calendar, hours, from, to);
    if (unknown !== null)
      return `no holiday list covers ${istDate(unknown.day)}: it is unknown whether ${live.table.at(instrument).key} trades then, so nothing counts as missing`;
    if (!isClosedAllOver(calendar, hours, from, to)) return null;
    const beside = [calendar.previous(hours, from), calendar.next(hours, to)].flatMap((session) =>
      session === null ? [] : [`${ist(session.open)} to ${ist(session.close).slice(11)}`],
    );
    return `${live.table.at(instrument).key} does not trade from ${ist(from)} to ${ist(to)} IST${beside.length === 0 ? "" : `; nearest sessions: ${beside.join(", ")}`}`;
  }

  /** Explains why a span in which the market traded has no bar. */
  private async storedNotice(instrument: number, timeframe: AskedBars): Promise<string | null> {
    if (timeframe === "auction") return null;
    const { desk, live } = this.parts;
    const first = await desk.firstStored(instrument, anyTimeframe(timeframe));
    return `no bar of ${live.table.at(instrument).key} is stored in this period; ${first === null ? "no bar is stored at all" : `the first stored bar begins at ${ist(first)} IST`}`;
  }

  private async rows(instrument: number, timeframe: AskedBars, wanted: RowsWanted): Promise<BarColumns> {
    return (await this.printed(instrument, timeframe, wanted)).rows;
  }

  private async printed(
    instrument: number,
    timeframe: AskedBars,
    { from, to, limit, asOf, signal, auctions, closingRows: wantsClosing = false }: RowsWanted,
  ): Promise<{ rows: BarColumns; closing: BarColumns }> {
    const { bars } = this.parts;
    const then = asOf === undefined ? {} : { asOf };
    if (timeframe === "auction")
      return {
        rows: await bars.auctions(instrument, from ?? 0, to ?? Number.MAX_SAFE_INTEGER, { limit, ...then }),
        closing: barColumns(0),
      };
    await this.warmed(instrument, timeframe);
    const {
      closed,
      forming,
      closing = barColumns(0),
    } = await bars.read({
      instrument,
      timeframe: anyTimeframe(timeframe),
      limit,
      signal,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...then,
      ...(auctions === undefined ? {} : { auctions }),
      closingRows: wantsClosing,
    });
    const shown = within(closing, from ?? 0);
    const all = merge(join([closed, forming]), shown);
    return { rows: cut(all, Math.max(0, all.length - limit), all.length), closing: shown };
  }

  /** Longer forming bars lack the day's earlier minutes until these have been loaded. */
  private async warmed(instrument: number, timeframe: AskedBars): Promise<void> {
    const { desk } = this.parts;
    if (timeframe !== "auction" && anyTimeframe(timeframe).from !== "1s" && !desk.isWarm(instrument))
      await desk.warm(instrument);
  }

  /** Close of the bar before the first slot, where that slot has no bar of its own. */
  private async closeBefore(
    instrument: number,
    timeframe: AskedBars,
    slot: number | undefined,
    bar: number | undefined,
    asOf: number | undefined,
  ): Promise<number | null> {
    if (slot === undefined || (bar !== undefined && bar <= slot)) return null;
    const before = await this.rows(instrument, timeframe, { to: slot, limit: 1, asOf });
    return before.length === 0 ? null : before.close[before.length - 1]!;
  }

  /** What the newest packet carries, in minor units. */
  private details(instrument: number): {
    depth: QuoteDetails["depth"];
    averagePrice: number;
    buyQuantity: number;
    sellQuantity: number;
  } {
    const {
      live: { board },
      feedAt,
    } = this.parts;
    const frame = instrument < board.capacity ? board.frame(instrument) : null;
    const details =
      frame === null ? null : (feedAt(board.collector(instrument))?.quote(frame, board.offset(instrument)) ?? null);
    const minor = (wire: number): number => Math.round(wire / board.wireDivisor[instrument]!);
    const side = (levels: OrderBook["bids"]): { price: number; quantity: number; orders: number }[] =>
      levels.map((level) => ({ ...level, price: minor(level.price) }));
    return {
      depth:
        details?.depth === undefined ? undefined : { buy: side(details.depth.buy), sell: side(details.depth.sell) },
      averagePrice: minor(details?.averagePrice ?? 0),
      buyQuantity: details?.buyQuantity ?? 0,
      sellQuantity: details?.sellQuantity ?? 0,
    };
  }
}

/** The exchange sends five levels; those without orders are zeros. */
const withOrders = (levels: OrderBook["bids"]): OrderBook["bids"] => levels.filter((level) => level.quantity > 0);

/** A row of kept books; null where there is none. */
const bookOf = ({ length, time, received, figures }: StoredBooks, row: number): OrderBook | null => {
  if (row >= length) return null;
  const at = (place: number): number => figures[row * Book.size + place]!;
  const side = (first: number): OrderBook["bids"] =>
    withOrders(
      Array.from({ length: LEVELS }, (_, level) => {
        const place = first + level * LEVEL;
        return { price: at(place), quantity: at(place + 1), orders: at(place + 2) };
      }),
    );
  return {
    bids: side(Book.bids),
    asks: side(Book.asks),
    buyQuantity: at(Book.buyQuantity),
    sellQuantity: at(Book.sellQuantity),
    lastPrice: at(Book.lastPrice),
    time: time[row]!,
    received: received[row]!,
  };
};

/** How many bars at the end are forming. */
const formingCount = (bars: BarColumns): number => {
  let forming = 0;
  while (forming < bars.length && bars.state[bars.length - 1 - forming] === FORMING) forming++;
  return forming;
};

/** `2026-11-20 09:15` */
const ist = (instant: number): string => {
  const day = istDay(instant);
  const minutes = Math.floor((instant - istMidnight(day)) / 60_000);
  return `${istDate(day)} ${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};
