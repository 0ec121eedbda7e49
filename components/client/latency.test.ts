import { describe, expect, it } from "vitest";
import { type FrameTimes, latencyRecorder, legsOf } from "./latency";

const OFFSET = 5_000;
/** A frame painted at `painted` by the browser: 3 ms server, 1 wire, 6 queue, 8 to the frame, 4 paint. */
const frame = (painted: number, offsetMs = OFFSET): FrameTimes => ({
  stamped: painted + offsetMs - 12 - 10 - 700,
  received: painted + offsetMs - 12 - 10,
  emitted: painted + offsetMs - 12 - 7,
  arrived: painted - 12,
  drawing: painted - 4,
  painted,
});
const rig = () => {
  let now = 1_000_000;
  const clock = { offsetMs: OFFSET, roundTripMs: 2 as number | null };
  const recorder = latencyRecorder({ now: () => now, clock: () => ({ ...clock }) });
  return {
    recorder,
    clock,
    at: (time: number) => {
      now = time;
    },
    paint(time: number, times = frame(time)) {
      now = time;
      recorder.record(times);
    },
  };
};

describe("receive to pixel", () => {
  it("is the sum of its legs", () => {
    expect(legsOf(frame(1_000_000), { offsetMs: OFFSET, roundTripMs: 2 })).toEqual({
      server: 3,
      wire: 1,
      queue: 6,
      frame: 8,
      paint: 4,
    });
    const { recorder, paint } = rig();
    paint(1_000_000);
    const view = recorder.view.get()!;
    expect([view.receiveToPaint.p50, view.socketToPaint.p50, view.brokerToServer, view.roundTripMs]).toEqual([
      22, 12, 700, 2,
    ]);
    expect(view.legs.map(({ name, spans }) => [name, spans.p50])).toEqual([
      ["server", 3],
      ["wire", 1],
      ["queue", 6],
      ["frame", 8],
      ["paint", 4],
    ]);
  });

  it("never has a leg below zero where the clock is a little off", () => {
    expect(legsOf(frame(1_000_000), { offsetMs: OFFSET - 9, roundTripMs: 4 })).toEqual({
      server: 3,
      wire: 0,
      queue: 0,
      frame: 8,
      paint: 4,
    });
  });

  it("counts frames painted before the clock was known well with the clock of now", () => {
    const { recorder, clock, paint } = rig();
    clock.offsetMs = OFFSET + 3_164;
    clock.roundTripMs = 6_400;
    paint(1_000_000);
    expect(recorder.view.get()!.receiveToPaint.p50).toBe(22 + 3_164);
    clock.offsetMs = OFFSET;
    clock.roundTripMs = 2;
    paint(1_001_000);
    expect(recorder.view.get()!.receiveToPaint).toMatchObject({ p50: 22, p99: 22, count: 2 });
  });

  it("is unknown, not guessed, until the clock has been asked; the page's own part is known at once", () => {
    const { recorder, clock, paint } = rig();
    clock.roundTripMs = null;
    paint(1_000_000);
    expect(recorder.view.get()).toMatchObject({
      receiveToPaint: { count: 0 },
      socketToPaint: { p50: 12, count: 1 },
      brokerToServer: null,
    });
  });

  it("leaves out frames that carry no tick", () => {
    const { recorder, paint } = rig();
    paint(1_000_000, { ...frame(1_000_000), received: 0 });
    paint(1_001_000);
    expect(recorder.view.get()).toMatchObject({ receiveToPaint: { p50: 22, count: 1 }, socketToPaint: { count: 2 } });
  });

  it("is of the last minute: one bad second goes, and a quiet chart has no figure", () => {
    const { recorder, at, paint } = rig();
    paint(1_000_000, { ...frame(1_000_000), arrived: 1_000_000 - 900 });
    expect(recorder.view.get()!.socketToPaint.p99).toBe(900);
    for (let time = 1_000_500; time <= 1_062_000; time += 500) paint(time);
    expect(recorder.view.get()!.socketToPaint.p99).toBe(12);
    expect(recorder.view.get()!.socketToPaint.count).toBeLessThanOrEqual(121);
    at(1_130_000);
    recorder.expire();
    expect(recorder.view.get()).toBeNull();
  });
});
