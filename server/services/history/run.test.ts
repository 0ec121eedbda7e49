import { describe, expect, it } from "vitest";
import { type Bar, columnsOf } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { AppError } from "@/server/domain/basics/errors";
import { dayOfDate, istDate, istMidnight } from "@/server/domain/time/session";
import type { TimeframeName } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { HistorySource } from "@/server/ports/history-source";
import type { BarDifference, JobDay } from "@/server/ports/jobs";
import type { StoredBar } from "@/server/ports/stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import type { BackfillOrder } from "./order";
import type { Page } from "./plan";
import { runBackfill, type RunParts } from "./run";

const MINUTE = 60_000;
const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
const bar = (time: number, more: Partial<Bar> = {}): Bar => ({
  time,
  open: 100_00,
  high: 101_00,
  low: 99_00,
  close: 100_00,
  volume: 10,
  value: 0,
  ticks: 0,
  openInterest: -1,
  rev: 0,
  state: "backfilled",
  incomplete: false,
  ...more,
});
const pageOf = (instrumentId: number, ...dates: string[]): Page => {
  const days = dates.map(dayOfDate);
  return { instrumentId, days, from: istMidnight(days[0]!), to: istMidnight(days.at(-1)! + 1) };
};

/** A store of arrays, a source that answers from a function, and a diary of what happened in which order. */
const rig = (
  tell: (instrumentId: number, from: number, to: number) => Bar[] | Promise<Bar[]>,
  more: {
    now?: string;
    timeframe?: TimeframeName;
    authority?: HistorySource["authority"];
    stored?: StoredBar[];
    daily?: boolean;
    hours?: string;
    prints?: string;
  } = {},
) => {
  const diary: string[] = [];
  const stored = new Map<string, StoredBar>(
    (more.stored ?? []).map((each) => [`${each.instrumentId} ${each.timeframe} ${each.time}`, each]),
  );
  const days: JobDay[] = [];
  const differences: BarDifference[] = [];
  const answered: { from: number; to: number }[] = [];
  let queued: StoredBar[] = [];
  let away = 0;
  const clock = {
    now: () => at(more.now ?? "2026-11-20T12:00:00"),
    sleep: () => {
      diary.push("slept");
      return Promise.resolve();
    },
  } as unknown as Clock;
  const inSpan = (of: { instrumentId: number; timeframe: string; from: number; to: number }): StoredBar[] =>
    [...stored.values()]
      .filter(
        (each) =>
          each.instrumentId === of.instrumentId &&
          each.timeframe === of.timeframe &&
          each.time >= of.from &&
          each.time < of.to,
      )
      .sort((a, b) => a.time - b.time);
  const parts = {
    calendar,
    clock,
    wall: clock,
    instrument: (id: number) => ({ instrument: testInstrument(id), hours: more.hours ?? "NSE" }),
    bars: {
      readWhole: async (of: never) => {
        if (away-- > 0) throw new AppError("store_unreachable", "away", { retryable: true });
        return inSpan(of);
      },
      read: async (of: never) => columnsOf(inSpan(of)),
    },
    recent: {
      enqueue: (bars: StoredBar[]) => {
        queued.push(...bars);
      },
      recent: () => [],
      settled: async () => {
        for (const each of queued) stored.set(`${each.instrumentId} ${each.timeframe} ${each.time}`, each);
        if (queued.length > 0) diary.push(`committed ${queued.length}`);
        queued = [];
      },
    },
    jobs: {
      saveDays: async (rows: JobDay[]) => {
        diary.push(`noted ${rows.map(({ day }) => istDate(day)).join(" ")}`);
        days.push(...rows);
      },
      saveDifferences: async (rows: BarDifference[]) => void differences.push(...rows),
    },
    gaps: { answered: async (_: string, span: { from: number; to: number }) => void answered.push(span) },
    away: async () => [],
    changed: async () => void diary.push("readers told"),
  } as unknown as RunParts;
  const asked: Page[] = [];
  const source = {
    name: "kite",
    prints: more.prints ?? "kite",
    authority: more.authority ?? "broker",
    notes: [],
    limits: () => ({ daysPerRequest: 60, requestsPerSecond: 3, concurrency: 4 }),
    lacks: ({ id }) => (id === 99 ? "kite does not list it" : null),
    bars: async ({ instrument, from, to }) => {
      asked.push({ instrumentId: instrument.id, days: [], from, to });
      return columnsOf(await tell(instrument.id, from, to));
    },
  } satisfies HistorySource;
  const order: BackfillOrder = {
    title: "",
    instruments: [],
    leftOut: [],
    timeframe: more.timeframe ?? "1m",
    first: 0,
    last: 0,
    source: "kite",
    concurrency: 1,
    force: false,
    daily: more.daily ?? false,
  };
  const stop = new AbortController();
  const run = (...pages: Page[]) =>
    runBackfill(parts, {
      jobId: 3,
      order,
      source,
      pages,
      pace: null,
      signal: stop.signal,
      events: { request() {}, retry() {}, began() {}, days() {} },
    });
  return {
    run,
    stop,
    diary,
    days,
    differences,
    answered,
    asked,
    awayFor: (times: number) => {
      away = times;
    },
    of: (timeframe: string) =>
      [...stored.values()].filter((each) => each.timeframe === timeframe).sort((a, b) => a.time - b.time),
  };
};
const morning = at("2026-01-05T09:15:00");
const minutesFrom = (start: number, count: number, more: Partial<Bar> = {}): Bar[] =>
  Array.from({ length: count }, (_, minute) => bar(start + minute * MINUTE, more));

