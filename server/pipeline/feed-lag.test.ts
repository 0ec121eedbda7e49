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
});
