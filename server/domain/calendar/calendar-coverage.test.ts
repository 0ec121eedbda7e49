import { describe, expect, it } from "vitest";
import { coverageOf, coverageState } from "./calendar-coverage";
import type { CalendarDays } from "./calendar-days";
import { dayOfDate } from "@/server/domain/time/session";

type Span = readonly [from: string, to: string];
const listed = (...spans: readonly Span[]): CalendarDays => ({
  specials: [],
  lists: spans.map(([from, to]) => ({ hours: ["NSE"], from, to }) as unknown as CalendarDays["lists"][number]),
});
const spans = (...lists: readonly Span[]) => coverageOf("NSE", [], listed(...lists)).map(({ from, to }) => [from, to]);

describe("what the lists of holidays cover", () => {
  it("is one span where one list begins the day after another ends, in whatever order they stand, and two where a day is missing", () => {
    expect(spans(["2025-01-01", "2025-12-31"], ["2024-01-01", "2024-12-31"])).toEqual([["2024-01-01", "2025-12-31"]]);
    expect(spans(["2024-01-01", "2024-12-31"], ["2025-01-02", "2025-12-31"])).toEqual([
      ["2024-01-01", "2024-12-31"],
      ["2025-01-02", "2025-12-31"],
    ]);
  });

  it("does not shrink by a list that lies inside another", () => {
    expect(spans(["2024-01-01", "2026-12-31"], ["2025-01-01", "2025-12-31"])).toEqual([["2024-01-01", "2026-12-31"]]);
  });

  it("is warned of from the 31st day before its end on", () => {
    const warning = (date: string) =>
      coverageState("NSE", coverageOf("NSE", [], listed(["2024-01-01", "2024-12-31"])), dayOfDate(date)).warning;
    expect(warning("2024-11-29")).toBeNull();
    expect(warning("2024-11-30")).toContain("in 31 days: from 2025-01-01 on");
    expect(warning("2024-12-30")).toContain("tomorrow");
  });

  it("names the exchange, not its trading hours", () => {
    const known = coverageOf("NSE", [], listed(["2024-01-01", "2024-12-31"]));
    for (const date of ["2024-12-20", "2025-06-03"])
      expect(coverageState("NSE_CAS", known, dayOfDate(date)).warning).toContain(
        "the holiday list for NSE ends on 2024-12-31",
      );
    expect(coverageState("NSE_CAS", known, dayOfDate("2023-06-01")).warning).toContain(
      "no holiday list for NSE goes back",
    );
  });

  it("ends with the last list before a gap, not with the first", () => {
    const state = (date: string) =>
      coverageState(
        "NSE",
        coverageOf(
          "NSE",
          [],
          listed(["2016-01-01", "2016-12-31"], ["2018-01-01", "2018-12-31"], ["2020-01-01", "2020-12-31"]),
        ),
        dayOfDate(date),
      );
    expect(state("2019-06-03")).toEqual({
      known: false,
      knownTo: null,
      warning: "the holiday list for NSE ends on 2018-12-31; whether it trades is unknown",
    });
    expect(state("2018-06-04").knownTo).toBe("2018-12-31");
  });
});
