import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixtureLines, fixturesAbsent } from "@/server/testing/fixtures";
import { BACKFILLED, type BarColumns, barColumns, CLOSED, CORRECTED, PATCHED } from "./bar";
import { expectedBars } from "./bar-time";
import { createCalendar } from "@/server/domain/calendar/calendar";
import {
  type Completeness,
  completenessOf,
  completeShare,
  eachSlot,
  joinStretches,
  qualityOf,
  type SlotKind,
  slotKinds,
  slotsWithin,
  type Stretch,
} from "./completeness";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { dayOfDate, istDate, type Phase, type Session } from "@/server/domain/time/session";
import { type Timeframe, timeframe, type TimeframeName } from "@/server/domain/time/timeframe";

const MINUTE = 60_000;
const calendar = createCalendar();
const sessionOn = (hours: string, date: string): Session => calendar.on(hours, dayOfDate(date))!;
const at = (date: string, clock: string): number => Date.parse(`${date}T${clock}+05:30`);

interface TestBar {
  time: number;
  state?: number;
  incomplete?: boolean;
}
const columns = (bars: readonly TestBar[]): BarColumns => {
  const rows = barColumns(bars.length);
  rows.length = bars.length;
  bars.forEach((bar, row) => {
    rows.time[row] = bar.time;
    rows.state[row] = bar.state ?? CLOSED;
    rows.incomplete[row] = bar.incomplete === true ? 1 : 0;
  });
  return rows;
};
const slotsOf = (session: Session, of: Timeframe): Stretch[] => {
  const slots: Stretch[] = [];
  eachSlot(session, of, (from, to) => slots.push({ from, to }));
  return slots;
};
const judged = (
  session: Session,
  bars: readonly TestBar[],
  more: Partial<Parameters<typeof completenessOf>[0]> = {},
): Completeness =>
  completenessOf({
    session,
    timeframe: timeframe("1m"),
    bars: columns(bars),
    until: Number.POSITIVE_INFINITY,
    answered: [],
    gaps: [],
    seen: bars.length > 0,
    ...more,
  });
const allOf = (session: Session, of = timeframe("1m")): TestBar[] =>
  slotsOf(session, of).map(({ from }) => ({ time: from }));

describe("what a session should have", () => {
  it.each([
    ["a stock with a closing auction", "NSE_CAS", "2026-11-18", 360],
    ["a stock without", "NSE", "2026-11-18", 375],
    ["an index", "NSE_INDEX", "2026-11-18", 360],
    ["MCX while New York is on standard time", "MCX", "2026-11-18", 895],
    ["MCX while it saves daylight", "MCX", "2026-07-15", 870],
    ["an hour of muhurat", "NSE", "2025-10-21", 60],
    ["a drill in two parts", "NSE", "2024-03-02", 105],
    ["a budget Saturday", "NSE", "2025-02-01", 375],
  ])("of %s is its minutes of continuous trading", (_, hours, date, minutes) => {
    const session = sessionOn(hours, date);
    expect(judged(session, [])).toMatchObject({ expected: minutes, counts: { missing: minutes } });
    expect(judged(session, allOf(session))).toMatchObject({
      expected: minutes,
      counts: { received: minutes, missing: 0 },
      runs: [],
      outside: 0,
    });
  });

  it("is asked for only as far as the day has gone", () => {
    const session = sessionOn("NSE", "2026-11-18");
    const so = judged(session, allOf(session).slice(0, 10), { until: session.open + 10 * MINUTE + 30_000 });
    expect([so.expected, so.counts.received, completeShare(so), so.outside]).toEqual([10, 10, 1, 0]);
    expect(completeShare(judged(session, [], { until: session.open }))).toBeNull();
  });

  it("is one bar a day, due when the last auction is over", () => {
    const session = sessionOn("NSE_CAS", "2026-11-18");
    const day = { timeframe: timeframe("1d"), bars: columns([{ time: session.open }]) };
    expect(judged(session, [], { ...day, until: session.close }).expected).toBe(0);
    expect(judged(session, [], { ...day, until: dayEnd(session) })).toMatchObject({
      expected: 1,
      counts: { received: 1 },
    });
  });
});