describe("a job at work", () => {
  it("notes a day only after its bars are committed and its readers told: a crash repeats a day and leaves none out", async () => {
    const { run, diary, days, answered } = rig((_, from) => minutesFrom(from + 555 * MINUTE, 375));
    await run(pageOf(7, "2026-01-05"));
    expect(diary).toEqual(["committed 400", "readers told", "noted 2026-01-05"]); // 375 minutes and 25 quarters
    expect(days).toEqual([
      {
        jobId: 3,
        instrumentId: 7,
        timeframe: "1m",
        day: dayOfDate("2026-01-05"),
        bars: 375,
        added: 375,
        unchanged: 0,
        kept: 0,
        corrected: 0,
        flagged: 0,
        failure: null,
      },
    ]);
    expect(answered).toEqual([{ instrument: 7, from: at("2026-01-05T00:00:00"), to: at("2026-01-06T00:00:00") }]);
  });

  it("takes only bars that stand on the session's grid and have ended, of the days it was asked for", async () => {
    const { run, of, days } = rig(() => [
      bar(morning - 7 * MINUTE),
      bar(morning),
      bar(morning + 30_000),
      bar(morning + MINUTE),
      bar(at("2026-01-05T15:29:00")),
      bar(at("2026-01-05T15:30:00")),
      bar(at("2026-01-06T09:15:00")),
      bar(at("2026-01-07T09:15:00")),
    ]);
    await run(pageOf(7, "2026-01-05", "2026-01-07"));
    expect(of("1m").map(({ time }) => time)).toEqual([
      morning,
      morning + MINUTE,
      at("2026-01-05T15:29:00"),
      at("2026-01-07T09:15:00"),
    ]);
    expect(days.map(({ bars }) => bars)).toEqual([3, 1]);
  });

  it("leaves the running minute alone, and does not miss a bar of a running day", async () => {
    const { run, of, differences, answered } = rig(() => minutesFrom(morning, 20), {
      now: "2026-01-05T09:25:30",
      stored: [{ ...bar(morning + 30 * MINUTE, { state: "closed", ticks: 5 }), instrumentId: 7, timeframe: "1m" }],
    });
    await run({ ...pageOf(7, "2026-01-05"), to: at("2026-01-05T09:25:30") });
    expect(of("1m").filter(({ state }) => state === "backfilled").length).toBe(10);
    expect(differences).toEqual([]);
    expect(answered[0]!.to).toBe(at("2026-01-05T09:25:27"));
    expect(of("15m"), "the quarter has not ended").toEqual([]);
  });

  it("makes those quarters of an hour anew that hold a changed minute, and no other", async () => {
    const ours = minutesFrom(morning, 45).map((each): StoredBar => ({
      ...each,
      state: "closed",
      ticks: 9,
      value: 1,
      instrumentId: 7,
      timeframe: "1m",
      ...(each.time === morning + 20 * MINUTE ? { incomplete: true } : {}),
    }));
    const theirs = minutesFrom(morning, 45).map((each) =>
      each.time === morning + 20 * MINUTE ? { ...each, high: 103_00 } : each,
    );
    const quarters = [0, 15, 30].map((minute): StoredBar => ({
      ...bar(morning + minute * MINUTE, { state: "closed", ticks: 135, volume: 150, value: 15 }),
      instrumentId: 7,
      timeframe: "15m",
    }));
    const { run, of, days } = rig(() => theirs, { stored: [...ours, ...quarters] });
    await run(pageOf(7, "2026-01-05"));
    expect(
      of("15m").map(({ time, high, volume, ticks, state, rev }) => [time, high, volume, ticks, state, rev]),
    ).toEqual([
      [morning, 101_00, 150, 135, "closed", 0],
      [morning + 15 * MINUTE, 103_00, 150, 135, "corrected", 1],
      [morning + 30 * MINUTE, 101_00, 150, 135, "closed", 0],
    ]);
    expect(days[0]).toMatchObject({ unchanged: 44, corrected: 1, added: 0 });
  });

  it("makes the quarters of an hour that a full disk kept out while their minutes came in", async () => {
    const ours = minutesFrom(morning, 45).map((each): StoredBar => ({ ...each, instrumentId: 7, timeframe: "1m" }));
    const { run, of, days } = rig(() => minutesFrom(morning, 45), {
      stored: [...ours, { ...bar(morning, { ticks: 0, volume: 150 }), instrumentId: 7, timeframe: "15m" }],
    });
    await run(pageOf(7, "2026-01-05"));
    expect(of("15m").map(({ time, volume, state, rev }) => [time, volume, state, rev])).toEqual(
      [0, 15, 30].map((minute) => [morning + minute * MINUTE, 150, "backfilled", minute === 0 ? 0 : 1]),
    );
    expect(days[0]).toMatchObject({ unchanged: 45, corrected: 0, added: 0 });
  });

  it("makes day bars of the minutes when that is asked for, where none is stored", async () => {
    const held: StoredBar = { ...bar(at("2026-01-06T09:15:00"), { close: 99_99 }), instrumentId: 7, timeframe: "1d" };
    const { run, of } = rig(
      (_, from, to) => [from, to - 86_400_000].flatMap((day) => minutesFrom(day + 555 * MINUTE, 375)),
      { stored: [held], daily: true },
    );
    await run(pageOf(7, "2026-01-05", "2026-01-06"));
    expect(of("1d")).toMatchObject([{ time: morning, volume: 3_750, state: "backfilled" }, { close: 99_99 }]);
  });

  it("moves a day bar from its date's midnight to the session's open, when the day is over", async () => {
    const { run, of } = rig(() => [bar(at("2026-01-05T00:00:00")), bar(at("2026-01-06T00:00:00"))], {
      timeframe: "1d",
      now: "2026-01-06T15:00:00",
    });
    await run(pageOf(7, "2026-01-05"), pageOf(7, "2026-01-06"));
    expect(of("1d").map(({ time }) => time)).toEqual([morning]);
  });

  it("does not let one refusal hold up the other instruments, and says which days failed and why", async () => {
    const { run, days } = rig((id, from) => {
      if (id === 8) throw new AppError("broker_refused", "invalid token");
      return minutesFrom(from + 555 * MINUTE, 1);
    });
    await run(pageOf(8, "2026-01-05", "2026-01-06"), pageOf(99, "2026-01-05"), pageOf(7, "2026-01-05"));
    expect(days.map(({ instrumentId, failure }) => [instrumentId, failure])).toEqual([
      [8, "invalid token"],
      [8, "invalid token"],
      [99, "kite does not list it"],
      [7, null],
    ]);
  });

  it("ends at an expired login: what is left is not marked as failed", async () => {
    const { run, days, asked } = rig((id, from) => {
      if (id === 8) throw new AppError("login_expired", "the token is of yesterday");
      return minutesFrom(from + 555 * MINUTE, 1);
    });
    await expect(run(pageOf(7, "2026-01-05"), pageOf(8, "2026-01-05"), pageOf(9, "2026-01-05"))).rejects.toMatchObject({
      code: "login_expired",
    });
    expect([days.map(({ instrumentId }) => instrumentId), asked.length]).toEqual([[7], 2]);
  });

  it("waits for a store that is away, and asks the source once", async () => {
    const { run, diary, asked, awayFor } = rig((_, from) => minutesFrom(from + 555 * MINUTE, 1));
    awayFor(3);
    await run(pageOf(7, "2026-01-05"));
    expect([diary, asked.length]).toEqual([
      ["slept", "slept", "slept", "committed 2", "readers told", "noted 2026-01-05"],
      1,
    ]);
  });

  it("stops between days: what is noted stays, what is not is not", async () => {
    const { run, stop, days, asked } = rig((id, from) => {
      if (id === 8) stop.abort(new Error("enough"));
      return minutesFrom(from + 555 * MINUTE, 1);
    });
    await expect(run(pageOf(7, "2026-01-05"), pageOf(8, "2026-01-05"), pageOf(9, "2026-01-05"))).rejects.toThrow(
      "enough",
    );
    expect([days.map(({ instrumentId }) => instrumentId), asked.length]).toEqual([[7], 2]);
  });

  it("does not take a file for all there is: what it lacks is neither flagged nor answered", async () => {
    const live: StoredBar = {
      ...bar(morning + MINUTE, { state: "closed", ticks: 5 }),
      instrumentId: 7,
      timeframe: "1m",
    };
    const file = rig(() => [bar(morning)], { authority: "file", stored: [live] });
    await file.run(pageOf(7, "2026-01-05"));
    expect([file.differences, file.answered]).toEqual([[], []]);
    const broker = rig(() => [bar(morning)], { stored: [live] });
    await broker.run(pageOf(7, "2026-01-05"));
    expect(broker.differences).toMatchObject([{ jobId: 3, time: morning + MINUTE, verdict: "flagged", history: null }]);
  });

  /** RELIANCE on 2026-08-31 as Upstox has it: 1,294.90 until 15:14, flat rows, 15:29 at 1,277.00 with 26.6 million shares. */
  it.each([
    ["upstox", 1_000, [[1277_00, 26_600_000]]],
    ["unknown", 1_500, []],
  ] as const)("reads a file of %s's candles by how it prints auctions", async (prints, first, auctions) => {
    const on = (clock: string): number => at(`2026-08-31T${clock}:00`);
    const preOpen: StoredBar = {
      ...bar(on("09:00"), { open: 1300_00, high: 1300_00, low: 1300_00, close: 1300_00, volume: 500, state: "closed" }),
      instrumentId: 7,
      timeframe: "auction",
    };
    const flat = { open: 1294_90, high: 1294_90, low: 1294_90, close: 1294_90 };
    const file = rig(
      () => [
        bar(on("09:15"), { open: 1300_00, high: 1301_00, low: 1298_00, close: 1299_00, volume: 1_500 }),
        bar(on("15:14"), { ...flat, volume: 200 }),
        ...Array.from({ length: 14 }, (_, minute) => bar(on("15:15") + minute * MINUTE, { ...flat, volume: 0 })),
        bar(on("15:29"), { open: 1277_00, high: 1277_00, low: 1277_00, close: 1277_00, volume: 26_600_000 }),
      ],
      { authority: "file", hours: "NSE_CAS", prints, stored: [preOpen], daily: true },
    );
    await file.run(pageOf(7, "2026-08-31"));
    expect(file.of("1m").map(({ time, volume }) => [time, volume])).toEqual([
      [on("09:15"), first],
      [on("15:14"), 200],
    ]);
    expect(
      file
        .of("auction")
        .filter(({ time }) => time > on("12:00"))
        .map(({ close, volume }) => [close, volume]),
    ).toEqual(auctions);
    expect(file.of("1d")).toMatchObject(
      prints === "upstox"
        ? [{ open: 1300_00, close: 1277_00, low: 1277_00, volume: 1_000 + 500 + 200 + 26_600_000 }]
        : [{ close: 1294_90 }],
    );
  });
});
