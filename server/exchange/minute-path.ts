import { bitsAt, keyed, uniformAt } from "./hash";
import type { DayRecord } from "./record";
import type { Listing } from "./listing";

const MINUTE_MS = 60_000;
const PATH_SALT = 0x55;
/** Packets that may come in one burst. */
const BURST = 4;

/**
 * The packets of one minute in order of time, made from the minute's bar so that their fold IS the bar: the first
 * trade is its open, the last its close, its high and low are visited and never left, the quantities add up to its
 * volume. A higher rate puts more trades between; the bar does not change. Reused from minute to minute.
 */
export class MinutePath {
  /** Ms after the minute's start of the packet to come; Infinity when none is left. */
  nextOffset = Infinity;
  /**
   * For the packet just taken: its position in the minute, its time, and whether it is a trade or only a book change.
   */
  slot = -1;
  offset = 0;
  traded = false;
  /** From the last trade of the minute, and the minute so far, in units. */
  price = 0;
  quantity = 0;
  volume = 0;
  /** Hash key of the minute: the book of every packet hangs on it. */
  key = 0;

  private packets = 0;
  private trades = 0;
  private remainder = 0;
  private trade = 0;
  private bar = { open: 0, high: 0, low: 0, close: 0, lots: 0 };
  private tick = 1;
  private lot = 1;
  private readonly knotAt = new Float64Array(4);
  private readonly knotPrice = new Float64Array(4);
  private knots = 0;
  private knot = 0;
  private noise = 0;

  /** Begins a minute. `packets`: how many to send in it, book updates included; `rate`: trades for each natural one. */
  begin(listing: Listing, record: DayRecord, minute: number, packets: number, rate: number): void {
    const natural = record.trades[minute]!;
    this.key = keyed(record.key, minute, PATH_SALT);
    this.tick = listing.tick;
    this.lot = listing.lot;
    const { bar } = this;
    bar.open = record.open[minute]!;
    bar.high = record.high[minute]!;
    bar.low = record.low[minute]!;
    bar.close = record.close[minute]!;
    const isIndex = listing.lotsPerMinute === 0;
    bar.lots = isIndex ? 0 : record.volume[minute]! / this.lot;
    const least = Math.min(natural, 4);
    this.trades =
      natural === 0 ? 0 : Math.max(least, isIndex ? packets : Math.min(bar.lots, Math.round(natural * rate)));
    this.packets = Math.max(packets, this.trades);
    // The day's first packet is a trade, so that its open is known from the start; elsewhere the phase is free.
    this.remainder =
      this.packets === 0 ? 0 : minute === 0 ? this.packets - this.trades : bitsAt(this.key, -1) % this.packets;
    this.slot = -1;
    this.trade = 0;
    this.noise = 0;
    this.volume = 0;
    this.quantity = 0;
    if (this.trades > 0) this.placeKnots();
    this.schedule();
  }

  /** Takes the packet to come. */
  next(): void {
    this.slot += 1;
    this.offset = this.nextOffset;
    this.remainder += this.trades;
    this.traded = this.remainder >= this.packets;
    if (this.traded) {
      this.remainder -= this.packets;
      this.takeTrade();
    }
    this.schedule();
  }

  private schedule(): void {
    const slot = this.slot + 1;
    if (slot >= this.packets) {
      this.nextOffset = Infinity;
      return;
    }
    const width = MINUTE_MS / this.packets;
    const group = Math.floor(slot / BURST);
    const jitter = uniformAt(this.key, slot * 4 + 1);
    if (bitsAt(this.key, -2 - group) % 4 === 0) {
      const step = Math.min(40, width / 2);
      this.nextOffset = Math.floor(group * BURST * width + ((slot % BURST) + 0.9 * jitter) * step);
    } else {
      this.nextOffset = Math.floor((slot + 0.9 * jitter) * width);
    }
  }

  private placeKnots(): void {
    const { bar } = this;
    const last = this.trades - 1;
    this.knotAt[0] = 0;
    this.knotPrice[0] = bar.open;
    let count = 1;
    const needsHigh = bar.high > Math.max(bar.open, bar.close);
    const needsLow = bar.low < Math.min(bar.open, bar.close);
    const inner = last - 1;
    const one = 1 + (bitsAt(this.key, -3_000_000) % Math.max(1, inner));
    if (needsHigh && needsLow) {
      let two = 1 + (bitsAt(this.key, -3_000_001) % inner);
      if (two === one) two = one === inner ? one - 1 : one + 1;
      const highFirst = one < two;
      this.knotAt[1] = Math.min(one, two);
      this.knotPrice[1] = highFirst ? bar.high : bar.low;
      this.knotAt[2] = Math.max(one, two);
      this.knotPrice[2] = highFirst ? bar.low : bar.high;
      count = 3;
    } else if (needsHigh || needsLow) {
      this.knotAt[1] = one;
      this.knotPrice[1] = needsHigh ? bar.high : bar.low;
      count = 2;
    }
    this.knotAt[count] = last;
    this.knotPrice[count] = bar.close;
    this.knots = last === 0 ? 0 : count;
    this.knot = 0;
  }

  private takeTrade(): void {
    const at = this.trade++;
    const { bar, tick } = this;
    const last = this.trades - 1;
    const draw = uniformAt(this.key, at * 4 + 3);
    if (at === last) this.price = bar.close;
    else if (at === 0) this.price = bar.open;
    else {
      if (at > this.knotAt[this.knot + 1]! && this.knot < this.knots - 1) this.knot += 1;
      const from = this.knotAt[this.knot]!;
      const to = this.knotAt[this.knot + 1]!;
      if (at === to) this.price = this.knotPrice[this.knot + 1]!;
      else {
        const part = (at - from) / (to - from);
        this.noise = 0.8 * this.noise + (draw - 0.5) * Math.max(2 * tick, 0.5 * (bar.high - bar.low));
        const start = this.knotPrice[this.knot]!;
        const straight = start + (this.knotPrice[this.knot + 1]! - start) * part;
        const price = Math.round((straight + this.noise * 4 * part * (1 - part)) / tick) * tick;
        this.price = price > bar.high ? bar.high : price < bar.low ? bar.low : price;
      }
    }
    if (bar.lots > 0) {
      const share = at === last ? 1 : (at + uniformAt(this.key, at * 4 + 2)) / this.trades;
      const volume = (at + 1 + Math.floor((bar.lots - this.trades) * share)) * this.lot;
      this.quantity = volume - this.volume;
      this.volume = volume;
    }
  }
}
