import type { Part } from "./composed";

/** The bound below which TA-Lib treats the remainder of an average as 0. */
export const isNothing = (value: number): boolean => value < 1e-14 && value > -1e-14;

/** One step of an average by a weight that has been seeded. */
export const step = (before: number, input: number, weight: number): number => before + (input - before) * weight;

/**
 * One step of a weighted average, seeded by the mean of its first `period` values: `before` is their sum until seeded,
 * then the average. `count` includes this value.
 */
export const smooth = (before: number, input: number, count: number, period: number, weight: number): number =>
  count > period ? step(before, input, weight) : count === period ? (before + input) / period : before + input;

/**
 * An average that forgets by a weight, seeded by the mean of its first `period` values. NaN is passed over, so that an
 * average of an average begins where its input does.
 */
export class Smoothed implements Part {
  private count = 0;
  private value = 0;

  constructor(
    private readonly period: number,
    private readonly weight: number,
  ) {}

  take(input: number, keep: boolean): number {
    if (Number.isNaN(input)) return Number.NaN;
    const count = this.count + 1;
    const value = smooth(this.value, input, count, this.period, this.weight);
    if (keep) {
      this.count = count;
      this.value = value;
    }
    return count < this.period ? Number.NaN : value;
  }
  snapshot(): unknown {
    return [this.count, this.value];
  }
  restore(snapshot: unknown): void {
    [this.count, this.value] = snapshot as [number, number];
  }
}

/** EMA of n: weight 2/(n+1). */
export const exponential = (period: number): Smoothed => new Smoothed(period, 2 / (period + 1));
/** Wilder's average of n: weight 1/n. */
export const wilder = (period: number): Smoothed => new Smoothed(period, 1 / period);

/** Values after which an EMA has forgotten its seed to 1e-9: (1 - 2/(n+1))^k. */
export const exponentialSettle = (period: number): number => Math.ceil(10.4 * (period + 1));
/** The same for Wilder's average: (1 - 1/n)^k. */
export const wilderSettle = (period: number): number => Math.ceil(20.8 * period);

/** One step of Wilder's running sum as TA-Lib keeps it for directional movement: n - 1 values added up, then s - s/n + x. */
export const wilderSum = (before: number, input: number, count: number, period: number): number =>
  count < period ? before + input : before - before / period + input;
