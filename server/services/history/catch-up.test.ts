import { describe, expect, it } from "vitest";
import { type Bar, barColumns, BY_EXCHANGE_CLOCK, columnsOf, FROM_STREAM, noPassport } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { AppError } from "@/server/domain/basics/errors";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { Clock } from "@/server/ports/clock";
import type { HistoryDefinition } from "@/server/ports/feed";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Stretch } from "@/server/domain/bars/completeness";
import type { BarStore, BarWrite, SettingStore, StoredBar } from "@/server/ports/stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { differencesOf } from "@/server/services/quality/compare";
import { History } from "./catch-up";
import { RequestPaces } from "./request-pace";

const MINUTE = 60_000;
const MORNING = Date.parse("2026-11-18T10:00:20+05:30");

/** What outlives a crash: the settings and the time of the newest stored minute. */
interface Disk {
  settings: Map<string, unknown>;
  lastMinute: number | undefined;
}

/** One run of the server over a disk. `broker` decides what becomes of a request; each is written down. `stopAfter`: requests, and the server is stopped. */
const run = (
  disk: Disk,
  now: number,
  broker: (from: number, to: number) => Promise<void>,
  stopAfter = Number.POSITIVE_INFINITY,
) => {
  const asked: { timeframe: string; from: number; to: number }[] = [];
  const stopping = new AbortController();
  let time = now;
  const clock = {
    now: () => time,
    sleep: (ms: number) => {
      time += ms;
      return Promise.resolve();
    },
  } as Clock;
  const settings: SettingStore = {
    get: async (name) => disk.settings.get(name) ?? null,
    set: async (name, value) => void disk.settings.set(name, value),
  };
  const store = {
    readWhole: async () => [],
    lastTimes: async (timeframe: string) =>
      new Map(timeframe === "1m" && disk.lastMinute !== undefined ? [[7, disk.lastMinute]] : []),
  } as unknown as BarStore;
  const quiet = { info() {}, warn() {}, error() {}, count() {}, reject() {} } as unknown as Log & Meter;
  const history = new History({
    store,
    settings,
    clock,
    calendar: createCalendar(),
    log: quiet,
    meter: quiet,
    paces: new RequestPaces(clock),
    warm: async () => {},
    changed() {},
    watched: () => false,
    recent: { enqueue() {}, settled: async () => {}, recent: () => [] } as unknown as RecentBars,
    live: {
      table: {
        at: () => ({ id: 7, key: "SIM:RELIANCE", decimals: 2, segment: "equity" }) as unknown as Instrument,
        hours: () => "SIM",
      },
      bars: { settledBefore: (instant: number) => instant - 2_000 },
    } as unknown as LiveMarket,
  });
  const definition = {
    requestsPerSecond: 1_000,
    daysPerRequest: { "1m": 60, "1d": 2_000 },
    bars: async (_login: unknown, { timeframe, from, to }: { timeframe: string; from: number; to: number }) => {
      asked.push({ timeframe, from, to });
      if (asked.length >= stopAfter) stopping.abort();
      if (timeframe === "1m") await broker(from, to);
      return barColumns(0);
    },
  } as unknown as HistoryDefinition<unknown>;
  const access = { feed: "kite", definition, login: {}, token: () => 1 };
  const { signal } = stopping;
  return {
    asked,
    minutes: () => asked.filter((each) => each.timeframe === "1m"),
    catchUp: () => history.catchUp(access, [0], signal),
    heal: (from: number, to: number) => history.heal(access, [0], from, to, signal),
  };
};

const answers = (): Promise<void> => Promise.resolve();
const never = (): Promise<void> => new Promise(() => {});
const freshDisk = (): Disk => ({ settings: new Map(), lastMinute: undefined });

