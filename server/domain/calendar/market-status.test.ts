import { describe, expect, it } from "vitest";
import { createCalendar } from "./calendar";
import { type MarketStatus, marketStatus } from "./market-status";

const ist = (text: string): number => Date.parse(`${text.replace(" ", "T")}:00+05:30`);
const text = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant + 19_800_000).toISOString().slice(0, 16).replace("T", " ");
const at = (hours: string, when: string): MarketStatus => marketStatus(createCalendar(), hours, ist(when));
const told = (hours: string, when: string) => {
  const { phase, until, nextOpen, nextClose } = at(hours, when);
  return [phase, text(until), text(nextOpen), text(nextClose)];
};

describe("the status of an exchange", () => {
  it("names the running phase, its end, and the next open and close", () => {
    expect(told("NSE", "2026-11-20 09:05")).toEqual([
      "pre_open",
      "2026-11-20 09:10",
      "2026-11-20 09:15",
      "2026-11-20 15:30",
    ]);
    expect(told("NSE", "2026-11-20 12:00")).toEqual([
      "continuous",
      "2026-11-20 15:30",
      "2026-11-23 09:15",
      "2026-11-20 15:30",
    ]);
    expect(told("NSE_CAS", "2026-11-20 15:22")).toEqual([
      "closing_auction",
      "2026-11-20 15:30",
      "2026-11-23 09:15",
      "2026-11-23 15:15",
    ]);
    expect(told("NSE", "2026-11-20 15:55")).toEqual([
      "post_close",
      "2026-11-20 16:00",
      "2026-11-23 09:15",
      "2026-11-23 15:30",
    ]);
  });

  it("counts the last instant of a phase to the next one", () => {
    expect(told("NSE", "2026-11-20 09:15").slice(0, 2)).toEqual(["continuous", "2026-11-20 15:30"]);
    expect(told("NSE", "2026-11-20 15:30")).toEqual([
      "closed",
      "2026-11-20 15:50",
      "2026-11-23 09:15",
      "2026-11-23 15:30",
    ]);
  });

  it("looks over weekends, holidays and partial days", () => {
    expect(told("NSE", "2026-11-23 16:01")).toEqual([
      "closed",
      "2026-11-25 09:00",
      "2026-11-25 09:15",
      "2026-11-25 15:30",
    ]);
    expect(told("MCX", "2026-11-24 10:00")).toEqual([
      "closed",
      "2026-11-24 17:00",
      "2026-11-24 17:00",
      "2026-11-24 23:55",
    ]);
    expect(told("CDS", "2026-11-21 10:00")).toEqual([
      "closed",
      "2026-11-23 09:00",
      "2026-11-23 09:00",
      "2026-11-23 17:00",
    ]);
    expect(told("SIM", "2026-11-21 10:00")).toEqual([
      "continuous",
      "2026-11-22 00:00",
      "2026-11-22 00:00",
      "2026-11-22 00:00",
    ]);
  });

  it("takes a halt for a stop and its reopening for an open", () => {
    expect(told("NSE", "2020-03-13 09:20")).toEqual([
      "continuous",
      "2020-03-13 09:22",
      "2020-03-13 10:21",
      "2020-03-13 09:22",
    ]);
    expect(told("NSE", "2020-03-13 09:30")).toEqual([
      "halt",
      "2020-03-13 10:06",
      "2020-03-13 10:21",
      "2020-03-13 15:30",
    ]);
  });

  it("says when a day with unknown times comes first, and does not know the phase on that day", () => {
    expect(at("NSE", "2026-11-07 12:00")).toMatchObject({
      phase: "closed",
      nextOpen: ist("2026-11-09 09:15"),
      note: expect.stringMatching(/2026-11-08 \(Diwali muhurat session\)/) as unknown,
    });
    expect(at("NSE", "2026-11-08 12:00")).toMatchObject({
      phase: "unknown",
      until: null,
      note: expect.stringMatching(/hours are unknown/) as unknown,
    });
    expect(at("NSE", "2026-11-20 12:00").note).toBeUndefined();
  });

  it("says when no holiday list covers the answer", () => {
    expect(at("NSE", "2026-12-31 17:00")).toMatchObject({
      phase: "closed",
      until: null,
      nextOpen: ist("2027-01-01 09:15"),
      known: true,
      knownTo: "2026-12-31",
      note: expect.stringMatching(/no holiday list covers 2027-01-01/) as unknown,
    });
  });

  it("is unknown on a weekday that no holiday list covers, whatever the hour, with the weekday's times", () => {
    for (const time of ["08:00", "09:05", "12:00", "15:55", "22:00"])
      expect(at("NSE", `2027-01-26 ${time}`), time).toMatchObject({
        phase: "unknown",
        until: null,
        known: false,
        knownTo: null,
      });
    expect(at("NSE", "2027-01-26 12:00")).toMatchObject({
      nextClose: ist("2027-01-26 15:30"),
      session: { date: "2027-01-26", kind: "unknown" },
      note: expect.stringMatching(/unknown whether NSE trades/) as unknown,
    });
    expect(at("CDS", "2024-03-01 10:00").phase).toBe("unknown");
    expect(at("MCX", "2023-03-01 10:00").phase).toBe("unknown");
    expect(at("NSE", "2023-03-01 10:00").phase).toBe("continuous");
  });

  it("names the session that runs or comes next", () => {
    expect(at("NSE", "2026-11-20 12:00").session).toMatchObject({ date: "2026-11-20", kind: "regular" });
    expect(at("NSE", "2026-11-20 15:55").session).toMatchObject({ date: "2026-11-23" });
  });
});
