import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar";
import { InstrumentTable } from "@/server/domain/instrument-table";
import type { LiveMarket } from "@/server/ports/live";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { markets } from "./health";

describe("the sessions of the exchanges in use", () => {
  const table = new InstrumentTable();
  table.put(testInstrument(1), "NSE_CAS");
  const at = (instant: string) => markets({ table } as unknown as LiveMarket, createCalendar(), Date.parse(instant)).map(({ exchange, session, closedSince }) => ({ exchange, open: new Date(session.open).toISOString(), closedSince: closedSince === null ? null : new Date(closedSince).toISOString() }));

  it("say since when they are closed, over a weekend too, and nothing of it while one runs", () => {
    // Sunday 22 November 2026; on Friday the post-close ended at 16:00.
    const [sunday] = at("2026-11-22T12:00:00+05:30");
    expect(sunday).toMatchObject({ exchange: "NSE", open: "2026-11-23T03:45:00.000Z" });
    expect(sunday!.closedSince).toBe("2026-11-20T10:30:00.000Z");
    expect(at("2026-11-20T10:00:00+05:30")[0]!.closedSince).toBeNull();
  });
});
