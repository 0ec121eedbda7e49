import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barAt, type BarColumns, columnsOf, FORMING } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { spanAt } from "@/server/domain/bars/resample";
import { istDate, istDay } from "@/server/domain/time/session";
import { timeframe, timeframes } from "@/server/domain/time/timeframe";
import { Turns } from "@/server/domain/basics/turns";
import { fillBars } from "./fill";
import { countSlots, isClosedAllOver, slotStarts, type Slots, unknownDay } from "./slots";

const calendar = createCalendar();
const freely = (): Turns => new Turns(() => Promise.resolve());
const ist = (text: string): number => Date.parse(`${text}+05:30`);
const slots = (more: Partial<Slots>): Slots => ({
  calendar,
  hours: "NSE",
  timeframe: timeframe("1h"),
  from: ist("2026-11-18T00:00"),
  to: ist("2026-11-19T00:00"),
  ended: Number.POSITIVE_INFINITY,
  turns: freely(),
  ...more,
});
const clock = (instant: number): string =>
  `${istDate(istDay(instant))} ${new Date(instant + 19_800_000).toISOString().slice(11, 16)}`;

/** Every second of the span looked at: where a bar begins and continuous trading reaches into it. */
const slowStarts = ({ hours, timeframe: of, from, to, ended }: Slots): number[] => {
  const starts = new Set<number>();
  for (let instant = Math.floor(from / 60_000) * 60_000 - 35 * 86_400_000; instant < to; instant += 60_000) {
    const session = calendar.on(hours, istDay(instant));
    if (
      session?.phases.some((phase) => phase.phase === "continuous" && phase.from <= instant && instant < phase.to) !==
      true
    )
      continue;
    const span = spanAt(calendar, hours, of, instant);
    if (span !== null && span.start >= from && span.start < to && span.end <= ended) starts.add(span.start);
  }
  return [...starts].sort((a, b) => a - b);
};

