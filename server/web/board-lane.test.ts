import { describe, expect, it } from "vitest";
import { applyQuotes, quotesOf, type QuoteTable } from "@/components/client/quote-table";
import type { QuotesFrame } from "@/server/contract/live";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import { BoardLane } from "./board-lane";

const KEYS = ["NSE:A", "NSE:B", "NSE:C"];

/** A lane over three instruments whose prices the test sets, and a browser's table that takes what arrives. */
const rig = async () => {
  const prices = KEYS.map(() => ({ price: 100, sequence: 1 }));
  const sparks = KEYS.map(() => [100]);
  let turn: () => void = () => {};
  const clock = {
    now: () => 0,
    every: (_: number, run: () => void) => {
      turn = run;
      return () => {};
    },
  } as unknown as Clock;
  const desk = {
    find: (key: string) => KEYS.indexOf(key),
    isLive: () => true,
    isSimulated: () => false,
    spark: (index: number) => Promise.resolve(sparks[index]!.slice()),
    sparkNow: (index: number) => sparks[index]!,
    instrument: (index: number) => ({ symbol: KEYS[index], exchange: "NSE", name: "", decimals: 2 }),
    lastCloses: () => Promise.resolve(new Map()),
    quote: (index: number, seen = 0) => {
      const { price, sequence } = prices[index]!;
      return sequence === seen
        ? null
        : { price, sequence, volume: 0, time: 0, received: 0, high: 0, low: 0, open: 0, previousClose: 0 };
    },
  } as unknown as Desk;
  const lane = new BoardLane({ desk, clock, wall: clock, meter: { count() {}, record() {}, reject() {}, gauge() {} } });
  lane.start();
  const frames: QuotesFrame[] = [];
  const line = { behind: false };
  let table: QuoteTable = quotesOf(
    await lane.subscribe("browser", KEYS, (frame) => {
      if (line.behind) return false;
      frames.push(frame);
      table = applyQuotes(table, frame).table;
      return true;
    }),
  );
  return {
    frames,
    line,
    shown: () => table.rows.map(({ price, spark }) => [price, spark.length]),
    set(index: number, price: number) {
      prices[index] = { price, sequence: prices[index]!.sequence + 1 };
      sparks[index]!.push(price);
    },
    /** A whole window: each client's turn comes once. */
    pass() {
      for (let slice = 0; slice < 10; slice++) turn();
    },
  };
};

type Values = NonNullable<ReturnType<Desk["quote"]>>;
/** Figures of which no two are alike; before a tick of 2 and more they are those of the sequence. */
const quoteAt = (index: number, sequence: number): Values => {
  const base = index * 1_000 + sequence * 100;
  return {
    price: base + 1,
    previousClose: base + 2,
    open: base + 3,
    high: base + 4,
    low: base + 5,
    volume: base + 6,
    time: base + 7,
    received: base + 8,
    sequence,
  };
};
const without = ({ sequence: _, ...figures }: Values): Omit<Values, "sequence"> => figures;

