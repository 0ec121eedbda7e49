import { MinutePath } from "./minute-path";
import { keyed, uniformAt } from "./hash";
import { closeOf, feedStart, tradingDayAfter, tradingDayAt, tradingDayBefore } from "./calendar";
import type { Book, DayRecord } from "./record";
import type { Listing } from "./listing";
import type { TradingCalendar } from "./calendar";

const MINUTE_MS = 60_000;
/** Pre-open values come every two seconds. */
const PRE_OPEN_STEP_MS = 2_000;

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
  private day = 0;
  private minute = -1;
  private dayOpen = 0;

  /** `perMinute`: packets a minute on average; `rate`: trades for each natural one. */
  constructor(readonly listing: Listing, private readonly book: Book, private readonly calendar: TradingCalendar,
    private readonly perMinute: number, private readonly rate: number) {}

  /** The trading day whose values are shown. */
  get tradingDay(): number { return this.day; }

  /** Goes to an instant: every packet up to and including it counts as sent. */
  seek(instant: number): void {
    this.enter(tradingDayAt(this.calendar, instant));
    const at = Math.min(this.calendar.minutes - 1, Math.floor((instant - this.dayOpen) / MINUTE_MS));
    const { record } = this;
    if (record !== null && at > 0) {
      // Stand at the last minute with a trade before the asked one, then take its packets one by one.
      let from = at - 1;
      while (from > 0 && record.trades[from] === 0) from -= 1;
      this.skipTo(from);
    }
    while (this.advance(instant)) { /* state is what counts here */ }
  }

  /** Takes the next packet if it is due by the instant; false when none is. */
  advance(instant: number): boolean {
    while (this.nextTime <= instant) {
      if (this.record !== null && this.minute < 0) {
        this.stepPreOpen(this.record);
        return true;
      }
      if (this.path.nextOffset === Infinity) {
        if (this.record !== null && this.minute + 1 < this.calendar.minutes) this.beginMinute(this.record, this.minute + 1);
        else this.enter(tradingDayAfter(this.calendar, this.day));
        continue;
      }
      this.takePacket(this.record!);
      return true;
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
    this.minuteTrades = 0;
    this.minute = -1;
    this.minuteStart = this.dayOpen - MINUTE_MS;
    this.path.nextOffset = Infinity;
    if (this.record === null) this.nextTime = feedStart(calendar, tradingDayAfter(calendar, day));
    else if (calendar.preOpen === null) this.beginMinute(this.record, 0);
    else this.nextTime = feedStart(calendar, day);
  }

  /** Values of the pre-open wander from the last close to the open; nothing trades. */
  private stepPreOpen(record: DayRecord): void {
    const { preOpen } = this.calendar;
    const from = feedStart(this.calendar, this.day);
    const length = preOpen!.from - preOpen!.to;
    const passed = this.nextTime - from;
    this.time = this.nextTime;
    this.traded = false;
    const key = keyed(this.listing.id, this.day, 6);
    const step = Math.floor(passed / PRE_OPEN_STEP_MS);
    this.bookKey = keyed(key, step);
    const part = Math.min(1, passed / (length - PRE_OPEN_STEP_MS));
    const wander = (uniformAt(key, step) - 0.5) * 0.004 * (1 - part) * record.open[0]!;
    const { tick } = this.listing;
    this.price = Math.round((this.previousClose + (record.open[0]! - this.previousClose) * part + wander) / tick) * tick;
    if (passed + PRE_OPEN_STEP_MS < length) this.nextTime += PRE_OPEN_STEP_MS;
    else this.beginMinute(record, 0);
  }

  /** Stands before the first packet of a minute with everything before it folded in from the record. */
  private skipTo(minute: number): void {
    const record = this.record!;
    for (let at = 0; at < minute; at++) {
      this.followOpenInterest(record.openInterest[at]!);
      if (record.trades[at] === 0) continue;
      if (this.open === 0) { this.open = record.open[at]!; this.high = record.high[at]!; this.low = record.low[at]!; }
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
    const { path, calendar } = this;
    if (path.nextOffset !== Infinity) this.nextTime = this.minuteStart + path.nextOffset;
    else if (this.minute + 1 < calendar.minutes) this.nextTime = this.minuteStart + MINUTE_MS;
    else this.nextTime = feedStart(calendar, tradingDayAfter(calendar, this.day));
  }
}
