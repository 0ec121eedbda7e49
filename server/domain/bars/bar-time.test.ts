import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barEnd, barStart, expectedBars, periodSpan, sessionOpens } from "./bar-time";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { dayOfDate, isContinuous, istMidnight, type Session } from "@/server/domain/time/session";
import { timeframe, timeframes, type Timeframe, type TimeframeName } from "@/server/domain/time/timeframe";

const calendar = createCalendar();
const clock = (instant: number): string => new Date(instant + 19_800_000).toISOString().slice(11, 16);
const stamp = (instant: number): string => new Date(instant + 19_800_000).toISOString().slice(0, 16).replace("T", " ");
const ist = (date: string, time: string): number => Date.parse(`${date}T${time}:00+05:30`);
const session = (hours: string, date: string): Session => {
  const found = calendar.on(hours, dayOfDate(date));
  if (found === null) throw new Error(`${hours} is closed on ${date}`);
  return found;
};
const bars = (of: Session, name: TimeframeName): string[] => {
  const out: string[] = [];
  for (let start = of.open; start < of.close; start = barEnd(of, timeframe(name), start))
    out.push(`${clock(start)}-${clock(barEnd(of, timeframe(name), start))}`);
  return out;
};
const intraday: Timeframe[] = timeframes.filter(({ kind }) => kind === "intraday");

