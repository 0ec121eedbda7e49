import { expect, it } from "vitest";
import { FeedPace } from "./feed-pace";

const START = 1_000_000;

/** Ticks at an even pace, looked at every second. */
const run = (pace: FeedPace, from: number, seconds: number, perSecond: number, openSince: number | null = null) => {
  for (let second = 1; second <= seconds; second++) {
    pace.saw(perSecond);
    pace.at(from + second * 1_000, openSince);
  }
  return from + seconds * 1_000;
};

it("knows no usual pace before a minute has passed, then the one of the last five minutes", () => {
  const pace = new FeedPace(START);
  let now = run(pace, START, 59, 3);
  expect([pace.perMinute, pace.perSecond]).toEqual([null, 3]);
  now = run(pace, now, 6, 3);
  expect(pace.perMinute).toBe(180);
  now = run(pace, now, 300, 10);
  expect(pace.perMinute).toBe(600);
});

it("counts the ticks of the last minute, whatever came before", () => {
  const pace = new FeedPace(START);
  const now = run(pace, START, 120, 50);
  run(pace, now, 60, 2);
  expect(pace.lastMinute).toBe(120);
});

it("leaves out hours without trading: a slot begins when the market opens", () => {
  const pace = new FeedPace(START);
  const open = START + 3_600_000;
  run(pace, open, 60, 4, open);
  expect(pace.perMinute).toBe(240);
});
