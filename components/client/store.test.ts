import { expect, test, vi } from "vitest";
import { clockOffset } from "./clock-offset";
import { latencyRecorder, percentiles } from "./latency";
import { createValue, once } from "./store";

test("a value tells its listeners of a change, and of nothing else", () => {
  const value = createValue(1);
  const heard = vi.fn();
  const leave = value.subscribe(heard);
  value.set(1);
  expect(heard).not.toHaveBeenCalled();
  value.set(2);
  expect(value.get()).toBe(2);
  expect(heard).toHaveBeenCalledTimes(1);
  leave();
  value.set(3);
  expect(heard).toHaveBeenCalledTimes(1);
});

test("a listener may leave while it is being told", () => {
  const value = createValue(0);
  const heard: string[] = [];
  const leave = value.subscribe(() => { heard.push("first"); leave(); });
  value.subscribe(() => heard.push("second"));
  value.set(1);
  value.set(2);
  expect(heard).toEqual(["first", "second", "second"]);
});

test("what is built once is built at the first call", () => {
  const build = vi.fn(() => ({}));
  const get = once(build);
  expect(build).not.toHaveBeenCalled();
  expect(get()).toBe(get());
  expect(build).toHaveBeenCalledTimes(1);
});

test("the clock offset is the median of the last five answers", () => {
  const clock = clockOffset();
  expect(clock.value()).toBe(0);
  // Sent at 1000, received at 1020: the server answered at about 1010.
  expect(clock.sample(1_000, 1_020, 1_110)).toBe(100);
  clock.sample(2_000, 2_020, 2_112);
  clock.sample(3_000, 3_900, 3_950); // a slow answer: 500
  expect(clock.value()).toBe(102);
  for (const sent of [4_000, 5_000, 6_000, 7_000, 8_000]) clock.sample(sent, sent + 10, sent + 5 - 30);
  expect(clock.value()).toBe(-30);
});

test("percentiles and buckets count every span once, the last bucket takes the rest", () => {
  const view = percentiles([0.5, 1, 1.9, 2, 400], 1);
  expect(view.buckets.slice(0, 4)).toEqual([1, 2, 1, 0]);
  expect(view.buckets.at(-1)).toBe(1);
  expect(view.count).toBe(5);
  expect(view.p50).toBe(1.9);
  expect(view.p99).toBe(400);
});

test("browser latency is published at most once a second, its history every five", () => {
  let now = 0;
  const recorder = latencyRecorder(() => now);
  const heard = vi.fn();
  recorder.view.subscribe(heard);
  for (; now < 12_000; now += 100) recorder.record(now - 8, now, 4);
  expect(heard.mock.calls.length).toBe(12);
  expect(recorder.view.get()?.receiveToPaint.p95).toBe(8);
  expect(recorder.view.get()?.socketToPaint.p50).toBe(4);
  expect(recorder.view.get()?.history.map((point) => point.time)).toEqual([0, 5_000, 10_000]);
});
