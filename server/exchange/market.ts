import { Cursor } from "./cursor";
import { book } from "./record";
import { cashListings, futureListings } from "./listing";
import { tradingCalendar, tradingDayAt } from "./calendar";
import type { Book } from "./record";
import type { CalendarName, TradingCalendar } from "./calendar";
import type { Listing } from "./listing";

export interface MarketOptions {
  seed: number;
  calendar: CalendarName;
  /** Packets a second: of each instrument on average, or of all together. */
  rate: { perInstrument: number } | { total: number };
  /** How many stocks are listed; the real ones unless given. */
  stocks?: number | undefined;
}

/** The exchange at a given time: its instruments, and the last packet of each. */
export interface Market {
  calendar: TradingCalendar;
  book: Book;
  /** Epoch ms up to which packets have been handed out. */
  readonly time: number;
  readonly listings: readonly Listing[];
  cursor(token: number): Cursor | undefined;
  /** A cursor of one's own over a listed instrument's packets: they are the same as those that are sent. */
  walker(token: number): Cursor | undefined;
  listing(exchangeAndSymbol: string): Listing | undefined;
  /** Goes to an instant without handing anything out. */
  seek(instant: number): void;
  /** Hands out every packet due by the instant, instrument by instrument, each in order of time. The cursor is reused. */
  advance(instant: number, take: (cursor: Cursor) => void): void;
}

export const EXCHANGE = "SIM";

/** On NSE's calendar instruments are listed as NSE's own: whoever trades them keeps NSE's hours. */
export const exchangeOf = (calendar: TradingCalendar, { segment }: Listing): "SIM" | "NSE" | "NFO" =>
  calendar.name === "SIM" ? EXCHANGE : segment === "SIM-FUT" ? "NFO" : "NSE";

/** An instrument's share of the feed; quiet ones send less. */
const weightOf = (listing: Listing): number => 0.3 + 0.7 * listing.activity;

export const market = (options: MarketOptions, start: number): Market => {
  const calendar = tradingCalendar(options.calendar);
  const record = book(options.seed, calendar);
  const cash = cashListings(options.stocks);
  const cursors = new Map<number, Cursor>();
  const bySymbol = new Map<string, Listing>();
  let listings: readonly Listing[] = [];
  let listedDay = Number.NaN;
  let time = start;
  let perInstrument: (listing: Listing) => Cursor;

  /** Contracts come and go with the trading day. */
  const list = (instant: number): void => {
    const day = tradingDayAt(calendar, instant);
    if (day === listedDay) return;
    listedDay = day;
    listings = [...cash, ...futureListings(cash, day)];
    const rate = "total" in options.rate ? options.rate.total / listings.length : options.rate.perInstrument;
    const weights = listings.reduce((sum, listing) => sum + weightOf(listing), 0) / listings.length;
    perInstrument = (listing) => new Cursor(listing, record, calendar, (60 * rate * weightOf(listing)) / weights, rate);
    bySymbol.clear();
    const present = new Set<number>();
    for (const listing of listings) {
      present.add(listing.token);
      bySymbol.set(`${EXCHANGE}:${listing.symbol}`, listing);
      bySymbol.set(`${exchangeOf(calendar, listing)}:${listing.symbol}`, listing);
      if (cursors.has(listing.token)) continue;
      const cursor = perInstrument(listing);
      cursor.seek(instant);
      cursors.set(listing.token, cursor);
    }
    for (const token of cursors.keys()) if (!present.has(token)) cursors.delete(token);
  };

  list(start);
  return {
    calendar,
    book: record,
    get time() {
      return time;
    },
    get listings() {
      return listings;
    },
    cursor: (token) => cursors.get(token),
    walker(token) {
      const listing = cursors.get(token)?.listing;
      return listing === undefined ? undefined : perInstrument(listing);
    },
    listing: (exchangeAndSymbol) => bySymbol.get(exchangeAndSymbol),
    seek(instant) {
      list(instant);
      for (const cursor of cursors.values()) cursor.seek(instant);
      time = instant;
    },
    advance(instant, take) {
      list(instant);
      for (const cursor of cursors.values()) while (cursor.advance(instant)) take(cursor);
      time = instant;
    },
  };
};
