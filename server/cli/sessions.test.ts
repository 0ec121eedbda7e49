import { describe, expect, it } from "vitest";
import { datedLines, sessionText, weekendNote } from "./sessions";

const ask = (exchange: string, date: string, options: { to?: string; segment?: string; symbol?: string } = {}) => [
  ...datedLines({ exchange, date, ...options }),
];
const ist = (date: string, time: string): number => Date.parse(`${date}T${time}:00+05:30`);
const continuous = (lines: ReturnType<typeof ask>) =>
  lines.map(({ phases }) => phases.filter(({ phase }) => phase === "continuous"));

describe("candela sessions", () => {
  it("prints a trading day with its phases in epoch milliseconds", () => {
    expect(ask("NSE", "2024-11-01")).toEqual([
      {
        date: "2024-11-01",
        exchange: "NSE",
        kind: "muhurat",
        name: "Diwali muhurat session",
        hours: "NSE",
        phases: [
          { phase: "pre_open", from: ist("2024-11-01", "17:45"), to: ist("2024-11-01", "18:00") },
          { phase: "continuous", from: ist("2024-11-01", "18:00"), to: ist("2024-11-01", "19:00") },
        ],
      },
    ]);
  });

  it("prints null and a note if the time is unknown", () => {
    const [line] = ask("NSE", "2026-11-08");
    expect(line?.kind).toBe("muhurat");
    expect(line?.phases.every(({ from, to }) => from === null && to === null)).toBe(true);
    expect(line?.note).toMatch(/no source/);
    expect(sessionText(line!)).toContain("time unknown");
  });

  it("prints unknown for a weekday that no holiday list covers, with the hours it would have", () => {
    const [line] = ask("NSE", "2027-01-26");
    expect(line).toMatchObject({
      kind: "unknown",
      note: expect.stringMatching(/whether it trades is unknown/) as unknown,
    });
    expect(sessionText(line!)).toMatch(
      /^2027-01-26 Tue {2}NSE {2}unknown: Not covered by a holiday list\n[^]*09:15-15:30 +continuous[^]*note: no holiday list of NSE covers 2027-01-26/,
    );
    expect(ask("NSE", "2015-08-15", { to: "2015-08-18" }).map(({ date, kind }) => `${date} ${kind}`)).toEqual([
      "2015-08-17 unknown",
      "2015-08-18 unknown",
    ]);
    expect(ask("MCX", "2023-12-29")[0]?.kind).toBe("unknown");
    expect(ask("MCX", "2024-01-02")[0]?.kind).toBe("regular");
  });

  it("says unknown of a Saturday or Sunday that no holiday list covers", () => {
    expect(weekendNote({ exchange: "NSE", date: "2015-02-28" })).toBe(
      "2015-02-28: unknown: no holiday list of NSE covers it; some had special sessions",
    );
    expect(weekendNote({ exchange: "NSE", date: "2015-02-23", to: "2015-03-15" })).toMatch(
      /^2015-02-28 and 5 more Saturdays and Sundays: unknown/,
    );
    expect([
      weekendNote({ exchange: "NSE", date: "2015-02-27" }),
      weekendNote({ exchange: "NSE", date: "2026-11-21" }),
      weekendNote({ exchange: "SIM", date: "2015-02-28" }),
    ]).toEqual([null, null, null]);
  });

  it("prints nothing for days without trading, and a line for every other day of a range", () => {
    expect(ask("NSE", "2026-11-21")).toEqual([]);
    expect(ask("NSE", "2026-11-20", { to: "2026-11-26" }).map(({ date }) => date)).toEqual([
      "2026-11-20",
      "2026-11-23",
      "2026-11-25",
      "2026-11-26",
    ]);
  });

  it("takes the segment's own hours", () => {
    expect(continuous(ask("NSE", "2026-11-20", { segment: "derivatives" }))).toEqual([
      [{ phase: "continuous", from: ist("2026-11-20", "09:15"), to: ist("2026-11-20", "15:40") }],
    ]);
    expect(ask("BSE", "2026-11-20", { segment: "currency" })[0]?.hours).toBe("BCD");
    expect(ask("MCX", "2026-11-20", { segment: "commodity" })[0]?.hours).toBe("MCX");
  });

  it("distinguishes stocks with and without a closing auction", () => {
    expect(ask("nse", "2026-11-20", { symbol: "reliance" })[0]?.phases.map(({ phase }) => phase)).toContain(
      "closing_auction",
    );
    // In neither of the two indices, and yet the underlying of a future.
    expect(ask("NSE", "2026-11-20", { symbol: "ASHOKLEY" })[0]?.phases.map(({ phase }) => phase)).toContain(
      "closing_auction",
    );
    expect(ask("NSE", "2026-11-20", { symbol: "SOMETHINGSMALL" })[0]?.phases.map(({ phase }) => phase)).not.toContain(
      "closing_auction",
    );
    expect(ask("MCX", "2026-11-20", { symbol: "MENTHAOIL26NOVFUT" })[0]?.hours).toBe("MCX_AGRI");
    expect(ask("NSE", "2026-11-20", { symbol: "NIFTY 50" })[0]?.hours).toBe("NSE_INDEX");
    expect(ask("NSE", "2026-11-20", { symbol: "NIFTYBEES" })[0]?.hours).toBe("NSE");
  });

  it("distinguishes a future, which has a pre-open, from an option, which has none", () => {
    const names = (symbol: string) =>
      ask("NSE", "2026-11-20", { segment: "derivatives", symbol })[0]?.phases.map(({ phase }) => phase);
    expect(names("NIFTY26NOVFUT")).toEqual(["pre_open", "pre_open_matching", "buffer", "continuous"]);
    expect(names("NIFTY26NOV25000CE")).toEqual(["continuous"]);
  });

  it("reads as a small table in IST", () => {
    expect(sessionText(ask("CDS", "2026-11-20")[0]!)).toBe("2026-11-20 Fri  CDS  regular\n  09:00-17:00   continuous");
    expect(sessionText(ask("SIM", "2026-11-22")[0]!)).toContain("00:00-24:00");
  });

  it.each([
    ["exchange", () => ask("NYSE", "2026-11-20")],
    ["date", () => ask("NSE", "2026-02-30")],
    ["date", () => ask("NSE", "20-11-2026")],
    ["to", () => ask("NSE", "2026-11-20", { to: "2026-11-19" })],
    ["segment", () => ask("NSE", "2026-11-20", { segment: "bonds" })],
    ["segment", () => ask("MCX", "2026-11-20", { segment: "equity" })],
  ])("refuses a bad %s by name", (field, act) => {
    expect(act).toThrow(expect.objectContaining({ code: "bad_input", details: expect.objectContaining({ field }) }));
  });
});
