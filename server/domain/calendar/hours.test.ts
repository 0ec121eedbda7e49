import { describe, expect, it } from "vitest";
import type { badInput } from "@/server/domain/basics/errors";
import {
  clockMs,
  dayOfDate,
  exchangeOfHours,
  FIRST_DAY,
  isContinuous,
  istDate,
  istDay,
  istMidnight,
  isUnknown,
  LAST_DAY,
  phaseAt,
  runningOrNext,
  type PhaseName,
  type Session,
} from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { barEnd, barStart, expectedBars, periodSpan, sessionOpens } from "@/server/domain/bars/bar-time";
import { timeframe } from "@/server/domain/time/timeframe";
import { createCalendar } from "./calendar";
import { auctionAt } from "./auction-times";
import { dayEnd } from "./day-end";
import { dayFrom, hoursFor, sessionLine, sessionLines } from "./session-lines";

const calendar = createCalendar();
const ist = (date: string, clock: string) => istMidnight(dayOfDate(date)) + clockMs(clock);
const DATE = "2026-11-20";
const at = (clock: string) => ist(DATE, clock);
const session = (...phases: [PhaseName, string, string][]): Session => {
  const list = phases.map(([phase, from, to]) => ({ phase, from: at(from), to: at(to) }));
  const trading = list.filter(({ phase }) => phase === "continuous");
  return {
    hours: "NSE",
    day: istDay(at("12:00")),
    kind: "regular",
    name: "",
    phases: list,
    open: trading[0]!.from,
    close: trading.at(-1)!.to,
  };
};
/** A pre-open, a halt with a pre-open of its own after it, a closing auction and a post-close. */
const day = session(
  ["pre_open", "09:00", "09:08"],
  ["pre_open_matching", "09:08", "09:12"],
  ["buffer", "09:12", "09:15"],
  ["continuous", "09:15", "11:00"],
  ["halt", "11:00", "11:45"],
  ["pre_open", "11:45", "11:53"],
  ["pre_open_matching", "11:53", "12:00"],
  ["continuous", "12:00", "15:15"],
  ["transition", "15:15", "15:20"],
  ["closing_auction", "15:20", "15:30"],
  ["closing_matching", "15:30", "15:35"],
  ["post_close", "15:40", "16:00"],
);

