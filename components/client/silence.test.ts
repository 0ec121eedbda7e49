import { expect, test } from "vitest";
import { silenceWatch } from "./silence";

test("a line is dead after five seconds without a word, and alive with the next one", () => {
  const watch = silenceWatch();
  expect(watch.look(100_000)).toBe(false);
  watch.heard(100_000);
  expect([101, 102, 103, 104, 105].map((second) => watch.look(second * 1_000))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect([watch.look(106_000), watch.look(107_000), watch.look(108_000)]).toEqual([false, true, true]);
  watch.heard(108_500);
  expect(watch.look(109_000)).toBe(false);
});

test("a word takes a doubt back: a tab that sleeps again is asked twice again", () => {
  const watch = silenceWatch();
  watch.heard(0);
  expect(watch.look(60_000)).toBe(false);
  watch.heard(60_001);
  expect([watch.look(120_000), watch.look(121_000)]).toEqual([false, true]);
});

test("a tab that slept an hour is reported only after its waiting frames were read", () => {
  const watch = silenceWatch();
  watch.heard(0);
  expect(watch.look(3_600_000)).toBe(false);
  watch.heard(3_600_001);
  expect(watch.look(3_601_000)).toBe(false);
});