/** A lane over the same instruments with every figure another one, for several clients. */
const board = () => {
  const sequences = [1, 1, 1];
  const sparks: (readonly number[])[] = [[1], [2, 3], []];
  const behind = new Set<string>();
  const frames: (QuotesFrame & { client: string })[] = [];
  const counted: Record<string, number> = {};
  const timers: { every: number; run: () => void }[] = [];
  const during: { spark?: () => void; lastCloses?: () => void } = {};
  let read = 0;
  const clock = {
    now: () => 777,
    sleep: () => Promise.resolve(),
    every: (every: number, run: () => void) => {
      const timer = { every, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  } as unknown as Clock;
  const desk = {
    find: (key: string) => KEYS.indexOf(key),
    isLive: (index: number) => index === 1,
    isSimulated: (index: number) => index === 0,
    spark: (index: number) => {
      read++;
      during.spark?.();
      return Promise.resolve([...sparks[index]!]);
    },
    sparkNow: (index: number) => sparks[index]!,
    instrument: (index: number) => ({
      symbol: `symbol ${index}`,
      exchange: `exchange ${index}`,
      name: `name ${index}`,
      decimals: index + 2,
    }),
    lastCloses: () => {
      during.lastCloses?.();
      return Promise.resolve(new Map());
    },
    quote: (index: number, seen = -1) => (sequences[index] === seen ? null : quoteAt(index, sequences[index]!)),
  } as unknown as Desk;
  const lane = new BoardLane({
    desk,
    clock,
    wall: clock,
    meter: { count: (name) => (counted[name] = (counted[name] ?? 0) + 1), record() {}, reject() {}, gauge() {} },
  });
  lane.start();
  const turn = (): void => timers.forEach(({ run }) => run());
  return {
    lane,
    frames,
    counted,
    behind,
    during,
    turn,
    sparksRead: () => read,
    every: () => timers.map(({ every }) => every),
    tick: (index: number, sequence: number) => (sequences[index] = sequence),
    grow: (index: number, closes: readonly number[]) => (sparks[index] = closes),
    pass() {
      for (let slice = 0; slice < 10; slice++) turn();
    },
    async subscribe(client: string, keys: readonly string[], signal?: AbortSignal) {
      let table: QuoteTable | null = null;
      const snapshot = await lane.subscribe(
        client,
        keys,
        (frame) => {
          if (behind.has(client)) return false;
          frames.push({ client, ...frame });
          if (table !== null) table = applyQuotes(table, frame).table;
          return true;
        },
        signal,
      );
      table = quotesOf(snapshot);
      return { snapshot, table: () => table! };
    },
  };
};

describe("the watchlist lane", () => {
  it("begins a row without a tick with the last close that is kept, and says of nothing that it is 0", async () => {
    const clock = { now: () => 0 } as unknown as Clock;
    const desk = {
      find: (key: string) => KEYS.indexOf(key),
      isLive: () => true,
      isSimulated: () => false,
      spark: () => Promise.resolve([]),
      quote: () => null,
      instrument: (index: number) => ({ symbol: KEYS[index], exchange: "NSE", name: "", decimals: 2 }),
      lastCloses: () => Promise.resolve(new Map([[0, { price: 150, time: 60 }]])),
    } as unknown as Desk;
    const { rows } = await new BoardLane({
      desk,
      clock,
      wall: clock,
      meter: { count() {}, record() {}, reject() {}, gauge() {} },
    }).subscribe("browser", KEYS.slice(0, 2), () => true);
    expect(rows.map(({ price, time, received }) => [price, time, received])).toEqual([
      [150, 60, 0],
      [null, 0, 0],
    ]);
  });

  it("sends rows that changed, each once", async () => {
    const { set, pass, shown, frames } = await rig();
    set(1, 205);
    pass();
    pass();
    expect([shown(), frames.map(({ seq, rows }) => [seq, rows.length])]).toEqual([
      [
        [100, 1],
        [205, 2],
        [100, 1],
      ],
      [[1, 1]],
    ]);
  });

  it("brings a client that was behind to the newest values, though they change no more", async () => {
    const { set, pass, shown, line, frames } = await rig();
    line.behind = true;
    set(0, 101);
    pass();
    set(0, 102);
    set(2, 300);
    pass();
    line.behind = false;
    pass();
    expect(shown()).toEqual([
      [102, 3],
      [100, 1],
      [300, 2],
    ]);
    expect(frames.map(({ seq }) => seq)).toEqual([1]);
  });

  it("carries every figure of a row in its own place, with the snapshot and with frames", async () => {
    const lane = board();
    const [one, two] = [lane.subscribe("a", ["NSE:B", "NSE:X", "NSE:A"]), lane.subscribe("b", ["NSE:A"])];
    const { snapshot, table } = await one;
    await two;
    const row = (index: number, spark: number[]) => ({
      key: KEYS[index],
      symbol: `symbol ${index}`,
      exchange: `exchange ${index}`,
      name: `name ${index}`,
      decimals: index + 2,
      live: index === 1,
      simulated: index === 0,
      spark,
      ...without(quoteAt(index, 1)),
    });
    expect(snapshot).toEqual({
      rows: [row(1, [2, 3]), row(0, [1])],
      unknown: ["NSE:X"],
      seq: 0,
      serverTime: 777,
    });
    lane.tick(1, 9);
    lane.grow(1, [2, 3, 4]);
    lane.pass();
    // The second name was of nobody: B is the list's first row.
    expect(table().rows).toEqual([{ ...row(1, [2, 3, 4]), ...without(quoteAt(1, 9)) }, row(0, [1])]);
    expect(lane.frames).toEqual([
      {
        client: "a",
        seq: 1,
        // As the contract lists them: price, volume, time, received, high, low, open, previousClose.
        rows: [[0, 1_901, 1_906, 1_907, 1_908, 1_904, 1_905, 1_903, 1_902]],
        spark: [[0, [2, 3, 4]]],
      },
    ]);
  });

  it("takes up what came between the question and its answer, and nothing twice", async () => {
    const lane = board();
    await lane.subscribe("a", ["NSE:A"]);
    lane.pass();
    expect(lane.frames, "the snapshot has it all").toEqual([]);
    lane.tick(0, 2);
    lane.pass();
    lane.pass();
    expect(lane.frames.map(({ seq }) => seq)).toEqual([1]);
  });

  it("sends a sparkline only when it has grown or is another one", async () => {
    const lane = board();
    await lane.subscribe("a", ["NSE:A", "NSE:B"]);
    const sparks = (): number[] => lane.frames.splice(0).flatMap(({ spark }) => spark.map(([row]) => row));
    lane.tick(0, 2);
    lane.pass();
    expect(sparks(), "the same array, handed out again").toEqual([0]);
    lane.tick(0, 3);
    lane.pass();
    expect(sparks()).toEqual([]);
    lane.tick(0, 4);
    lane.grow(0, [1, 5]);
    lane.pass();
    expect(sparks()).toEqual([0]);
    // History replaced it: as long, but another.
    lane.tick(0, 5);
    lane.grow(0, [7, 5]);
    lane.pass();
    expect(sparks()).toEqual([0]);
  });

  it("numbers each client's frames by itself, counts what went out and what did not", async () => {
    const lane = board();
    await lane.subscribe("a", ["NSE:A"]);
    await lane.subscribe("b", ["NSE:A"]);
    lane.behind.add("b");
    for (const sequence of [2, 3]) {
      lane.tick(0, sequence);
      lane.pass();
    }
    lane.behind.delete("b");
    lane.pass();
    expect(lane.frames.map(({ client, seq, rows }) => [client, seq, rows[0]![1]])).toEqual([
      ["a", 1, 201],
      ["a", 2, 301],
      ["b", 1, 301],
    ]);
    expect(lane.counted).toEqual({ "frames.quotes": 3, "frames.quotesLater": 2 });
  });

  it("begins anew with the list a client asks for next, and ends with the client", async () => {
    const lane = board();
    await lane.subscribe("a", ["NSE:A", "NSE:B"]);
    lane.tick(1, 2);
    lane.pass();
    const { snapshot } = await lane.subscribe("a", ["NSE:B"]);
    expect([snapshot.seq, snapshot.rows.length, lane.lane.size]).toEqual([0, 1, 1]);
    lane.frames.length = 0;
    lane.tick(0, 5);
    lane.tick(1, 3);
    lane.pass();
    expect(lane.frames.map(({ seq, rows }) => [seq, rows.map(([place]) => place)])).toEqual([[1, [0]]]);
    lane.lane.leave("a");
    lane.tick(1, 4);
    lane.pass();
    expect([lane.frames.length, lane.lane.size]).toEqual([1, 0]);
  });

  it("gives each client one turn in a window of 250 ms, and spreads them over it", async () => {
    const lane = board();
    for (let client = 0; client < 20; client++) await lane.subscribe(`client ${client}`, ["NSE:A"]);
    lane.tick(0, 2);
    const perTurn: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const before = lane.frames.length;
      lane.turn();
      perTurn.push(lane.frames.length - before);
    }
    expect([perTurn, lane.every()]).toEqual([Array.from({ length: 10 }, () => 2), [25]]);
    expect(new Set(lane.frames.map(({ client }) => client)).size).toBe(20);
  });

  it("stops with its clients, and starts once however often it is told to", async () => {
    const lane = board();
    lane.lane.start();
    await lane.subscribe("a", ["NSE:A"]);
    expect(lane.every()).toEqual([25]);
    lane.lane.stop();
    expect([lane.every(), lane.lane.size]).toEqual([[], 0]);
    lane.lane.start();
    expect(lane.every()).toEqual([25]);
  });

  it("reads no sparkline for a client that has gone, and enters nobody who left while closes were read", async () => {
    for (const when of ["spark", "lastCloses"] as const) {
      const lane = board();
      const gone = new AbortController();
      lane.during[when] = () => gone.abort(new Error("gone"));
      await expect(lane.subscribe("a", ["NSE:A", "NSE:B"], gone.signal)).rejects.toThrow("gone");
      expect([lane.lane.size, lane.sparksRead()]).toEqual([0, when === "spark" ? 1 : 2]);
    }
  });

  it("looks a long list up in turns, and no further once the client disconnected", async () => {
    const gone = new AbortController();
    let looked = 0;
    const desk = {
      find: () => {
        looked++;
        return -1;
      },
    } as unknown as Desk;
    const sleep = async (_: number, signal?: AbortSignal): Promise<void> => {
      gone.abort(new Error("gone"));
      signal?.throwIfAborted();
    };
    const clock = { now: () => 0, sleep } as unknown as Clock;
    const lane = new BoardLane({
      desk,
      clock,
      wall: clock,
      meter: { count() {}, record() {}, reject() {}, gauge() {} },
    });
    await expect(
      lane.subscribe(
        "browser",
        Array.from({ length: 1_000 }, () => "X:E"),
        () => true,
        gone.signal,
      ),
    ).rejects.toThrow("gone");
    expect([looked, lane.size]).toEqual([300, 0]);
  });
});