describe("a day that no holiday list covers", () => {
  const session = sessionOn("NSE", "2027-01-26");
  it("lacks nothing as long as it has no bar, whatever history or a gap says", () => {
    const whole = [{ from: session.open, to: session.close }];
    for (const more of [{}, { answered: whole }, { gaps: whole }])
      expect(judged(session, [], more)).toEqual({
        expected: 0,
        counts: Object.fromEntries(slotKinds.map((kind) => [kind, 0])),
        runs: [],
        outside: 0,
      });
    expect(completeShare(judged(session, []))).toBeNull();
  });
  it("counts as any other once it has one, or a feed delivered the instrument", () => {
    expect(judged(session, allOf(session).slice(0, 5))).toMatchObject({ expected: 375, counts: { received: 5 } });
    expect(judged(session, [{ time: session.open }], { seen: false })).toMatchObject({
      expected: 375,
      counts: { received: 1, missing: 374 },
    });
    expect(
      judged(session, [], { seen: true, gaps: [{ from: session.open, to: session.open + MINUTE }] }),
    ).toMatchObject({ expected: 375, counts: { missing: 1, no_trade: 374 } });
  });
});

describe("a bar that is not there", () => {
  const session = sessionOn("NSE", "2026-11-18");
  const without = (...gone: number[]): TestBar[] => allOf(session).filter((_, minute) => !gone.includes(minute));
  const minute = (from: number, bars: number): Stretch => ({
    from: session.open + from * MINUTE,
    to: session.open + (from + bars) * MINUTE,
  });

  it("had no trade where the feed was there all the time", () => {
    expect(judged(session, without(10, 11, 200))).toMatchObject({
      counts: { no_trade: 3, missing: 0 },
      runs: [
        { kind: "no_trade", ...minute(10, 2), bars: 2 },
        { kind: "no_trade", ...minute(200, 1), bars: 1 },
      ],
    });
  });

  it("is missing where the feed was away, if only for a part of the minute", () => {
    const gaps = [{ from: session.open + 10 * MINUTE + 59_000, to: session.open + 12 * MINUTE }];
    expect(judged(session, without(10, 11, 200), { gaps })).toMatchObject({
      counts: { no_trade: 1, missing: 2 },
      runs: [{ kind: "missing", ...minute(10, 2), bars: 2 }, { kind: "no_trade" }],
    });
  });

  it("is proved to have had no trade when history has answered for the whole of it", () => {
    const gaps = [minute(10, 3)];
    const answered = [{ from: session.open + 10 * MINUTE, to: session.open + 12 * MINUTE + 59_999 }];
    expect(judged(session, without(10, 11, 12), { gaps, answered })).toMatchObject({
      counts: { no_trade: 2, missing: 1 },
    });
  });

  it("is missing on a day without any feed, also when history answered with nothing at all", () => {
    expect(judged(session, [], { answered: [{ from: session.open, to: session.close }] }).counts).toMatchObject({
      missing: 375,
      no_trade: 0,
    });
    const told = allOf(session)
      .slice(0, 100)
      .map((bar) => ({ ...bar, state: BACKFILLED }));
    expect(judged(session, told, { seen: false }).counts).toMatchObject({ backfilled: 100, missing: 275 });
    expect(
      judged(session, told, { seen: false, answered: [{ from: session.open, to: session.close }] }).counts,
    ).toMatchObject({ backfilled: 100, no_trade: 275, missing: 0 });
  });

  it("is no gap in a halt, and a halt ends a run", () => {
    const halted = sessionOn("NSE_INDEX", "2020-03-13");
    const so = judged(halted, []);
    expect(so.expected).toBe(expectedBars(halted, timeframe("1m")));
    expect(so.runs.map(({ from, to, bars }) => [from, to, bars])).toEqual([
      [at("2020-03-13", "09:15:00"), at("2020-03-13", "09:22:00"), 7],
      [at("2020-03-13", "10:21:00"), at("2020-03-13", "15:30:00"), 309],
    ]);
  });
});

