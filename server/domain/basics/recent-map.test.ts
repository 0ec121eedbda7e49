import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { RecentMap } from "./recent-map";
import { dayOfDate, FIRST_DAY, LAST_DAY } from "@/server/domain/time/session";

describe("a map of what was asked for lately", () => {
  it("holds at most twice its size, and keeps what is used often as the same object", () => {
    const map = new RecentMap<number, object>(10);
    const often = {};
    map.set(-1, often);
    for (let key = 0; key < 1_000; key++) {
      map.set(key, {});
      expect(map.get(-1)).toBe(often);
      expect(map.count).toBeLessThanOrEqual(20);
    }
    expect([map.get(500), map.get(999) !== undefined]).toEqual([undefined, true]);
    expect([map.delete(999), map.get(999), map.delete(999)]).toEqual([true, undefined, false]);
    map.set(-1, {});
    expect(map.get(-1)).not.toBe(often);
  });

  it("bounds the calendar: two thousand years cost no more than it keeps, and today stays the same session", () => {
    const calendar = createCalendar();
    const today = dayOfDate("2026-11-20");
    const session = calendar.on("NSE", today);
    for (let day = dayOfDate("2010-01-01"); day < today; day++) {
      calendar.on("NSE", day);
      if (day % 500 === 0) expect(calendar.on("NSE", today)).toBe(session);
    }
    expect([
      calendar.on("NSE", FIRST_DAY - 1),
      calendar.on("NSE", LAST_DAY + 1),
      calendar.on("NSE", Number.NaN),
    ]).toEqual([null, null, null]);
    expect([calendar.previous("NSE", -1e15), calendar.next("NSE", 1e15), calendar.previous("NSE", Number.NaN)]).toEqual(
      [null, null, null],
    );
    expect(calendar.previous("NSE", 8e15)?.day).toBeLessThanOrEqual(LAST_DAY);
  });
});
