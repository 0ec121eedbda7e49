import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { barBatch, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { AppError } from "@/server/domain/basics/errors";
import { timeframe } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { StoredBar, StoredBars } from "@/server/domain/bars/stored-bars";
import type { BarStore, BarWrite } from "@/server/ports/stores";
import { openSpool } from "@/server/store/spool";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { storedBar } from "@/server/testing/store-suite-rows";
import { type BarRecord, BarWriter } from "./persist";

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {}, with: () => quiet };
const meter: Meter = { count: () => {}, reject: () => {}, record: () => {}, gauge: () => {} };
const clock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  sleep: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, Math.min(ms, 5));
    }),
} as Clock;

/** A store that is there or not. */
const fakeStore = () => {
  const written: [BarWrite, number[]][] = [];
  const state = { away: false, impossible: -1 };
  const store = {
    writeRows: async ({ time }: StoredBars, how: BarWrite) => {
      await Promise.resolve();
      if (state.away) throw new Error("away");
      if (time.includes(state.impossible)) throw new AppError("store_refused", "out of range");
      written.push([how, [...time]]);
    },
  } as unknown as BarStore;
  return { store, written, state };
};
const bar = (minute: number): StoredBar => storedBar(1, minute);
const minutes = (...list: number[]): number[] => list.map((each) => bar(each).time);

describe("the writer while the store is away", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "candela-spool-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const writer = async (store: BarStore, limitBytes = 1e6): Promise<BarWriter> => {
    const one = new BarWriter(store, new InstrumentTable(), clock, quiet, meter);
    one.start(await openSpool<BarRecord>(folder, { limitBytes, log: quiet }));
    return one;
  };
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await clock.sleep(1);
  };

  it("puts bars on disk, and into the store in their order on return, patches and replacements as such", async () => {
    const { store, written, state } = fakeStore();
    const one = await writer(store);
    state.away = true;
    one.enqueue([bar(0), bar(1)], "merge");
    one.enqueue([bar(0)], "patch");
    await until(() => one.spooled === 2);
    expect([one.waiting, written]).toEqual([0, []]);
    one.enqueue([bar(2)], "replace");
    state.away = false;
    await one.settled();
    expect(written).toEqual([
      ["merge", minutes(0, 1)],
      ["patch", minutes(0)],
      ["replace", minutes(2)],
    ]);
    expect([one.spooled, await readdir(folder)]).toEqual([0, []]);
    await one.stop();
  });

  it("leaves them to the next process", async () => {
    const { store, written, state } = fakeStore();
    state.away = true;
    const one = await writer(store);
    one.enqueue([bar(0), bar(1)], "merge");
    await one.stop();
    state.away = false;
    const next = await writer(store);
    next.enqueue([bar(2)], "merge");
    await next.settled();
    expect(written).toEqual([
      ["merge", minutes(0, 1)],
      ["merge", minutes(2)],
    ]);
    await next.stop();
  });

  it("keeps nobody waiting for a store that is away when it stops", async () => {
    const { store, state } = fakeStore();
    state.away = true;
    const one = await writer(store);
    one.enqueue([bar(0)], "merge");
    const before = expect(one.settled()).rejects.toMatchObject({ code: "store_unreachable" });
    await until(() => one.spooled === 1);
    await one.stop();
    await before;
    await expect(one.settled()).rejects.toMatchObject({ code: "store_unreachable" });
  });

  it("still shows readers what is on disk", async () => {
    const { store, state } = fakeStore();
    state.away = true;
    const one = await writer(store);
    one.enqueue([bar(0), bar(1)], "merge");
    await until(() => one.spooled === 1);
    expect(one.recent(1, "1m", 0, Infinity).map(({ time }) => time)).toEqual(minutes(0, 1));
    await one.stop();
  });

  it("leaves out the one bar the store cannot take, and writes all around it", async () => {
    const { store, written, state } = fakeStore();
    state.impossible = bar(3).time;
    const one = await writer(store);
    one.enqueue([0, 1, 2, 3, 4, 5, 6].map(bar), "merge");
    await one.settled();
    expect(written.flatMap(([, times]) => times)).toEqual(minutes(0, 1, 2, 4, 5, 6));
    expect([one.refused, one.waiting, one.spooled, one.refusedAt === null]).toEqual([1, 0, 0, false]);
    await one.stop();
  });

  it("says that it stores nothing while what waits on disk cannot be read, and goes on in order when it can", async () => {
    const { store, written, state } = fakeStore();
    const one = new BarWriter(store, new InstrumentTable(), clock, quiet, meter);
    const spool = await openSpool<BarRecord>(folder, { limitBytes: 1e6, log: quiet });
    let unreadable = false;
    one.start({
      get records() {
        return spool.records;
      },
      get bytes() {
        return spool.bytes;
      },
      append: (record) => spool.append(record),
      shift: () => spool.shift(),
      close: () => spool.close(),
      first: () => (unreadable ? Promise.reject(new Error("EIO: i/o error, read")) : spool.first()),
    });
    state.away = true;
    one.enqueue([bar(0)], "merge");
    await until(() => one.spooled === 1);
    [state.away, unreadable] = [false, true];
    one.enqueue([bar(1)], "merge");
    await until(() => one.spooled === 2);
    expect([one.failingSince === null, written]).toEqual([false, []]);
    unreadable = false;
    await one.settled();
    expect(written).toEqual([
      ["merge", minutes(0)],
      ["merge", minutes(1)],
    ]);
    expect(one.failingSince).toBeNull();
    await one.stop();
  });

  it("keeps in memory what the disk has no room for", async () => {
    const { store, written, state } = fakeStore();
    state.away = true;
    const one = await writer(store, 10);
    one.enqueue([bar(0)], "merge");
    await until(() => one.failingSince !== null);
    expect([one.waiting, one.spooled]).toEqual([1, 0]);
    state.away = false;
    await one.settled();
    expect(written).toEqual([["merge", minutes(0)]]);
    await one.stop();
  });
});

