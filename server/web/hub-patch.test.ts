import { describe, expect, it } from "vitest";
import { type Bar, type BarBatch, barBatch, type BarColumns, columnsOf, CLOSE, PATCH } from "@/server/domain/bars/bar";
import type { PointBatch } from "@/server/domain/bars/indicator";
import { tickBatch } from "@/server/domain/ticks/tick";
import { type TimeframeName, timeframe } from "@/server/domain/time/timeframe";
import type { BarsFrame } from "@/server/contract/live";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Hub } from "./hub";

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;

/** A bar of which no two figures are alike. */
const barAt = (time: number, figure: number, over: Partial<Bar> = {}): Bar => ({
  time,
  open: figure + 1,
  high: figure + 2,
  low: figure + 3,
  close: figure + 4,
  volume: figure + 5,
  ticks: figure + 6,
  value: figure + 7,
  openInterest: figure + 8,
  rev: figure + 9,
  state: "closed",
  incomplete: false,
  ...over,
});

/** A hub over two instruments; reads of bars wait until the test lets them go, where it wants that. */
const rig = () => {
  let now = NOW;
  let instances = 0;
  const clock: Clock = { now: () => now, after: () => () => {}, sleep: () => Promise.resolve(), every: () => () => {} };
  const held = new Set<number>();
  const followed = new Set<string>();
  const asked: { instrument: number; from: number; to: number; limit: number }[] = [];
  const waiting: (() => void)[] = [];
  const world = {
    closed: [] as Bar[],
    forming: [] as Bar[],
    sequence: 0,
    holds: false,
    failing: false,
    away: false,
    committedAt: -1,
  };
  const desk = {
    resolve: (key: string) => (key === "NSE:TEST2" ? 1 : 0),
    instrument: (index: number) => testInstrument(index + 1),
    isLive: () => true,
    isSimulated: () => false,
    session: () => null,
    sessionOpens: () => [],
    firstStored: () => Promise.resolve(0),
    isWarm: () => true,
    committed: () => {
      world.committedAt = asked.length;
      if (world.away) return Promise.reject(new Error("the store is away"));
      return world.holds ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve();
    },
    bars: (query: { instrument: number; from: number; to: number; limit: number }) => {
      asked.push({ instrument: query.instrument, from: query.from, to: query.to, limit: query.limit });
      if (world.failing) return Promise.reject(new Error("the store is away"));
      return Promise.resolve({ closed: columnsOf(world.closed), forming: columnsOf([]) });
    },
    forming: (_: number, __: unknown, into: BarColumns) => {
      const columns = columnsOf(world.forming);
      for (const name of Object.keys(columns) as (keyof BarColumns)[])
        if (name !== "length") into[name].set(columns[name], 0);
      into.length = columns.length;
      return columns.length;
    },
    endOf: (_: number, of: { lengthMs: number }, start: number) => start + of.lengthMs,
    quote: () =>
      world.sequence === 0
        ? null
        : {
            price: 11,
            time: 22,
            received: 33,
            previousClose: 44,
            open: 55,
            high: 66,
            low: 77,
            volume: 88,
            sequence: 1,
          },
    follow: (_: number, of: { name: string }) => {
      followed.add(of.name);
      return { ready: Promise.resolve(), end: () => followed.delete(of.name) };
    },
    indicators: {
      running: () => [...held],
      isStale: (instance: number) => instance === 9,
      hold: (_: number, __: unknown, spec: { id: string; params: Record<string, number> }) => {
        const instance = spec.params["instance"] ?? ++instances;
        held.add(instance);
        const plots = Array.from({ length: spec.id === "BB" ? 3 : 1 }, (___, plot) => ({ id: String(plot) }));
        return { instance, id: spec.id, label: spec.id, params: {}, pane: "price", guides: [], plots };
      },
      drop: (instance: number) => void held.delete(instance),
      read: (_: unknown, helds: readonly { plots: readonly unknown[] }[]) =>
        Promise.resolve({
          closed: columnsOf(world.closed),
          forming: columnsOf([]),
          first: 0,
          values: helds.map(({ plots }) => plots.map(() => new Float64Array(world.closed.length))),
        }),
      peek: (instance: number, bars: BarColumns) =>
        Float64Array.from({ length: bars.length * 3 }, (_, at) => instance * 100 + at),
    },
  };
  const frames: BarsFrame[] = [];
  const counted: Record<string, number> = {};
  const hub = new Hub({
    desk: desk as unknown as Desk,
    clock,
    wall: clock,
    transport: {
      toRoom: (room, event, frame) => frames.push({ ...(frame as BarsFrame), ...{ sent: `${event} ${room}` } }),
    },
    meter: { count: (name) => (counted[name] = (counted[name] ?? 0) + 1), record() {}, reject() {}, gauge() {} },
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    hub,
    frames,
    held,
    followed,
    asked,
    world,
    counted,
    settled,
    letGo: () => waiting.splice(0).forEach((resolve) => resolve()),
    pass: (ms: number) => (now += ms),
    taken: () => frames.splice(0),
    /** A row as the pipeline sends a close or a patch. */
    row(event: number, time: number, of: TimeframeName = "1m", instrument = 0): BarBatch {
      const batch = barBatch(1);
      const bar = columnsOf([barAt(time, 7_000, { state: event === CLOSE ? "closed" : "patched", incomplete: true })]);
      for (const name of Object.keys(bar) as (keyof BarColumns)[]) if (name !== "length") batch[name].set(bar[name], 0);
      batch.length = 1;
      batch.event[0] = event;
      batch.instrument[0] = instrument;
      batch.timeframe[0] = timeframe(of).index;
      batch.end[0] = time + timeframe(of).lengthMs;
      return batch;
    },
    watch: (client: string, over: object = {}) =>
      hub.subscribe(
        client,
        { key: "NSE:TEST1", timeframe: "1m", bars: 100, indicators: [], ...over } as never,
        () => {},
      ),
  };
};

describe("patches of closed bars", () => {
  it("are read as the store has them once it has them, with every figure in its place", async () => {
    const { hub, watch, world, row, settled, frames, asked } = rig();
    await watch("a");
    world.closed = [barAt(NOW - 2 * MINUTE, 100, { state: "patched" }), barAt(NOW - MINUTE, 200, { incomplete: true })];
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    await settled();
    expect(world.committedAt, "asked before anything is read").toBe(0);
    // From the bar that may hold the first change on, to the patch's end.
    expect(asked).toEqual([{ instrument: 0, from: NOW - 3 * MINUTE, to: NOW - MINUTE, limit: 1_500 }]);
    expect(frames.map(({ bars, whole, points }) => ({ bars, whole, points }))).toEqual([
      {
        bars: [[2, NOW - 2 * MINUTE, NOW - MINUTE, 101, 102, 103, 104, 105, 106, 2]],
        whole: [[NOW - 2 * MINUTE, NOW - MINUTE]],
        points: [],
      },
    ]);
  });

  it("reach the rooms of their instrument and timeframe, and no other", async () => {
    const { hub, watch, world, row, settled, taken } = rig();
    await watch("a");
    await watch("a", { timeframe: "5m" });
    await watch("a", { key: "NSE:TEST2" });
    world.closed = [barAt(NOW - 2 * MINUTE, 100)];
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    await settled();
    expect(taken().map(({ room }) => room)).toEqual(["bars:NSE:TEST1:1m"]);
    hub.onBars(row(PATCH, NOW - 2 * MINUTE, "1m", 1));
    await settled();
    expect(taken().map(({ room }) => room)).toEqual(["bars:NSE:TEST2:1m"]);
    // What history changed is of every timeframe.
    world.closed = [barAt(NOW - 5 * MINUTE, 100)];
    hub.changed(0, NOW - 5 * MINUTE, NOW);
    await settled();
    expect(taken().map(({ room }) => room)).toEqual(["bars:NSE:TEST1:1m", "bars:NSE:TEST1:5m"]);
  });

  it("that come while one waits for the store are read with it, over both spans", async () => {
    const { hub, watch, world, row, settled, letGo, asked, taken, counted } = rig();
    await watch("a");
    world.holds = true;
    world.closed = [9, 8, 7, 6, 5, 4, 3].map((back) => barAt(NOW - back * MINUTE, back * 100));
    hub.onBars(row(PATCH, NOW - 6 * MINUTE));
    hub.onBars(row(PATCH, NOW - 8 * MINUTE));
    hub.onBars(row(PATCH, NOW - 5 * MINUTE));
    await settled();
    expect(asked).toEqual([]);
    letGo();
    await settled();
    expect(asked.map(({ from, to }) => [NOW - from, NOW - to])).toEqual([[9 * MINUTE, 4 * MINUTE]]);
    expect(taken().map(({ bars, whole }) => [bars.map(([, time]) => (NOW - time) / MINUTE), whole])).toEqual([
      [[8, 7, 6, 5], [[NOW - 8 * MINUTE, NOW - 4 * MINUTE]]],
    ]);
    expect(counted).toEqual({ "frames.bars": 1 });
    // One that arrives after the read has started is read separately.
    hub.onBars(row(PATCH, NOW - 3 * MINUTE));
    await settled();
    letGo();
    await settled();
    expect(taken().map(({ bars }) => bars.map(([, time]) => (NOW - time) / MINUTE))).toEqual([[3]]);
  });

  it("that cannot be read are counted, and the next one is read again", async () => {
    const { hub, watch, world, row, settled, counted, frames } = rig();
    await watch("a");
    world.failing = true;
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    await settled();
    expect([counted["hub.rereadFailures"], frames]).toEqual([1, []]);
    world.away = true;
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    await settled();
    expect([counted["hub.rereadFailures"], frames]).toEqual([2, []]);
    world.away = false;
    world.failing = false;
    world.closed = [barAt(NOW - 2 * MINUTE, 100)];
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    await settled();
    expect(frames).toHaveLength(1);
  });

  it("of months are looked for from the first day of the longest month on", async () => {
    const { hub, watch, settled, asked } = rig();
    await watch("a", { timeframe: "1M" });
    hub.changed(0, NOW - MINUTE, NOW);
    await settled();
    expect(asked.map(({ from }) => (NOW - MINUTE - from) / 86_400_000)).toEqual([31]);
  });

  it("of a room that nobody watches any more are sent to nobody", async () => {
    const { hub, watch, world, row, settled, letGo, frames } = rig();
    await watch("a");
    world.holds = true;
    hub.onBars(row(PATCH, NOW - 2 * MINUTE));
    hub.leave("a");
    letGo();
    await settled();
    expect(frames).toEqual([]);
  });
});

describe("frames of a room", () => {
  it("carry a closed bar and what forms, each figure in its place, and the last price beside them", async () => {
    const { hub, watch, world, row, settled, frames } = rig();
    await watch("a");
    world.forming = [barAt(NOW, 300, { state: "forming" })];
    world.sequence = 1;
    hub.onBars(row(CLOSE, NOW - MINUTE));
    await settled();
    expect(frames[0]).toMatchObject({
      room: "bars:NSE:TEST1:1m",
      sent: "bars bars:NSE:TEST1:1m",
      seq: 1,
      bars: [
        [1, NOW - MINUTE, NOW, 7_001, 7_002, 7_003, 7_004, 7_005, 7_006, 1 + 128],
        [0, NOW, NOW + MINUTE, 301, 302, 303, 304, 305, 306, 0],
      ],
      ltp: { price: 11, time: 22, received: 33 },
    });
  });

  it("carry the values of the room's own indicators, plot by plot, NaN as null, and of what forms as well", async () => {
    const { hub, watch, world, settled, frames } = rig();
    await watch("a", {
      indicators: [
        { id: "BB", params: { instance: 5 } },
        { id: "SMA", params: { instance: 6 } },
      ],
    });
    // One that is being computed again says nothing about the forming bar.
    await watch("c", { indicators: [{ id: "SMA", params: { instance: 9 } }] });
    await watch("b", { timeframe: "5m", indicators: [{ id: "SMA", params: { instance: 7 } }] });
    const points: PointBatch = {
      length: 4,
      instance: Int32Array.of(5, 6, 7, 8),
      instrument: Int32Array.of(0, 0, 0, 0),
      timeframe: Uint16Array.of(...["1m", "1m", "5m", "1m"].map((name) => timeframe(name as "1m").index)),
      time: Float64Array.of(10, 20, 30, 40),
      values: Float64Array.of(1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 9, 9, 9, 9),
      stride: 4,
    };
    points.values[1] = Number.NaN;
    world.forming = [barAt(NOW, 300, { state: "forming" })];
    hub.onPoints(points);
    await settled();
    expect(frames.map(({ room, points: sent }) => [room, sent])).toEqual([
      [
        "bars:NSE:TEST1:1m",
        [
          [5, 10, 1, null, 3],
          [6, 20, 4],
          [5, NOW, 500, 501, 502],
          [6, NOW, 600],
        ],
      ],
      [
        "bars:NSE:TEST1:5m",
        [
          [7, 30, 7],
          [7, NOW, 700],
        ],
      ],
    ]);
  });
});

describe("a client that subscribes again", () => {
  const tick = { ...tickBatch(1), length: 1, receivedTime: NOW };

  it("to the same room is entered once: its old indicators are let go, and the numbers go on", async () => {
    const { hub, watch, held, taken, pass } = rig();
    const first = await watch("a", { indicators: [{ id: "SMA", params: { instance: 5 } }] });
    pass(60);
    hub.onTicks(tick);
    expect([first.seq, taken().map(({ seq }) => seq)]).toEqual([0, [1]]);
    const second = await watch("a", { indicators: [{ id: "BB", params: { instance: 6 } }] });
    expect([second.seq, second.room === first.room, [...held], hub.size]).toEqual([1, true, [6], 1]);
    pass(60);
    hub.onTicks(tick);
    expect(taken().map(({ seq }) => seq)).toEqual([2]);
    hub.unsubscribe("a", first.room);
    expect([[...held], hub.size, hub.watched(0)]).toEqual([[], 0, false]);
  });

  it("finds what was queued in its snapshot: the others get it in a frame before, and nobody twice", async () => {
    const { hub, watch, taken, pass } = rig();
    await watch("a");
    pass(60);
    hub.onTicks(tick);
    pass(20);
    hub.onTicks(tick); // waits for its fifty milliseconds
    expect(taken().map(({ seq }) => seq)).toEqual([1]);
    const { seq } = await watch("b");
    expect([seq, taken().map((frame) => frame.seq)]).toEqual([2, [2]]);
  });

  it("that is refused keeps what it had, and holds nothing more", async () => {
    const { hub, watch, held } = rig();
    const { room } = await watch("a", { indicators: [{ id: "SMA", params: { instance: 5 } }] });
    const gone = new AbortController();
    gone.abort(new Error("gone"));
    await expect(
      hub.subscribe(
        "a",
        { key: "NSE:TEST1", timeframe: "1m", bars: 1, indicators: [{ id: "BB", params: { instance: 6 } }] } as never,
        () => {},
        gone.signal,
      ),
    ).rejects.toThrow("gone");
    expect([[...held], hub.size]).toEqual([[5], 1]);
    hub.unsubscribe("b", room);
    hub.unsubscribe("a", "bars:of:nobody");
    expect([[...held], hub.size]).toEqual([[5], 1]);
  });

  it("follows a derived series as long as it is there, and not after", async () => {
    const { hub, watch, followed } = rig();
    const { room } = await watch("a", { timeframe: "45m" });
    await watch("a");
    expect([...followed]).toEqual(["45m"]);
    hub.unsubscribe("a", room);
    expect([[...followed], hub.size]).toEqual([[], 1]);
  });

  it("holds indicators beyond what all readers may hold together: it is told to come back", async () => {
    const { hub, watch } = rig();
    const many = Array.from({ length: 9_000 }, () => ({ id: "SMA", params: {} }));
    await watch("a", { indicators: many });
    await watch("b", { indicators: many });
    await expect(watch("c", { indicators: many })).rejects.toMatchObject({
      code: "overloaded",
      retryable: true,
      details: { retryAfterMs: 1_000 },
    });
    // What went makes room.
    hub.leave("a");
    await watch("c", { indicators: many });
  });
});