describe("slots", () => {
  it("count from the session's open, the last one short", async () => {
    expect((await slotStarts(slots({}), 100)).map(clock).map((text) => text.slice(11))).toEqual([
      "09:15",
      "10:15",
      "11:15",
      "12:15",
      "13:15",
      "14:15",
      "15:15",
    ]);
  });

  it("end where the market is now", async () => {
    expect(await countSlots(slots({ ended: ist("2026-11-18T11:15:00") }))).toBe(2);
    expect(await countSlots(slots({ timeframe: timeframe("1d"), ended: ist("2026-11-18T15:00:00") }))).toBe(0);
  });

  it("are the newest of the span where only so many are wanted", async () => {
    expect(
      (await slotStarts(slots({ from: 0, timeframe: timeframe("1d"), to: ist("2026-11-18T00:00") }), 2)).map(clock),
    ).toEqual(["2026-11-16 09:15", "2026-11-17 09:15"]);
  });

  it("are those a slow look at every minute finds, in every timeframe of a minute and more", async () => {
    const spans = fc.tuple(
      fc.integer({ min: ist("2026-10-28T00:00") / 60_000, max: ist("2026-11-16T00:00") / 60_000 }),
      fc.integer({ min: 1, max: 6 * 1_440 }),
      fc.integer({ min: 0, max: 3 * 1_440 }),
    );
    await fc.assert(
      fc.asyncProperty(
        spans,
        fc.constantFrom(...timeframes.filter((each) => each.lengthMs >= 60_000)),
        fc.constantFrom("NSE", "MCX", "NFO"),
        async ([start, minutes, cut], of, hours) => {
          const from = start * 60_000;
          const asked = slots({
            hours,
            timeframe: of,
            from,
            to: from + minutes * 60_000,
            ended: from + (minutes - cut) * 60_000,
          });
          const expected = slowStarts(asked);
          expect(await slotStarts(asked, 100_000)).toEqual(expected);
          expect(await countSlots(asked)).toBe(expected.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("of all time are walked in turns, from the first day a calendar knows, and end when the client disconnected", async () => {
    let turns = 0;
    const resting = new Turns(() => {
      turns++;
      return Promise.resolve();
    });
    const all = slots({
      from: Date.parse("0001-01-01T00:00:00Z"),
      to: ist("2026-11-19T00:00"),
      timeframe: timeframe("1m"),
      turns: resting,
    });
    const sessions = new Set((await slotStarts({ ...all, turns: freely() }, Number.POSITIVE_INFINITY)).map(istDay));
    expect(istDate([...sessions].at(0)!)).toBe("1970-01-01");
    await countSlots(all);
    expect(turns, "one turn for at most a hundred and fifty sessions").toBeGreaterThan(sessions.size / 200);
    const gone = new Turns(() => Promise.reject(new Error("gone")));
    await expect(countSlots({ ...all, turns: gone })).rejects.toThrow("gone");
    await expect(slotStarts({ ...all, turns: gone }, Number.POSITIVE_INFINITY)).rejects.toThrow("gone");
  });

  it("tell a span in which nothing trades, auctions counted as trading", () => {
    const closed = (from: string, to: string): boolean => isClosedAllOver(calendar, "NSE", ist(from), ist(to));
    expect(closed("2026-11-20T16:30", "2026-11-20T21:00")).toBe(true);
    expect(closed("2026-11-21T00:00", "2026-11-22T12:00")).toBe(true); // a weekend
    expect(closed("2026-11-20T14:45", "2026-11-20T21:00")).toBe(false);
    expect(closed("2026-11-20T09:00", "2026-11-20T09:10")).toBe(false);
    expect(closed("2026-11-20T16:30", "2026-11-23T09:20")).toBe(false);
  });
});

describe("a day that no holiday list covers", () => {
  const unknown = (more: Partial<Slots>): Slots =>
    slots({ from: ist("2026-12-31T00:00"), to: ist("2027-01-05T00:00"), ...more });
  const at = (...times: string[]) => ({ length: times.length, time: Float64Array.from(times.map(ist)) });
  it("has slots only where it has a bar", async () => {
    expect(await countSlots(unknown({ bars: at("2026-12-31T09:15") }))).toBe(7);
    expect(
      (await slotStarts(unknown({ bars: at("2027-01-04T10:15") }), 100)).map(clock).map((text) => text.slice(0, 10)),
    ).toEqual([...Array<string>(7).fill("2026-12-31"), ...Array<string>(7).fill("2027-01-04")]);
    expect(await countSlots(unknown({ timeframe: timeframe("1d"), bars: at("2027-01-01T09:15") }))).toBe(2);
  });
  it("is found at either end of a span", () => {
    const found = (from: string, to: string): string | null => {
      const session = unknownDay(calendar, "NSE", ist(from), ist(to));
      return session === null ? null : istDate(session.day);
    };
    expect([
      found("2027-01-26T00:00", "2027-01-27T00:00"),
      found("2026-12-31T00:00", "2027-01-02T00:00"),
      found("2015-12-30T00:00", "2016-01-02T00:00"),
      found("2026-12-30T00:00", "2027-01-01T00:00"),
    ]).toEqual(["2027-01-26", "2027-01-01", "2015-12-30", null]);
  });
});

describe("filling", () => {
  const bars = (rows: readonly { time: number; close: number; forming?: boolean }[]): BarColumns =>
    columnsOf(
      rows.map(({ time, close, forming }) => ({
        time,
        open: close - 1,
        high: close + 1,
        low: close - 2,
        close,
        volume: 5,
        value: 5 * close,
        ticks: 3,
        openInterest: 7,
        rev: 2,
        state: forming === true ? ("forming" as const) : ("closed" as const),
        incomplete: false,
      })),
    );
  const seen = fc
    .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 20 })
    .map((times) => times.sort((a, b) => a - b));

  it("gives each slot its bar, or what was asked for in its place", async () => {
    await fc.assert(
      fc.asyncProperty(
        seen,
        fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 41 }),
        fc.constantFrom("previous" as const, "null" as const),
        fc.option(fc.integer({ min: 1, max: 9 })),
        async (times, places, how, before) => {
          const given = bars(times.map((time, at) => ({ time, close: 100 + at, forming: at === times.length - 1 })));
          const starts = places.sort((a, b) => a - b);
          const { bars: all, filled } = await fillBars(given, starts, how, before, freely());
          // Slowly: every time once, looking back for the last close each time.
          const expected = [...new Set([...times, ...starts])]
            .sort((a, b) => a - b)
            .flatMap((time) => {
              const row = times.indexOf(time);
              if (row !== -1) return [{ time, close: given.close[row]!, open: given.open[row]!, volume: 5, filled: 0 }];
              const last = times.findLastIndex((each, at) => each < time && given.state[at] !== FORMING);
              const close = how === "null" ? null : last === -1 ? before : given.close[last]!;
              return how === "previous" && close === null ? [] : [{ time, close, open: close, volume: 0, filled: 1 }];
            });
          expect(
            Array.from({ length: all.length }, (_, row) => ({
              time: all.time[row]!,
              close: Number.isNaN(all.close[row]) ? null : all.close[row]!,
              open: Number.isNaN(all.open[row]) ? null : all.open[row]!,
              volume: all.volume[row]!,
              filled: filled[row]!,
            })),
          ).toEqual(expected);
        },
      ),
    );
  });

  it("leaves what traded as it is", async () => {
    const given = bars([
      { time: 10, close: 100 },
      { time: 30, close: 101 },
    ]);
    const { bars: all } = await fillBars(given, [10, 20, 30], "previous", null, freely());
    expect(barAt(all, 0)).toEqual(barAt(given, 0));
    expect(barAt(all, 2)).toEqual(barAt(given, 1));
    expect(barAt(all, 1)).toMatchObject({
      time: 20,
      open: 100,
      high: 100,
      low: 100,
      close: 100,
      volume: 0,
      ticks: 0,
      rev: 0,
      openInterest: -1,
    });
  });
});
