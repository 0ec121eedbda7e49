import type { Part } from "./composed";

/**
 * Sum of the last n values, in a ring. Whole numbers add up exactly; for others the sum is recomputed at each turn of
 * the ring, so no error accumulates. NaN is skipped.
 */
export class WindowSum implements Part {
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private sum = 0;

  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
  }

  /** The sum with this value in; NaN before there are n. */
  take(input: number, keep: boolean): number {
    if (Number.isNaN(input)) return Number.NaN;
    const sum = this.sum - this.ring[this.place]! + input;
    const full = this.count + 1 >= this.period;
    if (keep) {
      this.ring[this.place] = input;
      this.sum = sum;
      this.count++;
      if (++this.place === this.period) {
        this.place = 0;
        this.sum = 0;
        for (let at = 0; at < this.period; at++) this.sum += this.ring[at]!;
      }
    }
    return full ? sum : Number.NaN;
  }
  /** The sum that taking this value would give, counted from fewer while the window fills. */
  wouldSum(input: number): number {
    return this.sum - this.ring[this.place]! + input;
  }
  /** Sum of the distances from a mean, of this value and the n - 1 before it. */
  deviation(input: number, mean: number): number {
    let sum = Math.abs(input - mean);
    for (let at = 0; at < this.period; at++) if (at !== this.place) sum += Math.abs(this.ring[at]! - mean);
    return sum;
  }
  /** Sum of the values held, the one being taken not counted; 0 before there is one. */
  get held(): number {
    return this.sum;
  }
  get size(): number {
    return Math.min(this.count, this.period);
  }

  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count, sum: this.sum };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number; sum: number };
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.sum = state.sum;
  }
}

/** Mean of the last n values, added up each time: for short windows of fractional numbers. NaN is skipped. */
export class RecentMean implements Part {
  /** The last n - 1 values; 0 at `place`, where the next one goes. */
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  /** Sum of the ring. */
  private rest = 0;

  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
  }

  /** The mean with this value in; NaN before there are n. */
  take(input: number, keep: boolean): number {
    if (Number.isNaN(input)) return Number.NaN;
    const mean = this.count + 1 >= this.period ? (this.rest + input) / this.period : Number.NaN;
    if (keep) this.hold(input);
    return mean;
  }
  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count, rest: this.rest };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number; rest: number };
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.rest = state.rest;
  }

  private hold(input: number): void {
    const { ring, period } = this;
    ring[this.place] = input;
    this.count++;
    this.place = this.place + 1 === period ? 0 : this.place + 1;
    ring[this.place] = 0;
    let rest = 0;
    for (let at = 0; at < period; at++) rest += ring[at]!;
    this.rest = rest;
  }
}

/** The value n bars ago. */
export class Delay implements Part {
  private readonly ring: Float64Array;
  private count = 0;

  constructor(private readonly period: number) {
    this.ring = new Float64Array(period);
  }

  /** What was taken n takings before this one; NaN while there was none. NaN is passed over. */
  take(input: number, keep: boolean): number {
    if (Number.isNaN(input)) return Number.NaN;
    const place = this.count % this.period;
    const before = this.count < this.period ? Number.NaN : this.ring[place]!;
    if (keep) {
      this.ring[place] = input;
      this.count++;
    }
    return before;
  }
  snapshot(): unknown {
    return { ring: Array.from(this.ring), count: this.count };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number };
    this.ring.set(state.ring);
    this.count = state.count;
  }
}

/**
 * Highest (or, with sign -1, lowest) of the last n values, at a cost independent of n and of the values. Values come in
 * blocks of n. A window is the current block, with a running extreme, and the end of the previous block, whose extremes
 * from each position on were computed when it was full (van Herk, 1992).
 */
export class Extreme implements Part {
  /** Up to `place` the current block's values, then extremes of the previous block from each position to its end. */
  private readonly values: Float64Array;
  private count = 0;
  private place = 0;
  /** For the current block. */
  private best = 0;

  constructor(
    private readonly period: number,
    private readonly sign: 1 | -1,
  ) {
    this.values = new Float64Array(period);
  }

  /** The extreme with this value in; NaN before there are n. */
  take(input: number, keep: boolean): number {
    const { period, sign, values, place } = this;
    const value = input * sign;
    const best = place > 0 && this.best > value ? this.best : value;
    const rest = place + 1;
    const extreme = rest < period && values[rest]! > best ? values[rest]! : best;
    const full = this.count + 1 >= period;
    if (keep) {
      values[place] = value;
      this.best = best;
      this.count++;
      this.place = rest;
      if (rest === period) this.turn();
    }
    return full ? sign * extreme : Number.NaN;
  }
  snapshot(): unknown {
    return { values: Array.from(this.values), count: this.count, best: this.best };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { values: number[]; count: number; best: number };
    this.values.set(state.values);
    this.count = state.count;
    this.place = state.count % this.period;
    this.best = state.best;
  }

  private turn(): void {
    const { values } = this;
    this.place = 0;
    for (let at = this.period - 2; at >= 0; at--) if (values[at + 1]! > values[at]!) values[at] = values[at + 1]!;
  }
}

export const highest = (period: number): Extreme => new Extreme(period, 1);
export const lowest = (period: number): Extreme => new Extreme(period, -1);
