import { bitsAt, gaussianOf, keyed, poissonOf, uniformAt } from "./hash";
import { FIRST_DAY, streams } from "./streams";
import { tradingDayBefore } from "./calendar";
import type { Listing } from "./listing";
import type { TradingCalendar } from "./calendar";

/** One instrument's day as the exchange records it, minute by minute: prices in paise, volumes in units. */
export interface DayRecord {
  day: number;
  /** Hash key of the day: what happens inside its minutes hangs on it. */
  key: number;
  /** Close of the trading day before. */
  previousClose: number;
  /** Trades at the natural rate; 0: the minute has no bar. The other columns of such a minute mean nothing. */
  trades: Uint16Array;
  open: Int32Array;
  high: Int32Array;
  low: Int32Array;
  close: Int32Array;
  volume: Float64Array;
  openInterest: Float64Array;
  /** Volume and traded value (paise x units, by the minute's typical price) before each minute, the pre-open's included; minutes + 1 values. */
  volumeBefore: Float64Array;
  valueBefore: Float64Array;
  /** Auctions and post-close, where the exchange's hours have them; price 0: nothing was matched. In no minute. */
  preOpen: AuctionRecord;
  closing: AuctionRecord;
  /** Units traded at the closing price after the close. */
  postVolume: number;
}

export interface AuctionRecord {
  /** Epoch ms of the match. */
  at: number;
  price: number;
  /** Units; 0 of an index. */
  volume: number;
}

/** The exchange's record: a pure function of the seed, computed when asked for. */
export interface Book {
  /** The day of an instrument, or null before it is listed, after it expired, or when the exchange is closed. Read only. */
  day(listing: Listing, day: number): DayRecord | null;
  /** The same, written over the given record instead of kept: for sweeps over years. */
  write(listing: Listing, day: number, into: DayRecord): DayRecord | null;
  /** Closing price of a trading day, paise. */
  close(listing: Listing, day: number): number;
}

const DAY_SALT = 0x33;
const AUCTION_SALT = 0x66;
/** Order entry closes at a random moment of its last minute, the closing auction's of its last two. */
const RANDOM_CLOSE_MS = 58_000;
const RANDOM_CLOSING_MS = 115_000;
const NATURAL_TRADES = 42;
/** Records kept: about 25 MB at 1,440 minutes. */
const KEPT_DAYS = 400;
const PER_MINUTE = 8;

/** Drawn by ten bits of a hash instead of computed: years of minutes are a matter of these. */
const TABLE = 1_024;
const tableOf = (value: (u: number) => number): Float64Array =>
  Float64Array.from({ length: TABLE }, (_, at) => value((at + 0.5) / TABLE));

export const dayRecord = (minutes: number): DayRecord => ({
  day: 0,
  key: 0,
  previousClose: 0,
  trades: new Uint16Array(minutes),
  open: new Int32Array(minutes),
  high: new Int32Array(minutes),
  low: new Int32Array(minutes),
  close: new Int32Array(minutes),
  volume: new Float64Array(minutes),
  openInterest: new Float64Array(minutes),
  volumeBefore: new Float64Array(minutes + 1),
  valueBefore: new Float64Array(minutes + 1),
  preOpen: { at: 0, price: 0, volume: 0 },
  closing: { at: 0, price: 0, volume: 0 },
  postVolume: 0,
});

/** True when an instrument is traded on a day of its life. */
const isListed = (listing: Listing, day: number): boolean =>
  day > FIRST_DAY && day >= listing.firstDay && day <= listing.lastDay;

