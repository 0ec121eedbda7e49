import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { dayOfDate, istDate, istMidnight } from "@/server/domain/time/session";
import { Turns } from "@/server/domain/basics/turns";
import type { DayTally } from "@/server/ports/gap-stores";
import { completeness, pieces, planBackfill, type PlanOrder } from "./plan";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
const plan = (more: Partial<PlanOrder> = {}) =>
  planBackfill({
    instruments: [{ id: 7, hours: "NSE", expiry: null }],
    timeframe: "1m",
    first: dayOfDate("2026-01-01"),
    last: dayOfDate("2026-01-31"),
    now: at("2026-11-20T10:00:00"),
    daysPerRequest: 60,
    calendar,
    isComplete: () => false,
    turns: new Turns(() => Promise.resolve()),
    ...more,
  });
const dates = (days: readonly number[]): string[] => days.map(istDate);

describe("the plan of a backfill", () => {
  it("asks for trading days only, a month of minutes in one request", async () => {
    const { pages, days, skipped, bars } = await plan();
    const open = Array.from({ length: 31 }, (_, at) => dayOfDate("2026-01-01") + at).filter(
      (day) => calendar.on("NSE", day) !== null,
    );
    expect(pages).toEqual([
      { instrumentId: 7, days: open, from: at("2026-01-01T00:00:00"), to: at("2026-01-31T00:00:00") },
    ]);
    expect(dates(open)).not.toContain("2026-01-26"); // Republic Day
    expect([days, skipped, bars]).toEqual([open.length, 0, open.length * 375]);
  });

  it("asks for days that no holiday list covers, and counts them", async () => {
    const { pages, days, unknown } = await plan({
      first: dayOfDate("2026-12-28"),
      last: dayOfDate("2027-01-05"),
      now: at("2027-02-01T10:00:00"),
    });
    expect(pages.map(({ days }) => dates(days))).toEqual([
      ["2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-04", "2027-01-05"],
    ]);
    expect([days, unknown]).toEqual([7, 3]);
    expect((await plan()).unknown).toBe(0);
  });

  it("never asks for more days at once than the source allows, and begins a page at a day it needs", async () => {
    const { pages } = await plan({ last: dayOfDate("2026-06-30"), daysPerRequest: 60 });
    for (const { days, from, to } of pages) {
      expect(days.at(-1)! - days[0]!).toBeLessThan(60);
      expect([from, to]).toEqual([istMidnight(days[0]!), istMidnight(days.at(-1)! + 1)]);
      expect(to - from).toBeLessThanOrEqual(60 * 86_400_000);
    }
    expect(pages.length, "weekends and a holiday stand between the pages").toBe(3);
    expect(
      (await plan({ last: dayOfDate("2026-01-09"), daysPerRequest: 1 })).pages.map(({ days }) => dates(days)),
    ).toEqual([
      ["2026-01-01"],
      ["2026-01-02"],
      ["2026-01-05"],
      ["2026-01-06"],
      ["2026-01-07"],
      ["2026-01-08"],
      ["2026-01-09"],
    ]);
  });

  it("leaves out days that are complete and counts them; a page of which all days are complete is not asked for", async () => {
    const some = await plan({
      last: dayOfDate("2026-01-09"),
      isComplete: (_, { day }) => day < dayOfDate("2026-01-08"),
    });
    expect(some.pages.map(({ days }) => dates(days))).toEqual([["2026-01-08", "2026-01-09"]]);
    expect([some.days, some.skipped, some.pages[0]!.from]).toEqual([2, 5, at("2026-01-08T00:00:00")]);
    expect((await plan({ isComplete: () => true })).pages).toEqual([]);
  });

  it("goes up to now, not further, and takes a day bar only when its day is over", async () => {
    const now = at("2026-01-08T11:00:20");
    expect((await plan({ now })).pages[0]).toMatchObject({ to: now });
    expect(dates((await plan({ now })).pages[0]!.days).at(-1)).toBe("2026-01-08");
    expect(
      dates((await plan({ now: at("2026-01-08T09:00:00") })).pages[0]!.days).at(-1),
      "the session has not begun",
    ).toBe("2026-01-07");
    expect(dates((await plan({ now, timeframe: "1d" })).pages[0]!.days).at(-1)).toBe("2026-01-07");
    expect((await plan({ now: at("2025-12-01T10:00:00") })).pages).toEqual([]);
  });

  it("ends a contract at its expiry", async () => {
    const { pages } = await plan({ instruments: [{ id: 1, hours: "NFO", expiry: "2026-01-27" }] });
    expect(dates(pages[0]!.days).at(-1)).toBe("2026-01-27");
  });

  it("counts the bars a special session can have", async () => {
    const muhurat = await plan({ first: dayOfDate("2024-11-01"), last: dayOfDate("2024-11-01") });
    expect([muhurat.days, muhurat.bars]).toEqual([1, 60]);
  });

  it("cuts a page into pieces of a bearable size, whole days each", async () => {
    const days = Array.from({ length: 22 }, (_, at) => 20_000 + at);
    expect(pieces(days, 375, 8_000).map((piece) => piece.length)).toEqual([21, 1]);
    expect(pieces(days, 1_440, 8_000).flat()).toEqual(days);
    expect(pieces(days, 86_400, 8_000).length).toBe(22);
  });
});

describe("a day that need not be asked for again", () => {
  const session = calendar.on("NSE", dayOfDate("2026-01-05"))!;
  const tally = (more: Partial<DayTally>): DayTally => ({
    instrument: 7,
    day: session.day,
    whole: 375,
    incomplete: 0,
    all: 375,
    streamed: 375,
    ...more,
  });

  it("is one that history has answered for from the open to the close, however few bars it had", () => {
    expect(completeness("1m", [{ instrument: 7, from: session.open, to: session.close }], [])(7, session)).toBe(true);
    expect(completeness("1m", [{ instrument: 7, from: session.open, to: session.close - 1 }], [])(7, session)).toBe(
      false,
    );
    expect(completeness("1m", [{ instrument: 8, from: session.open, to: session.close }], [])(7, session)).toBe(false);
  });

  it("is one that has every bar stored and none with a hole", () => {
    expect(completeness("1m", [], [tally({})])(7, session)).toBe(true);
    expect(completeness("1m", [], [tally({ whole: 374 })])(7, session)).toBe(false);
    expect(completeness("1m", [], [tally({ incomplete: 1 })])(7, session)).toBe(false);
    expect(completeness("1m", [], [tally({ day: session.day + 1 })])(7, session)).toBe(false);
  });
});
