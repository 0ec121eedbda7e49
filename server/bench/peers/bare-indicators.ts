/**
 * The minimum cost of an indicator in JavaScript: its arithmetic over plain numbers, written by hand, without a bar, an
 * output column, a snapshot or a price source. Seeds are TA-Lib's. For several lines the sum is returned.
 */
export interface BareIndicator {
  next(close: number, high: number, low: number): number;
  peek(close: number, high: number, low: number): number;
}

export class BareSma implements BareIndicator {
  private readonly ring: Float64Array;
  private place = 0;
  private full = false;
  private sum = 0;
  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
  }
  next(close: number): number {
    this.sum += close - this.ring[this.place]!;
    this.ring[this.place] = close;
    if (++this.place === this.period) {
      this.place = 0;
      this.full = true;
    }
    return this.full ? this.sum / this.period : Number.NaN;
  }
  peek(close: number): number {
    return this.full ? (this.sum - this.ring[this.place]! + close) / this.period : Number.NaN;
  }
}

export class BareEma implements BareIndicator {
  private readonly weight: number;
  private count = 0;
  private value = 0;
  constructor(private readonly period: number) {
    this.weight = 2 / (period + 1);
  }
  next(close: number): number {
    if (this.count >= this.period) return (this.value += (close - this.value) * this.weight);
    this.value += close;
    if (++this.count < this.period) return Number.NaN;
    return (this.value /= this.period);
  }
  peek(close: number): number {
    return this.count >= this.period ? this.value + (close - this.value) * this.weight : Number.NaN;
  }
}

export class BareWma implements BareIndicator {
  private readonly ring: Float64Array;
  private readonly weights: number;
  private count = 0;
  private place = 0;
  private sum = 0;
  private weighted = 0;
  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
    this.weights = (period * (period + 1)) / 2;
  }
  next(close: number): number {
    const { period } = this;
    this.weighted += this.count < period ? ++this.count * close : period * close - this.sum;
    this.sum += close - this.ring[this.place]!;
    this.ring[this.place] = close;
    if (++this.place === period) this.place = 0;
    return this.count === period ? this.weighted / this.weights : Number.NaN;
  }
  peek(close: number): number {
    return this.count === this.period ? (this.weighted + this.period * close - this.sum) / this.weights : Number.NaN;
  }
}

export class BareRsi implements BareIndicator {
  private count = -1;
  private previous = 0;
  private gain = 0;
  private loss = 0;
  constructor(private readonly period: number) {}
  next(close: number): number {
    const change = close - this.previous;
    this.previous = close;
    if (this.count >= this.period) {
      this.gain = (this.gain * (this.period - 1) + (change > 0 ? change : 0)) / this.period;
      this.loss = (this.loss * (this.period - 1) + (change < 0 ? -change : 0)) / this.period;
      return (100 * this.gain) / (this.gain + this.loss);
    }
    if (++this.count === 0) return Number.NaN;
    if (change > 0) this.gain += change;
    else this.loss -= change;
    if (this.count < this.period) return Number.NaN;
    this.gain /= this.period;
    this.loss /= this.period;
    return (100 * this.gain) / (this.gain + this.loss);
  }
  peek(close: number): number {
    if (this.count < this.period) return Number.NaN;
    const change = close - this.previous;
    const gain = (this.gain * (this.period - 1) + (change > 0 ? change : 0)) / this.period;
    const loss = (this.loss * (this.period - 1) + (change < 0 ? -change : 0)) / this.period;
    return (100 * gain) / (gain + loss);
  }
}

export class BareMacd implements BareIndicator {
  private readonly fastWeight: number;
  private readonly slowWeight: number;
  private readonly signalWeight: number;
  private count = 0;
  private fastValue = 0;
  private slowValue = 0;
  private signalValue = 0;
  constructor(
    private readonly fast: number,
    private readonly slow: number,
    private readonly signal: number,
  ) {
    this.fastWeight = 2 / (fast + 1);
    this.slowWeight = 2 / (slow + 1);
    this.signalWeight = 2 / (signal + 1);
  }
  next(close: number): number {
    const count = ++this.count;
    if (count > this.slow + this.signal) {
      this.fastValue += (close - this.fastValue) * this.fastWeight;
      this.slowValue += (close - this.slowValue) * this.slowWeight;
      const macd = this.fastValue - this.slowValue;
      this.signalValue += (macd - this.signalValue) * this.signalWeight;
      return macd + this.signalValue + (macd - this.signalValue);
    }
    return this.warmUp(count, close);
  }
  peek(close: number): number {
    if (this.count < this.slow + this.signal) return Number.NaN;
    const macd =
      this.fastValue +
      (close - this.fastValue) * this.fastWeight -
      (this.slowValue + (close - this.slowValue) * this.slowWeight);
    const signal = this.signalValue + (macd - this.signalValue) * this.signalWeight;
    return macd + signal + (macd - signal);
  }
  private warmUp(count: number, close: number): number {
    const { fast, slow, signal } = this;
    const step = (value: number, input: number, taken: number, period: number, weight: number): number =>
      taken < 1
        ? 0
        : taken < period
          ? value + input
          : taken === period
            ? (value + input) / period
            : value + (input - value) * weight;
    this.fastValue = step(this.fastValue, close, count - slow + fast, fast, this.fastWeight);
    this.slowValue = step(this.slowValue, close, count, slow, this.slowWeight);
    const macd = this.fastValue - this.slowValue;
    this.signalValue = step(this.signalValue, macd, count - slow + 1, signal, this.signalWeight);
    return count < slow + signal - 1 ? Number.NaN : macd + this.signalValue + (macd - this.signalValue);
  }
}

export class BareBollinger implements BareIndicator {
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private base = 0;
  private sum = 0;
  private squares = 0;
  constructor(
    private readonly period: number,
    private readonly deviations: number,
  ) {
    this.ring = new Float64Array(period);
  }
  /** Upper, middle and lower, less a base near the price once for all: three times the mean is their sum. */
  next(close: number): number {
    if (this.count++ === 0) this.base = close;
    const value = close - this.base;
    const old = this.ring[this.place]!;
    this.sum += value - old;
    this.squares += value * value - old * old;
    this.ring[this.place] = value;
    if (++this.place === this.period) this.place = 0;
    return this.count < this.period ? Number.NaN : this.bands(this.sum, this.squares);
  }
  peek(close: number): number {
    if (this.count + 1 < this.period) return Number.NaN;
    const value = close - this.base;
    const old = this.ring[this.place]!;
    return this.bands(this.sum + value - old, this.squares + value * value - old * old);
  }
  private bands(sum: number, squares: number): number {
    const { period } = this;
    const mean = this.base + sum / period;
    const width = (this.deviations * Math.sqrt(period * squares - sum * sum)) / period;
    return mean + width + mean + (mean - width);
  }
}
