import { describe, expect, it } from "vitest";
import type { BarsFrame, BarsSnapshot, BarTuple } from "@/server/contract/live";
import { packBars, packSeries } from "@/server/contract/wire";
import { barColumns, CLOSED, FORMING } from "@/server/domain/bars/bar";
import { barsFeed, type BarsReader, type FeedPhase } from "./bars-feed";
import { SeriesStore } from "./series-store";

const MINUTE = 60_000;
const T0 = Date.parse("2026-11-18T09:15:00+05:30");
const minute = (count: number): number => T0 + count * MINUTE;

/** Bars `from` to `to` of a session whose close is the minute's number; the last one forms. */
const bars = (from: number, to: number) => {
  const columns = barColumns(Math.max(0, to - from + 1));
  columns.length = columns.time.length;
  for (let row = 0; row < columns.length; row++) {
    columns.time[row] = minute(from + row);
    columns.open[row] = columns.high[row] = columns.low[row] = columns.close[row] = from + row;
    columns.state[row] = from + row === to ? FORMING : CLOSED;
  }
  return columns;
};
const ema = (from: number, to: number, instance = 1) => ({
  instance,
  id: "EMA",
  label: "EMA 20",
  params: { period: 20 },
  pane: "price" as const,
  guides: [],
  plots: [{ id: "ema", title: "EMA", kind: "line" as const, unit: "price" as const }],
  values: [new Float64Array(Array.from({ length: to - from + 1 }, (_, row) => from + row + 0.5)).buffer],
});
const snapshot = (from: number, to: number, seq: number, over: Partial<BarsSnapshot> = {}): BarsSnapshot => ({
  room: "bars:1:1m",
  seq,
  timeframe: "1m",
  session: null,
  packed: packBars(bars(from, to)),
  ...packSeries([ema(from, to)]),
  quote: null,
  firstStored: minute(-5_000),
  sessionOpens: [],
  historicalOnly: false,
  serverTime: minute(to),
  instrument: {
    key: "NSE:INFY",
    exchange: "NSE",
    symbol: "INFY",
    name: "Infosys",
    segment: "equity",
    decimals: 2,
    tickSize: 5,
    lotSize: 1,
    expiry: null,
    hasVolume: true,
    simulated: false,
    live: true,
  },
  ...over,
});
const tuple = (count: number, close: number, state = FORMING): BarTuple => [
  state === FORMING ? 0 : 1,
  minute(count),
  minute(count + 1),
  close,
  close,
  close,
  close,
  1,
  1,
  state,
];
const frame = (seq: number, tuples: BarTuple[], over: Partial<BarsFrame> = {}): BarsFrame => ({
  room: "bars:1:1m",
  seq,
  bars: tuples,
  points: [],
  ltp: { price: 1, time: 0, received: 0 },
  stamps: { received: 0, emitted: 0 },
  ...over,
});

/** A socket whose responses the test provides. */
const bench = () => {
  const asked: {
    event: string;
    payload: Record<string, unknown>;
    answer: (value: unknown) => Promise<void>;
    refuse: (error: unknown) => Promise<void>;
  }[] = [];
  let onBars: (frame: BarsFrame) => void = () => undefined;
  let onConnect: (again: boolean) => void = () => undefined;
  const link = {
    request<T>(event: string, payload?: unknown): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        asked.push({
          event,
          payload: payload as Record<string, unknown>,
          answer: async (value) => {
            resolve(value as T);
            await Promise.resolve();
            await Promise.resolve();
          },
          refuse: async (error) => {
            reject(error as Error);
            await Promise.resolve();
            await Promise.resolve();
          },
        });
      });
    },
    on<E>(_event: string, handler: (frame: E) => void) {
      onBars = handler as (frame: BarsFrame) => void;
      return () => {
        onBars = () => undefined;
      };
    },
    onConnect(handler: (again: boolean) => void) {
      onConnect = handler;
      handler(false);
      return () => undefined;
    },
  };
  const store = new SeriesStore();
  const log: string[] = [];
  const phases: FeedPhase["kind"][] = [];
  const reader: BarsReader = {
    replaced: (head, same) => log.push(`replaced ${head.instrument.symbol} ${head.timeframe}${same ? " same" : ""}`),
    resumed: (_, paths) => log.push(`resumed ${paths.filter((path) => path === "append").length} new`),
    paged: (rows) => log.push(`paged ${rows}`),
    evicted: () => log.push("evicted"),
    bar: (path, time) => log.push(`${path} ${(time - T0) / MINUTE}`),
    points: (time) => log.push(`points ${(time - T0) / MINUTE}`),
    frame: () => undefined,
    phase: (phase) => phases.push(phase.kind),
  };
  const feed = barsFeed(link, store, reader);
  const last = (event: string) => asked.filter((question) => question.event === event).at(-1)!;
  const closes = () => Array.from(store.close.subarray(0, store.length));
  return {
    feed,
    store,
    log,
    phases,
    asked,
    last,
    closes,
    push: (next: BarsFrame) => onBars(next),
    reconnect: () => onConnect(true),
  };
};
const infy = { key: "NSE:INFY", timeframe: "1m" as const, indicators: [{ id: "EMA", params: { period: 20 } }] };

