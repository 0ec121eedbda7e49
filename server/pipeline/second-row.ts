/**
 * What `SecondBars` keeps: a table of the instruments' own figures, and for each place of the ring a table of the seconds
 * open there. With thousands of instruments the time goes into fetching memory: what a tick touches lies side by side
 * (three cache lines; in columns it would be twenty), and closing a second reads its table from end to end.
 */
import { istDay, istMidnight } from "@/server/domain/time/session";

export const DAY_SECONDS = 86_400;
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
  doubt, // day volume that was not believed, and the second that told it; -1 none
  doubtSecond,
  surplus, // counted of the day beyond the base, since two packets agreed on less
  size,
}

/** What of an instrument's own every tick touches: apart, so that much of it lies in the processor's nearest memory. */
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
export const ringOf = (watermarkSeconds: number): number => {
  let size = 4;
  while (size < watermarkSeconds + 2) size *= 2;
  return size;
};

/** First second of the IST date a second belongs to. */
export const dayOf = (second: number): number => istMidnight(istDay(second * 1_000)) / 1_000;

/**
 * Day volume before a second. On a new trading date all of the day's volume counts; the old date's last figure, repeated
 * after midnight, is still the old date's.
 */
export const baseAt = (base: number, day: number, cumulative: number, second: number): number =>
  base > 0 && cumulative !== base && second >= day + DAY_SECONDS ? 0 : base;

export const volumeOf = (cumulative: number, base: number): number =>
  cumulative < 0 || base < 0 || cumulative <= base ? 0 : cumulative - base;
