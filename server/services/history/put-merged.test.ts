import { describe, expect, it } from "vitest";
import { columnsOf, noPassport } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore, BarWrite, StoredBar } from "@/server/ports/stores";
import { putMerged, storedAndWaiting, wholeQuarters } from "./put-merged";

const calendar = createCalendar();
const ist = (clock: string): number => Date.parse(`2026-11-18T${clock}:00+05:30`);
const MINUTE = 60_000;
const bar = (clock: string, more: Partial<StoredBar> = {}): StoredBar => ({
  instrumentId: 7,
  timeframe: "1m",
  time: ist(clock),
  open: 100,
  high: 105,
  low: 99,
  close: 104,
  volume: 10,
  value: 1_020,
  ticks: 5,
  openInterest: -1,
  rev: 1,
  state: "closed",
  incomplete: false,
  ...more,
});

/**
 * A store of `stored` bars, with `waiting` on their way to it; what is written, in order, and when it is committed: at
 * once, or with `commit`.
 */
const rig = (stored: readonly StoredBar[], waiting: readonly StoredBar[] = [], isSlow = false) => {
  const put: [BarWrite, StoredBar][] = [];
  let commit = (): void => {};
  const of = (bars: readonly StoredBar[], timeframe: string, from: number, to: number): StoredBar[] =>
    bars.filter((each) => each.timeframe === timeframe && each.time >= from && each.time < to);
  const store = {
    readWhole: async ({ timeframe, from, to }: { timeframe: string; from: number; to: number }) =>
      of(stored, timeframe, from, to),
    read: async ({ timeframe, from, to }: { timeframe: string; from: number; to: number }) =>
      columnsOf(of(stored, timeframe, from, to)),
  } as unknown as BarStore;
  const recent = {
    recent: (_: number, timeframe: string, from: number, to: number) => of(waiting, timeframe, from, to),
    settled: () =>
      new Promise<void>((resolve) => {
        if (isSlow) commit = resolve;
        else resolve();
      }),
    enqueue: (bars: readonly StoredBar[], how: BarWrite) => {
      for (const each of bars) put.push([how, each]);
    },
  } as unknown as RecentBars;
  return { parts: { store, recent, calendar }, put, commit: () => commit() };
};
const order = (held: readonly StoredBar[], until: number, daily = false) => ({
  instrumentId: 7,
  hours: "NSE",
  timeframe: "1m" as const,
  held,
  until,
  daily,
});
/** What is written when `write` and `remove` are decided, given the held bars. */
const putBeside = async (
  stored: readonly StoredBar[],
  write: readonly StoredBar[],
  { remove = [] as StoredBar[], until = ist("20:00"), daily = false } = {},
): Promise<[BarWrite, StoredBar][]> => {
  const { parts, put } = rig(stored);
  await putMerged(
    parts,
    order(
      stored.filter(({ timeframe }) => timeframe === "1m"),
      until,
      daily,
    ),
    { write: [...write], remove },
  );
  return put;
};
const quarters = (put: readonly [BarWrite, StoredBar][]) => put.filter(([, { timeframe }]) => timeframe === "15m");

