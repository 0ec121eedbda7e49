import { describe, expect, it } from "vitest";
import type { FrameTimes } from "@/components/client/latency";
import { paintLatency } from "./paint-latency";

const frame = (time: number) => ({
  ltp: { price: 100, time, received: time + 1 },
  stamps: { received: time + 1, emitted: time + 2 },
});

const rig = () => {
  const recorded: FrameTimes[] = [];
  let now = 1_000;
  const latency = paintLatency(
    () => now,
    (times) => recorded.push(times),
  );
  return { latency, recorded, at: (time: number) => (now = time) };
};

describe("the latency of painting", () => {
  it("is that of the oldest frame since the last painting", () => {
    const { latency, recorded, at } = rig();
    latency.shown();
    latency.arrived(frame(900), true);
    at(1_010);
    latency.arrived(frame(905), true);
    at(1_030);
    latency.painted(1_020);
    latency.painted(1_040);
    expect(recorded).toEqual([
      { stamped: 900, received: 901, emitted: 902, arrived: 1_000, drawing: 1_020, painted: 1_030 },
    ]);
  });

  it("skips unseen frames: before the first painting, out of view, and frames without a tick", () => {
    const { latency, recorded } = rig();
    latency.arrived(frame(900), true);
    latency.painted(1_001);
    latency.shown();
    latency.arrived(frame(900), false);
    latency.arrived({ ...frame(900), ltp: null }, true);
    latency.painted(1_002);
    latency.arrived(frame(900), true);
    latency.forget();
    latency.painted(1_003);
    expect(recorded).toEqual([]);
  });
});
