import { KiteError } from "./reply";
import { closeOf } from "./calendar";
import { dayRecord } from "./record";
import { futureListings } from "./listing";
import { istDay, istMidnight } from "@/server/domain/time/session";
import { istLabel } from "@/server/domain/time/ist-text";
import type { DayRecord } from "./record";
import type { Listing } from "./listing";
import type { Market } from "./market";

/** Kite's intervals: minutes a bar, 0 for the day, and how many days one request may span. */
export const intervals = new Map([
  ["minute", { minutes: 1, days: 60 }],
  ["3minute", { minutes: 3, days: 100 }],
  ["5minute", { minutes: 5, days: 100 }],
  ["10minute", { minutes: 10, days: 100 }],
  ["15minute", { minutes: 15, days: 200 }],
  ["30minute", { minutes: 30, days: 200 }],
  ["60minute", { minutes: 60, days: 400 }],
  ["day", { minutes: 0, days: 2_000 }],
]);

export interface HistoryQuery {
  listing: Listing;
  /** Bar length in minutes; 0: the day. */
  minutes: number;
  /** Epoch ms, both inclusive for the START of a bar. */
  from: number;
  to: number;
  openInterest: boolean;
  /** Day bars of the contracts that were near before this one. */
  continuous: boolean;
}

const MINUTE_MS = 60_000;
/** Longest work before the feed gets its turn. */
const SLICE_MS = 8;

/** Paise to the shortest exact decimal of rupees. */
const rupees = (paise: number): string => String(paise / 100);

/** Folds minutes [from, to) of a day into one candle and appends it; nothing if none of them traded. */
const append = (
  out: string[],
  label: number,
  record: DayRecord,
  from: number,
  to: number,
  openInterest: boolean,
): void => {
  let open = 0;
  let high = 0;
  let low = 0;
  let close = 0;
  let volume = 0;
  let lastInterest = 0;
  let traded = false;
  for (let minute = from; minute < to; minute++) {
    if (record.trades[minute] === 0) continue;
    if (!traded) {
      traded = true;
      open = record.open[minute]!;
      high = record.high[minute]!;
      low = record.low[minute]!;
    }
    if (record.high[minute]! > high) high = record.high[minute]!;
    if (record.low[minute]! < low) low = record.low[minute]!;
    close = record.close[minute]!;
    volume += record.volume[minute]!;
    lastInterest = record.openInterest[minute]!;
  }
  if (traded)
    out.push(
      `["${istLabel(label)}",${rupees(open)},${rupees(high)},${rupees(low)},${rupees(close)},${volume}${openInterest ? `,${lastInterest}` : ""}]`,
    );
};

/** The day so far: whole minutes from the record, the running one as its ticks made it, nothing after. */
const untilNow = (market: Market, listing: Listing, record: DayRecord): void => {
  const cursor = market.cursor(listing.token);
  const running = Math.floor((market.time - market.calendar.open(record.day)) / MINUTE_MS);
  record.trades.fill(0, Math.max(0, running));
  if (
    cursor !== undefined &&
    running >= 0 &&
    cursor.minuteTrades > 0 &&
    cursor.minuteStart === market.calendar.open(record.day) + running * MINUTE_MS
  ) {
    record.trades[running] = Math.min(65_535, cursor.minuteTrades);
    record.open[running] = cursor.minuteOpen;
    record.high[running] = cursor.minuteHigh;
    record.low[running] = cursor.minuteLow;
    record.close[running] = cursor.price;
    record.volume[running] = cursor.minuteVolume;
  }
};

/** Kite opens a day's first candle at the pre-open's price, high and low contain it, and leaves its volume out. */
const openAtAuction = (record: DayRecord): void => {
  const { price } = record.preOpen;
  const first = record.trades.findIndex((trades) => trades > 0);
  if (price === 0 || first < 0) return;
  record.open[first] = price;
  record.high[first] = Math.max(record.high[first]!, price);
  record.low[first] = Math.min(record.low[first]!, price);
};

/**
 * An index has candles through the closing auction: they do not change, and one jumps to the auction's value. A stock
 * has none.
 */
