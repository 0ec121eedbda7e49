import { beforeEach, describe, expect, it } from "vitest";
import type { CalendarChange } from "@/server/domain/calendar/calendar-edits";
import type { EditRequest } from "@/server/domain/calendar/calendar-edit-rules";
import { dayOfDate, type HoursKey } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { CalendarEditStore } from "@/server/ports/stores";
import { ExchangeCalendar } from "./exchange-calendar";

const FRIDAY = "2026-11-20";
const day = dayOfDate(FRIDAY);
const clockAt = (text: string): Clock => ({ now: () => Date.parse(`${text}+05:30`) }) as Clock;
const holiday: EditRequest = { type: "closed", exchanges: ["NSE"], date: FRIDAY, name: "State funeral" };
const signed = { by: "api" as const, note: "announced this morning" };

/** Changes kept in memory; `refuses` makes the next append fail, as a database that is away does. */
const memory = () => {
  const changes: CalendarChange[] = [];
  const store = {
    refuses: false,
    list: async () => [...changes],
    append: async (change: Parameters<CalendarEditStore["append"]>[0]) => {
      if (store.refuses) throw new Error("the database is away");
      const id = changes.length + 1;
      const kept = { ...change, id, edit: change.edit ?? id };
      changes.push(kept);
      return kept;
    },
  };
  return store;
};

