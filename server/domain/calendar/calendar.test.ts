import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createCalendar, exchanges, hoursIfKnown, hoursOf } from "./calendar";
import { coverageState } from "./calendar-coverage";
import { calendarDays } from "./calendar-days";
import { closingAuctionIn, hasClosingAuction } from "@/server/domain/instruments/closing-auction-stocks";
import type { Segment } from "@/server/domain/instruments/instrument";
import {
  dayOfDate,
  DAY_MS,
  isContinuous,
  istDate,
  istMidnight,
  phaseAt,
  type Session,
} from "@/server/domain/time/session";
import { segments } from "@/server/domain/instruments/segments";
import { tradingHours } from "./trading-hours";

const calendar = createCalendar();
const clock = (instant: number | null): string => {
  if (instant === null) return "?";
  return new Date(instant + 19_800_000).toISOString().slice(11, 16);
};
const ist = (date: string, time: string): number => Date.parse(`${date}T${time}:00+05:30`);
const phases = (hours: string, date: string): string[] =>
  (calendar.dayOf(hours, dayOfDate(date))?.phases ?? []).map(
    ({ phase, from, to }) => `${phase} ${clock(from)}-${clock(to)}`,
  );
const trades = (hours: string, date: string): string[] =>
  phases(hours, date)
    .filter((phase) => phase.startsWith("continuous"))
    .map((phase) => phase.slice(11));
const session = (hours: string, date: string): Session => {
  const found = calendar.on(hours, dayOfDate(date));
  if (found === null) throw new Error(`${hours} is closed on ${date}`);
  return found;
};

describe("an ordinary day", () => {
  it("runs 09:15 to 15:30 for stocks, with an opening auction and trades at the close", () => {
    expect(phases("NSE", "2025-06-10")).toEqual([
      "pre_open 09:00-09:08",
      "pre_open_matching 09:08-09:12",
      "buffer 09:12-09:15",
      "continuous 09:15-15:30",
      "post_close 15:40-16:00",
    ]);
  });

  it("gives stocks with derivatives a closing auction from 2026-08-03, and others not", () => {
    expect(phases("NSE_CAS", "2026-07-31")).toEqual(phases("NSE", "2026-07-31"));
    expect(phases("NSE_CAS", "2026-08-03").slice(3)).toEqual([
      "continuous 09:15-15:15",
      "transition 15:15-15:20",
      "closing_auction 15:20-15:30",
      "closing_matching 15:30-15:35",
      "post_close 15:50-16:00",
    ]);
    expect(phases("BSE", "2026-08-03").slice(3)).toEqual(["continuous 09:15-15:30", "post_close 15:50-16:00"]);
  });

  it("lengthens the opening auction from 2026-09-07", () => {
    expect(phases("BSE_CAS", "2026-09-04").slice(0, 3)).toEqual([
      "pre_open 09:00-09:08",
      "pre_open_matching 09:08-09:12",
      "buffer 09:12-09:15",
    ]);
    expect(phases("BSE_CAS", "2026-09-07").slice(0, 3)).toEqual([
      "pre_open 09:00-09:10",
      "pre_open_matching 09:10-09:12",
      "buffer 09:12-09:15",
    ]);
  });

  it("gives derivatives a pre-open from 2025-12-08 and ten minutes more from 2026-08-03", () => {
    expect(phases("NFO", "2025-12-05")).toEqual(["continuous 09:15-15:30"]);
    expect(phases("NFO", "2025-12-08")[0]).toBe("pre_open 09:00-09:08");
    expect(trades("NFO", "2026-07-31")).toEqual(["09:15-15:30"]);
    expect(trades("BFO", "2026-08-03")).toEqual(["09:15-15:40"]);
    expect(phases("NFO", "2026-09-07")[0]).toBe("pre_open 09:00-09:10");
    expect(phases("NFO_OPTIONS", "2026-09-07")).toEqual(["continuous 09:15-15:40"]);
  });

  it("ends MCX's evening by US daylight saving", () => {
    expect(trades("MCX", "2026-03-06")).toEqual(["09:00-23:55"]);
    expect(trades("MCX", "2026-03-09")).toEqual(["09:00-23:30"]);
    expect(trades("MCX", "2026-10-30")).toEqual(["09:00-23:30"]);
    expect(trades("MCX", "2026-11-02")).toEqual(["09:00-23:55"]);
    expect(trades("MCX", "2023-11-03")).toEqual(["09:00-23:30"]);
    expect(trades("MCX", "2023-11-06")).toEqual(["09:00-23:55"]);
    expect(trades("MCX_AGRI", "2026-11-02")).toEqual(["09:00-21:00"]);
  });

  it("runs currency 09:00 to 17:00, and the simulated exchange round the clock, weekends too", () => {
    expect(trades("CDS", "2026-11-20")).toEqual(["09:00-17:00"]);
    const sunday = session("SIM", "2026-11-22");
    expect([sunday.open, sunday.close]).toEqual([istMidnight(sunday.day), istMidnight(sunday.day + 1)]);
  });
});

