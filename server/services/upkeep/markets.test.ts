import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { istText } from "@/server/domain/time/ist-text";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Markets } from "./markets";

const NOW = Date.parse("2026-11-18T10:00:00+05:30");

describe("markets in use", () => {
  it("are shown by the hours most of an exchange's instruments keep, indices only where nothing else is", () => {
    const table = new InstrumentTable();
    table.put({ ...testInstrument(1), exchange: "NSE_INDEX", key: "NSE_INDEX:NIFTY 50", segment: "index" }, "NSE_CAS");
    const markets = new Markets(table, createCalendar());
    const shown = () =>
      markets.at(NOW).map(({ exchange, session }) => `${exchange} ${session.hours} ${istText(session.open)}`);
    expect(shown()).toEqual(["NSE_INDEX NSE_CAS 2026-11-18 09:15:00"]);
    table.put(testInstrument(2), "NSE_CAS");
    table.put(testInstrument(3), "NSE");
    table.put(testInstrument(4), "NSE");
    expect(shown()).toEqual(["NSE NSE 2026-11-18 09:15:00"]);
    table.put(testInstrument(3), "NSE_CAS");
    expect(shown(), "an instrument that keeps other hours from now on").toEqual(["NSE NSE_CAS 2026-11-18 09:15:00"]);
  });

  it("are counted once a list, not once a question", () => {
    let walks = 0;
    const table = new InstrumentTable();
    for (let id = 1; id <= 1_000; id++) table.put(testInstrument(id), "NSE");
    const all = table.all.bind(table);
    table.all = () => {
      walks++;
      return all();
    };
    const markets = new Markets(table, createCalendar());
    for (let second = 0; second < 100; second++) markets.at(NOW + second * 1_000);
    expect(walks).toBe(1);
    table.put(testInstrument(1_001), "NSE");
    markets.at(NOW);
    expect(walks).toBe(2);
  });
});

describe("the sessions of the exchanges in use", () => {
  const table = new InstrumentTable();
  table.put(testInstrument(1), "NSE_CAS");
  const at = (instant: string) =>
    new Markets(table, createCalendar()).at(Date.parse(instant)).map(({ exchange, session, closedSince }) => ({
      exchange,
      open: new Date(session.open).toISOString(),
      closedSince: closedSince === null ? null : new Date(closedSince).toISOString(),
    }));

  it("say since when they are closed, over a weekend too, and nothing of it while one runs", () => {
    // Sunday 22 November 2026; on Friday the post-close ended at 16:00.
    const [sunday] = at("2026-11-22T12:00:00+05:30");
    expect(sunday).toMatchObject({ exchange: "NSE", open: "2026-11-23T03:45:00.000Z" });
    expect(sunday!.closedSince).toBe("2026-11-20T10:30:00.000Z");
    expect(at("2026-11-20T10:00:00+05:30")[0]!.closedSince).toBeNull();
  });
});
