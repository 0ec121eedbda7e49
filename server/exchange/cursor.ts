import { MinutePath } from "./minute-path";
import { keyed, uniformAt } from "./hash";
import { closeOf, feedStart, tradingDayAfter, tradingDayAt, tradingDayBefore } from "./calendar";
import type { AuctionRecord, Book, DayRecord } from "./record";
import type { Listing } from "./listing";
import type { DayHours, TradingCalendar } from "./calendar";

const MINUTE_MS = 60_000;
/** Pre-open values are sent every two seconds; unchanged values after a match are repeated less often. */
const PRE_OPEN_STEP_MS = 2_000;
const FROZEN_STEP_MS = 5_000;
const POST_CLOSE_STEP_MS = 60_000;

type Stage = "pre_open" | "continuous" | "closing" | "post_close" | "over";

/** Packets a minute of an instrument: `perMinute` on average, whole numbers that add up. */
const packetsIn = (perMinute: number, minuteNumber: number): number =>
  Math.floor((minuteNumber + 1) * perMinute) - Math.floor(minuteNumber * perMinute);

/**
 * One instrument as the feed shows it: the last packet's fields, and when the next is due. Always the same for the
 * same instant, however it got there. Prices in paise, times in epoch ms.
 */
export class Cursor {
  /** When the next packet is due. */
  nextTime = Infinity;
  time = 0;
  traded = false;
  price = 0;
  quantity = 0;
  volume = 0;
  value = 0;
  open = 0;
  high = 0;
  low = 0;
  previousClose = 0;
  lastTradeTime = 0;
  openInterest = 0;
  openInterestHigh = 0;
  openInterestLow = 0;
  /** Hash key of the packet's book. */
  bookKey = 0;
  /** The running minute as its trades made it so far. */
  minuteStart = 0;
  minuteTrades = 0;
  minuteOpen = 0;
  minuteHigh = 0;
  minuteLow = 0;
  minuteVolume = 0;

  private readonly path = new MinutePath();
  private record: DayRecord | null = null;
  private hours: DayHours;
  private stage: Stage = "over";
  private day = 0;
  private minute = -1;
  private dayOpen = 0;

  /** `perMinute`: packets a minute on average; `rate`: trades for each natural one. */
  constructor(
    readonly listing: Listing,
    private readonly book: Book,
    private readonly calendar: TradingCalendar,
    private readonly perMinute: number,
    private readonly rate: number,
  ) {
    this.hours = calendar.hours(listing.kind, 0);
  }

  /** The trading day whose values are shown. */
  get tradingDay(): number {
    return this.day;
  }
  /** True for a packet of continuous trading: no value of an auction, nothing repeated after one. */
  get continuous(): boolean {
    return this.stage === "continuous";
  }

  /** Goes to an instant: every packet up to and including it counts as sent. */
  seek(instant: number): void {
    this.enter(tradingDayAt(this.calendar, instant));
    const at = Math.min(this.hours.minutes - 1, Math.floor((instant - this.dayOpen) / MINUTE_MS));
    const { record } = this;
    if (record !== null && at > 0) {
      // Stand at the last minute with a trade before the asked one, then take its packets one by one.
      let from = at - 1;
      while (from > 0 && record.trades[from] === 0) from -= 1;
      this.skipTo(from);
    }
    while (this.advance(instant)) {
      /* state is what counts here */
    }
  }

  /** Takes the next packet if it is due by the instant; false when none is. */
  advance(instant: number): boolean {
    while (this.nextTime <= instant) {
      const { record } = this;
      if (record === null || this.stage === "over") {
        this.enter(tradingDayAfter(this.calendar, this.day));
        continue;
      }
      if (this.stage === "pre_open") {
        if (this.nextTime < this.hours.preOpen!.to) {
          this.stepPreOpen(record);
          return true;
        }
        this.beginMinute(record, 0);
      } else if (this.stage === "closing" || this.stage === "post_close") {
        this.stepAfter(record);
        return true;
      } else if (this.path.nextOffset !== Infinity) {
        this.takePacket(record);
        return true;
      } else if (this.minute + 1 < this.hours.minutes) this.beginMinute(record, this.minute + 1);
      else this.leaveContinuous();
    }
    return false;
  }