const addClosingValues = (market: Market, listing: Listing, record: DayRecord): void => {
  const { closing, minutes } = market.calendar.hours(listing.kind, record.day);
  if (closing === null || listing.kind !== "index") return;
  const open = market.calendar.open(record.day);
  const { at, price } = record.closing;
  let value = record.close[minutes - 1]!;
  for (let minute = minutes; open + minute * MINUTE_MS < Math.min(closing.matching, market.time + 1); minute++) {
    const jumps = Math.floor((at - open) / MINUTE_MS) === minute && at <= market.time;
    record.trades[minute] = 1;
    record.volume[minute] = 0;
    record.open[minute] = value;
    if (jumps) value = price;
    record.close[minute] = value;
    record.high[minute] = Math.max(record.open[minute]!, value);
    record.low[minute] = Math.min(record.open[minute]!, value);
  }
};

const COLUMNS = ["trades", "open", "high", "low", "close", "volume", "openInterest"] as const;

/** A day's minutes as candles show them, written over `scratch`. */
const shown = (market: Market, listing: Listing, record: DayRecord, scratch: DayRecord): DayRecord => {
  const running = market.time < closeOf(market.calendar, record.day);
  const { preOpen, closing, postVolume, day } = record;
  if (!running && preOpen.at === 0) return record;
  for (const column of COLUMNS) scratch[column].set(record[column]);
  Object.assign(scratch, { day, preOpen, closing, postVolume });
  if (running) untilNow(market, listing, scratch);
  openAtAuction(scratch);
  addClosingValues(market, listing, scratch);
  return scratch;
};

/** The exchange's file comes overnight; until then a day bar is the sum of the candles. */
const SETTLED_AFTER_MIDNIGHT_MS = 3_600_000;

/** The day bar: provisional, or as the exchange's file has it, with auctions and post-close. */
const appendDay = (out: string[], market: Market, listing: Listing, record: DayRecord, openInterest: boolean): void => {
  const { preOpen, closing, postVolume, day } = record;
  const { minutes } = market.calendar;
  if (
    (preOpen.price === 0 && closing.price === 0 && postVolume === 0) ||
    market.time < istMidnight(day + 1) + SETTLED_AFTER_MIDNIGHT_MS
  ) {
    append(out, istMidnight(day), record, 0, minutes, openInterest);
    return;
  }
  const row: string[] = [];
  append(row, istMidnight(day), record, 0, minutes, openInterest);
  const parsed =
    row[0] === undefined ? null : (JSON.parse(row[0]) as [string, number, number, number, number, number, number?]);
  if (parsed === null) return;
  const [label, open, high, low, close, volume, ...interest] = parsed;
  const last = closing.price === 0 ? close : closing.price / 100;
  out.push(
    JSON.stringify([
      label,
      open,
      Math.max(high, last),
      Math.min(low, last),
      last,
      volume + preOpen.volume + closing.volume + postVolume,
      ...interest,
    ]),
  );
};

/** The near contract of the same root on a day. */
const nearContract = (market: Market, listing: Listing, day: number): Listing =>
  futureListings(market.listings, day).find((contract) => contract.name === listing.name) ?? listing;

/** The candles of a query as JSON rows. Yields to the feed between slices of work: years of minutes take a while. */
export const candles = async (market: Market, query: HistoryQuery, elapsed: () => number): Promise<string[]> => {
  const { calendar, book } = market;
  const out: string[] = [];
  const scratch = dayRecord(calendar.minutes);
  const written = dayRecord(calendar.minutes);
  const last = Math.min(query.to, market.time);
  let sliceStart = elapsed();
  for (let day = istDay(query.from); day <= istDay(last); day++) {
    if (elapsed() - sliceStart > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceStart = elapsed();
    }
    if (!calendar.trades(day) || calendar.open(day) > market.time) continue;
    const listing = query.continuous && query.minutes === 0 ? nearContract(market, query.listing, day) : query.listing;
    const running = market.time < closeOf(calendar, day);
    const whole = running || query.minutes !== 0 ? book.day(listing, day) : book.write(listing, day, written);
    if (whole === null) continue;
    const record = shown(market, listing, whole, scratch);
    if (query.minutes === 0) {
      appendDay(out, market, listing, record, query.openInterest);
      continue;
    }
    for (let minute = 0; minute < calendar.minutes; minute += query.minutes) {
      const label = calendar.open(day) + minute * MINUTE_MS;
      if (label < query.from || label > last) continue;
      append(out, label, record, minute, Math.min(minute + query.minutes, calendar.minutes), query.openInterest);
    }
  }
  return out;
};

/** Refuses what Kite refuses: more days than the interval allows. */
export const checkSpan = (interval: string, from: number, to: number): void => {
  const limit = intervals.get(interval)!.days;
  if (to - from > limit * 86_400_000)
    throw new KiteError("InputException", `interval exceeds max limit: ${limit} days`);
};
