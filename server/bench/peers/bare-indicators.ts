/**
 * What an indicator costs at least in JavaScript: its arithmetic over plain numbers, written out by hand, without a
 * bar, an output column, a snapshot or a warm-up other than TA-Lib's.
 */
export interface BareIndicator {
  next(close: number): number;
  peek(close: number): number;
}

export const bareSma = (period: number): BareIndicator => new Sma(period);
export const bareEma = (period: number): BareIndicator => new Ema(period);
export const bareRsi = (period: number): BareIndicator => new Rsi(period);

class Sma implements BareIndicator {
  private readonly ring: Float64Array;
  private place = 0;
  private full = false;
  private sum = 0;
  constructor(private readonly period: number) { this.ring = new Float64Array(period); }
  next(close: number): number {
    this.sum += close - this.ring[this.place]!;
    this.ring[this.place] = close;
    if (++this.place === this.period) { this.place = 0; this.full = true; }
    return this.full ? this.sum / this.period : Number.NaN;
  }
  peek(close: number): number {
    return this.full ? (this.sum - this.ring[this.place]! + close) / this.period : Number.NaN;
  }
}

class Ema implements BareIndicator {
  private readonly weight: number;
  private count = 0;
  private value = 0;
  constructor(private readonly period: number) { this.weight = 2 / (period + 1); }
  next(close: number): number {
    if (this.count >= this.period) return this.value += (close - this.value) * this.weight;
    this.value += close;
    if (++this.count < this.period) return Number.NaN;
    return this.value /= this.period;
  }
  peek(close: number): number {
    return this.count >= this.period ? this.value + (close - this.value) * this.weight : Number.NaN;
  }
}

class Rsi implements BareIndicator {
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
    if (change > 0) this.gain += change; else this.loss -= change;
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