describe("History", () => {
  it("fetches the first days once, then only what follows the last stored minute", async () => {
    const disk = freshDisk();
    const first = run(disk, MORNING, answers);
    await first.catchUp();
    expect(first.minutes()[0]!.from).toBe(Date.parse("2026-11-13T00:00:00+05:30"));
    disk.lastMinute = MORNING + 10 * MINUTE;
    const second = run(disk, MORNING + 3_600_000, answers);
    await second.catchUp();
    expect(second.minutes()[0]!.from).toBeLessThanOrEqual(disk.lastMinute);
    expect(second.minutes()[0]!.from).toBeGreaterThan(disk.lastMinute - 16 * MINUTE);
  });

  it("begins the first days where it began them when a crash broke them off, though that is a day later: minutes may be there without their quarters of an hour", async () => {
    const disk = freshDisk();
    const evening = Date.parse("2026-11-18T23:59:00+05:30");
    const crashed = run(disk, evening, never);
    void crashed.catchUp();
    await expect.poll(() => crashed.minutes().length).toBe(1);
    const next = run(disk, evening + 2 * MINUTE, answers);
    await next.catchUp();
    expect(next.minutes()[0]!.from).toBe(Date.parse("2026-11-13T00:00:00+05:30"));
    // Existing instruments do not affect one added later: it begins with its own first days.
    disk.settings.set("history.first", { ...(disk.settings.get("history.first") as object), "1m": [] });
    const later = run(disk, evening + 30 * 1_440 * MINUTE, answers);
    await later.catchUp();
    expect(later.minutes()[0]!.from).toBe(Date.parse("2026-12-13T00:00:00+05:30"));
  });

  it.each(["x", 42, [], true, { "1d": null }, { "1m": [1.5], "1d": [] }])(
    "takes a checkpoint that cannot be read, %j, for none",
    async (stored) => {
      const disk = freshDisk();
      disk.settings.set("history.first", stored);
      const start = run(disk, MORNING, answers);
      expect(await start.catchUp()).toBe(true);
      expect(start.minutes()[0]!.from).toBe(Date.parse("2026-11-13T00:00:00+05:30"));
      expect(disk.settings.get("history.first")).toMatchObject({ "1m": [7], "1d": [7] });
    },
  );

  it("asks again for a span whose fetching a crash broke off, though later minutes are stored", async () => {
    const disk = freshDisk();
    await run(disk, MORNING, answers).catchUp();
    const lost = MORNING + 3_600_000;
    const crashed = run(disk, lost + 20 * MINUTE, never);
    void crashed.heal(lost, lost + 20 * MINUTE);
    await expect.poll(() => crashed.minutes().length).toBe(1);
    disk.lastMinute = lost + 40 * MINUTE;
    const next = run(disk, lost + 45 * MINUTE, answers);
    await next.catchUp();
    expect(next.minutes()[0]!.from).toBeLessThanOrEqual(lost);
    disk.lastMinute = lost + 45 * MINUTE;
    const later = run(disk, lost + 60 * MINUTE, answers);
    await later.catchUp();
    expect(later.minutes()[0]!.from, "what was fetched is not asked for again").toBeGreaterThan(lost + 20 * MINUTE);
  });

  it("asks again for what an interrupted catch-up had not reached, though live minutes are stored behind the hole", async () => {
    const disk = freshDisk();
    await run(disk, MORNING, answers).catchUp();
    disk.lastMinute = MORNING;
    const crashed = run(disk, MORNING + 3_600_000, never);
    void crashed.catchUp();
    await expect.poll(() => crashed.minutes().length).toBe(1);
    disk.lastMinute = MORNING + 3_700_000;
    const next = run(disk, MORNING + 3_800_000, answers);
    await next.catchUp();
    expect(next.minutes()[0]!.from).toBeLessThanOrEqual(MORNING);
  });

  it("owes the two minutes before a connection, of which the stream may have brought a part", async () => {
    const disk = freshDisk();
    await run(disk, MORNING, answers).catchUp();
    disk.lastMinute = Date.parse("2026-11-18T10:00:00+05:30");
    const crashed = run(disk, MORNING, never);
    void crashed.catchUp();
    await expect.poll(() => crashed.minutes().length).toBe(1);
    expect(disk.settings.get("history.owed")).toBe(MORNING - 120_000);
  });

  it("goes on owing what could not be fetched", async () => {
    const disk = freshDisk();
    expect(
      await run(disk, MORNING + 3_600_000, () => Promise.reject(new Error("broken"))).heal(MORNING, MORNING + MINUTE),
    ).toBe(false);
    expect(disk.settings.get("history.owed")).toBe(MORNING);
    // A heal pays its own debt; what an earlier run owed, the next catch-up does.
    const next = run(disk, MORNING + 3_600_000, answers);
    expect(await next.heal(MORNING + 10 * MINUTE, MORNING + 11 * MINUTE)).toBe(true);
    expect(disk.settings.get("history.owed")).toBe(MORNING);
    await next.catchUp();
    expect(disk.settings.get("history.owed")).toBeNull();
  });

  it("waits for a store that is away instead of taking the fetch for failed, and asks for the same piece again", async () => {
    const disk = freshDisk();
    let away = 3;
    const one = run(disk, MORNING + 3_600_000, () =>
      away-- > 0 ? Promise.reject(new AppError("store_unreachable", "away", { retryable: true })) : Promise.resolve(),
    );
    expect(await one.heal(MORNING, MORNING + MINUTE)).toBe(true);
    expect(one.minutes()).toEqual(Array.from({ length: 4 }, () => one.minutes()[0]));
    expect(disk.settings.get("history.owed")).toBeNull();
  });

  it("ends its wait for a store when it is stopped", async () => {
    const one = run(
      freshDisk(),
      MORNING + 3_600_000,
      () => Promise.reject(new AppError("store_unreachable", "away", { retryable: true })),
      20,
    );
    expect(await one.heal(MORNING, MORNING + MINUTE)).toBe(false);
    expect(one.minutes().length).toBe(20);
  });

  it("notes the earliest of several spans that are still to be fetched", async () => {
    const disk = freshDisk();
    const crashed = run(disk, MORNING + 3_600_000, never);
    void crashed.heal(MORNING, MORNING + MINUTE);
    void crashed.heal(MORNING + 30 * MINUTE, MORNING + 31 * MINUTE);
    await expect.poll(() => crashed.minutes().length).toBe(2);
    expect(disk.settings.get("history.owed")).toBe(MORNING);
  });

  it("fetches a day's bar again when its last minutes were filled after its end: it was closed with the hole in it", async () => {
    const midnight = Date.parse("2026-11-19T00:00:00+05:30");
    const disk = freshDisk();
    const evening = run(disk, midnight - 30 * MINUTE, answers);
    await evening.heal(midnight - 40 * MINUTE, midnight - 35 * MINUTE);
    expect(evening.asked.map((each) => each.timeframe)).toEqual(["1m"]);
    const late = run(disk, midnight + 20_000, answers);
    await late.heal(midnight - 2 * MINUTE, midnight + 10_000);
    expect(late.asked.map((each) => [each.timeframe, each.from])).toEqual([
      ["1m", midnight - 2 * MINUTE],
      ["1d", midnight - 24 * 60 * MINUTE],
    ]);
  });
});