describe("a day that is not ordinary", () => {
  it("closes on weekends and holidays, each segment by its own list", () => {
    expect(calendar.on("NSE", dayOfDate("2026-11-21"))).toBeNull();
    expect(calendar.on("NSE", dayOfDate("2026-11-24"))).toBeNull();
    expect(calendar.on("CDS", dayOfDate("2026-02-19"))).toBeNull();
    expect(calendar.on("NSE", dayOfDate("2026-02-19"))).not.toBeNull();
  });

  it("opens MCX for the evening only, or the morning only, on its partial holidays", () => {
    expect(trades("MCX", "2026-11-24")).toEqual(["17:00-23:55"]);
    expect(trades("MCX", "2026-06-26")).toEqual(["17:00-23:30"]);
    expect(trades("MCX", "2026-01-01")).toEqual(["09:00-17:00"]);
    expect(trades("MCX_AGRI", "2026-01-01")).toEqual(["09:00-17:00"]);
    expect(session("MCX", "2026-01-01").kind).toBe("partial");
    expect(calendar.on("MCX", dayOfDate("2026-10-02"))).toBeNull();
  });

  it("holds budget sessions on weekends", () => {
    for (const date of ["2020-02-01", "2025-02-01", "2026-02-01"]) {
      expect(trades("NSE", date), date).toEqual(["09:15-15:30"]);
      expect(session("NFO", date).kind, date).toBe("special");
      expect(calendar.on("CDS", dayOfDate(date)), date).toBeNull();
    }
    expect(trades("MCX", "2026-02-01")).toEqual(["09:00-17:00"]);
  });

  it.each([
    ["2016-10-30", "18:30-19:30"],
    ["2019-10-27", "18:15-19:15"],
    ["2020-11-14", "18:15-19:15"],
    ["2021-11-04", "18:15-19:15"],
    ["2022-10-24", "18:15-19:15"],
    ["2023-11-12", "18:15-19:15"],
    ["2024-11-01", "18:00-19:00"],
    ["2025-10-21", "13:45-14:45"],
  ])("holds the muhurat session of %s at %s", (date, hours) => {
    expect(session("NSE", date).kind).toBe("muhurat");
    expect(trades("NSE", date)).toEqual([hours]);
  });

  it("says that a day with unknown times is open, and gives no session for it", () => {
    const day = calendar.dayOf("NSE", dayOfDate("2026-11-08"));
    expect(day?.kind).toBe("muhurat");
    expect(day?.phases).toContainEqual({ phase: "continuous", from: null, to: null });
    expect(day?.note).toMatch(/no source/);
    expect(calendar.on("NSE", dayOfDate("2026-11-08"))).toBeNull();
  });

  it("takes the missing times as a special day, without a change to the code", () => {
    const informed = createCalendar({
      days: {
        ...calendarDays,
        specials: [
          ...calendarDays.specials,
          {
            date: "2026-11-08",
            hours: ["NSE"],
            kind: "muhurat",
            name: "Diwali muhurat session",
            phases: [["continuous", "18:00", "19:00"]],
            source: "example",
            confidence: "high",
          },
        ],
      },
    });
    expect(clock(informed.on("NSE", dayOfDate("2026-11-08"))?.open ?? null)).toBe("18:00");
  });

  it("stops for a market-wide halt and reopens through an auction; derivatives have no auction and only stop", () => {
    expect(trades("NSE_INDEX", "2020-03-13")).toEqual(["09:15-09:22", "10:21-15:30"]);
    expect(phases("NFO", "2020-03-23")).toEqual([
      "continuous 09:15-09:59",
      "halt 09:59-10:57",
      "continuous 10:57-15:30",
    ]);
    const halted = session("NSE", "2020-03-13");
    expect(phaseAt(halted, ist("2020-03-13", "10:10"))?.phase).toBe("pre_open");
    expect(isContinuous(halted, ist("2020-03-13", "10:10"))).toBe(false);
    expect(isContinuous(halted, ist("2020-03-13", "10:21"))).toBe(true);
  });

  it("extends the day of NSE's outage to 17:00 on both exchanges", () => {
    expect(trades("NFO", "2021-02-24")).toEqual(["09:15-11:40", "15:45-17:00"]);
    expect(trades("BSE", "2021-02-24")).toEqual(["09:15-17:00"]);
  });

  it("holds two sessions on the Saturdays of the drills, with nothing between them", () => {
    expect(phases("NSE", "2024-03-02")).toEqual([
      "pre_open 09:00-09:08",
      "pre_open_matching 09:08-09:12",
      "buffer 09:12-09:15",
      "continuous 09:15-10:00",
      "pre_open 11:15-11:23",
      "pre_open_matching 11:23-11:27",
      "buffer 11:27-11:30",
      "continuous 11:30-12:30",
    ]);
    expect(phases("NFO", "2024-05-18")).toEqual(["continuous 09:15-10:00", "continuous 11:30-12:30"]);
  });

  it("calls a weekday that no list covers unknown, with the ordinary hours, whatever the date is", () => {
    expect(calendar.dayOf("NSE", dayOfDate("2027-01-26"))).toMatchObject({
      kind: "unknown",
      note: expect.stringMatching(/no holiday list of NSE covers 2027-01-26/) as unknown,
    });
    expect(trades("NSE", "2027-01-26")).toEqual(["09:15-15:30"]);
    expect(calendar.dayOf("NSE", dayOfDate("2026-11-23"))).toMatchObject({ kind: "regular", note: null });
  });

  it("knows an announced day, and no other of that year", () => {
    const edited = createCalendar({
      edits: [
        { id: 1, type: "closed", date: "2027-01-26", hours: ["NSE"], name: "Republic Day" },
        {
          id: 2,
          type: "open",
          date: "2027-01-27",
          hours: ["NSE"],
          name: "Announced",
          kind: "regular",
          phases: "regular",
        },
        {
          id: 3,
          type: "halt",
          date: "2027-01-28",
          hours: ["NSE"],
          name: "Halt",
          from: "10:00",
          to: "11:00",
          reopening: [],
        },
      ],
    });
    expect(
      ["2027-01-25", "2027-01-26", "2027-01-27", "2027-01-28"].map(
        (date) => edited.dayOf("NSE", dayOfDate(date))?.kind ?? "closed",
      ),
    ).toEqual(["unknown", "closed", "regular", "special"]);
    expect(edited.dayOf("NSE", dayOfDate("2027-01-28"))?.note).toBeNull();
  });
});

