import { describe, expect, it } from "vitest";
import { FIRST_START, gapCauses } from "@/server/domain/bars/gap";
import { causeText, concernedText, remainText } from "./gap-words";

describe("a gap in words", () => {
  it("distinguishes the first start from a restart, and names every cause", () => {
    expect([
      causeText({ cause: "restart", note: `${FIRST_START}; the server stopped in the meantime` }),
      causeText({ cause: "restart", note: "" }),
    ]).toEqual(["Before the first start", "Candela was not running"]);
    for (const cause of gapCauses) expect(causeText({ cause, note: "" })).toMatch(/^[A-Z][a-z]/);
  });
  it("says whose data are missing", () => {
    expect(concernedText({ instrument: "NSE:INFY", instruments: null, collector: "kite-1" })).toBe("NSE:INFY");
    expect(concernedText({ instrument: null, instruments: null, collector: "kite-1" })).toBe("kite-1, all instruments");
    expect(concernedText({ instrument: null, instruments: ["NSE:INFY", "NSE:TCS"], collector: "kite-1" })).toBe(
      "kite-1, 2 instruments",
    );
    expect(concernedText({ instrument: null, instruments: ["NSE:INFY"], collector: "kite-1" })).toBe(
      "kite-1, NSE:INFY",
    );
  });
  it("shows no 0 for what has not been counted", () => {
    expect([
      remainText({ remaining: 0, to: 1 }),
      remainText({ remaining: 42, to: 1 }),
      remainText({ remaining: null, to: null }),
      remainText({ remaining: null, to: 1 }),
    ]).toEqual(["0", "42", "ongoing", "counting"]);
  });
});