describe("a batch of closed bars and late parts", () => {
  const written = async (...rows: [event: number, minute: number][]): Promise<string[]> => {
    const { store, written: writes } = fakeStore();
    const table = new InstrumentTable();
    table.put(testInstrument(1), "NSE");
    const one = new BarWriter(store, table, clock, quiet, meter);
    const batch = barBatch(rows.length);
    rows.forEach(([event, minute], row) => {
      batch.event[row] = event;
      batch.timeframe[row] = timeframe("1m").index;
      batch.time[row] = bar(minute).time;
    });
    batch.length = rows.length;
    one.on(batch);
    await one.settled();
    await one.stop();
    return writes.map(([how, times]) => `${how} ${times.map((time) => (time - bar(0).time) / 60_000).join(" ")}`);
  };

  it("is two statements", async () => {
    expect(await written([CLOSE, 0], [PATCH, 0], [CLOSE, 1], [PATCH, 1])).toEqual(["merge 0 1", "patch 0 1"]);
  });

  it("keeps the order of what is of one bar: a part that came before it is written before it", async () => {
    expect(await written([CLOSE, 0], [PATCH, 1], [CLOSE, 2], [CLOSE, 1], [PATCH, 0])).toEqual([
      "merge 0 2",
      "patch 1",
      "merge 1",
      "patch 0",
    ]);
  });
});

describe("bars of a moment ago", () => {
  it("are read from memory until a late part has changed them: what they are then only the store knows", async () => {
    const { store } = fakeStore();
    const one = new BarWriter(store, new InstrumentTable(), clock, quiet, meter);
    const held = (): number[] => one.recent(1, "1m", 0, Number.POSITIVE_INFINITY).map(({ time }) => time);
    one.enqueue([bar(0), bar(1)], "merge");
    await one.settled();
    expect(held()).toEqual(minutes(0, 1));
    one.enqueue([bar(0)], "patch");
    await one.settled();
    expect(held()).toEqual(minutes(1));
    await one.stop();
  });
});
