import { describe, expect, it } from "vitest";
import { createCalendar } from "./calendar";
import { type CalendarChange, type CalendarEdit, type DayEdit, editsAfter } from "./calendar-edits";
import { checkedEdit, type EditRequest } from "./calendar-edit-rules";
import { dayOfDate, istMidnight } from "@/server/domain/time/session";

const FRIDAY = "2026-11-20";
const clock = (instant: number | null): string =>
  instant === null ? "?" : new Date(instant + 19_800_000).toISOString().slice(11, 19).replace(/:00$/, "");
const ist = (date: string, time: string): number => Date.parse(`${date}T${time}:00+05:30`);

/** The calendar after these requests, each checked against the ones before it. */
const edited = (...requests: EditRequest[]) => {
  const edits: CalendarEdit[] = [];
  for (const request of requests)
    edits.push({ ...checkedEdit(request, createCalendar({ edits })), id: edits.length + 1 });
  const calendar = createCalendar({ edits });
  return {
    calendar,
    phases: (hours: string, date: string) =>
      (calendar.dayOf(hours, dayOfDate(date))?.phases ?? []).map(
        ({ phase, from, to }) => `${phase} ${clock(from)}-${clock(to)}`,
      ),
    day: (hours: string, date: string) => calendar.dayOf(hours, dayOfDate(date)),
  };
};
const closed = (over: Partial<Extract<EditRequest, { type: "closed" }>> = {}): EditRequest => ({
  type: "closed",
  exchanges: ["NSE"],
  date: FRIDAY,
  name: "State funeral",
  ...over,
});
const open = (over: Partial<Extract<EditRequest, { type: "open" }>> = {}): EditRequest => ({
  type: "open",
  exchanges: ["NSE"],
  date: FRIDAY,
  name: "Short day",
  kind: "special",
  phases: [{ phase: "continuous", from: "10:00", to: "12:00" }],
  ...over,
});
const halt = (over: Partial<Extract<EditRequest, { type: "halt" }>> = {}): EditRequest => ({
  type: "halt",
  exchanges: ["NSE"],
  date: FRIDAY,
  name: "Market-wide halt",
  from: "11:00",
  to: "11:45",
  reopening: [],
  ...over,
});

describe("an added holiday", () => {
  it("closes all hours of the exchanges named and no others", () => {
    const { day } = edited(closed({ exchanges: ["NSE", "NFO"] }));
    for (const hours of ["NSE", "NSE_CAS", "NSE_INDEX", "NFO", "NFO_OPTIONS"])
      expect(day(hours, FRIDAY), hours).toBeNull();
    for (const hours of ["BSE", "CDS", "MCX"]) expect(day(hours, FRIDAY), hours).not.toBeNull();
  });

  it("closes one set of hours when it is named", () => {
    const { day } = edited(closed({ exchanges: ["MCX_AGRI"] }));
    expect([day("MCX_AGRI", FRIDAY), day("MCX", FRIDAY)?.kind]).toEqual([null, "regular"]);
  });
});

describe("hours of a day's own", () => {
  it("open a weekend, and take the place of the ordinary hours on a weekday", () => {
    expect(edited(open({ date: "2026-11-21", phases: "regular" })).phases("NSE_CAS", "2026-11-21")).toContain(
      "closing_auction 15:20-15:30",
    );
    expect(edited(open()).phases("NSE", FRIDAY)).toEqual(["continuous 10:00-12:00"]);
  });

  it("give the muhurat session its times when they are announced", () => {
    const muhurat = edited(
      open({
        exchanges: ["NSE", "NFO"],
        date: "2026-11-08",
        kind: "muhurat",
        name: "Diwali muhurat session",
        phases: [
          { phase: "pre_open", from: "17:45", to: "18:00" },
          { phase: "continuous", from: "18:00", to: "19:00" },
        ],
      }),
    );
    expect(muhurat.phases("NSE", "2026-11-08")).toEqual(["pre_open 17:45-18:00", "continuous 18:00-19:00"]);
    expect(muhurat.phases("NFO_OPTIONS", "2026-11-08")).toEqual(["continuous 18:00-19:00"]);
    expect(muhurat.day("NSE", "2026-11-08")).toMatchObject({ kind: "muhurat", note: null, edits: [1] });
    expect(muhurat.day("BSE", "2026-11-08")?.note).toMatch(/no source/);
  });

  it("may be announced before their times are", () => {
    const day = edited(open({ date: "2026-12-12", phases: [{ phase: "continuous", from: null, to: null }] })).day(
      "NSE",
      "2026-12-12",
    );
    expect([day?.session, day?.note]).toEqual([null, "no times have been announced yet"]);
  });

  it("are taken as IST clock times, epoch milliseconds or ISO with a zone, to the second", () => {
    const phases = [{ phase: "continuous" as const, from: ist(FRIDAY, "10:00"), to: "2026-11-20T06:30:30Z" }];
    expect(edited(open({ phases })).phases("NSE", FRIDAY)).toEqual(["continuous 10:00-12:00:30"]);
  });
});