describe("what a merge has decided", () => {
  it("is read beside whole quarters of an hour of the session, and no more", () => {
    const widened = (from: string, to: string) => {
      const { from: first, to: end } = wholeQuarters(calendar, "NSE", ist(from), ist(to));
      return [first, end];
    };
    expect(widened("09:20", "09:31")).toEqual([ist("09:15"), ist("09:45")]);
    expect(widened("09:15", "09:45")).toEqual([ist("09:15"), ist("09:45")]);
    expect(widened("08:00", "16:00")).toEqual([ist("08:00"), ist("16:00")]);
    expect(widened("15:29", "15:30")).toEqual([ist("15:15"), ist("15:30")]);
  });

  it("is compared with what waits for the store, in the place of what is stored", async () => {
    const { parts } = rig([bar("09:15"), bar("09:17")], [bar("09:17", { close: 103 }), bar("09:16")]);
    const found = await storedAndWaiting(parts, {
      instrumentId: 7,
      timeframe: "1m",
      from: ist("09:15"),
      to: ist("09:18"),
    });
    expect(found.map(({ time, close }) => [(time - ist("09:15")) / MINUTE, close])).toEqual([
      [0, 104],
      [1, 104],
      [2, 103],
    ]);
  });

  it("is done when it is committed, and not before", async () => {
    const { parts, put, commit } = rig([], [], true);
    let isDone = false;
    const done = putMerged(parts, order([], ist("20:00")), { write: [bar("09:15")], remove: [] }).then((any) => {
      isDone = any;
    });
    await expect.poll(() => put.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isDone).toBe(false);
    commit();
    await done;
    expect(isDone).toBe(true);
    expect(await putMerged(parts, order([], ist("20:00")), { write: [], remove: [] })).toBe(false);
  });

  it("makes the quarter it lies in when that has ended, and the one that a crash kept out", async () => {
    expect(quarters(await putBeside([], [bar("09:15")], { until: ist("09:29") }))).toEqual([]);
    expect(quarters(await putBeside([], [bar("09:15")], { until: ist("09:30") }))).toMatchObject([
      ["replace", { time: ist("09:15"), volume: 10 }],
    ]);
    expect(
      quarters(await putBeside([bar("09:15"), bar("09:31")], [bar("09:32")])).map(([, { time, volume }]) => [
        time,
        volume,
      ]),
    ).toEqual([
      [ist("09:15"), 10],
      [ist("09:30"), 20],
    ]);
  });

  it("writes a quarter anew when only its traded value has changed, and leaves one that is the same alone", async () => {
    const quarter = bar("09:15", { timeframe: "15m", volume: 20, value: 2_040, ticks: 10, rev: 3, state: "closed" });
    const minutes = [bar("09:15"), bar("09:16")];
    expect(quarters(await putBeside([...minutes, quarter], [bar("09:16", { rev: 2 })]))).toEqual([]);
    expect(quarters(await putBeside([...minutes, quarter], [bar("09:16", { value: 0 })]))).toMatchObject([
      ["replace", { value: 0, rev: 4, state: "closed" }],
    ]);
  });

  it("takes out the quarter whose last minute goes, and no other", async () => {
    const stored = [bar("09:15"), bar("09:30"), bar("09:15", { timeframe: "15m" }), bar("09:30", { timeframe: "15m" })];
    const put = await putBeside(stored, [], { remove: [stored[1]!] });
    expect(put.map(([how, { timeframe, time }]) => [how, timeframe, time])).toEqual([
      ["remove", "1m", ist("09:30")],
      ["remove", "15m", ist("09:30")],
    ]);
  });

  it("joins the passports of all minutes of a quarter; a written minute keeps that of the bar it stands for", async () => {
    const of = (sequence: number) => ({
      passport: {
        ...noPassport,
        firstSequence: sequence,
        lastSequence: sequence + 4,
        firstTime: ist("09:15") + sequence,
        lastTime: ist("09:15") + sequence + 4,
        hash: sequence,
      },
    });
    const put = quarters(
      await putBeside(
        [bar("09:15", of(10)), bar("09:16", of(20)), bar("09:17", of(30))],
        [bar("09:17", { high: 106 })],
      ),
    );
    expect(put).toMatchObject([
      ["replace", { high: 106, passport: { firstSequence: 10, lastSequence: 34, hash: 60 } }],
    ]);
  });

  it("makes a missing day of its minutes and of the auctions that are kept, and leaves a stored one alone", async () => {
    const auction = bar("09:00", { timeframe: "auction", open: 101, high: 101, low: 101, close: 101, volume: 7 });
    const days = (put: readonly [BarWrite, StoredBar][]) =>
      put.filter(([, { timeframe }]) => timeframe === "1d").map(([, { time, open, volume }]) => [time, open, volume]);
    expect(days(await putBeside([auction, bar("09:15")], [bar("09:16")], { daily: true }))).toEqual([
      [ist("09:15"), 101, 27],
    ]);
    expect(days(await putBeside([auction, bar("09:15")], [bar("09:16")]))).toEqual([]);
    expect(
      days(
        await putBeside([auction, bar("09:15"), bar("09:15", { timeframe: "1d" })], [bar("09:16")], { daily: true }),
      ),
    ).toEqual([]);
  });
});
