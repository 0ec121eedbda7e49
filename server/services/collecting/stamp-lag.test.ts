import { describe, expect, it } from "vitest";
import { StampLag } from "./stamp-lag";

/** Frames every 130 ms from an exchange whose clock is `ahead` ms ahead of ours, each `lag` ms on its way, stamped by the second or the ms. */
const read = ({
  lag,
  ahead = 0,
  resolution = 1_000,
  jitter = 0,
}: {
  lag: number;
  ahead?: number;
  resolution?: number;
  jitter?: number;
}) => {
  const stamps = new StampLag();
  const start = 1_700_000_000_000;
  stamps.connected(start);
  let now = start;
  for (let at = 0; at < 200; at++) {
    now = start + at * 130;
    const stamp = Math.floor((now - lag - (at % 3 === 0 ? jitter : 0) + ahead) / resolution) * resolution;
    stamps.saw({ receivedTime: now, length: 2, exchangeTime: Float64Array.of(stamp - 60_000, stamp) });
  }
  return stamps.read(now);
};

describe("what stamps say of the time between the exchange and us", () => {
  it.each([0, 40, 700, 2_400, 3_000, 20_000])(
    "a lag of %i ms is told to a tenth of a second, never too much, though stamps are whole seconds",
    (lag) => {
      const { lagMs } = read({ lag })!;
      expect(lagMs).toBeGreaterThan(lag - 100);
      expect(lagMs).toBeLessThanOrEqual(lag);
    },
  );

  it("the clocks' difference comes with its error, and the truth lies within", () => {
    for (const [lag, ahead] of [
      [20, 0],
      [20, 5_000],
      [300, -7_300],
    ] as const) {
      const { skewMs, errorMs } = read({ lag, ahead })!;
      expect(Math.abs(skewMs - (ahead - lag))).toBeLessThanOrEqual(errorMs + 1);
      expect(errorMs).toBeLessThan(100);
    }
  });

  it("stamps of milliseconds hide nothing", () =>
    expect(read({ lag: 40, resolution: 1 })).toMatchObject({ lagMs: 40, skewMs: -40, errorMs: 0 }));

  it("frames held up now and then do not move the clocks", () =>
    expect(read({ lag: 20, jitter: 400, resolution: 1 })!.skewMs).toBe(-20));

  it("says nothing after a connect, of one stamp, or of a market that has closed", () => {
    const stamps = new StampLag();
    stamps.connected(0);
    for (let now = 0; now < 1_500; now += 100)
      stamps.saw({ receivedTime: now, length: 1, exchangeTime: Float64Array.of(1) });
    expect(stamps.read(1_500)).toBeNull();
    expect(read({ lag: 7_200_000 })).toBeNull();
  });
});
