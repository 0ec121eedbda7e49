import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createCalendar, hoursOf } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { dayOfDate, istMidnight } from "@/server/domain/time/session";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { rawBatch, type RawMessage, type TickMessage } from "@/server/domain/ticks/tick";
import { timeframe } from "@/server/domain/time/timeframe";
import { fileSource } from "@/server/history-sources/file";
import { recordedInstrument } from "@/server/feeds/replay";
import { parseTickFile } from "@/server/feeds/tick-file";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { SecondBars } from "@/server/pipeline/second-bars";
import { Normaliser } from "@/server/pipeline/normalise";
import { BarWriter } from "@/server/pipeline/persist";
import { TimeframeBars } from "@/server/pipeline/resample";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition, HistoryDefinition } from "@/server/ports/feed";
import type { Store } from "@/server/ports/stores";
import { fixtureLines, fixturePath, fixturesAbsent } from "@/server/testing/fixtures";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { Bars } from "@/server/services/bars/bars";
import { Collectors, type KeepConnected } from "@/server/services/collecting/collectors";
import { FeedNumbers } from "@/server/services/collecting/feed-numbers";
import { EventLog } from "@/server/services/upkeep/events";
import type { HistoryAccess } from "@/server/ports/history-source";
import { History } from "@/server/services/history/catch-up";
import { feeds } from "@/server/feeds";
import { Instruments } from "@/server/services/market/instruments";
import { awayStretches } from "./gap-away";
import { createQualityDesk, type QualityDesk } from "./quality-desk";
import { RequestPaces } from "@/server/services/history/request-pace";

const DATE = "2022-11-28";
const KEY = "NSE_INDEX:NIFTY 50";
const MINUTES = "ticks/nifty-1s/NIFTY_2022-11_1m.txt";
const at = (clock: string): number => Date.parse(`${DATE}T${clock}+05:30`);

/** Time as the test moves it: timers run and sleepers wake when it passes them. */
const movedClock = (start: number) => {
  let now = start;
  const timers: { next: number; every: number; run: () => void }[] = [];
  const sleepers: { until: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: () => () => {},
    every: (every, run) => {
      const timer = { next: now + every, every, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ until: now + ms, wake });
      }),
  };
  const moveTo = (time: number): void => {
    now = Math.max(now, time);
    for (const timer of timers)
      while (timer.next <= now) {
        timer.next += timer.every;
        timer.run();
      }
    for (const sleeper of sleepers.filter(({ until }) => until <= now)) {
      sleepers.splice(sleepers.indexOf(sleeper), 1);
      sleeper.wake();
    }
  };
  return { clock, moveTo };
};

