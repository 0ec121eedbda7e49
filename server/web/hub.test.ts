import { describe, expect, it } from "vitest";
import {
  AUCTION_BAR,
  type BarBatch,
  barBatch,
  barColumns,
  type BarColumns,
  CLOSE,
  columnsOf,
} from "@/server/domain/bars/bar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { tickBatch, type TickBatch } from "@/server/domain/ticks/tick";
import { timeframe } from "@/server/domain/time/timeframe";
import type { BarsFrame } from "@/server/contract/live";
import { unpackBars } from "@/server/contract/wire";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import { Hub } from "./hub";

const MINUTE = 60_000;
const instrument: Instrument = {
  id: 1,
  key: "NSE:INFY",
  exchange: "NSE",
  symbol: "INFY",
  name: "Infosys",
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
};
const bar = (time: number, close: number) => ({
  time,
  open: 100,
  high: 110,
  low: 90,
  close,
  volume: 5,
  value: 0,
  ticks: 1,
  openInterest: -1,
  rev: 1,
  state: "closed" as const,
  incomplete: false,
});

/** A hub over a desk with the test's content, on a clock the test controls. */
const rig = (options: { warm?: boolean; replay?: boolean } = {}) => {
  let now = 1_000_000 * MINUTE;
  const timers: { every: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: () => () => {},
    sleep: () => Promise.resolve(),
    every(every, run) {
      const timer = { every, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  };
  const held: number[] = [];
  let forming: BarColumns = barColumns(4);
  let closed: BarColumns = columnsOf([bar(now - 2 * MINUTE, 101), bar(now - MINUTE, 102)]);
  let closing: BarColumns = columnsOf([]);
  const desk: Partial<Desk> = {
    resolve: () => 0,
    instrument: () => instrument,
    isLive: () => true,
    isSimulated: () => false,
    session: () => null,
    sessionOpens: () => [],
    bars: ({ closingRows = false }) => Promise.resolve({ closed, forming, ...(closingRows ? { closing } : {}) }),
    committed: () => Promise.resolve(),
    firstStored: () => Promise.resolve(0),
    warm: () => Promise.resolve(),
    isWarm: () => options.warm ?? true,
    forming(_, __, into) {
      for (let row = 0; row < forming.length; row++) {
        into.time[into.length] = forming.time[row]!;
        into.close[into.length] = forming.close[row]!;
        into.length++;
      }
      return forming.length;
    },
    endOf: (_, of, start) => start + of.lengthMs,
    quote: () => null,
    indicators: {
      describe: () => {
        throw new Error("not asked");
      },
      running: () => held,
      isStale: () => false,
      hold: (_, __, spec) => {
        held.push(held.length + 1);
        return {
          instance: held.length,
          id: spec.id,
          label: spec.id,
          params: {},
          pane: "price",
          guides: [],
          plots: [{ id: "value", title: "", kind: "line", unit: "price" }],
        };
      },
      drop: (instance) => {
        held.splice(held.indexOf(instance), 1);
      },
      read: ({ closingRows = false }, helds) =>
        Promise.resolve({
          closed,
          forming,
          first: 0,
          ...(closingRows ? { closing } : {}),
          values: helds.map(() => [
            Float64Array.from(
              [closed, forming].flatMap((bars) => [...bars.close.subarray(0, bars.length)]),
              (close) => close * 2,
            ),
          ]),
        }),
      peek: (_, bars) => Float64Array.from(bars.close.subarray(0, bars.length), (close) => close * 2),
    },
  };
  const frames: BarsFrame[] = [];
  const spans: [string, number][] = [];
  const counted: Record<string, number> = {};
  const hub = new Hub({
    desk: desk as Desk,
    clock,
    wall: options.replay === true ? { ...clock } : clock,
    transport: { toRoom: (_, __, frame) => frames.push(frame as BarsFrame) },
    meter: {
      count: (name) => {
        counted[name] = (counted[name] ?? 0) + 1;
      },
      record: (name, ms) => {
        spans.push([name, ms]);
      },
      reject: () => {},
      gauge: () => {},
    },
  });
  const tick = (): TickBatch => ({ ...tickBatch(1), length: 1, receivedTime: now });
  return {
    hub,
    frames,
    spans,
    held,
    tick,
    form: (close: number) => {
      forming = columnsOf([{ ...bar(now, close), state: "forming" as never }]);
    },
    store: (...bars: ReturnType<typeof bar>[]) => {
      closed = columnsOf(bars);
    },
    end: (...rows: ReturnType<typeof bar>[]) => {
      closing = columnsOf(rows);
    },
    pass(ms: number) {
      now += ms;
      for (const timer of [...timers]) timer.run();
    },
    now: () => now,
    close(time: number, of = "1m" as const): BarBatch {
      const batch = barBatch(1);
      batch.length = 1;
      batch.event[0] = CLOSE;
      batch.timeframe[0] = timeframe(of).index;
      batch.time[0] = time;
      batch.end[0] = time + MINUTE;
      batch.close[0] = 103;
      batch.state[0] = 1;
      return batch;
    },
  };
};

const wish = { key: "NSE:INFY", timeframe: "1m" as const, bars: 100, indicators: [{ id: "SMA", params: {} }] };
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("chart rooms", () => {
  it("answer with packed history and go on at the next number", async () => {
    const { hub, frames, tick, form } = rig();
    form(104);
    const joined: string[] = [];
    const answer = await hub.subscribe("a", wish, (room) => joined.push(room));
    expect(joined).toEqual([answer.room]);
    expect([...unpackBars(answer.packed).close]).toEqual([101, 102, 104]);
    expect([...new Float64Array(answer.values)]).toEqual([202, 204, 208]);
    hub.onTicks(tick());
    expect(frames.map((frame) => frame.seq)).toEqual([answer.seq + 1]);
    expect(frames[0]!.bars.map(([event, , , , , , close]) => [event, close])).toEqual([[0, 104]]);
    expect(frames[0]!.points).toEqual([[1, expect.any(Number), 208]]);
  });

  it("send one frame in fifty milliseconds however many ticks come, and the last of them", async () => {
    const { hub, frames, tick, form, pass } = rig();
    await hub.subscribe("a", wish, () => {});
    for (let close = 1; close <= 10; close++) {
      form(close);
      hub.onTicks(tick());
    }
    expect(frames).toHaveLength(1);
    pass(20);
    expect(frames).toHaveLength(1);
    pass(40);
    expect(frames).toHaveLength(2);
    expect(frames[1]!.bars[0]![6]).toBe(10);
    pass(1_000);
    expect(frames, "nothing changed").toHaveLength(2);
  });

  it("do not let a closed bar wait, and number every frame", async () => {
    const { hub, frames, tick, close, now } = rig();
    await hub.subscribe("a", wish, () => {});
    hub.onTicks(tick());
    hub.onBars(close(now() - MINUTE));
    await settled();
    expect(frames.map((frame) => frame.seq)).toEqual([1, 2]);
    expect(frames[1]!.bars[0]!.slice(0, 2)).toEqual([1, now() - MINUTE]);
    expect(frames[1]!.ltp, "no tick has come, and none is no price of 0").toBeNull();
  });

  it("stamp a frame with the receive time of its own newest tick, and with none where it carries none", async () => {
    const { hub, frames, spans, tick, close, pass, now } = rig();
    await hub.subscribe("a", wish, () => {});
    const received = now();
    hub.onTicks(tick());
    // Two seconds later the bar closes by the clock: no tick is on its way in that frame.
    pass(2_000);
    hub.onBars(close(now() - MINUTE));
    await settled();
    hub.onTicks({ ...tick(), instrument: Int32Array.of(7) });
    expect(frames.map(({ stamps }) => stamps)).toEqual([
      { received, emitted: received },
      { received: 0, emitted: received + 2_000 },
    ]);
    expect(spans.filter(([name]) => name === "receiveToEmit")).toEqual([["receiveToEmit", 0]]);
    hub.onTicks(tick());
    pass(10);
    hub.onTicks(tick());
    pass(60);
    expect(frames.at(-1)!.stamps).toEqual({ received: now() - 60, emitted: now() });
  });

  it("measure no span between a recording's clock and today's", async () => {
    const { hub, frames, spans, tick } = rig({ replay: true });
    await hub.subscribe("a", wish, () => {});
    hub.onTicks(tick());
    expect(frames[0]!.stamps.received).toBe(0);
    expect(spans.map(([name]) => name)).toEqual(["emitToSocket"]);
  });

  it("get bars that history has changed as patches", async () => {
    const { hub, frames, store, now } = rig();
    await hub.subscribe("a", wish, () => {});
    store(bar(now() - 3 * MINUTE, 55), bar(now() - 2 * MINUTE, 66), bar(now() - MINUTE, 77));
    hub.changed(0, now() - 2 * MINUTE, now() - MINUTE);
    await settled();
    expect(frames[0]!.bars.map(([event, , , , , , close]) => [event, close])).toEqual([[2, 66]]);
    expect(frames[0]!.whole).toEqual([[now() - 2 * MINUTE, now() - MINUTE]]);
    // A removed bar leaves the span without one; a bar that has not ended is not mentioned.
    store(bar(now() - 3 * MINUTE, 55));
    hub.changed(0, now() - 2 * MINUTE, now() + MINUTE);
    await settled();
    expect(frames[1]).toMatchObject({ bars: [], whole: [[now() - 2 * MINUTE, now()]] });
  });

  it("hear of no more than was read of a span with very many bars", async () => {
    const { hub, frames, store, now } = rig();
    await hub.subscribe("a", wish, () => {});
    store(...Array.from({ length: 1_500 }, (_, row) => bar(now() - (1_500 - row) * MINUTE, row)));
    hub.changed(0, now() - 3_000 * MINUTE, now());
    await settled();
    expect([frames[0]!.bars.length, frames[0]!.whole]).toEqual([1_500, [[now() - 1_500 * MINUTE, now()]]]);
  });

  it("get the row of a closing auction when it is over, and no value of an indicator with it", async () => {
    const { hub, frames, now, end, close } = rig();
    for (const timeframe of ["1m", "15m", "30s", "1d"] as const)
      await hub.subscribe("a", { ...wish, timeframe }, () => {});
    const auction = close(now() + 20 * MINUTE);
    auction.timeframe[0] = AUCTION_BAR;
    auction.end[0] = now() + 35 * MINUTE;
    // For a stock there is nothing to show: no frame.
    hub.onAuctions(auction);
    await settled();
    expect(frames).toEqual([]);
    end(bar(now(), 95));
    hub.onAuctions(auction);
    await settled();
    expect(
      frames.map(({ room, bars, points }) => [
        room,
        bars.map(([event, time, , , , , last]) => [event, time, last]),
        points,
      ]),
    ).toEqual([
      ["bars:NSE:INFY:1m", [[2, now(), 95]], []],
      ["bars:NSE:INFY:15m", [[2, now(), 95]], []],
    ]);
    // A later client finds it in its place, after the bars before it and without a value.
    const { packed, values } = await hub.subscribe("b", wish, () => {});
    expect([[...unpackBars(packed).close], [...new Float64Array(values)]]).toEqual([
      [101, 102, 95],
      [202, 204, Number.NaN],
    ]);
    const { packed: since } = await hub.subscribe("c", { ...wish, since: now() }, () => {});
    expect([...unpackBars(since).time].at(-1)).toBe(now());
  });

  it("show no fragment of a longer bar before the day's minutes are loaded", async () => {
    const { hub, frames, tick, form } = rig({ warm: false });
    form(104);
    await hub.subscribe("a", { ...wish, timeframe: "15m" }, () => {});
    hub.onTicks(tick());
    expect(frames[0]!.bars).toEqual([]);
  });

  it("end with their last client and let go of its indicators", async () => {
    const { hub, frames, held, tick } = rig();
    await hub.subscribe("a", wish, () => {});
    await hub.subscribe("b", wish, () => {});
    expect(held).toHaveLength(2);
    hub.leave("a");
    hub.onTicks(tick());
    expect(frames).toHaveLength(1);
    hub.leave("b");
    hub.onTicks(tick());
    expect(frames).toHaveLength(1);
    expect([held.length, hub.size, hub.watched(0)]).toEqual([0, 0, false]);
  });
});