/** A store of arrays and a broker that returns `theirs`, filled over [from, to). */
const healed = async (
  ours: readonly StoredBar[],
  theirs: { "1m": readonly Bar[]; "1d"?: readonly Bar[] },
  from: number,
  to: number,
  {
    away = [],
    now = to + 10 * MINUTE,
    feed = "kite",
    hours = "NSE",
    lag = () => 0,
  }: { away?: Stretch[]; now?: number; feed?: string; hours?: string; lag?: (now: number) => number } = {},
) => {
  const kept = new Map(ours.map((bar) => [`${bar.timeframe} ${bar.time}`, bar]));
  const written: [BarWrite, StoredBar][] = [];
  const recorded: { time: number; field: string; why: string }[] = [];
  const asked: { timeframe: string; from: number; to: number }[] = [];
  const askedAt: number[] = [];
  const refusals: [string, number][] = [];
  const answered: [string, number, number][] = [];
  let time = now;
  const clock = {
    now: () => time,
    sleep: (ms: number) => {
      time += ms;
      return Promise.resolve();
    },
  } as Clock;
  const quiet = { info() {}, warn() {}, error() {}, count() {}, reject() {} } as unknown as Log & Meter;
  const of = ({ timeframe, from: first, to: end }: { timeframe: string; from: number; to: number }): StoredBar[] =>
    [...kept.values()]
      .filter((bar) => bar.timeframe === timeframe && bar.time >= first && bar.time < end)
      .sort((a, b) => a.time - b.time);
  const history = new History({
    settings: { get: async () => null, set: async () => {} },
    clock,
    calendar: createCalendar(),
    log: quiet,
    meter: quiet,
    paces: new RequestPaces(clock),
    warm: async () => {},
    changed() {},
    watched: () => false,
    store: {
      readWhole: async (query: never) => of(query),
      read: async (query: never) => columnsOf(of(query)),
    } as unknown as BarStore,
    recent: {
      recent: () => [],
      settled: async () => {},
      enqueue(bars: StoredBar[], how: BarWrite) {
        for (const bar of bars) {
          written.push([how, bar]);
          const key = `${bar.timeframe} ${bar.time}`;
          if (how === "remove") kept.delete(key);
          else kept.set(key, { ...bar, passport: bar.passport ?? kept.get(key)?.passport ?? noPassport });
        }
      },
    } as unknown as RecentBars,
    live: {
      table: { at: () => testInstrument(7), hours: () => hours },
      bars: { settledBefore: (instant: number) => instant - lag(instant) - 2_000 },
    } as unknown as LiveMarket,
    away: async () => away,
    refused: (_, rows) => void refusals.push(...rows.counts),
    answered: async (_, name, first, end) => void answered.push([name, first, end]),
    differed: async (_, name, verdicts) => void recorded.push(...differencesOf(verdicts, name)),
  });
  const definition = {
    requestsPerSecond: 1_000,
    daysPerRequest: { "1m": 60, "1d": 2_000 },
    bars: async (
      _login: unknown,
      { timeframe, from: first, to: end }: { timeframe: "1m" | "1d"; from: number; to: number },
    ) => {
      asked.push({ timeframe, from: first, to: end });
      askedAt.push(time);
      return columnsOf((theirs[timeframe] ?? []).filter((bar) => bar.time >= first - 60_000 && bar.time <= end + 1));
    },
  } as unknown as HistoryDefinition<unknown>;
  const access = { feed, definition, login: {}, token: () => 1 };
  const { signal } = new AbortController();
  await history.heal(access, [0], from, to, signal);
  const read = async (first: number, end: number): Promise<number[]> => {
    const told = (await history.read(access, 0, "1m", first, end, signal))!.bars;
    return [...told.time.subarray(0, told.length)];
  };
  return {
    written,
    recorded,
    asked,
    askedAt,
    refusals,
    answered,
    read,
    of: (timeframe: string) => of({ timeframe, from: 0, to: Infinity }),
  };
};