export const book = (seed: number, calendar: TradingCalendar): Book => {
  const { level, bridge } = streams(seed, calendar);
  const { minutes, activity, elapsed } = calendar;
  const kept = new Map<number, DayRecord>();
  const path = new Float64Array(minutes + 1);
  const stepDeviation = activity.map((share) => Math.sqrt(share / minutes));
  /** Twice an exponential draw: squared reach of a Brownian bridge of variance 1. */
  const reach = tableOf((u) => -2 * Math.log(u));
  /** Spread of a minute's volume around its mean. */
  const swell = tableOf((u) => Math.exp(0.7 * (Math.log(u / (1 - u)) / 1.8)) * 0.93);

  const logClose = (listing: Listing, day: number): number => {
    let sum = listing.base;
    for (const { stream, weight } of listing.loadings) sum += level(stream, day) * weight;
    return sum + (listing.carry === 0 ? 0 : (listing.carry * (listing.lastDay - day)) / 365);
  };
  const onGrid = (price: number, tick: number): number => Math.max(tick, Math.round(price / tick) * tick);
  const close = (listing: Listing, day: number): number => onGrid(Math.exp(logClose(listing, day)), listing.tick);

  /** Logarithm of the fair price at the start of each minute: between two closes, moved by everything that moves the instrument. */
  const drawPath = (listing: Listing, day: number, dayKey: number): void => {
    const from = logClose(listing, tradingDayBefore(calendar, day));
    const to = logClose(listing, day);
    const start = from + (to - from) * calendar.gap * uniformAt(dayKey, -2);
    for (let at = 0; at <= minutes; at++) path[at] = start + (to - start) * elapsed[at]!;
    for (const { stream, weight } of listing.loadings) {
      const moves = bridge(stream, day);
      for (let at = 0; at <= minutes; at++) path[at] = path[at]! + moves[at]! * weight;
    }
  };

  const openInterestOf = (listing: Listing, day: number): number => {
    const build = Math.min(1, 0.15 + (0.85 * Math.max(0, day - listing.firstDay)) / 60);
    const left = Math.min(1, 0.25 + 0.15 * (listing.lastDay - day));
    return listing.openInterest * build * left * (1 + 0.04 * gaussianOf(bitsAt(keyed(seed, listing.id, 0x44), day)));
  };

  /**
   * Auctions of a day, from separate hashes: the pre-open's price is near the first trade's but seldom equal, and the
   * closing auction's is the day's close. A stock whose pre-open matches nothing has none.
   */
  const drawAuctions = (listing: Listing, day: number, dayKey: number, dayClose: number, into: DayRecord): void => {
    const { preOpen, closing, postClose } = calendar.hours(listing.kind, day);
    const key = keyed(dayKey, AUCTION_SALT);
    const { tick, lot } = listing;
    const usual = listing.lotsPerMinute * 375;
    const share = (of: number, place: number): number =>
      listing.lotsPerMinute === 0 ? 0 : lot * Math.max(1, Math.round(usual * of * (0.4 + 1.2 * uniformAt(key, place))));
    const fair = Math.exp(path[0]!);
    const isQuiet = listing.lotsPerMinute > 0 && uniformAt(key, 1) < (listing.activity < 0.1 ? 0.3 : 0.02);
    const none = preOpen === null || isQuiet;
    into.preOpen = {
      at: preOpen === null ? 0 : preOpen.matching - Math.floor(uniformAt(key, 2) * RANDOM_CLOSE_MS) - 1_000,
      price: none ? 0 : onGrid(fair * (1 + listing.sigma * 0.12 * gaussianOf(bitsAt(key, 3))), tick),
      volume: none ? 0 : share(0.004, 4),
    };
    into.closing = {
      at: closing === null ? 0 : closing.matching - Math.floor(uniformAt(key, 5) * RANDOM_CLOSING_MS) - 1_000,
      price: closing === null ? 0 : dayClose,
      volume: closing === null ? 0 : share(0.025, 6),
    };
    into.postVolume = postClose === null ? 0 : share(0.002, 7);
  };

  const write = (listing: Listing, day: number, into: DayRecord): DayRecord | null => {
    if (!isListed(listing, day) || !calendar.trades(day)) return null;
    const dayKey = keyed(keyed(seed, listing.id, DAY_SALT), day);
    drawPath(listing, day, dayKey);
    const { tick, lot } = listing;
    const isIndex = listing.lotsPerMinute === 0;
    const thin = day < listing.nearFrom ? 1 / 6 : 1;
    const busyDay = Math.exp(0.3 * gaussianOf(bitsAt(dayKey, -3)));
    const lots = listing.lotsPerMinute * thin * busyDay;
    const natural = NATURAL_TRADES * listing.activity * Math.sqrt(thin);
    const openingInterest = listing.openInterest === 0 ? 0 : openInterestOf(listing, day - 1);
    const closingInterest = listing.openInterest === 0 ? 0 : openInterestOf(listing, day);
    const dayClose = close(listing, day);
    into.day = day;
    into.key = dayKey;
    into.previousClose = close(listing, tradingDayBefore(calendar, day));
    drawAuctions(listing, day, dayKey, dayClose, into);
    const hours = calendar.hours(listing.kind, day);
    const final = hours.minutes - 1;
    let fairNow = Math.exp(path[0]!);
    let volumeBefore = into.preOpen.volume;
    let valueBefore = into.preOpen.volume * into.preOpen.price;
    for (let minute = 0; minute < minutes; minute++) {
      const fairNext = Math.exp(path[minute + 1]!);
      const share = activity[minute]!;
      const at = minute * PER_MINUTE;
      into.volumeBefore[minute] = volumeBefore;
      into.valueBefore[minute] = valueBefore;
      const boundary = minute === 0 || minute === final;
      const trades =
        minute > final
          ? 0
          : isIndex
            ? 60
            : Math.max(boundary ? 2 : 0, poissonOf(natural * Math.min(share, 1.5), bitsAt(dayKey, at)));
      into.trades[minute] = trades;
      const elapsedShare = elapsed[minute + 1]!;
      into.openInterest[minute] =
        listing.openInterest === 0
          ? 0
          : lot *
            Math.round(
              (openingInterest + (closingInterest - openingInterest) * elapsedShare) *
                (1 + 0.002 * uniformAt(dayKey, at + 7)),
            );
      if (trades > 0) {
        const deviation = fairNow * listing.sigma * stepDeviation[minute]!;
        const variance = deviation * deviation;
        const draw = bitsAt(dayKey, at + 1);
        const last = minute === final && hours.closing === null ? dayClose : onGrid(fairNext, tick);
        const first = trades === 1 ? last : onGrid(fairNow + (isIndex ? 0 : ((draw % 3) - 1) * tick), tick);
        let high = Math.max(first, last);
        let low = Math.min(first, last);
        // The extremes of a Brownian bridge between the two. Three trades have room for one of them.
        const move = (last - first) ** 2;
        const upward = trades > 3 || (trades === 3 && (draw & 0x800) !== 0);
        const downward = trades > 3 || (trades === 3 && (draw & 0x800) === 0);
        if (upward) {
          const top = (first + last + Math.sqrt(move + variance * reach[(draw >>> 12) & 1_023]!)) / 2;
          high = Math.max(high, Math.floor(top / tick) * tick);
        }
        if (downward) {
          const bottom = (first + last - Math.sqrt(move + variance * reach[draw >>> 22]!)) / 2;
          low = Math.max(tick, Math.min(low, Math.ceil(bottom / tick) * tick));
        }
        into.open[minute] = first;
        into.high[minute] = high;
        into.low[minute] = low;
        into.close[minute] = last;
        const stir = 0.6 + (0.5 * Math.abs(last - first)) / (deviation + tick);
        const perTrade = natural > 0 ? trades / natural : 1;
        const volume = isIndex
          ? 0
          : lot * Math.max(trades, Math.round(lots * perTrade * stir * swell[bitsAt(dayKey, at + 5) >>> 22]!));
        into.volume[minute] = volume;
        volumeBefore += volume;
        valueBefore += volume * Math.round((first + high + low + last) / 4);
      } else {
        into.volume[minute] = 0;
      }
      fairNow = fairNext;
    }
    into.volumeBefore[minutes] = volumeBefore;
    into.valueBefore[minutes] = valueBefore;
    return into;
  };

  return {
    write,
    close,
    day(listing, day) {
      const name = listing.id * 100_000 + day;
      const known = kept.get(name);
      if (known !== undefined) {
        kept.delete(name);
        kept.set(name, known);
        return known;
      }
      const made = write(listing, day, dayRecord(minutes));
      if (made === null) return null;
      kept.set(name, made);
      if (kept.size > KEPT_DAYS) kept.delete(kept.keys().next().value!);
      return made;
    },
  };
};