  private takePacket(record: DayRecord): void {
    const { path } = this;
    path.next();
    this.time = this.minuteStart + path.offset;
    this.traded = path.traded;
    this.bookKey = keyed(path.key, path.slot, 5);
    if (path.traded) this.takeTrade(record);
    this.findNext();
  }

  private takeTrade(record: DayRecord): void {
    const { path } = this;
    const price = path.price;
    this.price = price;
    this.quantity = path.quantity;
    this.volume = record.volumeBefore[this.minute]! + path.volume;
    this.value += price * path.quantity;
    this.lastTradeTime = this.time;
    if (this.open === 0) this.open = this.high = this.low = price;
    else if (price > this.high) this.high = price;
    else if (price < this.low) this.low = price;
    if (this.minuteTrades === 0) this.minuteOpen = this.minuteHigh = this.minuteLow = price;
    else if (price > this.minuteHigh) this.minuteHigh = price;
    else if (price < this.minuteLow) this.minuteLow = price;
    this.minuteTrades += 1;
    this.minuteVolume = path.volume;
  }

  /** Shows a day before its first packet. */
  private enter(day: number): void {
    const { calendar, listing, book } = this;
    this.day = day;
    this.record = book.day(listing, day);
    this.dayOpen = calendar.open(day);
    this.previousClose = this.record?.previousClose ?? book.close(listing, tradingDayBefore(calendar, day));
    this.price = this.previousClose;
    this.time = feedStart(calendar, day);
    this.lastTradeTime = closeOf(calendar, tradingDayBefore(calendar, day)) - 1_000;
    this.quantity = this.volume = this.value = this.open = this.high = this.low = 0;
    this.openInterest = this.openInterestHigh = this.openInterestLow = this.record?.openInterest[0] ?? 0;
    this.bookKey = keyed(listing.id, day, 7);
    this.minuteTrades = this.minuteVolume = 0;
    this.minute = -1;
    this.minuteStart = this.dayOpen - MINUTE_MS;
    this.path.nextOffset = Infinity;
    this.hours = calendar.hours(listing.kind, day);
    this.stage = "over";
    if (this.record === null) this.nextTime = feedStart(calendar, tradingDayAfter(calendar, day));
    else if (this.hours.preOpen === null) this.beginMinute(this.record, 0);
    else {
      this.stage = "pre_open";
      this.nextTime = this.hours.preOpen.from;
    }
  }

  /** A packet at the next instant in which nothing trades continuously. */
  private stand(): void {
    this.time = this.nextTime;
    this.traded = false;
    this.bookKey = keyed(keyed(this.listing.id, this.day, 6), Math.floor((this.time - this.dayOpen) / 1_000));
  }

  /** All that was matched in an auction, at its one price. */
  private match({ price, volume }: AuctionRecord): void {
    this.price = price;
    this.quantity = volume;
    this.volume += volume;
    this.value += price * volume;
    this.lastTradeTime = this.time;
    if (this.open === 0) this.open = this.high = this.low = price;
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
  }

  /**
   * Indicative values move from the last close to the match; after it price and volume do not change until the open.
   */
  private stepPreOpen(record: DayRecord): void {
    const { from } = this.hours.preOpen!;
    const { at, price } = record.preOpen;
    this.stand();
    if (this.time === at) {
      if (price > 0) this.match(record.preOpen);
      else this.price = this.previousClose;
    } else if (this.time < at) {
      const part = (this.time - from) / (at - from);
      const target = price > 0 ? price : this.previousClose;
      const { tick } = this.listing;
      const wander =
        (uniformAt(keyed(this.listing.id, this.day, 6), Math.floor((this.time - from) / PRE_OPEN_STEP_MS)) - 0.5) *
        0.004 *
        (1 - part) *
        target;
      this.price = Math.round((this.previousClose + (target - this.previousClose) * part + wander) / tick) * tick;
    }
    const next = this.time + (this.time < at ? PRE_OPEN_STEP_MS : FROZEN_STEP_MS);
    this.nextTime = this.time < at && next >= at ? at : Math.min(next, this.hours.preOpen!.to);
  }