describe("History beside what the stream knows", () => {
  const TEN = Date.parse("2026-11-18T10:00:00+05:30");
  const at = (minute: number): number => TEN + minute * MINUTE;
  const figures = {
    open: 100_00,
    high: 101_00,
    low: 99_00,
    close: 100_50,
    volume: 100,
    openInterest: -1,
    incomplete: false,
  } as const;
  const passport = (minute: number) => ({
    ...noPassport,
    firstTime: at(minute),
    lastTime: at(minute) + 59_000,
    firstSequence: 1_000 + minute * 60,
    lastSequence: 1_059 + minute * 60,
    sources: FROM_STREAM | BY_EXCHANGE_CLOCK,
    hash: 7_000 + minute,
  });
  /** A minute that the feed delivered completely. */
  const ours = (minute: number, more: Partial<StoredBar> = {}): StoredBar => ({
    ...figures,
    time: at(minute),
    value: 100 * 100_20,
    ticks: 60,
    rev: 1,
    state: "closed",
    instrumentId: 7,
    timeframe: "1m",
    passport: passport(minute),
    ...more,
  });
  const theirs = (minute: number, more: Partial<Bar> = {}): Bar => ({
    ...figures,
    time: at(minute),
    value: 0,
    ticks: 0,
    rev: 0,
    state: "backfilled",
    ...more,
  });
  const quarter = (more: Partial<StoredBar> = {}): StoredBar => ({
    ...ours(0),
    volume: 1_500,
    value: 15 * 100 * 100_20,
    ticks: 900,
    timeframe: "15m",
    ...more,
  });
  const minutes = Array.from({ length: 15 }, (_, minute) => minute);

  it("heals a silence of 25 seconds: the minute it touched, and leaves the live minutes of its quarter of an hour alone", async () => {
    const stored = minutes.map((minute) =>
      ours(minute, minute === 11 ? { incomplete: true, volume: 60, value: 60 * 100_20, ticks: 35 } : {}),
    );
    const told = minutes.map((minute) => theirs(minute));
    const { written, asked, of, recorded } = await healed(
      [...stored, quarter({ volume: 1_460, incomplete: true })],
      { "1m": told },
      at(11) + 10_000,
      at(11) + 35_000,
      { away: [{ from: at(11) + 10_000, to: at(11) + 35_000 }] },
    );
    expect(asked.map((each) => [each.timeframe, each.from])).toEqual([["1m", at(11)]]);
    expect(written.map(([how, { timeframe, time }]) => [how, timeframe, time])).toEqual([
      ["replace", "1m", at(11)],
      ["replace", "15m", TEN],
    ]);
    for (const minute of minutes) if (minute !== 11) expect(of("1m")[minute]).toBe(stored[minute]);
    // One part without a known value: the quarter has none; its hash is that of all our ticks.
    expect(of("15m")).toMatchObject([
      {
        volume: 1_500,
        value: 0,
        incomplete: false,
        ticks: 14 * 60 + 35,
        passport: {
          firstSequence: 1_000,
          lastSequence: 1_059 + 14 * 60,
          hash: minutes.reduce((sum, minute) => sum + 7_000 + minute, 0),
        },
      },
    ]);
    expect(recorded).toMatchObject([{ time: at(11), field: "volume", why: "the stored bar had a gap" }]);
  });

  it("keeps whole minutes whatever span it is asked to heal, with their ticks, traded value, hash and revision", async () => {
    const stored = minutes.map((minute) => ours(minute));
    const { written, of, recorded } = await healed(
      [...stored, quarter()],
      { "1m": minutes.map((minute) => theirs(minute)) },
      TEN,
      at(15),
    );
    expect([written, recorded]).toEqual([[], []]);
    expect(of("1m")).toEqual(stored);
  });

  it("corrects what history saw more of by the rules, and records why; what contradicts our ticks stays and is flagged", async () => {
    const stored = minutes.map((minute) => ours(minute, minute === 5 ? { high: 103_00 } : {}));
    const told = minutes.map((minute) => theirs(minute, minute === 3 ? { high: 102_00 } : {}));
    const { written, of, recorded } = await healed([...stored, quarter({ high: 103_00 })], { "1m": told }, TEN, at(15));
    expect(written.map(([how, { timeframe, time, state }]) => [how, timeframe, time, state])).toEqual([
      ["replace", "1m", at(3), "corrected"],
    ]);
    expect(of("1m")[3]).toMatchObject({ high: 102_00, value: 100 * 100_20, ticks: 60, passport: passport(3) });
    expect(of("1m")[5]).toBe(stored[5]);
    expect(of("15m")).toMatchObject([{ high: 103_00, value: 15 * 100 * 100_20, state: "closed" }]);
    expect(recorded).toMatchObject([
      { time: at(3), field: "high", why: "history includes more than the ticks we received" },
      { time: at(5), field: "high", why: "history omits a price that traded" },
    ]);
  });

  it("waits for a feed whose lag is known only while it waits, and completes the minute at the first try", async () => {
    // Until 10:12:02 it is unknown that the feed is 20 s behind our clock.
    const lag = (now: number): number => (now < at(12) + 2_000 ? 0 : 20_000);
    const { of } = await healed(
      [ours(11, { volume: 40, incomplete: true })],
      { "1m": [theirs(11)] },
      at(11) + 10_000,
      at(11) + 35_000,
      { now: at(11) + 36_000, lag },
    );
    expect(of("1m").map(({ volume, incomplete }) => [volume, incomplete])).toEqual([[100, false]]);
  });

  it("waits for the longest lag a feed is followed at, and no longer for one that never settles", async () => {
    const of = (lag: (now: number) => number) =>
      healed([ours(11, { volume: 40, incomplete: true })], { "1m": [theirs(11)] }, at(11) + 10_000, at(11) + 35_000, {
        now: at(11) + 36_000,
        lag,
      });
    expect(
      (await of(() => 0)).askedAt,
      "the exchange may print a minute's last trade three seconds after it ended",
    ).toEqual([at(12) + 3_000]);
    const slow = await of(() => 350_000);
    expect(slow.askedAt).toEqual([at(12) + 352_000]);
    expect(slow.of("1m").map(({ volume, incomplete }) => [volume, incomplete])).toEqual([[100, false]]);
    // It would settle after an hour: a heal must not hold its place so long.
    const stuck = await of((now) => (now < at(71) ? now - at(11) : 0));
    expect(stuck.askedAt).toEqual([at(11) + 36_000 + 420_000]);
    expect(
      stuck.of("1m").map(({ volume, incomplete }) => [volume, incomplete]),
      "what has not settled is not taken",
    ).toEqual([[40, true]]);
  });

  it("makes the quarter of an hour of all its minutes, though only some were asked for", async () => {
    const stored = minutes.filter((minute) => minute !== 4).map((minute) => ours(minute));
    const { of } = await healed(
      [...stored, quarter({ volume: 1_400 })],
      { "1m": minutes.map((minute) => theirs(minute)) },
      at(4),
      at(5),
      { now: at(20) },
    );
    expect(of("15m")).toMatchObject([{ time: TEN, volume: 1_500, ticks: 14 * 60 }]);
  });

  it("takes out a minute that history does not have, made by the packet that ended an instrument's silence", async () => {
    const stored = [ours(0), ours(6, { volume: 40 }), ours(7)];
    const { written, of, recorded } = await healed(
      stored,
      { "1m": [theirs(0), theirs(2, { volume: 40 }), theirs(7)] },
      at(1),
      at(6) + 20_000,
      { away: [{ from: at(0) + 50_000, to: at(6) + 20_000 }] },
    );
    expect(of("1m").map(({ time }) => time)).toEqual([at(0), at(2), at(7)]);
    expect(written.map(([how, { timeframe, time }]) => [how, timeframe, time])).toEqual([
      ["remove", "1m", at(6)],
      ["replace", "1m", at(2)],
      ["replace", "15m", TEN],
    ]);
    expect(new Set(recorded.map(({ time, why }) => `${(time - TEN) / MINUTE} ${why}`))).toEqual(
      new Set(["6 history has its volume in earlier bars; we counted it when the silence ended"]),
    );
  });

  it.each<[string, Partial<Bar>, string]>([
    ["a high below its low", { high: 98_00 }, "prices_contradict"],
    ["a negative volume", { volume: -5 }, "volume_out_of_bounds"],
    ["a negative price", { low: -1 }, "price_out_of_bounds"],
    ["a price no market knows", { high: 2 ** 32 - 1 }, "price_out_of_bounds"],
    ["a label between two minutes", { time: at(3) + 30_000 }, "off_grid"],
  ])(
    "sets a row with %s aside, takes the rest, and says of its minute neither that it is there nor that nothing traded",
    async (_, spoilt, fault) => {
      for (const stored of [[], [ours(0), ours(3)]]) {
        const { of, refusals, answered } = await healed(
          stored,
          { "1m": [theirs(0), theirs(3, spoilt), theirs(4)] },
          TEN,
          at(6),
        );
        expect(of("1m").map(({ time }) => (time - TEN) / MINUTE)).toEqual(stored.length === 0 ? [0, 4] : [0, 3, 4]);
        if (stored.length > 0) expect(of("1m").slice(0, 2)).toEqual(stored);
        expect(refusals).toEqual([[fault, 1]]);
        expect(answered.some(([, first, end]) => first <= at(3) && end > at(3) + 30_000)).toBe(false);
        expect(answered.some(([, first, end]) => first <= TEN && end >= at(3))).toBe(true);
      }
    },
  );

  it("takes rows in any order, repeated, and outside of what was asked, for what they are", async () => {
    const { of, refusals } = await healed(
      [],
      { "1m": [theirs(2), theirs(1), theirs(2), theirs(-1), theirs(2, { close: 100_60 })] },
      TEN,
      at(6),
    );
    expect(of("1m").map(({ time, close }) => [(time - TEN) / MINUTE, close])).toEqual([
      [1, 100_50],
      [2, 100_60],
    ]);
    expect(Object.fromEntries(refusals)).toEqual({ outside_span: 1, repeated: 2 });
  });

  it("leaves rows of the closing auction out of continuous bars, counts them, and keeps the print where we have none", async () => {
    const [last, auction] = [Date.parse("2026-11-18T15:14:00+05:30"), Date.parse("2026-11-18T15:20:00+05:30")];
    const flat = Array.from({ length: 14 }, (_, minute) =>
      theirs(0, { time: last + (minute + 1) * MINUTE, open: 100_50, high: 100_50, low: 100_50, volume: 0 }),
    );
    const print = theirs(0, {
      time: last + 15 * MINUTE,
      open: 98_00,
      high: 98_00,
      low: 98_00,
      close: 98_00,
      volume: 26_000,
    });
    const told = { "1m": [theirs(0, { time: last }), ...flat, print] };
    const evening = { now: Date.parse("2026-11-18T20:00:00+05:30"), hours: "NSE_CAS" };
    const upstox = await healed([], told, last, last + 20 * MINUTE, { ...evening, feed: "upstox" });
    expect(upstox.of("1m").map(({ time }) => time)).toEqual([last]);
    expect(upstox.of("auction")).toMatchObject([
      { time: auction, open: 98_00, close: 98_00, volume: 26_000, ticks: 0, state: "backfilled" },
    ]);
    expect(upstox.refusals).toEqual([["of_auction", 15]]);
    const own: StoredBar = {
      ...ours(0),
      time: auction,
      timeframe: "auction",
      open: 98_05,
      high: 98_05,
      low: 98_05,
      close: 98_05,
    };
    expect((await healed([own], told, last, last + 20 * MINUTE, { ...evening, feed: "upstox" })).of("auction")).toEqual(
      [own],
    );
    const unknown = await healed([], told, last, last + 20 * MINUTE, { ...evening, feed: "newbroker" });
    expect([unknown.of("1m").length, unknown.of("auction"), unknown.refusals]).toEqual([1, [], [["of_auction", 15]]]);
  });

  it("takes out a phantom behind the last bar told when that is old enough, and leaves the newest minutes to a history that is late", async () => {
    const stored = [ours(0), ours(6, { volume: 40 })];
    const away = [{ from: at(0) + 50_000, to: at(6) + 20_000 }];
    const left = async (now: number) =>
      (await healed(stored, { "1m": [theirs(0), theirs(2, { volume: 40 })] }, at(1), at(6) + 20_000, { away, now }))
        .of("1m")
        .map(({ time }) => (time - TEN) / MINUTE);
    expect(await left(at(16))).toEqual([0, 2]);
    expect(await left(at(8))).toEqual([0, 2, 6]);
  });

  it("tells of no minute that has not ended, though the broker does", async () => {
    const { read } = await healed([], { "1m": [theirs(1), theirs(2), theirs(3), theirs(4)] }, at(1), at(2), {
      now: at(3) + 30_000,
    });
    expect((await read(at(1), at(5))).map((time) => (time - TEN) / MINUTE)).toEqual([1, 2]);
  });

  it("waits for no morning where a day has no auction: its bar is the sum of its candles, this evening as tomorrow", async () => {
    const midnight = Date.parse("2026-11-19T00:00:00+05:30");
    const day = theirs(0, { time: midnight - 1_440 * MINUTE, volume: 5_000 });
    expect(
      (await healed([], { "1m": [], "1d": [day] }, at(0), at(1), { now: midnight + 10 * MINUTE, hours: "SIM" })).of(
        "1d",
      ),
    ).toMatchObject([{ volume: 5_000, incomplete: false }]);
  });

  it("leaves a day's bar alone that the stream made whole", async () => {
    const open = Date.parse("2026-11-18T09:15:00+05:30");
    const day: StoredBar = { ...ours(0), time: open, timeframe: "1d", volume: 5_000, value: 5_000 * 100_20 };
    const evening = Date.parse("2026-11-18T20:00:00+05:30");
    const { written, of } = await healed(
      [day],
      { "1m": [], "1d": [theirs(0, { time: Date.parse("2026-11-18T00:00:00+05:30"), volume: 5_000 })] },
      at(0),
      at(1),
      { now: evening },
    );
    expect([written, of("1d")]).toEqual([[], [day]]);
  });
});

