import { describe, expect, it } from "vitest";
import { FeedLag } from "./feed-lag";

const seen = (lags: readonly number[], everyMs = 1_000): { lag: FeedLag; now: number } => {
  const lag = new FeedLag();
  let now = 1_000_000;
  for (const each of lags) lag.saw((now += everyMs), now - each);
  return { lag, now };
};

describe("the lag of a feed", () => {
  it("is the smallest of a while: what is late now and then is no lag", () => {
    const { lag, now } = seen([20_000, 300, 9_000, 40_000]);
    expect(now - lag.feedTime(now)).toBe(0);
  });
  it("of a clock that runs ahead moves the time by which seconds are closed", () => {
    const { lag, now } = seen([7_400, 8_100, 7_200, 7_900]);
    expect(now - lag.feedTime(now)).toBe(7_200);
  });
  it("goes when the clock is put right, and comes after a while when it goes wrong", () => {
    const { lag, now } = seen([7_000, 7_000, 300]);
    expect(lag.feedTime(now)).toBe(now);
    let later = now;
    for (let second = 0; second < 70; second++) lag.saw((later += 1_000), later - 7_000);
    expect(later - lag.feedTime(later)).toBe(7_000);
  });
  it("is none while nothing has been seen, and when it is beyond belief", () => {
    expect(new FeedLag().feedTime(5)).toBe(5);
    const { lag, now } = seen([400_000, 400_000]);
    expect(lag.feedTime(now)).toBe(now);
  });
  it("is one above two seconds and up to five minutes", () => {
    for (const [each, counts] of [
      [2_000, false],
      [2_001, true],
      [300_000, true],
      [300_001, false],
    ] as const) {
      const { lag, now } = seen([each]);
      expect(now - lag.feedTime(now), String(each)).toBe(counts ? each : 0);
    }
  });
  it("holds for one window of thirty seconds to two", () => {
    const lag = new FeedLag();
    const told = (now: number) => now - lag.feedTime(now);
    lag.saw(1_000_000, 1_000_000 - 5_000);
    lag.saw(1_030_000, 1_030_000 - 9_000); // the last instant of the first window
    expect(told(1_030_000)).toBe(5_000);
    lag.saw(1_030_001, 1_030_001 - 9_000); // a new window: the one before still counts
    expect(told(1_030_001)).toBe(5_000);
    lag.saw(1_060_002, 1_060_002 - 8_000);
    expect(told(1_060_002)).toBe(8_000);
  });
  it("is forgotten over a silence of more than two windows, and when the clock is set back", () => {
    const after = (received: number) => {
      const lag = new FeedLag();
      lag.saw(1_000_000, 1_000_000 - 5_000);
      lag.saw(received, received - 9_000);
      return received - lag.feedTime(received);
    };
    expect([after(1_060_000), after(1_060_001)]).toEqual([5_000, 9_000]);
    const lag = new FeedLag();
    lag.saw(1_000_000, 1_000_000 - 5_000);
    lag.saw(900_000, 900_000 - 9_000);
    lag.saw(930_001, 930_001 - 9_500);
    expect(930_001 - lag.feedTime(930_001)).toBe(9_000);
  });
  it("goes on from a snapshot", () => {
    const { lag, now } = seen([7_400, 7_200]);
    const again = new FeedLag();
    again.restore(lag.snapshot());
    expect([now - again.feedTime(now), again.snapshot()]).toEqual([7_200, lag.snapshot()]);
    expect(lag.snapshot()).toEqual({ before: Number.POSITIVE_INFINITY, current: 7_200, began: 1_001_000 });
  });
});
