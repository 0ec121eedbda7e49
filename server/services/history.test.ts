import { describe, expect, it } from "vitest";
import { barColumns } from "@/server/domain/bar";
import { createCalendar } from "@/server/domain/calendar";
import type { Instrument } from "@/server/domain/instrument";
import type { Clock } from "@/server/ports/clock";
import type { HistoryDefinition } from "@/server/ports/feed";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { BarStore, SettingStore } from "@/server/ports/stores";
import { History } from "./history";
import { RequestPaces } from "./request-pace";

const MINUTE = 60_000;
const MORNING = Date.parse("2026-11-18T10:00:20+05:30");

/** What outlives a crash: the settings and the time of the newest stored minute. */
interface Disk { settings: Map<string, unknown>; lastMinute: number | undefined }

/** One run of the server over a disk. `broker` decides what becomes of a request; each is written down. */
const run = (disk: Disk, now: number, broker: (from: number, to: number) => Promise<void>) => {
  const asked: { timeframe: string; from: number; to: number }[] = [];
  let time = now;
  const clock = { now: () => time, sleep: (ms: number) => { time += ms; return Promise.resolve(); } } as Clock;
  const settings: SettingStore = { get: async (name) => disk.settings.get(name) ?? null, set: async (name, value) => void disk.settings.set(name, value) };
  const store = { lastTimes: async (timeframe: string) => new Map(timeframe === "1m" && disk.lastMinute !== undefined ? [[7, disk.lastMinute]] : []) } as unknown as BarStore;
  const quiet = { info() {}, warn() {}, error() {}, count() {}, reject() {} } as unknown as Log & Meter;
  const history = new History({
    store, settings, clock, calendar: createCalendar(), log: quiet, meter: quiet, paces: new RequestPaces(clock), warm: async () => {}, changed() {}, watched: () => false,
    recent: { enqueue() {}, settled: async () => {} } as unknown as RecentBars,
    live: { table: { at: () => ({ id: 7, key: "SIM:RELIANCE", decimals: 2 } as unknown as Instrument), hours: () => "SIM" } } as unknown as LiveMarket,
  });
  const definition = {
    requestsPerSecond: 1_000, daysPerRequest: { "1m": 60, "1d": 2_000 },
    bars: async (_login: unknown, { timeframe, from, to }: { timeframe: string; from: number; to: number }) => {
      asked.push({ timeframe, from, to });
      if (timeframe === "1m") await broker(from, to);
      return barColumns(0);
    },
  } as unknown as HistoryDefinition<unknown>;
  const access = { definition, login: {}, token: () => 1 };
  const signal = new AbortController().signal;
  return { asked, minutes: () => asked.filter((each) => each.timeframe === "1m"), catchUp: () => history.catchUp(access, [0], signal), heal: (from: number, to: number) => history.heal(access, [0], from, to, signal) };
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
    // Once they are there, they bind nobody: an instrument that is added later begins with its own first days.
    disk.settings.set("history.first", { ...disk.settings.get("history.first") as object, "1m": [] });
    const later = run(disk, evening + 30 * 1_440 * MINUTE, answers);
    await later.catchUp();
    expect(later.minutes()[0]!.from).toBe(Date.parse("2026-12-13T00:00:00+05:30"));
  });

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

  it("fetches a day's bar again when its last minutes were filled after its end: it was closed with the hole in it", async () => {
    const midnight = Date.parse("2026-11-19T00:00:00+05:30");
    const disk = freshDisk();
    const evening = run(disk, midnight - 30 * MINUTE, answers);
    await evening.heal(midnight - 40 * MINUTE, midnight - 35 * MINUTE);
    expect(evening.asked.map((each) => each.timeframe)).toEqual(["1m"]);
    const late = run(disk, midnight + 20_000, answers);
    await late.heal(midnight - 2 * MINUTE, midnight + 10_000);
    expect(late.asked.map((each) => [each.timeframe, each.from])).toEqual([["1m", midnight - 15 * MINUTE], ["1d", midnight - 24 * 60 * MINUTE]]);
  });
});