describe("a day bar of Kite's", () => {
  const DAY = Date.parse("2026-11-18T00:00:00+05:30");
  const OPEN = DAY + 555 * MINUTE;
  const told = (volume: number, close: number): Bar => ({
    time: DAY,
    open: 290_75,
    high: 291_80,
    low: 288_00,
    close,
    volume,
    value: 0,
    ticks: 0,
    openInterest: -1,
    rev: 1,
    state: "backfilled",
    incomplete: false,
  });
  const ours: StoredBar = {
    ...told(4_505_655, 291_00),
    time: OPEN,
    instrumentId: 7,
    timeframe: "1d",
    ticks: 9_000,
    state: "closed",
    value: 1,
    passport: { ...noPassport, firstSequence: 1, lastSequence: 9, sources: FROM_STREAM | BY_EXCHANGE_CLOCK },
  };
  /** What is written and recorded when history returns a day at a given time. */
  const fetched = async (now: string, history: Bar, held: StoredBar[], feed = "kite") => {
    const written: StoredBar[] = [];
    const differed: string[] = [];
    let time = Date.parse(`${now}+05:30`);
    const clock = {
      now: () => time,
      sleep: (ms: number) => {
        time += ms;
        return Promise.resolve();
      },
    } as unknown as Clock;
    const quiet = { info() {}, warn() {}, error() {}, count() {}, reject() {} } as unknown as Log & Meter;
    const one = new History({
      store: {
        readWhole: async ({ timeframe }: { timeframe: string }) => (timeframe === "1d" ? held : []),
        read: async () => barColumns(0),
        lastTimes: async () => new Map([[7, OPEN]]),
      } as unknown as BarStore,
      settings: { get: async () => ({ "1m": [7], "1d": [7] }), set: async () => {} },
      clock,
      calendar: createCalendar(),
      log: quiet,
      meter: quiet,
      paces: new RequestPaces(clock),
      warm: async () => {},
      changed() {},
      watched: () => false,
      recent: {
        enqueue: (bars: readonly StoredBar[]) => {
          written.push(...bars);
        },
        settled: async () => {},
        recent: () => [],
      } as unknown as RecentBars,
      differed: async (_instrument, name, verdicts) => {
        differed.push(...verdicts.map(({ verdict }) => `${name} ${verdict}`));
      },
      live: {
        table: {
          at: () => ({ id: 7, key: "NSE:ANGELONE", decimals: 2, segment: "equity" }) as unknown as Instrument,
          hours: () => "NSE_CAS",
        },
        bars: { settledBefore: (instant: number) => instant - 2_000 },
      } as unknown as LiveMarket,
    });
    const definition = {
      requestsPerSecond: 1_000,
      daysPerRequest: { "1m": 60, "1d": 2_000 },
      bars: async (_login: unknown, { timeframe }: { timeframe: string }) =>
        timeframe === "1d" ? columnsOf([history]) : barColumns(0),
    } as unknown as HistoryDefinition<unknown>;
    await one.heal(
      { feed, definition, login: {}, token: () => 1 },
      [0],
      OPEN + 10 * MINUTE,
      OPEN + 11 * MINUTE,
      new AbortController().signal,
    );
    return { days: written.filter(({ timeframe }) => timeframe === "1d"), differed };
  };

  it("stands in as provisional the same evening, where there is none of ours", async () => {
    expect((await fetched("2026-11-18T18:00:00", told(4_389_662, 288_35), [])).days).toMatchObject([
      { time: OPEN, volume: 4_389_662, close: 288_35, state: "backfilled", incomplete: true },
    ]);
  });

  it("is what it says of a broker nobody has looked at: Kite's evening is no other broker's", async () => {
    expect((await fetched("2026-11-18T18:00:00", told(4_389_662, 288_35), [], "newbroker")).days).toMatchObject([
      { volume: 4_389_662, incomplete: false },
    ]);
  });

  it("alarms nobody the same evening, and leaves our day with its auctions alone", async () => {
    expect(await fetched("2026-11-18T18:00:00", told(4_389_662, 288_35), [ours])).toEqual({ days: [], differed: [] });
  });

  it("is the last word the next morning: it takes the place of the provisional one, and equals ours", async () => {
    const provisional: StoredBar = {
      ...told(4_389_662, 288_35),
      time: OPEN,
      instrumentId: 7,
      timeframe: "1d",
      incomplete: true,
    };
    expect((await fetched("2026-11-19T07:00:00", told(4_505_655, 291_00), [provisional])).days).toMatchObject([
      { volume: 4_505_655, close: 291_00, incomplete: false },
    ]);
    expect(await fetched("2026-11-19T07:00:00", told(4_505_655, 291_00), [ours])).toEqual({ days: [], differed: [] });
  });
});