describe("an announced halt", () => {
  it("stops continuous trading and leaves the rest of the day as it is", () => {
    const { phases, day, calendar } = edited(halt());
    expect(phases("NSE", FRIDAY)).toEqual([
      "pre_open 09:00-09:10",
      "pre_open_matching 09:10-09:12",
      "buffer 09:12-09:15",
      "continuous 09:15-11:00",
      "halt 11:00-11:45",
      "continuous 11:45-15:30",
      "post_close 15:50-16:00",
    ]);
    expect(day("NSE", FRIDAY)).toMatchObject({ kind: "special", name: "Market-wide halt" });
    expect(clock(calendar.on("NSE", dayOfDate(FRIDAY))!.open)).toBe("09:15");
  });

  // As on 2020-03-13: trades until 09:22, reopening pre-open values from 10:07, trades from 10:21.
  it("reopens through an auction for those that have one", () => {
    const { phases } = edited(
      halt({
        exchanges: ["NSE", "NFO"],
        from: "09:22",
        to: "10:21",
        reopening: [
          { phase: "pre_open", from: "10:06", to: "10:14" },
          { phase: "pre_open_matching", from: "10:14", to: "10:18" },
          { phase: "buffer", from: "10:18", to: "10:21" },
        ],
      }),
    );
    expect(phases("NSE", FRIDAY).slice(3, 9)).toEqual([
      "continuous 09:15-09:22",
      "halt 09:22-10:06",
      "pre_open 10:06-10:14",
      "pre_open_matching 10:14-10:18",
      "buffer 10:18-10:21",
      "continuous 10:21-15:30",
    ]);
    expect(phases("NFO_OPTIONS", FRIDAY)).toEqual([
      "continuous 09:15-09:22",
      "halt 09:22-10:21",
      "continuous 10:21-15:40",
    ]);
  });

  it("may end the day: no closing auction is held then", () => {
    const { phases, calendar } = edited(halt({ from: "13:40", to: null }));
    expect(phases("NSE_CAS", FRIDAY).slice(3)).toEqual([
      "continuous 09:15-13:40",
      "halt 13:40-15:15",
      "post_close 15:50-16:00",
    ]);
    expect(clock(calendar.on("NSE_CAS", dayOfDate(FRIDAY))!.close)).toBe("13:40");
  });

  it("comes on top of another, and of hours of the day's own", () => {
    const { phases, day } = edited(
      open(),
      halt({ from: "10:30", to: "10:40" }),
      halt({ from: "11:30:15", to: "11:45" }),
    );
    expect(phases("NSE", FRIDAY)).toEqual([
      "continuous 10:00-10:30",
      "halt 10:30-10:40",
      "continuous 10:40-11:30:15",
      "halt 11:30:15-11:45",
      "continuous 11:45-12:00",
    ]);
    expect(day("NSE", FRIDAY)).toMatchObject({ name: "Short day", edits: [1, 2, 3] });
  });

  it("concerns the hours that trade when it begins", () => {
    const edit = checkedEdit(halt({ exchanges: ["MCX"], from: "22:00", to: "22:30" }), createCalendar());
    expect(edit.hours).toEqual(["MCX"]);
  });
});

