import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { createCalendar } from "./calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { isContinuous, istDay } from "@/server/domain/time/session";
import { SessionWindows } from "./session-window";

const calendar = createCalendar();
const hours = ["NSE", "NSE_CAS", "NSE_INDEX", "CDS", "MCX", "SIM"] as const;

describe("SessionWindows", () => {
  it("answers from its cache what the calendar answers, whatever order instants come in", () => {
    const table = new InstrumentTable();
    hours.forEach((key, at) => table.put(testInstrument(at + 1), key));
    const windows = new SessionWindows(calendar, table);
    const instant = fc.oneof(
      fc.integer({ min: Date.parse("2020-03-09T00:00:00+05:30"), max: Date.parse("2020-03-25T00:00:00+05:30") }),
      fc.integer({ min: Date.parse("2026-07-30T00:00:00+05:30"), max: Date.parse("2026-08-06T00:00:00+05:30") }),
      fc
        .constantFrom("09:15:00", "15:15:00", "15:30:00", "17:00:00", "23:30:00")
        .map((clock) => Date.parse(`2026-08-03T${clock}+05:30`)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(hours.length - 1), instant, fc.constantFrom(-1, 0, 1)), { maxLength: 50 }),
        (asked) => {
          for (const [instrument, time, off] of asked) {
            const session = calendar.on(hours[instrument]!, istDay(time + off));
            expect(windows.continuous(instrument, time + off)).toBe(
              session !== null && isContinuous(session, time + off),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
