import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { type TickMessage, tickBatch, TRADE } from "@/server/domain/ticks/tick";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { Spool } from "@/server/ports/spool";
import type { TickRun, TickStore } from "@/server/ports/stores";
import { openSpool } from "@/server/store/spool";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { type TickRecord, TickRecorder } from "./record-ticks";

interface Written {
  instrumentId: number;
  sequence: number;
  received: number;
  price: number;
}

let written: Written[][];
let refuses: number;
let timers: { at: number; run: () => void }[];
let now: number;
let metrics: Metrics;
let recorder: TickRecorder;
let sequence: number;

const store: TickStore = {
  write: async (runs: readonly TickRun[]) => {
    if (refuses > 0) {
      refuses--;
      throw new Error("away");
    }
    written.push(
      runs.flatMap(({ instrumentId, ticks, first = 0, end = ticks.length }) =>
        Array.from({ length: end - first }, (_, at) => ({
          instrumentId,
          sequence: ticks.sequence[first + at]!,
          received: ticks.received[first + at]!,
          price: ticks.price[first + at]!,
        })),
      ),
    );
    await Promise.resolve();
  },
  read: () => Promise.reject(new Error("not asked here")),
  prune: () => Promise.reject(new Error("not asked here")),
};

/** Lets pending promises settle. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};
const pass = async (ms: number): Promise<void> => {
  now += ms;
  for (const timer of timers.filter(({ at }) => at <= now)) {
    timers.splice(timers.indexOf(timer), 1);
    timer.run();
  }
  await settle();
};

beforeEach(() => {
  [written, refuses, timers, now, metrics, sequence] = [[], 0, [], 1_000, new Metrics(), 0];
  const table = new InstrumentTable();
  for (const id of [70, 71, 72]) table.put(testInstrument(id), "NSE");
  const after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: now + delayMs, run };
    timers.push(timer);
    return () => {
      timers.splice(timers.indexOf(timer) >>> 0, 1);
    };
  };
  recorder = new TickRecorder(
    store,
    table,
    {
      now: () => now,
      after,
      every: () => () => undefined,
      sleep: (ms) =>
        new Promise((resolve) => {
          after(ms, resolve);
        }),
    },
    silentLog(),
    metrics,
  );
});

/** One frame of ticks of the instruments with these dense numbers. */
const frame = (...instruments: number[]): TickMessage => {
  const batch = tickBatch(instruments.length);
  batch.sequence = sequence + 1;
  batch.receivedTime = 5_000 + sequence;
  batch.length = instruments.length;
  instruments.forEach((instrument, row) => {
    batch.instrument[row] = instrument;
    batch.time[row] = 5_000;
    batch.price[row] = 100 + ++sequence;
    batch.volume[row] = sequence;
    batch.openInterest[row] = -1;
    batch.flags[row] = TRADE;
  });
  return batch;
};
const order = (rows: readonly Written[] | undefined): string[] =>
  (rows ?? []).map((row) => `${row.instrumentId}:${row.sequence}`);

describe("recording ticks", () => {
  it("writes what came within a second, each instrument's ticks side by side in their order", async () => {
    recorder.on(frame(2, 0, 2));
    recorder.on(frame(0, 1));
    await pass(900);
    expect(written).toEqual([]);
    await pass(100);
    expect(written.map(order)).toEqual([["70:2", "70:4", "71:5", "72:1", "72:3"]]);
    expect(written[0]!.map(({ received, price }) => [received, price])).toEqual([
      [5_000, 102],
      [5_003, 104],
      [5_003, 105],
      [5_000, 101],
      [5_000, 103],
    ]);
    expect([recorder.waiting, metrics.counters.get("ticks.stored")]).toEqual([0, 5]);
  });

  it("takes no notice of what is no tick, and keeps no timer when nothing comes", async () => {
    recorder.on({ kind: "connected", collector: 0, receivedTime: 0, detail: "" });
    expect(timers).toEqual([]);
    recorder.on(frame(0));
    await pass(1_000);
    expect(timers).toEqual([]);
  });

  it("writes a full block at once, after the frame that filled it, and loses nothing at its border", async () => {
    const big = Array.from({ length: 5_000 }, (_, at) => at % 3);
    recorder.on(frame(...big));
    recorder.on(frame(...big));
    expect(written).toEqual([]);
    await settle();
    expect(written.map((rows) => rows.length)).toEqual([8_192]);
    await pass(1_000);
    expect(written.map((rows) => rows.length)).toEqual([8_192, 1_808]);
    expect(new Set(written.flat().map((row) => row.sequence)).size).toBe(10_000);
  });

  it("waits while the store refuses, counts it, and writes the same again in order", async () => {
    refuses = 2;
    recorder.on(frame(0, 1));
    await pass(1_000);
    recorder.on(frame(0));
    expect([recorder.failingSince, recorder.waiting, metrics.counters.get("ticks.failures")]).toEqual([2_000, 3, 1]);
    await pass(1_000);
    await pass(1_000);
    await pass(1_000);
    expect(written.map(order)).toEqual([["70:1", "71:2"], ["70:3"]]);
    expect([recorder.failingSince, recorder.waiting]).toEqual([null, 0]);
  });

  it("writes what waits when it stops, and ends when the store is away", async () => {
    recorder.on(frame(0));
    await recorder.stop();
    expect(written.map(order)).toEqual([["70:1"]]);
    refuses = 9;
    recorder.on(frame(1));
    await recorder.stop();
    expect(recorder.waiting).toBe(1);
  });

  it("leaves what the store would not take on disk, for the next process, exact and in order", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "candela-ticks-"));
    const spool = (): Promise<Spool<TickRecord>> =>
      openSpool<TickRecord>(folder, { limitBytes: 1e7, log: silentLog() });
    try {
      const one = await spool();
      recorder.start(one);
      refuses = 1;
      recorder.on(frame(2, 0, 2));
      await recorder.stop();
      expect([written, recorder.waiting]).toEqual([[], 0]);
      const table = new InstrumentTable();
      const next = new TickRecorder(
        store,
        table,
        { now: () => now, after: () => () => undefined, every: () => () => undefined, sleep: () => Promise.resolve() },
        silentLog(),
        metrics,
      );
      const left = await spool();
      expect(left.records).toBe(1);
      // What has come since waits behind it, though it is at hand.
      table.put(testInstrument(70), "NSE");
      next.on(frame(0, 0));
      next.start(left);
      await next.stop();
      expect(written.map(order)).toEqual([
        ["70:2", "72:1", "72:3"],
        ["70:4", "70:5"],
      ]);
      expect(next.spooled).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
