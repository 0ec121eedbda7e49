import { describe, expect, it } from "vitest";
import { clockOffset } from "./clock-offset";

/** Reproducible noise: mulberry32. */
const noise = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Asks at `at` (browser's clock): `there` and `back` are the ways, the server's clock is ahead by `skew`. */
const ask = (clock: ReturnType<typeof clockOffset>, at: number, skew: number, there: number, back: number): number =>
  clock.sample(at, at + there + back, at + there + skew);

describe("the server's clock, from the browser", () => {
  it.each([-3_600_000, -250, 0, 0.4, 1_234.5, 86_400_000])("is found at a skew of %d ms on an even wire", (skew) => {
    const clock = clockOffset();
    expect(ask(clock, 1_000, skew, 4, 4)).toBeCloseTo(skew, 6);
    expect(clock.roundTrip()).toBe(8);
  });

  it("is not moved by a page that hydrates: the first five answers wait behind scripts for up to three seconds", () => {
    const clock = clockOffset();
    // The answers are there in time, and read late: all of the stall is on one side.
    for (const [at, stall] of [
      [1_000, 3_164],
      [1_400, 2_760],
      [1_800, 2_355],
      [2_200, 1_830],
      [2_600, 1_430],
    ] as const)
      ask(clock, at, 700, 1, 1 + stall);
    expect(Math.abs(clock.value() - 700), "half the smallest stall is all that is known so far").toBeLessThanOrEqual(
      1_432 / 2,
    );
    expect(ask(clock, 5_000, 700, 1, 2)).toBe(699.5);
    expect(ask(clock, 15_000, 700, 1, 400)).toBe(699.5);
    expect(clock.roundTrip()).toBe(3);
  });

  it("lies within half a round trip of the truth in every one of a thousand noisy connections", () => {
    const random = noise(8);
    const errors: number[] = [];
    for (let run = 0; run < 1_000; run++) {
      const clock = clockOffset();
      const skew = (random() - 0.5) * 10_000;
      for (let asked = 0; asked < 30; asked++)
        ask(clock, asked * 10_000, skew, 0.5 + random() ** 4 * 300, 0.5 + random() ** 4 * 900);
      expect(Math.abs(clock.value() - skew)).toBeLessThanOrEqual(clock.roundTrip()! / 2 + 1e-6);
      errors.push(Math.abs(clock.value() - skew));
    }
    errors.sort((a, b) => a - b);
    expect(errors[500]!, "of answers that take 240 ms on the average").toBeLessThan(2);
    expect(errors[950]!).toBeLessThan(12);
  });

  it("follows clocks that drift apart by 20 ppm for an hour", () => {
    const clock = clockOffset();
    const random = noise(3);
    let truth = 0;
    for (let at = 0; at < 3_600_000; at += 10_000) {
      truth = 50 + at * 0.000_02;
      ask(clock, at, truth, 1 + random() * 4, 1 + random() * 4);
    }
    expect(Math.abs(clock.value() - truth)).toBeLessThan(5);
  });

  it.each([-2_000, 40, 500])("takes a step of %d ms, of either clock, at the next answer", (step) => {
    const clock = clockOffset();
    for (let at = 0; at < 60_000; at += 10_000) ask(clock, at, 10, 1, 1);
    expect(ask(clock, 70_000, 10 + step, 2, 2)).toBeCloseTo(10 + step, 6);
  });

  it("takes a step though the answer that shows it was slower than those before: they are of the time before", () => {
    const clock = clockOffset();
    for (let at = 0; at < 60_000; at += 10_000) ask(clock, at, 10, 1, 1);
    expect(ask(clock, 51_000, 510, 4, 4)).toBeCloseTo(510, 6);
    expect(clock.roundTrip()).toBe(8);
  });

  it("takes a newer answer when its age has cost the older one more than the half round trip it was better by", () => {
    const clock = clockOffset();
    ask(clock, 0, 100, 5, 5); // known to 5 ms, and to 50 ppm of its age
    expect(ask(clock, 90_000, 104, 10, 10)).toBeCloseTo(100, 6);
    expect(ask(clock, 110_000, 105, 10, 10)).toBeCloseTo(105, 6);
  });

  it("is zero and of no known precision before it has asked", () => {
    expect([clockOffset().value(), clockOffset().roundTrip()]).toEqual([0, null]);
  });
});