describe("the exchange calendar of a running server", () => {
  let store: ReturnType<typeof memory>;
  let told: { change: CalendarChange; hours: readonly HoursKey[] }[];
  let calendar: ExchangeCalendar;
  const started = (): ExchangeCalendar =>
    new ExchangeCalendar({
      store,
      wall: clockAt("2026-11-21T10:00:00"),
      clock: clockAt("2026-11-20T10:00:00"),
      changed: (change, hours) => told.push({ change, hours }),
      hoursOf: (key) => (key === "NSE:NEWFUTURE" ? "NSE_CAS" : null),
    });
  beforeEach(async () => {
    store = memory();
    told = [];
    calendar = started();
    await calendar.load();
  });

  it("takes an edit while it is in use, and takes it back", async () => {
    expect(calendar.on("NSE", day)).not.toBeNull();
    const { change, sessions } = await calendar.save(holiday, signed);
    expect([calendar.on("NSE", day), calendar.on("NSE_CAS", day), sessions]).toEqual([null, null, []]);
    expect(
      (await calendar.sessions({ exchange: "NSE", from: FRIDAY, to: "2026-11-23" })).map(({ date }) => date),
    ).toEqual(["2026-11-23"]);
    expect(calendar.status({ exchange: "nse" })).toMatchObject({
      exchange: "NSE",
      phase: "closed",
      nextOpen: Date.parse("2026-11-23T09:15:00+05:30"),
    });
    const back = await calendar.withdraw(change.edit, { by: "local user", note: "called off" });
    expect(back.sessions.map(({ hours, kind }) => [hours, kind])).toEqual([
      ["NSE", "regular"],
      ["NSE_CAS", "regular"],
      ["NSE_INDEX", "regular"],
    ]);
    expect(calendar.status({ exchange: "NSE" }).phase).toBe("continuous");
  });

  it("says of a changed day which edits made it, and of its sessions what they have become", async () => {
    await calendar.save(
      { type: "halt", exchanges: ["NSE"], date: FRIDAY, name: "Halt", from: "09:50", to: "10:20", reopening: [] },
      signed,
    );
    expect(await calendar.sessions({ exchange: "NSE" })).toMatchObject([
      { date: FRIDAY, kind: "special", name: "Halt", edits: [1] },
    ]);
    expect(calendar.status({ exchange: "NSE" })).toMatchObject({
      phase: "halt",
      until: Date.parse("2026-11-20T10:20:00+05:30"),
    });
  });

  it("knows the instruments of the server by their own hours, others by the symbol", async () => {
    const hours = async (symbol: string) => (await calendar.sessions({ exchange: "NSE", symbol }))[0]?.hours;
    expect([await hours("newfuture"), await hours("SOMETHINGSMALL"), await hours("RELIANCE")]).toEqual([
      "NSE_CAS",
      "NSE",
      "NSE_CAS",
    ]);
  });

  it("tells what is cached elsewhere to be forgotten, with all hours a replacement touches", async () => {
    const { change } = await calendar.save(holiday, signed);
    await calendar.save({ ...holiday, exchanges: ["CDS"], replaces: change.edit }, signed);
    expect(told.map(({ hours }) => hours)).toEqual([
      ["NSE", "NSE_CAS", "NSE_INDEX"],
      ["NSE", "NSE_CAS", "NSE_INDEX", "CDS"],
    ]);
    expect([calendar.on("NSE", day) === null, calendar.on("CDS", day) === null]).toEqual([false, true]);
  });

  it("audits who, when, why, before and after; the newest first, a page at a time", async () => {
    await calendar.save(holiday, signed);
    await calendar.save({ ...holiday, name: "Another name", replaces: 1 }, { by: "cli", note: "spelling" });
    await calendar.withdraw(1, { by: "local user", note: "called off" });
    const [withdrawn, replaced, added] = calendar.audit();
    expect(added).toMatchObject({
      id: 1,
      edit: 1,
      who: "api",
      note: "announced this morning",
      time: Date.parse("2026-11-21T10:00:00+05:30"),
      before: null,
      after: { type: "closed", name: "State funeral" },
    });
    expect(replaced).toMatchObject({ who: "cli", before: { name: "State funeral" }, after: { name: "Another name" } });
    expect(withdrawn).toMatchObject({ who: "local user", before: { name: "Another name" }, after: null });
    expect(calendar.audit({ limit: 1 }).map(({ id }) => id)).toEqual([3]);
    expect(calendar.audit({ before: 3 }).map(({ id }) => id)).toEqual([2, 1]);
  });

  it("has its edits again after a restart", async () => {
    await calendar.save(holiday, signed);
    const again = started();
    expect(again.on("NSE", day)).not.toBeNull();
    await again.load();
    expect([again.on("NSE", day), again.edits()]).toEqual([null, calendar.edits()]);
  });

  it("checks edits made at once one after the other", async () => {
    const halt = (from: string, to: string): EditRequest => ({
      type: "halt",
      exchanges: ["NSE"],
      date: FRIDAY,
      name: "Halt",
      from,
      to,
      reopening: [],
    });
    const results = await Promise.allSettled([
      calendar.save(halt("11:00", "11:30"), signed),
      calendar.save(halt("11:15", "11:45"), signed),
      calendar.save(halt("12:00", "12:15"), signed),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(calendar.edits()).toHaveLength(2);
  });

  it("checks a replacement against the calendar without what it replaces", async () => {
    const halt: EditRequest = {
      type: "halt",
      exchanges: ["NSE"],
      date: FRIDAY,
      name: "Halt",
      from: "11:00",
      to: "11:30",
      reopening: [],
    };
    await calendar.save(halt, signed);
    await calendar.save({ ...halt, to: "11:45", replaces: 1 }, signed);
    expect(calendar.edits()).toMatchObject([{ id: 1, to: "11:45" }]);
  });

  it("changes nothing when the request is refused or the store is away", async () => {
    await expect(calendar.save({ ...holiday, exchanges: ["NYSE"] }, signed)).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "exchanges[0]", value: "NYSE" },
    });
    await expect(calendar.save({ ...holiday, replaces: 7 }, signed)).rejects.toMatchObject({
      code: "not_found",
      details: { field: "replaces", value: 7 },
    });
    await expect(calendar.withdraw(7, signed)).rejects.toMatchObject({ code: "not_found", details: { field: "id" } });
    store.refuses = true;
    await expect(calendar.save(holiday, signed)).rejects.toThrow(/away/);
    expect([calendar.on("NSE", day) === null, calendar.audit(), told]).toEqual([false, [], []]);
    store.refuses = false;
    await calendar.save(holiday, signed);
    expect(calendar.on("NSE", day)).toBeNull();
  });

  it.each([
    ["from", { from: "20-11-2026" }],
    ["to", { from: FRIDAY, to: "2026-11-19" }],
    ["to", { from: "2000-01-01", to: "2026-01-01" }],
    ["exchange", { exchange: "NYSE" }],
    ["segment", { segment: "commodity" }],
  ])("refuses a bad %s of a question", async (field, question) => {
    await expect(calendar.sessions({ exchange: "NSE", ...question })).rejects.toEqual(
      expect.objectContaining({ code: "bad_input", details: expect.objectContaining({ field }) as unknown }),
    );
  });
});