describe.skipIf(fixturesAbsent)("the hole in the recording of 28 November 2022", () => {
  let folder: string;
  let store: Store;
  let writer: BarWriter;
  let bars: Bars;
  let quality: QualityDesk;
  let moveTo: (time: number) => void;
  let instrument = -1;
  let brokerAnswers = false;
  let access: HistoryAccess | undefined;

  /** The live path of the server, from the feed's messages to the store, on the recording's clock. */
  beforeAll(async () => {
    folder = await temporaryFolder();
    store = await startedStore(folder);
    const moved = movedClock(at("09:14:30"));
    const { clock } = moved;
    moveTo = moved.moveTo;
    const [calendar, table, wall, log, meter] = [
      createCalendar(),
      new InstrumentTable(),
      systemClock(),
      silentLog(),
      new Metrics(),
    ];
    const instruments = new Instruments({
      brokers: feeds,
      store: store.instruments,
      table,
      clock,
      hoursOf: (each, closingAuction) => hoursOf(each, { closingAuction }),
    });
    const normaliser = new Normaliser({
      table,
      windows: new SessionWindows(calendar, table),
      tokens: () => instruments.tokensOf("recorded"),
      maxSkewMs: 15_000,
      maxAgeMs: 43_200_000,
    });
    const seconds = new SecondBars();
    const timeframes = new TimeframeBars(calendar, table, seconds, true);
    writer = new BarWriter(store.bars, table, wall, log, meter);
    const live = { table, board: normaliser.board, bars: timeframes };
    bars = new Bars({ store: store.bars, recent: writer, live, calendar, clock });

    const listed = recordedInstrument(KEY);
    const history: HistoryDefinition<unknown> = {
      requestsPerSecond: 1_000,
      daysPerRequest: { "1m": 400 },
      bars: async (_, { from, to }, signal) =>
        (await source).bars({ instrument: table.at(instrument), timeframe: "1m", from, to: to + 1 }, signal),
    };
    let send: (message: RawMessage) => void = () => {};
    const keepConnected: KeepConnected = ({ onMessage, onState, collector }) => {
      send = onMessage;
      onMessage({ kind: "connected", collector, receivedTime: clock.now(), detail: "" });
      onState({ phase: "live", attempt: 0, nextAttempt: null, reason: "connected", expired: false });
      return { refresh() {}, ended: new Promise(() => {}) };
    };
    const feed = {
      id: "recorded",
      login: z.object({}),
      loginFields: [],
      instruments: async () => ({ listed: [listed], leftOut: [] }),
      history,
    } as unknown as FeedDefinition;
    const collectors: Collectors = new Collectors({
      numbers: new FeedNumbers(),
      instruments,
      live,
      calendar,
      clock,
      log,
      meter,
      keepConnected,
      feedOf: () => feed,
      events: {
        onLost: (...lost) => quality.gaps.lost(...lost),
        onGap: (name, _, to) => quality.gaps.back(name, to),
        onFirstTick: (name, time) => quality.gaps.firstTick(name, time),
        onChange() {},
        onRenamed: () => Promise.resolve(),
        onAdded() {},
        onNote() {},
      },
      settings: store.settings,
    });
    const services = new History({
      store: store.bars,
      settings: store.settings,
      recent: writer,
      live,
      calendar,
      clock: wallFor(clock, wall),
      log,
      meter,
      paces: new RequestPaces(wall),
      warm: () => Promise.resolve(),
      changed() {},
      watched: () => false,
      answered: (...said) => quality.gaps.answered(...said),
    });
    quality = createQualityDesk({
      store,
      recent: writer,
      bars,
      live,
      calendar,
      clock,
      log,
      meter,
      events: new EventLog(clock),
      collectors,
      history: services,
      access: () => (brokerAnswers ? access : undefined),
      away: (instrument, from, to) =>
        awayStretches(
          store.gaps,
          { id: table.at(instrument).id, collectors: collectors.bringing(instrument) },
          from,
          to,
          clock.now(),
        ),
      warm: () => Promise.resolve(),
      changed() {},
    });
    await quality.start();

    const toWriter = (batch: Parameters<BarWriter["on"]>[0]): void => writer.on(batch);
    const toBars = (batch: Parameters<TimeframeBars["on"]>[0]): void => timeframes.on(batch, toWriter);
    const toSeconds = (ticks: TickMessage): void => seconds.on(ticks, toBars);
    collectors.open((message) => normaliser.on(message, toSeconds));
    access = await collectors.start(
      { id: 1, name: "recorder", feed: "recorded", mode: "full", autoStart: true, subscriptions: ["*"] },
      {},
      false,
      new AbortController().signal,
    );
    instrument = instruments.resolve(KEY);
    const source = fileSource({
      kind: "csv",
      file: fixturePath(MINUTES),
      timeframe: "1m",
      instruments: [table.at(instrument)],
      from: istMidnight(dayOfDate(DATE)),
      to: istMidnight(dayOfDate(DATE) + 1),
      calendar,
      now: wall.now(),
      hours: () => "NSE_INDEX",
    });

    const step = (time: number): void => {
      moveTo(time);
      seconds.at(time, toBars);
      timeframes.at(time, toWriter);
    };
    const batch = rawBatch(1);
    batch.token[0] = listed.token;
    batch.openInterest[0] = -1;
    batch.volume[0] = -1;
    let clockAt = at("09:14:30");
    let ticks = 0;
    for await (const rows of parseTickFile(fixtureLines(`ticks/nifty-1s/${DATE}.csv`), {
      decimals: 2,
      fileName: DATE,
    })) {
      for (let row = 0; row < rows.length; row++) {
        const time = rows.time[row]!;
        if (time < clockAt || time >= at("15:30:00")) continue;
        // The clock continues without data: the silence is noticed while it lasts. Store requests are awaited.
        while (clockAt + 1_000 <= time) {
          step((clockAt += 1_000));
          if (++ticks % 300 === 0)
            await new Promise((resolve) => {
              setTimeout(resolve, 5);
            });
        }
        batch.exchangeTime[0] = time;
        batch.price[0] = rows.price[row]!;
        batch.receivedTime = time;
        batch.length = 1;
        send(batch);
      }
    }
    for (let time = clockAt; time <= at("15:32:00"); time += 1_000) step(time);
    await writer.settled();
  }, 180_000);
  afterAll(async () => {
    await quality.stop();
    await writer.stop();
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ledger = () => quality.gaps.list({ from: istMidnight(dayOfDate(DATE)) });
  const day = async () =>
    (await quality.completeness.days(instrument, timeframe("1m"), dayOfDate(DATE), dayOfDate(DATE)))[0]!;

  it("is noted while it lasts, from its last tick to its first, and stays open while nobody tells what was in it", async () => {
    await expect.poll(async () => (await ledger())[0]?.missing ?? null, { timeout: 20_000 }).not.toBeNull();
    const rows = await ledger();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      cause: "silence",
      collector: "recorder",
      instrument: null,
      from: at("10:11:17"),
      to: at("10:27:48"),
      state: "open",
      missing: 17,
    });
    expect(rows[0]!.note).toMatch(/^connected, but no tick for/);
  });

  it("leaves the day with fifteen minutes missing and two cut; the feed came before the open and missed nothing of the first", async () => {
    const { expected, counts, runs, share } = await day();
    expect({ expected, counts }).toEqual({
      expected: 375,
      counts: { received: 358, patched: 0, corrected: 0, backfilled: 0, incomplete: 2, no_trade: 0, missing: 15 },
    });
    expect(runs).toEqual([
      { kind: "incomplete", from: at("10:11:00"), to: at("10:12:00"), bars: 1 },
      { kind: "missing", from: at("10:12:00"), to: at("10:27:00"), bars: 15 },
      { kind: "incomplete", from: at("10:27:00"), to: at("10:28:00"), bars: 1 },
    ]);
    expect(share).toBeCloseTo(358 / 375);
  });

  it("heals from the minute file, to the last bar", async () => {
    brokerAnswers = true;
    let now = at("15:40:00");
    await expect
      .poll(
        async () => {
          moveTo((now += 5_000));
          return (await ledger()).map(({ state }) => state);
        },
        { timeout: 20_000 },
      )
      .toEqual(["healed"]);
    const [hole] = await ledger();
    expect(hole).toMatchObject({
      cause: "silence",
      missing: 17,
      filled: 17,
      remaining: 0,
      remainingIn: [],
      healedBy: "history of recorded",
    });
    const { counts, share } = await day();
    expect([counts.missing, counts.incomplete, counts.received + counts.backfilled, share]).toEqual([0, 0, 375, 1]);

    const file = new Map<number, number[]>();
    for (const line of fixtureLines(MINUTES)) {
      const [, date, clock, ...prices] = line.split(",");
      if (date === "20221128" && clock !== undefined)
        file.set(
          at(`${clock}:00`) - 60_000,
          prices.slice(0, 4).map((price) => Math.round(Number(price) * 100)),
        );
    }
    const { closed } = await bars.read({
      instrument,
      timeframe: timeframe("1m"),
      from: at("10:11:00"),
      to: at("10:28:00"),
    });
    expect(closed.length).toBe(17);
    for (let row = 0; row < closed.length; row++) {
      expect(
        [closed.open[row], closed.high[row], closed.low[row], closed.close[row]],
        new Date(closed.time[row]!).toISOString(),
      ).toEqual(file.get(closed.time[row]!));
    }
  });
});

/** History waits by the machine's clock, and knows the recording's time. */
const wallFor = (clock: Clock, wall: Clock): Clock => ({ ...wall, now: () => clock.now() });