describe("a request that makes no sense is refused by field, value and what is accepted", () => {
  const phase = (
    name: "pre_open" | "continuous" | "post_close",
    from: string | number | null,
    to: string | number | null,
  ) => ({ phase: name, from, to });
  it.each<[string, EditRequest, RegExp]>([
    ["exchanges[1]", closed({ exchanges: ["NSE", "NYSE"] }), /NSE, BSE/],
    ["exchanges", closed({ exchanges: [] }), /at least one/],
    ["date", closed({ date: "2026-02-30" }), /YYYY-MM-DD/],
    ["date", closed({ date: "2026-11-21" }), /already closed/],
    ["phases", open({ phases: [phase("pre_open", "09:00", "09:10")] }), /continuous/],
    [
      "phases[1].from",
      open({ phases: [phase("continuous", "09:15", "12:00"), phase("post_close", "11:59", "12:30")] }),
      /12:00 or later.*must not overlap/,
    ],
    [
      "phases[1].from",
      open({ phases: [phase("continuous", "12:00", "13:00"), phase("pre_open", "09:00", "09:10")] }),
      /in order/,
    ],
    ["phases[0].to", open({ phases: [phase("continuous", "12:00", "12:00")] }), /after 12:00/],
    ["phases[0].to", open({ phases: [phase("continuous", "12:00", null)] }), /null for both/],
    ["phases[0].to", open({ phases: [phase("continuous", "12:00", "25:00")] }), /2026-11-20 in IST/],
    [
      "phases[0].to",
      open({ phases: [phase("continuous", "12:00", istMidnight(dayOfDate(FRIDAY) + 1) + 1_000)] }),
      /2026-11-20 in IST/,
    ],
    ["phases[0].from", open({ phases: [phase("continuous", ist(FRIDAY, "12:00") + 1, "13:00")] }), /to the second/],
    ["date", halt({ date: "2026-11-21" }), /trades at known times/],
    ["date", halt({ date: "2026-11-08" }), /trades at known times/],
    ["from", halt({ from: "09:10" }), /09:15-15:30, 09:15-15:15/],
    ["from", halt({ from: "09:15" }), /after its open/],
    ["to", halt({ to: "10:59" }), /after 11:00/],
    ["to", halt({ to: "15:30" }), /before 15:30, or null/],
    ["reopening", halt({ to: null, reopening: [phase("pre_open", "11:30", "11:38")] }), /nothing/],
    ["reopening[0]", halt({ reopening: [phase("pre_open", "11:40", "11:48")] }), /11:00-11:45/],
    [
      "reopening[0].phase",
      halt({ reopening: [phase("post_close", "11:30", "11:40")] }),
      /pre_open, pre_open_matching, buffer/,
    ],
  ])("%s", (field, request, accepted) => {
    expect(() => edited(request)).toThrow(
      expect.objectContaining({
        code: "bad_input",
        details: {
          field,
          accepted: expect.stringMatching(accepted) as unknown,
          value: expect.toSatisfy((value) => value !== undefined) as unknown,
        },
      }),
    );
  });

  it("a halt that runs into another one", () => {
    expect(() => edited(halt(), halt({ from: "10:30", to: "11:15" }))).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          field: "to",
          accepted: "11:00 or earlier, because trading already stops then",
        }) as unknown,
      }),
    );
    expect(() => edited(halt(), halt({ from: "11:15", to: "12:00" }))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field: "from" }) as unknown }),
    );
  });
});

describe("the edits in force", () => {
  const day: DayEdit = { type: "closed", date: FRIDAY, hours: ["NSE"], name: "One" };
  const change = (id: number, edit: number, before: DayEdit | null, after: DayEdit | null): CalendarChange => ({
    id,
    edit,
    time: id,
    who: "api",
    note: "for the test",
    before,
    after,
  });

  it("follow from the changes: added, replaced, withdrawn; the one changed last goes before the others", () => {
    const other = { ...day, name: "Two" };
    expect(
      editsAfter([
        change(1, 1, null, day),
        change(2, 2, null, other),
        change(3, 1, day, { ...day, name: "One again" }),
      ]).map(({ id, name }) => [id, name]),
    ).toEqual([
      [2, "Two"],
      [1, "One again"],
    ]);
    expect(editsAfter([change(1, 1, null, day), change(2, 1, day, null)])).toEqual([]);
  });

  it("leave the session objects of other days as they were, and forget those of their own", () => {
    const calendar = createCalendar();
    const [friday, monday] = [dayOfDate(FRIDAY), dayOfDate("2026-11-23")];
    const before = [calendar.on("NSE", friday), calendar.on("NSE", monday)];
    calendar.setEdits([{ ...day, id: 1 }]);
    expect([calendar.on("NSE", friday), calendar.on("NSE", monday) === before[1]]).toEqual([null, true]);
    calendar.setEdits([]);
    expect(calendar.on("NSE", friday)).toEqual(before[0]);
  });
});
