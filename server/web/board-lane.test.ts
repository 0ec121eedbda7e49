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
