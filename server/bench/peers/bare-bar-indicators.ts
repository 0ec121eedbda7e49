import type { BareIndicator } from "./bare-indicators";

/** The same of indicators over whole bars. */
export class BareAtr implements BareIndicator {
  private count = -1;
  private previous = 0;
  private value = 0;
  constructor(private readonly period: number) {}
  next(close: number, high: number, low: number): number {
    const range = Math.max(high, this.previous) - Math.min(low, this.previous);
    this.previous = close;
    if (this.count >= this.period) return (this.value += (range - this.value) / this.period);
    if (++this.count === 0) return Number.NaN;
    this.value += range;
    if (this.count < this.period) return Number.NaN;
    return (this.value /= this.period);
  }
  peek(_: number, high: number, low: number): number {
    if (this.count < this.period) return Number.NaN;
    const range = Math.max(high, this.previous) - Math.min(low, this.previous);
    return this.value + (range - this.value) / this.period;
  }
}

export class BareSupertrend implements BareIndicator {
  private readonly range: BareAtr;
  private trend = 0;
  private upper = 0;
  private lower = 0;
  private close = 0;
  constructor(
    period: number,
    private readonly multiplier: number,
  ) {
    this.range = new BareAtr(period);
  }
  next(close: number, high: number, low: number): number {
    const width = this.multiplier * this.range.next(close, high, low);
    if (width !== width) return width;
    const middle = (high + low) / 2;
    const [upper, lower] = [middle + width, middle - width];
    if (this.trend === 0) {
      this.trend = close > middle ? 1 : -1;
      this.upper = upper;
      this.lower = lower;
    } else {
      if (upper < this.upper || this.close > this.upper) this.upper = upper;
      if (lower > this.lower || this.close < this.lower) this.lower = lower;
      if (this.trend === -1 && close > this.upper) this.trend = 1;
      else if (this.trend === 1 && close < this.lower) this.trend = -1;
    }
    this.close = close;
    return this.trend === 1 ? this.lower : this.upper;
  }
  peek(close: number, high: number, low: number): number {
    const width = this.multiplier * this.range.peek(close, high, low);
    if (width !== width || this.trend === 0) return Number.NaN;
    const middle = (high + low) / 2;
    const upper = middle + width < this.upper || this.close > this.upper ? middle + width : this.upper;
    const lower = middle - width > this.lower || this.close < this.lower ? middle - width : this.lower;
    return (this.trend === 1 ? close >= lower : close > upper) ? lower : upper;
  }
}

/** Highest high and lowest low, sought through again only when the extreme leaves the window. */
export class BareStochastic implements BareIndicator {
  private readonly highs: Float64Array;
  private readonly lows: Float64Array;
  private count = 0;
  private place = 0;
  private high = Number.NEGATIVE_INFINITY;
  private low = Number.POSITIVE_INFINITY;
  private readonly fast: BareMean;
  private readonly slow: BareMean;
  constructor(
    private readonly period: number,
    smooth: number,
    signal: number,
  ) {
    this.highs = new Float64Array(period).fill(Number.NEGATIVE_INFINITY);
    this.lows = new Float64Array(period).fill(Number.POSITIVE_INFINITY);
    this.fast = new BareMean(smooth);
    this.slow = new BareMean(signal);
  }
  next(close: number, high: number, low: number): number {
    const { highs, lows, place } = this;
    const [oldHigh, oldLow] = [highs[place]!, lows[place]!];
    highs[place] = high;
    lows[place] = low;
    if (++this.place === this.period) this.place = 0;
    if (high >= this.high) this.high = high;
    else if (oldHigh === this.high) this.high = most(highs);
    if (low <= this.low) this.low = low;
    else if (oldLow === this.low) this.low = least(lows);
    if (++this.count < this.period) return Number.NaN;
    const slow = this.fast.next(this.high === this.low ? 0 : (100 * (close - this.low)) / (this.high - this.low));
    return slow !== slow ? slow : slow + this.slow.next(slow);
  }
  peek(close: number, high: number, low: number): number {
    const { highs, lows, place } = this;
    let top = this.high;
    let floor = this.low;
    if (high >= top) top = high;
    else if (highs[place] === top) {
      top = high;
      for (let at = 0; at < this.period; at++) if (at !== place && highs[at]! > top) top = highs[at]!;
    }
    if (low <= floor) floor = low;
    else if (lows[place] === floor) {
      floor = low;
      for (let at = 0; at < this.period; at++) if (at !== place && lows[at]! < floor) floor = lows[at]!;
    }
    const slow = this.fast.peek(top === floor ? 0 : (100 * (close - floor)) / (top - floor));
    return slow + this.slow.peek(slow);
  }
}

class BareMean {
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private sum = 0;
  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
  }
  next(value: number): number {
    this.sum += value - this.ring[this.place]!;
    this.ring[this.place] = value;
    if (++this.place === this.period) this.place = 0;
    return ++this.count < this.period ? Number.NaN : this.sum / this.period;
  }
  peek(value: number): number {
    return (this.sum - this.ring[this.place]! + value) / this.period;
  }
}

const most = (values: Float64Array): number => {
  let top = values[0]!;
  for (let at = 1; at < values.length; at++) if (values[at]! > top) top = values[at]!;
  return top;
};
const least = (values: Float64Array): number => {
  let low = values[0]!;
  for (let at = 1; at < values.length; at++) if (values[at]! < low) low = values[at]!;
  return low;
};

export class BareAdx implements BareIndicator {
  private count = -1;
  private close = 0;
  private high = 0;
  private low = 0;
  private ranges = 0;
  private rises = 0;
  private falls = 0;
  private value = 0;
  constructor(private readonly period: number) {}
  next(close: number, high: number, low: number): number {
    const { period } = this;
    const up = high - this.high;
    const down = this.low - low;
    const range = Math.max(high, this.close) - Math.min(low, this.close);
    this.close = close;
    this.high = high;
    this.low = low;
    const count = ++this.count;
    if (count === 0) return Number.NaN;
    const held = count < period ? 1 : 1 - 1 / period;
    this.ranges = this.ranges * held + range;
    this.rises = this.rises * held + (up > 0 && up > down ? up : 0);
    this.falls = this.falls * held + (down > 0 && down > up ? down : 0);
    if (count < period) return Number.NaN;
    const plus = (100 * this.rises) / this.ranges;
    const minus = (100 * this.falls) / this.ranges;
    const index = (100 * Math.abs(plus - minus)) / (plus + minus);
    if (count < 2 * period - 1) {
      this.value += index;
      return Number.NaN;
    }
    this.value = count === 2 * period - 1 ? (this.value + index) / period : this.value + (index - this.value) / period;
    return this.value + plus + minus;
  }
  peek(_: number, high: number, low: number): number {
    const { period } = this;
    if (this.count < 2 * period) return Number.NaN;
    const up = high - this.high;
    const down = this.low - low;
    const held = 1 - 1 / period;
    const ranges = this.ranges * held + Math.max(high, this.close) - Math.min(low, this.close);
    const plus = (100 * (this.rises * held + (up > 0 && up > down ? up : 0))) / ranges;
    const minus = (100 * (this.falls * held + (down > 0 && down > up ? down : 0))) / ranges;
    const index = (100 * Math.abs(plus - minus)) / (plus + minus);
    return this.value + (index - this.value) / period + plus + minus;
  }
}