describe("looking for a session", () => {
  it("finds the running one, else the next across a weekend and a holiday", () => {
    expect(istDate(calendar.next("NSE", ist("2026-11-20", "12:00"))?.day ?? 0)).toBe("2026-11-20");
    expect(istDate(calendar.next("NSE", ist("2026-11-20", "15:30"))?.day ?? 0)).toBe("2026-11-23");
    expect(istDate(calendar.next("NSE", ist("2026-11-23", "15:30"))?.day ?? 0)).toBe("2026-11-25");
    expect(istDate(calendar.previous("NSE", ist("2026-11-25", "09:14"))?.day ?? 0)).toBe("2026-11-23");
    expect(istDate(calendar.previous("NSE", ist("2026-11-25", "09:15"))?.day ?? 0)).toBe("2026-11-25");
  });

  it("answers the same session object each time, so that it may be kept and compared", () => {
    const day = dayOfDate("2026-11-20");
    expect(calendar.on("NSE", day)).toBe(calendar.on("NSE", day));
  });

  it("refuses hours it has no row for", () => {
    expect(() => calendar.on("NCDEX", 20_000)).toThrow(/NCDEX/);
  });
});

describe("the hours of an instrument", () => {
  const of = (exchange: string, segment: Segment, symbol: string) =>
    hoursOf({ exchange, segment, symbol }, { closingAuction: hasClosingAuction });

  it("follow its exchange, and the closing auction by symbol", () => {
    expect(of("NSE", "equity", "RELIANCE")).toBe("NSE_CAS");
    expect(of("BSE", "equity", "M&M")).toBe("BSE_CAS");
    expect(of("NSE", "equity", "SOMETHINGSMALL")).toBe("NSE");
    expect(of("NSE_INDEX", "index", "NIFTY 50")).toBe("NSE_INDEX");
    expect(of("NSE", "index", "NIFTY 50")).toBe("NSE_INDEX");
    expect(of("NFO", "futures", "RELIANCE26NOVFUT")).toBe("NFO");
    expect(of("BFO", "options", "SENSEX26NOV85000PE")).toBe("BFO_OPTIONS");
    expect(of("MCX", "commodity", "COTTONCNDY26NOVFUT")).toBe("MCX_AGRI");
    expect(of("MCX", "commodity", "CRUDEOIL26NOVFUT")).toBe("MCX");
    expect(of("SIM", "equity", "RELIANCE")).toBe("SIM");
    expect(hoursOf({ exchange: "NSE", segment: "equity", symbol: "RELIANCE" })).toBe("NSE");
    // Brokers list indices under an exchange of their own: India VIX moves through the closing auction all the same.
    expect([
      of("NSE_INDEX", "index", "NIFTY 50"),
      of("NSE_INDEX", "index", "INDIA VIX"),
      of("NSE", "index", "INDIA VIX"),
    ]).toEqual(["NSE_INDEX", "NSE", "NSE"]);
  });

  it("follow a broker's list where one is loaded: a stock with a future that has not expired has the auction", () => {
    const future = (name: string, expiry: string, exchange = "NFO") => ({
      exchange,
      segment: "futures" as const,
      name,
      expiry,
    });
    const closingAuction = closingAuctionIn(
      [future("SMALLCO", "2026-11-26"), future("GONECO", "2026-10-29"), future("GOLD", "2026-12-04", "MCX")],
      "2026-11-20",
    );
    const hours = (symbol: string) => hoursOf({ exchange: "NSE", segment: "equity", symbol }, { closingAuction });
    expect(["SMALLCO", "GONECO", "GOLD", "RELIANCE"].map(hours)).toEqual(["NSE_CAS", "NSE", "NSE", "NSE_CAS"]);
  });

  it("exist in the calendar for every exchange", () => {
    for (const exchange of exchanges)
      expect(calendar.next(of(exchange, "equity", "X"), ist("2026-11-20", "10:00")), exchange).not.toBeNull();
    expect(() => of("NCDEX", "futures", "X")).toThrow(/exchange.*NSE/);
    expect(hoursIfKnown({ exchange: "GLOBAL", segment: "index", symbol: "DJIA" })).toBeNull();
  });

  it("have a row for each segment in the table, and NCO keeps the commodity's", () => {
    for (const { hours } of segments)
      for (const key of hours ?? [])
        expect(
          tradingHours.some((row) => row.hours === key),
          key,
        ).toBe(true);
    expect(of("NCO", "commodity", "ALUMINI26DECFUT")).toBe("NCO");
    const session = calendar.on("NCO", dayOfDate("2026-12-15"))!;
    expect([session.open, session.close]).toEqual([ist("2026-12-15", "09:00"), ist("2026-12-15", "23:55")]);
    expect(of("NSEIX", "index", "GIFT NIFTY")).toBe("NSEIX");
  });
});