it("classifies a bar by its source, and an incomplete one as incomplete", () => {
  const session = sessionOn("NSE", "2026-11-18");
  const [received, patched, corrected, backfilled, cut] = allOf(session) as [
    TestBar,
    TestBar,
    TestBar,
    TestBar,
    TestBar,
  ];
  const so = judged(session, [
    received,
    { ...patched, state: PATCHED },
    { ...corrected, state: CORRECTED },
    { ...backfilled, state: BACKFILLED },
    { ...cut, state: PATCHED, incomplete: true },
  ]);
  expect(so.counts).toEqual({
    received: 1,
    patched: 1,
    corrected: 1,
    backfilled: 1,
    incomplete: 1,
    no_trade: 370,
    missing: 0,
  });
  expect(completeShare(so)).toBeCloseTo(374 / 375);
});

it("counts bars of a halt and off the grid as outside, and takes them for nothing else", () => {
  const session = sessionOn("NSE_INDEX", "2020-03-13");
  const so = judged(session, [
    { time: at("2020-03-13", "09:08:00") },
    { time: session.open },
    { time: session.open + 30_000 },
    { time: at("2020-03-13", "09:50:00") },
    { time: at("2020-03-13", "16:00:00") },
  ]);
  expect([so.outside, so.counts.received]).toEqual([4, 1]);
});

it("has words for a share", () => {
  expect([0.997, 0.993, 0.96, 0.5, null].map(qualityOf)).toEqual([
    "excellent",
    "good",
    "fair",
    "poor",
    "none expected",
  ]);
});