  /**
   * After the last minute: the closing auction if there is one, otherwise the post-close, otherwise nothing until the
   * next day.
   */
  private leaveContinuous(): void {
    const { closing, postClose } = this.hours;
    this.stage = closing !== null ? "closing" : postClose !== null ? "post_close" : "over";
    this.nextTime =
      closing !== null
        ? closing.from
        : postClose !== null
          ? postClose.from
          : feedStart(this.calendar, tradingDayAfter(this.calendar, this.day));
  }

  /** The price does not change, the auction prints once, and later trades at the closing price only add volume. */
  private stepAfter(record: DayRecord): void {
    const { closing, postClose } = this.hours;
    this.stand();
    const { time } = this;
    const before = this.stage === "closing" && time < record.closing.at;
    if (this.stage === "closing" && time === record.closing.at) this.match(record.closing);
    if (this.stage === "post_close") {
      const steps = (postClose!.to - postClose!.from) / POST_CLOSE_STEP_MS;
      const step = (time - postClose!.from) / POST_CLOSE_STEP_MS;
      const traded =
        Math.floor((record.postVolume * (step + 1)) / steps) - Math.floor((record.postVolume * step) / steps);
      if (traded > 0) {
        this.quantity = traded;
        this.volume += traded;
        this.value += traded * this.price;
        this.lastTradeTime = time;
      }
    }
    const next = time + (this.stage === "closing" ? FROZEN_STEP_MS : POST_CLOSE_STEP_MS);
    this.nextTime = before && next >= record.closing.at ? record.closing.at : next;
    if (this.stage === "closing" && this.nextTime >= closing!.to) {
      this.stage = postClose === null ? "over" : "post_close";
      this.nextTime = postClose?.from ?? 0;
    }
    if (this.stage === "post_close" && this.nextTime >= postClose!.to) this.stage = "over";
    if (this.stage === "over") this.nextTime = feedStart(this.calendar, tradingDayAfter(this.calendar, this.day));
  }

  /** Stands before the first packet of a minute with everything before it folded in from the record. */
  private skipTo(minute: number): void {
    const record = this.record!;
    const { price, at: matched } = record.preOpen;
    if (price > 0) {
      this.open = this.high = this.low = this.price = price;
      this.lastTradeTime = matched;
    }
    for (let at = 0; at < minute; at++) {
      this.followOpenInterest(record.openInterest[at]!);
      if (record.trades[at] === 0) continue;
      if (this.open === 0) {
        this.open = record.open[at]!;
        this.high = record.high[at]!;
        this.low = record.low[at]!;
      }
      this.high = Math.max(this.high, record.high[at]!);
      this.low = Math.min(this.low, record.low[at]!);
      this.price = record.close[at]!;
    }
    this.volume = record.volumeBefore[minute]!;
    this.beginMinute(record, minute);
  }

  private followOpenInterest(openInterest: number): void {
    this.openInterest = openInterest;
    this.openInterestHigh = Math.max(this.openInterestHigh, openInterest);
    this.openInterestLow = Math.min(this.openInterestLow, openInterest);
  }

  private beginMinute(record: DayRecord, minute: number): void {
    this.minute = minute;
    this.stage = "continuous";
    this.minuteStart = this.dayOpen + minute * MINUTE_MS;
    this.minuteTrades = 0;
    this.minuteVolume = 0;
    this.value = record.valueBefore[minute]!;
    this.followOpenInterest(record.openInterest[minute]!);
    const minuteNumber = this.day * this.calendar.minutes + minute;
    this.path.begin(this.listing, record, minute, packetsIn(this.perMinute, minuteNumber), this.rate);
    this.findNext();
  }

  /** When the next packet is due; without one in this minute, when the next minute or the next day's feed begins. */
  private findNext(): void {
    const { path } = this;
    // At the end of the last minute, the next phase decides.
    this.nextTime = this.minuteStart + Math.min(path.nextOffset, MINUTE_MS);
  }
}