describe("where the data end", () => {
  const kindOn = (hours: string, date: string): string => calendar.dayOf(hours, dayOfDate(date))?.kind ?? "closed";
  const equityHours = [
    "NSE",
    "NSE_CAS",
    "NSE_INDEX",
    "BSE",
    "BSE_CAS",
    "BSE_INDEX",
    "NFO",
    "NFO_OPTIONS",
    "BFO",
    "BFO_OPTIONS",
  ];

  // The first weekday and the last of what each list knows, and the weekdays just outside.
  it.each([
    ...equityHours.map((hours) => [hours, "2015-12-31", "2016-01-01", "2026-12-31", "2027-01-01"] as const),
    ...["CDS", "BCD"].map((hours) => [hours, "2024-12-31", "2025-01-01", "2026-12-31", "2027-01-01"] as const),
    ["MCX", "2023-12-29", "2024-01-01", "2026-12-31", "2027-01-01"],
    ["MCX_AGRI", "2023-12-29", "2024-01-01", "2026-12-31", "2027-01-01"],
  ] as const)("of %s: %s is unknown, %s to %s known, %s unknown", (hours, before, first, last, after) => {
    expect([before, first, last, after].map((date) => kindOn(hours, date) === "unknown")).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(calendar.coverage(hours)).toEqual([{ from: `${first.slice(0, 4)}-01-01`, to: last }]);
  });

  it("every year between is known to its last and from its first weekday", () => {
    for (const hours of [...equityHours, "CDS", "BCD", "MCX", "MCX_AGRI"]) {
      const [span] = calendar.coverage(hours);
      for (let day = dayOfDate(span!.from!); day <= dayOfDate(span!.to!); day++)
        if (calendar.dayOf(hours, day)?.kind === "unknown") throw new Error(`${hours} ${istDate(day)}`);
      for (let day = dayOfDate("2000-01-01"); day < dayOfDate(span!.from!); day++) {
        const kind = calendar.dayOf(hours, day)?.kind ?? "closed";
        if (kind !== "unknown" && kind !== "closed" && kind !== "muhurat" && kind !== "special")
          throw new Error(`${hours} ${istDate(day)} is ${kind}`);
      }
    }
  });

  it("never for an exchange that trades every day", () => {
    expect(calendar.coverage("SIM")).toEqual([{ from: null, to: null }]);
    expect(kindOn("SIM", "2031-05-04")).toBe("regular");
  });

  it("has a gap where a list is missing between two others", () => {
    const holed = createCalendar({
      days: { specials: [], lists: calendarDays.lists.filter(({ from }) => from !== "2020-01-01") },
    });
    expect(holed.coverage("NSE")).toEqual([
      { from: "2016-01-01", to: "2019-12-31" },
      { from: "2021-01-01", to: "2026-12-31" },
    ]);
    expect(holed.dayOf("NSE", dayOfDate("2020-06-01"))?.kind).toBe("unknown");
  });

  it("warns from a month before on, and after it", () => {
    const state = (date: string, hours = "NSE") => coverageState(hours, calendar.coverage(hours), dayOfDate(date));
    expect(state("2026-11-29")).toEqual({ known: true, knownTo: "2026-12-31", warning: null });
    expect(state("2026-12-01").warning).toBe(
      "the holiday list for NSE ends on 2026-12-31, in 30 days: from 2027-01-01 on, trading days are unknown",
    );
    expect(state("2026-12-31", "MCX").warning).toMatch(/^the holiday list for MCX ends on 2026-12-31, today/);
    expect(state("2027-01-04", "CDS")).toEqual({
      known: false,
      knownTo: null,
      warning: "the holiday list for CDS ends on 2026-12-31; whether it trades is unknown",
    });
    expect(state("2024-06-03", "CDS").warning).toMatch(/no holiday list for CDS goes back to 2024-06-03/);
    expect(state("2031-01-01", "SIM")).toEqual({ known: true, knownTo: null, warning: null });
  });
});

