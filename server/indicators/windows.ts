import type { Part } from "./composed";

/**
 * Sum of the last n values, in a ring. Whole numbers add up exactly; of others the sum is formed anew at each turn of
 * the ring, so that no error grows. NaN is passed over.
 */
export class WindowSum implements Part {
  private readonly ring: Float64Array;
  private count = 0;
  private place = 0;
  private sum = 0;

  constructor(private readonly period: number) { this.ring = new Float64Array(period); }

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
  wouldSum(input: number): number { return this.sum - this.ring[this.place]! + input; }
  /** Sum of the distances from a mean, of this value and the n - 1 before it. */
  deviation(input: number, mean: number): number {
    let sum = Math.abs(input - mean);
    for (let at = 0; at < this.period; at++) if (at !== this.place) sum += Math.abs(this.ring[at]! - mean);
    return sum;
  }
  /** Sum of the values held, the one being taken not counted; 0 before there is one. */
  get held(): number { return this.sum; }
  get size(): number { return Math.min(this.count, this.period); }

  snapshot(): unknown { return { ring: Array.from(this.ring), count: this.count, sum: this.sum }; }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number; sum: number };
    this.ring.set(state.ring);
    this.count = state.count;
    this.place = state.count % this.period;
    this.sum = state.sum;
  }
}

/** The value n bars ago. */
export class Delay implements Part {
  private readonly ring: Float64Array;
  private count = 0;

  constructor(private readonly period: number) { this.ring = new Float64Array(period); }

  /** What was taken n takings before this one; NaN while there was none. NaN is passed over. */
  take(input: number, keep: boolean): number {
    if (Number.isNaN(input)) return Number.NaN;
    const place = this.count % this.period;
    const before = this.count < this.period ? Number.NaN : this.ring[place]!;
    if (keep) { this.ring[place] = input; this.count++; }
    return before;
  }
  snapshot(): unknown { return { ring: Array.from(this.ring), count: this.count }; }
  restore(snapshot: unknown): void {
    const state = snapshot as { ring: number[]; count: number };
    this.ring.set(state.ring);
    this.count = state.count;
  }
}

/**
 * Highest (or, with sign -1, lowest) of the last n values. A queue keeps only those that can still become the extreme,
 * so a bar costs the same whatever n is. Its ends count on for ever; the places behind them are a power of two.
 */
export class Extreme implements Part {
  private readonly values: Float64Array;
  private readonly born: Float64Array;
  private readonly mask: number;
  private count = 0;
  private head = 0;
  private tail = 0;

  constructor(private readonly period: number, private readonly sign: 1 | -1) {
    const places = 2 ** Math.ceil(Math.log2(period));
    this.values = new Float64Array(places);
    this.born = new Float64Array(places);
    this.mask = places - 1;
  }

  /** The extreme with this value in; NaN before there are n. */
  take(input: number, keep: boolean): number {
    const { period, sign, values, mask } = this;
    const value = input * sign;
    const count = this.count + 1;
    let { head, tail } = this;
    // Each bar at most one value leaves the window.
    if (head !== tail && this.born[head & mask]! <= count - period) head++;
    if (!keep) return count < period ? Number.NaN : sign * (head !== tail && values[head & mask]! > value ? values[head & mask]! : value);
    while (head !== tail && values[(tail - 1) & mask]! <= value) tail--;
    values[tail & mask] = value;
    this.born[tail & mask] = count;
    this.count = count;
    this.head = head;
    this.tail = tail + 1;
    return count < period ? Number.NaN : sign * values[head & mask]!;
  }
  snapshot(): unknown {
    const places = Array.from({ length: this.tail - this.head }, (_, at) => (this.head + at) & this.mask);
    return { count: this.count, values: places.map((place) => this.values[place]!), born: places.map((place) => this.born[place]!) };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { count: number; values: number[]; born: number[] };
    this.count = state.count;
    this.head = 0;
    this.tail = state.values.length;
    this.values.set(state.values);
    this.born.set(state.born);
  }
}

export const highest = (period: number): Extreme => new Extreme(period, 1);
export const lowest = (period: number): Extreme => new Extreme(period, -1);
