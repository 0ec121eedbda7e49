import { expect, test, vi } from "vitest";
import { latencyRecorder, percentiles } from "./latency";
import { createValue, once } from "./store";

test("a value notifies its listeners of changes only", () => {
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

test("a listener may unsubscribe while it is notified", () => {
  const value = createValue(0);
  const heard: string[] = [];
  const leave = value.subscribe(() => {
    heard.push("first");
    leave();
  });
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
  const recorder = latencyRecorder({ now: () => now, clock: () => ({ offsetMs: 1_000, roundTripMs: 0 }) });
  const heard = vi.fn();
  recorder.view.subscribe(heard);
  for (; now < 12_000; now += 100)
    recorder.record({
      stamped: 0,
      received: now + 1_000 - 8,
      emitted: now + 1_000 - 6,
      arrived: now - 4,
      drawing: now - 1,
      painted: now,
    });
  expect(heard.mock.calls.length).toBe(12);
  expect(recorder.view.get()?.receiveToPaint.p95).toBe(8);
  expect(recorder.view.get()?.socketToPaint.p50).toBe(4);
  expect(recorder.view.get()?.history.map((point) => point.time)).toEqual([1_000, 6_000, 11_000]);
});