describe("the data", () => {
  const allHours = [...new Set(tradingHours.map((row) => row.hours))];

  it("have exactly one row of hours in force on any date", () => {
    for (const hours of allHours) {
      for (let day = dayOfDate("2010-01-01"); day < dayOfDate("2030-01-01"); day++) {
        const date = istDate(day);
        const rows = tradingHours.filter(
          (row) => row.hours === hours && (row.from ?? "") <= date && date <= (row.to ?? "9999"),
        );
        const seasons = rows
          .map((row) => row.unitedStates ?? "always")
          .sort()
          .join();
        if (seasons !== "always" && seasons !== "daylight-saving,standard")
          throw new Error(`${hours} on ${date}: ${seasons}`);
      }
    }
  });

  it("give every session phases in order, apart, and within its date", () => {
    for (const hours of allHours) {
      for (let day = dayOfDate("2016-01-01"); day < dayOfDate("2027-12-31"); day++) {
        const found = calendar.on(hours, day);
        if (found === null) continue;
        let last = istMidnight(day);
        for (const { phase, from, to } of found.phases) {
          if (from < last || to <= from) throw new Error(`${hours} ${istDate(day)}: ${phase} out of order`);
          last = to;
        }
        if (last > istMidnight(day) + DAY_MS) throw new Error(`${hours} ${istDate(day)} runs past midnight`);
      }
    }
  });

  it("name real dates, inside the list's span and on weekdays", () => {
    for (const list of calendarDays.lists) {
      for (const [date, name] of [...list.closed, ...(list.morningClosed ?? []), ...(list.eveningClosed ?? [])]) {
        const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
        expect(
          [dayOfDate(date) > 0, list.from <= date && date <= list.to, weekday !== 0 && weekday !== 6],
          `${date} ${name}`,
        ).toEqual([true, true, true]);
      }
    }
  });
});

