import { describe, expect, it } from "vitest";
import { type Bar, columnsOf, noPassport } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { dayOfDate } from "@/server/domain/time/session";
import { RefusedRows } from "@/server/domain/bars/told-rows";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun, CompareStore, Difference } from "@/server/ports/gap-stores";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Meter } from "@/server/ports/observe";
import type { BarStore, StoredBar } from "@/server/ports/stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Compare } from "./compare";

const day = dayOfDate("2026-08-12");
const midnight = Date.parse("2026-08-12T00:00:00+05:30");
const open = midnight + 555 * 60_000;

/** ANGELONE of 2026-08-12 (`auctions-in-candles.md`, section 4): the day, and its minutes' volume in one minute. */
const settled: Bar = {
  time: midnight,
  open: 290_75,
  high: 291_00,
  low: 285_00,
  close: 291_00,
  volume: 4_505_655,
  value: 0,
  ticks: 0,
  openInterest: -1,
  rev: 1,
  state: "backfilled",
  incomplete: false,
};
const rig = (minutes: number, source: string) => {
  const bars = new Map<string, StoredBar>();
  const put = (bar: StoredBar): void => {
    bars.set(`${bar.timeframe} ${bar.time}`, bar);
  };
  const day1: StoredBar = {
    ...settled,
    time: open,
    close: 288_35,
    high: 290_90,
    volume: 4_389_662,
    instrumentId: 7,
    timeframe: "1d",
    incomplete: true,
    passport: noPassport,
  };
  put(day1);
  put({ ...settled, time: open, volume: minutes, instrumentId: 7, timeframe: "1m" });
  const odd: number[][] = [];
  const counted: string[] = [];
  const changed: number[][] = [];
  const saved: { run: unknown; differences: readonly Difference[] }[] = [];
  const of = ({ timeframe, from, to }: { timeframe: string; from: number; to: number }): StoredBar[] =>
    [...bars.values()].filter((bar) => bar.timeframe === timeframe && bar.time >= from && bar.time < to);
  const compare = new Compare({
    store: {
      save: async (run: CompareRun, differences: Difference[]) => {
        saved.push({ run, differences });
        return run;
      },
    } as unknown as CompareStore,
    bars: {
      readWhole: async (query: never) => of(query),
      read: async (query: never) => columnsOf(of(query)),
    } as unknown as BarStore,
    recent: {
      recent: () => [],
      settled: async () => {},
      enqueue: (rows: StoredBar[]) => rows.forEach(put),
    } as unknown as RecentBars,
    live: { table: { at: () => testInstrument(7), hours: () => "NSE_CAS" } } as unknown as LiveMarket,
    calendar: createCalendar(),
    clock: { now: () => Date.parse("2026-08-13T07:00:00+05:30") } as Clock,
    meter: { count: (name: string) => void counted.push(name), reject() {} } as unknown as Meter,
    history: async () => ({ bars: columnsOf([{ ...settled, time: open }]), refused: new RefusedRows() }),
    away: async () => [],
    answered: async () => {},
    source: () => source,
    odd: (...told) => void odd.push(told),
    changed: async (...told) => void changed.push(told),
  });
  return {
    compare,
    odd,
    counted,
    changed,
    saved,
    dayBar: () => bars.get(`1d ${open}`),
    settle: () => compare.settle(0, day, "the settled day bar", new AbortController().signal),
  };
};

describe("a day bar that the exchange's file has settled", () => {
  it("takes the place of the evening's, which lacked the auctions, and is put on record", async () => {
    const { settle, dayBar, changed, saved, odd } = rig(4_389_662, "kite");
    expect(await settle()).toMatchObject({ by: "the settled day bar", day, bars: 1, corrected: 1 });
    expect(dayBar()).toMatchObject({ volume: 4_505_655, close: 291_00, high: 291_00, incomplete: false });
    expect([changed.length, saved.length]).toEqual([1, 1]);
    // 97.4 % of the day in its minutes: the rest is auctions and post-close.
    expect(odd).toEqual([]);
  });

  it.each([
    [4_505_655, false],
    [4_510_000, false],
    [4_511_000, true],
  ])("tells of minutes that hold %s of 4505655 units only where no broker's do: %s", async (minutes, told) => {
    const { settle, odd, counted } = rig(minutes, "kite");
    await settle();
    expect(odd).toEqual(told ? [[0, day, minutes, 4_505_655]] : []);
    expect(counted.includes("compare.intradayAboveDay")).toBe(told);
  });

  it("is final the morning after at Kite, and at once where nobody has told otherwise", () => {
    expect(rig(1, "kite").compare.settledAt(0, day)).toBe(Date.parse("2026-08-13T06:00:00+05:30"));
    expect(rig(1, "unknown").compare.settledAt(0, day)).toBe(0);
  });
});