const opened = async (to = 10) => {
  const it = bench();
  it.feed.open(infy);
  await it.last("bars.subscribe").answer(snapshot(0, to, 40));
  it.log.length = 0;
  it.phases.length = 0;
  return it;
};

describe("history and stream of a chart", () => {
  it("continues exactly where the snapshot ends", async () => {
    const { feed, last, push, closes, log } = bench();
    feed.open(infy);
    // Frames that overtake the response: one already included in it, one that follows it, one of another chart.
    push(frame(40, [tuple(3, 999)]));
    push(frame(41, [tuple(3, 3, CLOSED), tuple(4, 44)]));
    push(frame(41, [tuple(3, 777)], { room: "bars:9:1m" }));
    await last("bars.subscribe").answer(snapshot(0, 3, 40));
    expect(closes()).toEqual([0, 1, 2, 3, 44]);
    expect(log).toEqual(["replaced INFY 1m", "last 3", "append 4"]);
  });

  it("puts live indicator values at their bar", async () => {
    const { push, store, log } = await opened();
    push(
      frame(41, [tuple(11, 11)], {
        points: [
          [1, minute(11), 11.5],
          [1, minute(99), 1],
          [5, minute(11), 1],
        ],
      }),
    );
    expect(store.points[0]![0]![11]).toBe(11.5);
    expect(log).toEqual(["append 11", "points 11"]);
  });

  it("asks again from the last closed bar when a frame is missing, and loses nothing", async () => {
    const { push, last, closes, log, phases, asked } = await opened(40);
    push(frame(41, [tuple(40, 40, CLOSED), tuple(41, 41)]));
    push(frame(43, [tuple(43, 43)]));
    expect(phases).toEqual(["catching_up"]);
    // Thirty bars before the last closed one, because patches reach back.
    expect(last("bars.subscribe").payload).toMatchObject({ since: minute(10), bars: 12_000 });
    push(frame(44, [tuple(43, 430)]));
    push(frame(45, [tuple(43, 431)]));
    await last("bars.subscribe").answer(snapshot(10, 43, 44));
    expect(closes().slice(-4)).toEqual([40, 41, 42, 431]);
    expect(log).toContain("resumed 2 new");
    expect(phases).toEqual(["catching_up", "live"]);
    expect(asked.filter(({ event }) => event === "bars.subscribe")).toHaveLength(2);
  });

  it("catches up after reconnecting to a restarted server with new sequence numbers", async () => {
    const { reconnect, last, push, closes, store } = await opened(40);
    reconnect();
    await last("bars.subscribe").answer(snapshot(9, 42, 0, { ...packSeries([ema(9, 42, 8)]) }));
    push(frame(1, [tuple(42, 420)], { points: [[8, minute(42), 5]] }));
    expect(closes()).toHaveLength(43);
    expect(closes().at(-1)).toBe(420);
    expect(store.points[0]![0]![42]).toBe(5);
  });

  it("fetches everything when the answer does not reach back to what it holds", async () => {
    const { reconnect, last, asked, closes } = await opened(40);
    reconnect();
    await last("bars.subscribe").answer(snapshot(500, 900, 7));
    expect(asked.filter(({ event }) => event === "bars.subscribe")).toHaveLength(3);
    expect(last("bars.subscribe").payload.since).toBeUndefined();
    await last("bars.subscribe").answer(snapshot(0, 900, 8));
    expect(closes()).toHaveLength(901);
  });

  it("drops the late answer of an instrument left behind", async () => {
    const { feed, asked, closes, log } = bench();
    feed.open(infy);
    feed.open({ ...infy, key: "NSE:TCS" });
    feed.open({ ...infy, key: "NSE:ITC" });
    const [first, second, third] = asked;
    await third!.answer(
      snapshot(0, 2, 1, { room: "bars:3:1m", instrument: { ...snapshot(0, 1, 0).instrument, symbol: "ITC" } }),
    );
    await first!.answer(snapshot(0, 9, 1));
    await second!.refuse({ code: "unknown_instrument", message: "no such instrument" });
    expect(closes()).toEqual([0, 1, 2]);
    expect(log).toEqual(["replaced ITC 1m"]);
  });

  it("leaves the old room only when the new one is another", async () => {
    const { feed, last, asked } = await opened();
    feed.open({ ...infy, indicators: [] });
    await last("bars.subscribe").answer(snapshot(0, 10, 50, { indicators: [] }));
    expect(asked.some(({ event }) => event === "bars.unsubscribe")).toBe(false);
    feed.open({ ...infy, timeframe: "5m" });
    await last("bars.subscribe").answer(snapshot(0, 10, 50, { room: "bars:1:5m" }));
    expect(last("bars.unsubscribe").payload).toEqual({ room: "bars:1:1m" });
  });

  it("keeps the view when only indicators change, and asks for as many bars as it holds", async () => {
    const { feed, last, log } = await opened(1_999);
    feed.open({ ...infy, indicators: [] });
    expect(last("bars.subscribe").payload).toMatchObject({ bars: 2_000, indicators: [] });
    await last("bars.subscribe").answer(snapshot(0, 1_999, 50, { indicators: [] }));
    expect(log).toEqual(["replaced INFY 1m same"]);
  });

  it("puts one page at a time in front, until the store's first bar", async () => {
    const { feed, last, asked, store, log } = await opened();
    feed.wantOlder();
    feed.wantOlder();
    expect(asked.filter(({ event }) => event === "bars.page")).toHaveLength(1);
    expect(last("bars.page").payload).toMatchObject({ before: minute(0), bars: 1_500, timeframe: "1m" });
    await last("bars.page").answer({
      packed: packBars(bars(-3, -1)),
      ...packSeries([ema(-3, -1)]),
      sessionOpens: [],
      end: true,
    });
    expect(store.time[0]).toBe(minute(-3));
    expect(Array.from(store.points[0]![0]!.subarray(0, 4))).toEqual([-2.5, -1.5, -0.5, 0.5]);
    expect(log).toEqual(["paged 3"]);
    expect(feed.atStart()).toBe(true);
    feed.wantOlder();
    expect(asked.filter(({ event }) => event === "bars.page")).toHaveLength(1);
  });

  it("drops a page of a timeframe left behind", async () => {
    const { feed, last, closes } = await opened();
    feed.wantOlder();
    const page = last("bars.page");
    feed.open({ ...infy, timeframe: "5m" });
    await last("bars.subscribe").answer(snapshot(100, 102, 1, { room: "bars:1:5m" }));
    await page.answer({ packed: packBars(bars(-3, -1)), ...packSeries([ema(-3, -1)]), sessionOpens: [], end: false });
    expect(closes()).toEqual([100, 101, 102]);
  });

  it("takes history that is filled behind it, and looks for more of it", async () => {
    const { feed, push, last, closes, log, asked } = bench();
    feed.open(infy);
    await last("bars.subscribe").answer(snapshot(5_000, 5_002, 40, { firstStored: minute(5_000) }));
    expect(feed.atStart()).toBe(true);
    log.length = 0;
    push(
      frame(
        41,
        Array.from({ length: 1_000 }, (_, count): BarTuple => tuple(4_999 - count, count, CLOSED)),
        { points: [[1, minute(4_999), 7]] },
      ),
    );
    expect(closes()).toHaveLength(1_003);
    expect(log.filter((line) => line.startsWith("absent"))).toHaveLength(1_000);
    expect(feed.atStart()).toBe(false);
    feed.wantOlder();
    expect(asked.at(-1)!.payload).toMatchObject({ before: minute(4_000) });
  });

  it("leaves a patched bar before its first one to the page that contains it", async () => {
    const { feed, push, last, closes, store } = await opened();
    push(frame(41, [tuple(-10, 7, CLOSED), tuple(1, 99, CLOSED)]));
    expect(store.time[0]).toBe(minute(0));
    expect(closes()[1]).toBe(99);
    feed.wantOlder();
    await last("bars.page").answer({
      packed: packBars(bars(-12, -1)),
      ...packSeries([ema(-12, -1)]),
      sessionOpens: [],
      end: false,
    });
    expect(Array.from(store.time.subarray(0, 13))).toEqual(Array.from({ length: 13 }, (_, at) => minute(at - 12)));
  });

  it("reloads its bars when one of them was removed", async () => {
    const { feed, push, last, closes, asked } = await opened(2);
    const subscribes = (): number => asked.filter(({ event }) => event === "bars.subscribe").length;
    push(frame(41, [tuple(0, 50, CLOSED), tuple(1, 51, CLOSED)], { whole: [[minute(0), minute(2)]] }));
    // Excludes the running bar, and bars outside.
    push(
      frame(42, [], {
        whole: [
          [minute(2), minute(9)],
          [minute(-9), minute(0)],
        ],
      }),
    );
    expect([subscribes(), closes()]).toEqual([1, [50, 51, 2]]);
    push(frame(43, [tuple(0, 50, CLOSED)], { whole: [[minute(0), minute(2)]] }));
    expect(subscribes()).toBe(2);
    expect(last("bars.subscribe").payload["since"]).toBeUndefined();
    await last("bars.subscribe").answer(snapshot(2, 3, 44));
    expect([closes(), feed.detached()]).toEqual([[2, 3], false]);
  });

  it("does not take a page for the last one when older bars came while it was fetched", async () => {
    const { feed, push, last } = await opened();
    feed.wantOlder();
    push(frame(41, [tuple(-10, 7, CLOSED)]));
    await last("bars.page").answer({
      packed: packBars(bars(-3, -1)),
      ...packSeries([ema(-3, -1)]),
      sessionOpens: [],
      end: true,
    });
    expect(feed.atStart()).toBe(false);
  });

  it("asks again when a page failed", async () => {
    const { feed, last, asked } = await opened();
    feed.wantOlder();
    await last("bars.page").refuse({ code: "timeout", message: "late" });
    expect(feed.paging()).toBe(false);
    feed.wantOlder();
    expect(asked.filter(({ event }) => event === "bars.page")).toHaveLength(2);
  });

  it("takes no frames in a hidden tab and catches up on return", async () => {
    const { feed, push, last, closes, log } = await opened(40);
    feed.pause();
    push(frame(41, [tuple(41, 41)]));
    expect(closes()).toHaveLength(41);
    feed.resume();
    expect(last("bars.subscribe").payload.since).toBe(minute(9));
    await last("bars.subscribe").answer(snapshot(9, 60, 90));
    expect(closes()).toHaveLength(61);
    expect(log).toEqual(["resumed 20 new"]);
  });

  it("says why it failed and recovers on request", async () => {
    const { feed, last, phases } = bench();
    feed.open(infy);
    await last("bars.subscribe").answer({ error: { code: "unknown_instrument", message: "No instrument NSE:INFY" } });
    expect(phases).toEqual(["loading", "failed"]);
    feed.reload();
    await last("bars.subscribe").answer(snapshot(0, 3, 1));
    expect(phases.at(-1)).toBe("live");
  });
});
