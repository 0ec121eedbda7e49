import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { AppError } from "@/server/domain/basics/errors";
import type { CollectorRow } from "@/server/domain/ticks/collector";
import type { Calendar } from "@/server/domain/time/session";
import { rawBatch } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { SettingStore } from "@/server/ports/stores";
import { FeedNumbers } from "./feed-numbers";
import { Collectors, type KeepConnected } from "./collectors";
import type { Instruments } from "@/server/services/market/instruments";

const row: CollectorRow = {
  id: 1,
  name: "kite-1",
  feed: "kite",
  mode: "full",
  autoStart: true,
  subscriptions: ["NSE:INFY"],
};
type LinkState = Parameters<Parameters<KeepConnected>[0]["onState"]>[0];

/** Collectors of a broker that refuses the token, over a list of an earlier run (not `known`: on a first start, without one). Nothing trades unless a calendar says so. */
const rig = ({
  calendar = { on: () => null } as unknown as Calendar,
  start = 0,
  known = true,
}: { calendar?: Calendar; start?: number; known?: boolean } = {}) => {
  let tell: (state: Partial<LinkState>) => void = () => {};
  let bring: (ticks: number) => void = () => {};
  let now = start;
  let watch = (): void => {};
  const clock = {
    now: () => now,
    every: (_: number, run: () => void) => {
      watch = run;
      return () => {};
    },
    sleep: () => new Promise(() => {}),
  } as unknown as Clock;
  const feed = {
    id: "kite",
    login: z.object({}),
    loginFields: [],
    history: {},
    instruments: () => Promise.reject(new AppError("login_expired", "the token has expired")),
  } as unknown as FeedDefinition;
  const collectors = new Collectors({
    numbers: new FeedNumbers(),
    clock,
    meter: { count() {}, record() {}, reject() {}, gauge() {} },
    log: { debug() {}, info() {}, warn() {}, error() {} } as never,
    instruments: { listedBy: () => [0], tokenOf: () => 5, find: () => (known ? 0 : -1) } as unknown as Instruments,
    live: { table: { at: () => ({ key: "NSE:INFY", exchange: "NSE" }), hours: () => "NSE" } } as unknown as LiveMarket,
    calendar,
    settings: { get: () => Promise.resolve(null) } as unknown as SettingStore,
    feedOf: () => feed,
    keepConnected: ({ onState, onMessage }) => {
      bring = (ticks) => onMessage({ ...rawBatch(ticks), receivedTime: now, length: ticks });
      tell = (state) => onState({ phase: "live", attempt: 0, nextAttempt: null, reason: "", expired: false, ...state });
      return { refresh() {}, ended: new Promise(() => {}) };
    },
    events: {
      onLost() {},
      onGap() {},
      onFirstTick() {},
      onChange() {},
      onRenamed: () => Promise.resolve(),
      onAdded() {},
      onNote() {},
    },
  } as ConstructorParameters<typeof Collectors>[0]);
  return {
    collectors,
    tell: (state: Partial<LinkState>) => tell(state),
    bring: (ticks: number) => bring(ticks),
    pass(ms: number) {
      now += ms;
      watch();
    },
  };
};

describe("what a collector subscribes", () => {
  it("is not history while its login has expired, nor while the start has placed no collector yet", async () => {
    const { collectors, tell } = rig();
    expect(collectors.isLive(0), "before anybody can tell").toBe(true);
    await collectors.start(row, {}, false, new AbortController().signal);
    tell({ phase: "failed", expired: true, reason: "the token has expired" });
    expect(collectors.truth()[0]!.state).toBe("AUTH_EXPIRED");
    expect([collectors.isLive(0), collectors.isLive(1)]).toEqual([true, false]);
  });
});

describe("a first start whose token is refused", () => {
  it("names nothing as missing from a list that could not be read", async () => {
    const { collectors } = rig({ known: false });
    const ended = new AbortController();
    const started = collectors.start(row, {}, false, ended.signal).catch(() => undefined);
    await expect.poll(() => collectors.truth()[0]?.state).toBe("AUTH_EXPIRED");
    expect(collectors.truth()[0]!.missing).toEqual({ count: 0, names: [] });
    ended.abort();
    await started;
  });
});

describe("ticks a second", () => {
  it("are none from the moment a feed is known to bring nothing, whatever came just before", async () => {
    const { collectors, tell, bring, pass } = rig();
    await collectors.start(row, {}, false, new AbortController().signal);
    tell({ phase: "live" });
    bring(50);
    pass(5_000);
    expect(collectors.truth()[0]!.ticksPerSecond).toBe(10);
    tell({ phase: "reconnecting" });
    expect(collectors.truth()[0]!.ticksPerSecond).toBe(0);
  });
  it("are none while the line is up and mute", async () => {
    const { collectors, tell, bring, pass } = rig({
      calendar: createCalendar(),
      start: Date.parse("2026-11-18T10:00:00+05:30"),
    });
    await collectors.start(row, {}, false, new AbortController().signal);
    tell({ phase: "live" });
    bring(50);
    pass(5_000);
    expect(collectors.truth()).toMatchObject([{ state: "LIVE", ticksPerSecond: 10 }]);
    pass(100);
    expect(collectors.truth()).toMatchObject([{ state: "MUTE", ticksPerSecond: 0 }]);
  });
});