const fixtures = path.resolve(process.cwd(), "../shared/fixtures/candles");
describe.skipIf(!existsSync(fixtures))("recorded days", () => {
  it.each(["NIFTY_50", "NIFTY_BANK", "RELIANCE"])(
    "of %s are exactly the days the calendar opens, 2024-08-12 to 2025-08-08",
    (symbol) => {
      const recorded = readFileSync(path.join(fixtures, `daily-2024-25/${symbol}.csv`), "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.slice(0, 10));
      const open: string[] = [];
      for (let day = dayOfDate("2024-08-12"); day <= dayOfDate("2025-08-08"); day++)
        if (calendar.on("NSE", day) !== null) open.push(istDate(day));
      expect(open).toEqual(recorded);
    },
  );

  it("of 2016 are exactly the days the calendar opens", () => {
    const lines = readFileSync(path.join(fixtures, "kite-2016/30m/AXISBANK.csv"), "utf8").trim().split("\n").slice(1);
    const recorded = [...new Set(lines.map((line) => (line.split(",")[1] ?? "").trim().slice(0, 10)))].sort();
    const open: string[] = [];
    for (let day = dayOfDate("2016-03-15"); day <= dayOfDate("2016-09-09"); day++)
      if (calendar.on("NSE", day) !== null) open.push(istDate(day));
    expect(open).toEqual(recorded);
  });

  // END labels: the bar of 09:16 holds 09:15:00 to 09:15:59. Index values are also printed in auctions and after the close.
  it.each(["BANKNIFTY_2020-02_1m.txt", "NIFTY_2020-03_1m.txt"])(
    "of %s lie in the calendar's phases, halts and the Saturday included",
    (file) => {
      const minutes = new Map<string, string[]>();
      for (const line of readFileSync(path.join(fixtures, "index-special-days", file), "utf8")
        .trim()
        .split("\n")) {
        const [, date = "", time = ""] = line.split(",");
        const key = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;
        minutes.set(key, [...(minutes.get(key) ?? []), time]);
      }
      for (const [date, labels] of minutes) {
        const found = session("NSE_INDEX", date);
        const outside = labels.filter((label) => {
          const start = ist(date, label) - 60_000;
          const phase = phaseAt(found, start)?.phase;
          return start < found.close && phase !== "continuous" && phase !== "pre_open" && phase !== "pre_open_matching";
        });
        expect(outside, date).toEqual([]);
        const continuous = labels.filter((label) => isContinuous(found, ist(date, label) - 60_000)).length;
        const expected = found.phases
          .filter(({ phase }) => phase === "continuous")
          .reduce((sum, { from, to }) => sum + (to - from) / 60_000, 0);
        expect(expected - continuous, `${date}: minutes without a bar`).toBeLessThanOrEqual(10);
      }
      const open: string[] = [];
      const days = [...minutes.keys()].map(dayOfDate).sort((a, b) => a - b);
      for (let day = days[0] ?? 0; day <= (days.at(-1) ?? 0); day++)
        if (calendar.on("NSE_INDEX", day) !== null) open.push(istDate(day));
      expect(open).toEqual([...minutes.keys()].sort());
    },
  );
});