describe("intraday bars", () => {
  it("start at the open, and the last of the day may be short", () => {
    const nse = session("NSE", "2026-07-30");
    expect(bars(nse, "1h")).toEqual([
      "09:15-10:15",
      "10:15-11:15",
      "11:15-12:15",
      "12:15-13:15",
      "13:15-14:15",
      "14:15-15:15",
      "15:15-15:30",
    ]);
    expect(bars(nse, "75m")).toEqual(["09:15-10:30", "10:30-11:45", "11:45-13:00", "13:00-14:15", "14:15-15:30"]);
    expect(bars(nse, "125m")).toEqual(["09:15-11:20", "11:20-13:25", "13:25-15:30"]);
    expect(bars(nse, "2h").at(-1)).toBe("15:15-15:30");
    expect(bars(nse, "30m").at(-1)).toBe("15:15-15:30");
    expect(bars(nse, "10m").slice(0, 2)).toEqual(["09:15-09:25", "09:25-09:35"]);
    expect(bars(nse, "2m").slice(0, 2)).toEqual(["09:15-09:17", "09:17-09:19"]);
  });

  it("count from each exchange's own open", () => {
    expect(bars(session("MCX", "2026-11-20"), "1h").slice(0, 2)).toEqual(["09:00-10:00", "10:00-11:00"]);
    expect(bars(session("MCX", "2026-11-20"), "1h").at(-1)).toBe("23:00-23:55");
    expect(bars(session("MCX", "2026-11-24"), "2h")[0]).toBe("17:00-19:00");
    expect(bars(session("CDS", "2026-11-20"), "2h")).toEqual([
      "09:00-11:00",
      "11:00-13:00",
      "13:00-15:00",
      "15:00-17:00",
    ]);
    expect(bars(session("NSE", "2025-10-21"), "30m")).toEqual(["13:45-14:15", "14:15-14:45"]);
    expect(bars(session("SIM", "2026-11-22"), "125m")[0]).toBe("00:00-02:05");
    expect(barStart(session("SIM", "2026-11-22"), timeframe("1h"), istMidnight(dayOfDate("2026-11-23")) - 1)).toBe(
      ist("2026-11-22", "23:00"),
    );
  });

  it("number as the market's rules say", () => {
    const minute = timeframe("1m");
    expect(expectedBars(session("NSE_CAS", "2026-07-31"), minute)).toBe(375);
    expect(expectedBars(session("NSE_CAS", "2026-08-03"), minute)).toBe(360);
    expect(expectedBars(session("NFO", "2026-08-03"), minute)).toBe(385);
    expect(expectedBars(session("CDS", "2026-11-20"), minute)).toBe(480);
    expect(expectedBars(session("MCX", "2026-10-30"), minute)).toBe(870);
    expect(expectedBars(session("MCX", "2026-11-02"), minute)).toBe(895);
    expect(expectedBars(session("SIM", "2026-11-22"), minute)).toBe(1_440);
    expect(expectedBars(session("NSE", "2025-10-21"), minute)).toBe(60);
  });

  it("keep the grid of the open through a halt, and leave out only bars without any trading", () => {
    const halted = session("NSE", "2020-03-13");
    expect(clock(barStart(halted, timeframe("15m"), ist("2020-03-13", "10:21")))).toBe("10:15");
    expect(expectedBars(halted, timeframe("1m"))).toBe(375 - 59);
    expect(expectedBars(halted, timeframe("15m"))).toBe(25 - 3); // 09:30, 09:45 and 10:00
    expect(expectedBars(halted, timeframe("1h"))).toBe(7);
  });

  const days = [
    "2026-07-30",
    "2026-08-03",
    "2025-10-21",
    "2024-03-02",
    "2020-03-13",
    "2020-03-23",
    "2021-02-24",
    "2026-11-20",
    "2024-11-01",
    "2026-11-24",
    "2026-01-01",
  ];
  const sessions = days.flatMap((date) =>
    ["NSE", "NSE_CAS", "NFO", "CDS", "MCX", "SIM"].flatMap((hours) => calendar.on(hours, dayOfDate(date)) ?? []),
  );

  it("tile the session: every instant in exactly one bar, no gap, no overlap, none past the close", () => {
    fc.assert(
      fc.property(fc.constantFrom(...sessions), fc.constantFrom(...intraday), fc.nat(), (of, each, offset) => {
        const instant = of.open + (offset % (of.close - of.open));
        const start = barStart(of, each, instant);
        const end = barEnd(of, each, start);
        expect(start).toBeLessThanOrEqual(instant);
        expect(end).toBeGreaterThan(instant);
        expect(start).toBeGreaterThanOrEqual(of.open);
        expect(end).toBeLessThanOrEqual(of.close);
        expect((start - of.open) % each.lengthMs).toBe(0);
        expect(barStart(of, each, start)).toBe(start);
        expect(barStart(of, each, end - 1)).toBe(start);
        if (end < of.close) expect(barStart(of, each, end)).toBe(end);
      }),
      { numRuns: 5_000 },
    );
  });

  it("are expected exactly where an instant of continuous trading falls", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...sessions),
        fc.constantFrom(...intraday.filter(({ lengthMs }) => lengthMs >= 60_000)),
        (of, each) => {
          const starts = new Set<number>();
          for (let instant = of.open; instant < of.close; instant += 60_000)
            if (isContinuous(of, instant)) starts.add(barStart(of, each, instant));
          expect(expectedBars(of, each)).toBe(starts.size);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("leave weeks and months to periodSpan", () => {
    expect(() => barStart(session("NSE", "2026-11-20"), timeframe("1W"), 0)).toThrow(/periodSpan/);
  });
});

describe("days, weeks and months", () => {
  const span = (hours: string, name: TimeframeName, date: string): string[] => {
    const found = periodSpan(calendar, hours, timeframe(name), ist(date, "12:00"));
    return found === null ? [] : [stamp(found.start), stamp(found.end)];
  };

  it("hold whole sessions, from the first open to the end of the last post-close, when a day's figures are final", () => {
    expect(span("NSE", "1d", "2026-11-20")).toEqual(["2026-11-20 09:15", "2026-11-20 16:00"]);
    expect(span("NSE", "1W", "2026-11-18")).toEqual(["2026-11-16 09:15", "2026-11-20 16:00"]);
    expect(span("NSE", "1M", "2026-11-18")).toEqual(["2026-11-02 09:15", "2026-11-30 16:00"]);
  });

  it("end a week or month early at a holiday, and late at a weekend session", () => {
    expect(span("NSE", "1W", "2026-03-31")).toEqual(["2026-03-30 09:15", "2026-04-02 16:00"]);
    expect(span("NSE", "1W", "2025-01-29")).toEqual(["2025-01-27 09:15", "2025-02-01 16:00"]);
    expect(span("NSE", "1M", "2026-02-10")).toEqual(["2026-02-01 09:15", "2026-02-27 16:00"]);
    expect(span("SIM", "1W", "2026-11-18")).toEqual(["2026-11-16 00:00", "2026-11-23 00:00"]);
  });

  it("do not exist for a closed day", () => {
    expect(span("NSE", "1d", "2026-11-21")).toEqual([]);
    expect(span("NSE", "1W", "2026-11-21")).toEqual(["2026-11-16 09:15", "2026-11-20 16:00"]);
  });

  it("tile time: no two weeks or months share an instant", () => {
    for (const name of ["1d", "1W", "1M"] as const) {
      let last = 0;
      for (let day = dayOfDate("2020-01-01"); day < dayOfDate("2026-12-31"); day++) {
        const found = periodSpan(calendar, "MCX", timeframe(name), istMidnight(day));
        if (found === null || found.end === last) continue;
        if (found.start < last) throw new Error(`${name} at ${stamp(found.start)} overlaps`);
        last = found.end;
      }
    }
  });
});

describe("what comes next", () => {
  it("lists the opens of a range", () => {
    const opens = sessionOpens(calendar, "NSE", ist("2026-11-20", "09:15"), ist("2026-11-25", "09:15"));
    expect(opens.map(stamp)).toEqual(["2026-11-20 09:15", "2026-11-23 09:15"]);
  });
});