describe("days and instants in India", () => {
  it("a day begins at midnight of IST", () => {
    expect(istMidnight(0)).toBe(-19_800_000);
    expect([istDay(-19_800_000), istDay(-19_800_001), istDay(0)]).toEqual([0, -1, 0]);
    expect([istDate(0), istDate(20_777), istDate(LAST_DAY), FIRST_DAY]).toEqual([
      "1970-01-01",
      "2026-11-20",
      "2100-01-01",
      0,
    ]);
    expect([dayOfDate("2026-11-20"), dayOfDate("2026-02-30"), dayOfDate("2026-2-3"), dayOfDate("x")]).toEqual([
      20_777,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(istText(at("09:15:07"))).toBe("2026-11-20 09:15:07");
    expect([clockMs("09:15"), clockMs("09:15:07"), clockMs("24:00")]).toEqual([33_300_000, 33_307_000, 86_400_000]);
    expect(["NSE_CAS", "NFO_OPTIONS", "MCX_AGRI", "NSE_INDEX", "NSE"].map(exchangeOfHours)).toEqual([
      "NSE",
      "NFO",
      "MCX",
      "NSE_INDEX",
      "NSE",
    ]);
    expect([isUnknown({ kind: "unknown" }), isUnknown({ kind: "regular" })]).toEqual([true, false]);
  });
  it("a phase holds its first instant, not its last", () => {
    expect([phaseAt(day, at("09:08"))?.phase, phaseAt(day, at("09:08") - 1)?.phase, phaseAt(day, at("15:35"))]).toEqual(
      ["pre_open_matching", "pre_open", null],
    );
    for (const [clock, inside] of [
      ["09:14:59", false],
      ["09:15", true],
      ["10:59:59", true],
      ["11:00", false],
      ["11:59:59", false],
      ["12:00", true],
      ["15:15", false],
    ] as const)
      expect(isContinuous(day, at(clock)), clock).toBe(inside);
  });
  it("a clock on the wall shows today's session while a phase of it runs, else the next", () => {
    const shown = (hours: string, instant: number) => runningOrNext(calendar, hours, instant)!.day - dayOfDate(DATE);
    expect([
      shown("NSE", at("08:00")),
      shown("NSE", at("10:00")),
      shown("NSE", at("15:55")),
      shown("NSE", at("17:00")),
    ]).toEqual([0, 0, 0, 3]);
  });
});

describe("auctions of a day", () => {
  const told = (clock: string) => {
    const found = auctionAt(day, at(clock));
    return found === null
      ? null
      : [found.from, found.to, found.matching, found.opening].map((each) =>
          typeof each === "number" ? istText(each).slice(11, 16) : each,
        );
  };
  it.each([
    ["09:00", ["09:00", "09:15", "09:08", true]],
    ["09:08", ["09:00", "09:15", "09:08", true]],
    ["09:14:59", ["09:00", "09:15", "09:08", true]],
    ["09:15", null],
    ["11:30", null],
    ["11:45", ["11:45", "12:00", "11:53", true]],
    ["11:59:59", ["11:45", "12:00", "11:53", true]],
    ["15:16", null],
    ["15:20", ["15:20", "15:35", "15:30", false]],
    ["15:34:59", ["15:20", "15:35", "15:30", false]],
    ["15:36", null],
    ["15:40", ["15:40", "16:00", "15:40", false]],
    ["16:00", null],
    ["08:59:59", null],
  ])("%s: %j", (clock, auction) => expect(told(clock)).toEqual(auction));
  it("two that stand next to one another are two", () => {
    const twice = session(
      ["pre_open", "09:00", "09:08"],
      ["buffer", "09:08", "09:15"],
      ["pre_open", "09:15", "09:20"],
      ["continuous", "09:20", "15:30"],
    );
    expect(auctionAt(twice, at("09:16"))).toMatchObject({ from: at("09:15"), to: at("09:20"), matching: at("09:20") });
  });
  it("may be the last of their day", () => {
    const last = session(
      ["continuous", "09:15", "15:15"],
      ["closing_auction", "15:20", "15:30"],
      ["closing_matching", "15:30", "15:35"],
    );
    expect(auctionAt(last, at("15:21"))).toMatchObject({ from: at("15:20"), to: at("15:35"), matching: at("15:30") });
  });
  it("end the day: its bar is final after the last of them in which anything trades", () => {
    expect(dayEnd(day)).toBe(at("16:00"));
    expect(dayEnd(session(["continuous", "09:15", "15:30"], ["transition", "15:30", "15:35"]))).toBe(at("15:30"));
    expect(dayEnd(session(["continuous", "09:15", "15:30"], ["closing_auction", "15:30", "15:40"]))).toBe(at("15:40"));
    expect(dayEnd(session(["continuous", "09:15", "15:30"], ["closing_matching", "15:30", "15:41"]))).toBe(at("15:41"));
    // An auction before the last continuous phase ends nothing.
    expect(dayEnd(session(["closing_auction", "09:00", "09:10"], ["continuous", "09:15", "15:30"]))).toBe(at("15:30"));
  });
});

describe("where bars begin and end", () => {
  it("intraday bars lie within the session", () => {
    const span = (clock: string) => {
      const found = periodSpan(calendar, "NSE", timeframe("1h"), at(clock));
      return found === null ? null : [istText(found.start).slice(11, 16), istText(found.end).slice(11, 16)];
    };
    expect([span("09:14:59"), span("09:15"), span("15:29:59"), span("15:30")]).toEqual([
      null,
      ["09:15", "10:15"],
      ["15:15", "15:30"],
      null,
    ]);
    expect(periodSpan(calendar, "NSE", timeframe("1h"), ist("2026-11-21", "10:00"))).toBeNull();
    expect(() => barEnd(day, timeframe("1M"), 0)).toThrow(RangeError);
    expect([barStart(day, timeframe("1d"), at("12:00")), barEnd(day, timeframe("1d"), at("09:15"))]).toEqual([
      at("09:15"),
      at("16:00"),
    ]);
  });
  it("no day lies outside the years a calendar knows", () => {
    for (const name of ["1d", "1W", "1M"] as const) {
      expect(periodSpan(calendar, "SIM", timeframe(name), istMidnight(FIRST_DAY) - 1)).toBeNull();
      expect(periodSpan(calendar, "SIM", timeframe(name), istMidnight(LAST_DAY + 1))).toBeNull();
      expect(periodSpan(calendar, "SIM", timeframe(name), Number.NaN)).toBeNull();
    }
  });
  it("opens are listed from an instant to before another", () => {
    const opens = (from: number, to: number) =>
      sessionOpens(calendar, "NSE", from, to).map((open) => istText(open).slice(0, 10));
    expect(opens(at("09:15"), at("09:15") + 1)).toEqual([DATE]);
    expect(opens(at("09:15") + 1, ist("2026-11-23", "09:15"))).toEqual([]);
    expect(opens(at("00:00"), ist("2026-11-23", "09:16"))).toEqual([DATE, "2026-11-23"]);
    expect(opens(at("10:00"), at("09:00"))).toEqual([]);
    // "Since ever" does not walk through the years before.
    expect(sessionOpens(calendar, "SIM", -1e15, istMidnight(2))).toHaveLength(2);
  });
  it("a session has as many bars as slots with continuous trading, a slot cut by a halt once", () => {
    expect(["1m", "15m", "1h", "1d", "1W"].map((name) => expectedBars(day, timeframe(name as "1m")))).toEqual([
      300, 20, 6, 1, 1,
    ]);
    const short = session(
      ["continuous", "09:15", "09:20"],
      ["halt", "09:20", "09:22"],
      ["continuous", "09:22", "09:24"],
      ["halt", "09:24", "09:25"],
      ["continuous", "09:25", "09:26"],
    );
    expect([
      expectedBars(short, timeframe("5m")),
      expectedBars(short, timeframe("15m")),
      expectedBars(short, timeframe("1m")),
    ]).toEqual([3, 1, 8]);
  });
});

describe("whose hours are asked for", () => {
  it.each([
    [{ exchange: "nse" }, "NSE"],
    [{ exchange: "NSE", symbol: "nifty 50" }, "NSE_INDEX"],
    [{ exchange: "NSE", symbol: "NIFTY" }, "NSE_INDEX"],
    // It moves through the closing auction of stocks.
    [{ exchange: "NSE", symbol: "INDIA VIX" }, "NSE"],
    [{ exchange: "BSE", symbol: "SENSEX" }, "BSE_INDEX"],
    [{ exchange: "NSE", segment: "equity", symbol: "RELIANCE" }, "NSE_CAS"],
    [{ exchange: "NSE", segment: "derivatives" }, "NFO"],
    [{ exchange: "NSE", segment: "derivatives", symbol: "NIFTY26NOV24500CE" }, "NFO_OPTIONS"],
    [{ exchange: "NFO", symbol: "NIFTY26NOVFUT" }, "NFO"],
    [{ exchange: "NSE", segment: "currency" }, "CDS"],
    [{ exchange: "BSE", segment: "derivatives" }, "BFO"],
    [{ exchange: "MCX" }, "MCX"],
    [{ exchange: "MCX", segment: "commodity" }, "MCX"],
    [{ exchange: "SIM", segment: "derivatives" }, "SIM"],
  ])("%j: %s", (question, hours) => expect(hoursFor(question)).toBe(hours));
  it("an instrument that is known has its own", () => {
    const listed = (key: string) => (key === "NSE:ODD" ? "NSE_ODD" : key === "NSE_INDEX:ODD 2" ? "INDEX_ODD" : null);
    expect([
      hoursFor({ exchange: "NSE", symbol: "odd" }, listed),
      hoursFor({ exchange: "NSE", symbol: "odd 2" }, listed),
    ]).toEqual(["NSE_ODD", "INDEX_ODD"]);
  });
  it("refuses untraded combinations, by field", () => {
    const refused = (question: { exchange: string; segment?: string }) => {
      try {
        return hoursFor(question);
      } catch (error) {
        return (error as ReturnType<typeof badInput>).details;
      }
    };
    expect(refused({ exchange: "NYSE" })).toMatchObject({ field: "exchange", value: "NYSE" });
    expect(refused({ exchange: "NSE", segment: "bonds" })).toMatchObject({
      field: "segment",
      value: "bonds",
      accepted: "equity, derivatives, currency, commodity",
    });
    expect(refused({ exchange: "MCX", segment: "equity" })).toMatchObject({
      field: "segment",
      value: "equity",
      accepted: "commodity on MCX",
    });
  });
  it("lists days one by one, without days that do not trade", () => {
    expect(dayFrom("from", DATE)).toBe(20_777);
    for (const each of ["2026-11-31", "20-11-2026", "2026-11-2", " 2026-11-20"])
      expect(() => dayFrom("from", each)).toThrow(/from/);
    const lines = [...sessionLines(calendar, "NSE", "NSE", 20_777, 20_780)];
    expect(lines.map(({ date, exchange, hours, kind }) => [date, exchange, hours, kind])).toEqual([
      ["2026-11-20", "NSE", "NSE", "regular"],
      ["2026-11-23", "NSE", "NSE", "regular"],
    ]);
    expect(sessionLine(calendar, "NSE", "NSE", 20_778)).toBeNull();
    expect(lines[0]).not.toHaveProperty("edits");
    expect(lines[0]).not.toHaveProperty("note");
    expect(lines[0]!.phases.length).toBeGreaterThan(2);
  });
});
