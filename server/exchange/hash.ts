/**
 * Randomness as a function: every number of the market is a hash of the seed and its position, so any minute can be
 * computed.
 */

const mix = (value: number): number => {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** A 32-bit key of up to three numbers; the first is usually another key or the seed. */
export const keyed = (key: number, a: number, b = 0): number =>
  mix(mix(key + Math.imul(a, 0x9e3779b1)) + Math.imul(b, 0x85ebca77));

/** The n-th 32-bit number under a key. */
export const bitsAt = (key: number, n: number): number => mix(key + Math.imul(n + 1, 0x9e3779b1));

/** The n-th number under a key, 0 <= u < 1. */
export const uniformAt = (key: number, n: number): number => bitsAt(key, n) / 4_294_967_296;

/** Roughly normal, variance 1, from the four bytes of one hash; never beyond 3.5. */
export const gaussianOf = (bits: number): number =>
  (((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24)) / 256 - 1.9921875) * 1.7320508;

/** As `gaussianOf`, but one in sixteen is 2.2 times as large: returns have fat tails. Variance about 1.24. */
export const fatTailed = (bits: number): number => {
  const tail = Math.imul(bits, 0x2c1b3c6d) >>> 28 === 0;
  return gaussianOf(bits) * (tail ? 2.2 : 1);
};

/** A Poisson count of the given mean, from one hash. */
export const poissonOf = (mean: number, bits: number): number => {
  if (mean > 12) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussianOf(bits)));
  const target = bits / 4_294_967_296;
  let probability = Math.exp(-mean);
  let cumulative = probability;
  let count = 0;
  while (cumulative < target && count < 60) {
    count += 1;
    probability *= mean / count;
    cumulative += probability;
  }
  return count;
};