describe("any session, bars, answers and gaps", () => {
  /** One label a slot, found second by second and by looking through everything. */
  const oracle = (
    session: Session,
    of: Timeframe,
    input: {
      bars: readonly TestBar[];
      until: number;
      answered: readonly Stretch[];
      gaps: readonly Stretch[];
      seen: boolean;
    },
  ): [number, SlotKind][] => {
    const slots = new Map<number, number>(); // start -> end
    for (const { phase, from, to } of session.phases) {
      if (phase !== "continuous") continue;
      for (let second = from; second < to; second += 1_000) {
        const start = session.open + Math.floor((second - session.open) / of.lengthMs) * of.lengthMs;
        slots.set(start, Math.min(start + of.lengthMs, session.close));
      }
    }
    const some = input.seen || input.bars.length > 0;
    return [...slots]
      .sort(([a], [b]) => a - b)
      .filter(([, end]) => end <= input.until)
      .map(([start, end]) => {
        const bar = input.bars.find(({ time }) => time === start);
        if (bar !== undefined)
          return [
            start,
            bar.incomplete === true
              ? "incomplete"
              : bar.state === BACKFILLED
                ? "backfilled"
                : bar.state === CORRECTED
                  ? "corrected"
                  : bar.state === PATCHED
                    ? "patched"
                    : "received",
          ];
        let told = true;
        let away = false;
        for (let second = start; second < end; second += 1_000) {
          if (!input.answered.some(({ from, to }) => from <= second && second + 1_000 <= to)) told = false;
          if (input.gaps.some(({ from, to }) => from < second + 1_000 && to > second)) away = true;
        }
        return [start, (some && told) || (input.seen && !away) ? "no_trade" : "missing"];
      });
  };

  const OPEN = at("2026-11-18", "09:15:00");
  const sessions = fc
    .array(fc.tuple(fc.integer({ min: 20, max: 900 }), fc.integer({ min: 10, max: 400 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts): Session => {
      const phases: Phase[] = [{ phase: "pre_open", from: OPEN - 900_000, to: OPEN }];
      let clock = OPEN;
      parts.forEach(([trading, halt], part) => {
        phases.push({ phase: "continuous", from: clock, to: clock + trading * 1_000 });
        clock += trading * 1_000;
        if (part < parts.length - 1) phases.push({ phase: "halt", from: clock, to: (clock += halt * 1_000) });
      });
      return {
        hours: "NSE",
        day: dayOfDate("2026-11-18"),
        kind: "special",
        name: "generated",
        phases,
        open: OPEN,
        close: clock,
      };
    });
  const stretches = fc
    .array(fc.tuple(fc.integer({ min: -60, max: 2_000 }), fc.integer({ min: 1, max: 600 })), { maxLength: 5 })
    .map((parts) =>
      parts.map(([from, length]): Stretch => ({ from: OPEN + from * 1_000, to: OPEN + (from + length) * 1_000 })),
    );
  const barsOf = fc
    .uniqueArray(
      fc.record({
        time: fc.integer({ min: -10, max: 400 }).map((place) => OPEN + place * 15_000),
        state: fc.constantFrom(CLOSED, PATCHED, BACKFILLED, CORRECTED),
        incomplete: fc.boolean(),
      }),
      { maxLength: 120, selector: ({ time }) => time },
    )
    .map((bars) => bars.sort((a, b) => a.time - b.time));

  it("are counted as slot after slot by looking at every second", () => {
    fc.assert(
      fc.property(
        sessions,
        fc.constantFrom<TimeframeName>("15s", "1m", "2m", "5m"),
        barsOf,
        stretches,
        stretches,
        fc.boolean(),
        fc.integer({ min: -10, max: 3_000 }),
        (session, name, bars, answers, gaps, seen, left) => {
          const of = timeframe(name);
          const answered = joinStretches(answers);
          const until = OPEN + left * 1_000;
          const so = completenessOf({ session, timeframe: of, bars: columns(bars), until, answered, gaps, seen });
          const expected = oracle(session, of, { bars, until, answered, gaps, seen });
          expect(so.expected).toBe(expected.length);
          expect(slotKinds.map((kind) => so.counts[kind])).toEqual(
            slotKinds.map((kind) => expected.filter(([, each]) => each === kind).length),
          );
          expect(slotKinds.reduce((sum, kind) => sum + so.counts[kind], 0)).toBe(so.expected);
          // The runs name every slot that was not simply received, once.
          const named = so.runs.flatMap(({ kind, from, to, bars: count }) => {
            const inside = expected.filter(([start]) => start >= from && start < to);
            expect(inside.length).toBe(count);
            return inside.map(([start]): [number, SlotKind] => [start, kind]);
          });
          expect(named).toEqual(expected.filter(([, kind]) => kind !== "received"));
          const slots = slotsOf(session, of);
          expect(so.outside).toBe(bars.filter(({ time }) => !slots.some(({ from }) => from === time)).length);
          expect(slotsOf(session, of).length).toBe(expectedBars(session, of));
          expect(slotsWithin(session, of, OPEN + 60_000, until)).toBe(
            slots.filter(({ from, to }) => to > OPEN + 60_000 && from < until).length,
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe.skipIf(fixturesAbsent)("recorded special days", () => {
  /** Bars by day; labelled by the minute's end. */
  const recorded = (file: string): Map<string, number[]> => {
    const days = new Map<string, number[]>();
    for (const line of fixtureLines(`candles/index-special-days/${file}`)) {
      const [, day, clock] = line.split(",");
      if (day === undefined || clock === undefined) continue;
      const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
      days.set(date, [...(days.get(date) ?? []), at(date, `${clock}:00`) - MINUTE]);
    }
    return days;
  };

  it.each([
    ["NIFTY_2020-03_1m.txt", "2020-03-13"],
    ["NIFTY_2020-03_1m.txt", "2020-03-23"],
    ["BANKNIFTY_2020-02_1m.txt", "2020-02-01"],
  ])("%s of %s is complete where the market was open, halts and all", (file, date) => {
    const session = sessionOn("NSE_INDEX", date);
    const times = [...new Set(recorded(file).get(date))].sort((a, b) => a - b);
    const so = judged(
      session,
      times.map((time) => ({ time })),
      { seen: false },
    );
    expect({ runs: so.runs, missing: so.counts.missing, received: so.counts.received }).toEqual({
      runs: [],
      missing: 0,
      received: so.expected,
    });
    expect(so.expected).toBe(date === "2020-02-01" ? 375 : expectedBars(session, timeframe("1m")));
  });

  it("every other day of those months lacks no more than what its recording lacks", () => {
    const days = recorded("NIFTY_2020-03_1m.txt");
    expect(days.size).toBeGreaterThan(15);
    for (const [date, times] of days) {
      const session = calendar.on("NSE_INDEX", dayOfDate(date));
      expect(session, date).not.toBeNull();
      const so = judged(
        session!,
        [...new Set(times)].sort((a, b) => a - b).map((time) => ({ time })),
        { seen: false },
      );
      const there = new Set(times);
      const lacking = slotsOf(session!, timeframe("1m")).filter(({ from }) => !there.has(from)).length;
      expect([istDate(session!.day), so.counts.missing]).toEqual([date, lacking]);
      expect(lacking).toBeLessThan(20);
    }
  });
});
