import { describe, expect, it } from "vitest";
import type { BarTuple } from "@/server/contract/live";
import { barRouter, routeStats } from "./bar-router";
import { SeriesStore } from "./series-store";

const bar = (time: number, close = 100): BarTuple => [0, time, time + 60, close, close, close, close, 1, 1, 0];

/** A stand-in for the library that throws exactly where the library throws. */
const bench = () => {
  const store = new SeriesStore();
  const stats = routeStats();
  let points: number[] = [];
  const calls: string[] = [];
  const frames: (() => void)[] = [];
  const idles: (() => void)[] = [];
  const later = (queue: (() => void)[]) => (run: () => void) => {
    queue.push(run);
    return () => {
      const at = queue.indexOf(run);
      if (at >= 0) queue.splice(at, 1);
    };
  };
  const router = barRouter(
    {
      update(time, older) {
        const last = points.at(-1) ?? Number.NEGATIVE_INFINITY;
        if (!older && time < last) throw new Error("Cannot update oldest data");
        if (older && !points.includes(time)) throw new Error("Cannot update a missing point");
        if (time > last) points.push(time);
        calls.push(`${older ? "older" : "update"} ${time}`);
      },
      rebuild() {
        points = Array.from(store.time.subarray(0, store.length));
        calls.push(`rebuild ${points.length}`);
      },
    },
    { frame: later(frames), idle: later(idles) },
    stats,
  );
  const newest = () => store.time[store.length - 1] ?? Number.NEGATIVE_INFINITY;
  const put = (tuple: BarTuple) => router.changed(store.put(tuple), tuple[1], newest);
  const run = (queue: (() => void)[]) => {
    for (const task of queue.splice(0)) task();
  };
  return {
    store,
    stats,
    calls,
    put,
    router,
    newest,
    frame: () => run(frames),
    idle: () => run(idles),
    waiting: frames,
  };
};

describe("the bar router", () => {
  it("draws many changes of one bar once per frame", () => {
    const { put, frame, calls, waiting } = bench();
    put(bar(60, 100));
    put(bar(60, 101));
    put(bar(60, 102));
    expect(waiting).toHaveLength(1);
    frame();
    expect(calls).toEqual(["update 60"]);
  });

  it("asks for no frame when nothing changed", () => {
    const { put, frame, waiting } = bench();
    put(bar(60));
    frame();
    expect(waiting).toHaveLength(0);
  });

  it("closes the old bar before it begins the new one", () => {
    const { put, frame, calls } = bench();
    put(bar(60));
    frame();
    put(bar(120));
    put(bar(60, 99));
    frame();
    expect(calls).toEqual(["update 60", "update 60", "update 120"]);
  });

  it("changes an older bar in place", () => {
    const { put, frame, calls, stats } = bench();
    put(bar(60));
    put(bar(120));
    put(bar(180));
    frame();
    calls.length = 0;
    put(bar(120, 90));
    frame();
    expect(calls).toEqual(["older 120"]);
    expect(stats).toMatchObject({ append: 3, older: 1, absent: 0, rebuilds: 0 });
  });

  it("rebuilds once, in an idle moment, for older bars it has no place for", () => {
    const { put, frame, idle, calls, stats, store } = bench();
    put(bar(60));
    put(bar(300));
    frame();
    calls.length = 0;
    put(bar(120));
    put(bar(180));
    put(bar(300, 105));
    frame();
    expect(calls).toEqual([]);
    idle();
    expect(calls).toEqual(["rebuild 4"]);
    expect(Array.from(store.time.subarray(0, store.length))).toEqual([60, 120, 180, 300]);
    expect(stats).toMatchObject({ absent: 2, rebuilds: 1 });
    put(bar(360));
    frame();
    expect(calls).toEqual(["rebuild 4", "update 360"]);
  });

  it("forgets pending changes when a snapshot replaces the bars", () => {
    const { put, frame, calls, router, store, newest } = bench();
    put(bar(600));
    store.length = 0;
    store.put(bar(60));
    router.rebuild(newest());
    frame();
    expect(calls).toEqual(["rebuild 1"]);
  });

  it("never throws, whatever order bars come in", () => {
    const { put, frame, idle, store } = bench();
    let seed = 7;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    for (let step = 0; step < 2_000; step++) {
      put(bar(Math.floor(random() * 200) * 60, step));
      if (random() < 0.3) frame();
      if (random() < 0.1) idle();
    }
    const times = Array.from(store.time.subarray(0, store.length));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});
