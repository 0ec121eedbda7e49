import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { clockDoubt, rowsOutside } from "./clock-doubt";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text.replace(" ", "T")}:00+05:30`);
/** A minute each from 09:15 to 15:29. */
const dayOf = (date: string): number[] =>
  Array.from({ length: 375 }, (_, minute) => at(`${date} 09:15`) + minute * 60_000);
const good = ["2025-11-10", "2025-11-11", "2025-11-12", "2025-11-13"].flatMap(dayOf);

describe("clocks of a file", () => {
  it.each([
    [
      "belong to the session of the day before, where it lasts until midnight, until three in the morning",
      "NSEIX",
      "2025-11-21 02:45",
      { outside: 0, total: 0 },
    ],
    ["no longer after three", "NSEIX", "2025-11-21 03:00", { outside: 1, total: 1 }],
    ["belong to no session where the day before had none", "NSEIX", "2025-11-24 02:45", { outside: 1, total: 1 }],
    ["belong to none where it ends before midnight", "MCX", "2025-11-21 02:45", { outside: 1, total: 1 }],
    ["may name the end of the last bar", "NSE", "2025-11-20 16:00", { outside: 0, total: 1 }],
    ["may name it by a minute at most", "NSE", "2025-11-20 16:02", { outside: 1, total: 1 }],
    ["are none at midnight: that is a date alone", "NSE", "2025-11-20 00:00", { outside: 0, total: 0 }],
  ] as const)("%s", (_, hours, time, right) => expect(rowsOutside([at(time)], calendar, hours)).toEqual(right));

  it("show no other zone by one stray row, and do by two of a day", () => {
    expect(clockDoubt([...good, at("2025-11-14 04:00")], calendar, "NSE")).toBeNull();
    expect(clockDoubt([...good, at("2025-11-14 04:00"), at("2025-11-14 04:01")], calendar, "NSE")).toMatchObject({
      kind: "utc",
      offsetMs: 0,
      first: at("2025-11-14 04:00"),
      outside: 2,
      total: 1_502,
    });
    expect(clockDoubt([...good, at("2025-11-14 20:00")], calendar, "NSE")).toBeNull();
  });
  it("lie outside the session by more than a few: three of at most a hundred and fifty", () => {
    const evening = (count: number): number[] =>
      Array.from({ length: count }, (_, minute) => at("2025-11-13 20:00") + minute * 60_000);
    // 29 of 1,529 are no more than one in fifty, 31 of 1,531 are.
    expect(clockDoubt([...good, ...evening(30)], calendar, "NSE")).toBeNull();
    expect(clockDoubt([...good, ...evening(31)], calendar, "NSE")).toMatchObject({
      kind: "outside",
      outside: 31,
      total: 1_531,
    });
    const few = good.slice(0, 100);
    expect(clockDoubt([...few, ...evening(2)], calendar, "NSE")).toBeNull();
    expect(clockDoubt([...few, ...evening(3)], calendar, "NSE")).toMatchObject({
      kind: "outside",
      outside: 3,
      total: 103,
    });
  });
});
