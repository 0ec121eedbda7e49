/**
 * Memory layout of `SecondBars`: a table of the instruments' own values, and for each slot of the ring a table of its
 * open seconds. With thousands of instruments memory access dominates, so a tick's values are adjacent (three cache
 * lines instead of twenty), and closing a second reads its table from end to end.
 */
import { widen } from "@/server/domain/basics/columns";

/** No second is open. */
export const NONE = Number.POSITIVE_INFINITY;

export const enum Own {
  closedThrough,
  newest, // newest second seen
  oldest, // oldest second open, NONE
  baseSecond, // the second whose figure the base is
  day, // first second of the base's trading date
  collector, // -1 before the first row
  running, // first second of the trading date that `Day.running` is of
  doubt, // day volume in doubt, and the second that had it; -1 none
  doubtSecond,
  surplus, // counted of the day beyond the base, since two packets agreed on less
  size,
}

/** The part of an instrument's own values that every tick touches, kept apart so that much of it stays in the cache. */
export const enum Day {
  base, // cumulative volume before the oldest open second; -1 unknown
  running, // greatest day volume so far
  size,
}

export const enum Open {
  // What every tick touches.
  second, // -1: the place is free
  ticks,
  high,
  low,
  close,
  cumulative, // greatest day volume in the second, -1 none
  value, // sum of price x step
  stepped, // sum of steps
  lastTime,
  lastSequence,
  hash, // sum of the ticks' hashes, below 2^53 for two million ticks
  marks, // sources, and BROKEN
  // What a tick seldom touches.
  open,
  firstTime,
  firstSequence,
  interest,
  size,
}
/** Bit of `Open.marks` above all sources: the feed was away during the second. */
export const BROKEN = 1 << 24;

/** Seconds an instrument may have open at once: the watermark's and two more, as a power of two. */
const ringOf = (watermarkSeconds: number): number => {
  let size = 4;
  while (size < watermarkSeconds + 2) size *= 2;
  return size;
};

/**
 * The tables, with their growth and copying. `SecondBars`, `SecondVolume` and `SecondHoles` define what their values
 * mean.
 */
export class SecondTables {
  capacity = 0;
  own = new Float64Array(0);
  days = new Float64Array(0);
  open = new Float64Array(0);
  /** 1: the feed was away, the instrument's next second is incomplete. */
  cut = new Uint8Array(0);
  readonly mask: number;

  constructor(watermarkSeconds: number) {
    this.mask = ringOf(watermarkSeconds) - 1;
  }

  /** Slot of an instrument's second in `open`, if it is open. */
  placeOf(instrument: number, second: number): number {
    return ((second & this.mask) * this.capacity + instrument) * Open.size;
  }
  isOpen(instrument: number, second: number): boolean {
    return this.open[this.placeOf(instrument, second) + Open.second] === second;
  }

  /** Grows to at least `count` instruments and keeps the content. */
  grow(count: number): void {
    const before = this.capacity;
    const size = Math.max(count, before * 2, 64);
    const ring = this.mask + 1;
    const open = new Float64Array(size * ring * Open.size);
    for (let at = Open.second; at < open.length; at += Open.size) open[at] = -1;
    for (let place = 0; place < ring; place++) {
      open.set(
        this.open.subarray(place * before * Open.size, (place + 1) * before * Open.size),
        place * size * Open.size,
      );
    }
    this.open = open;
    this.own = widen(this.own, size * Own.size);
    this.cut = widen(this.cut, size);
    this.days = widen(this.days, size * Day.size);
    for (let instrument = before; instrument < size; instrument++) {
      this.days[instrument * Day.size + Day.base] = -1;
      this.own[instrument * Own.size + Own.collector] = -1;
      this.own[instrument * Own.size + Own.doubt] = -1;
      this.own[instrument * Own.size + Own.oldest] = NONE;
    }
    this.capacity = size;
  }

  snapshot(): SecondTablesSnapshot {
    const { capacity, own, days, open, cut } = this;
    return { capacity, own: own.slice(), days: days.slice(), open: open.slice(), cut: cut.slice() };
  }
  restore({ capacity, own, days, open, cut }: SecondTablesSnapshot): void {
    if (open.length !== capacity * (this.mask + 1) * Open.size)
      throw new RangeError("a snapshot with a different watermark");
    this.capacity = capacity;
    this.own = own.slice();
    this.days = days.slice();
    this.open = open.slice();
    this.cut = cut.slice();
  }
}

export interface SecondTablesSnapshot {
  capacity: number;
  own: Float64Array<ArrayBuffer>;
  days: Float64Array<ArrayBuffer>;
  open: Float64Array<ArrayBuffer>;
  cut: Uint8Array<ArrayBuffer>;
}
