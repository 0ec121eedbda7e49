import { describe, expect, it } from "vitest";
import {
  keyOf,
  type Instrument,
  type InstrumentAlias,
  type ListedInstrument,
} from "@/server/domain/instruments/instrument";
import { listed } from "@/server/testing/store-suite-rows";
import { planUpsert, type Known } from "./instrument-plan";

/** Stored instruments after these lists were applied on 2026-01-05, in id order. */
const held = (...rows: ListedInstrument[]): Known => ({
  instruments: rows.map(({ token: _token, wireDivisor: _divisor, ...details }, at): Instrument => ({
    ...details,
    id: at + 1,
    key: keyOf(details.exchange, details.symbol),
  })),
  aliases: rows.map(({ token, symbol, wireDivisor }, at): InstrumentAlias => ({
    instrumentId: at + 1,
    vendor: "kite",
    token,
    symbol,
    wireDivisor,
    validFrom: "2026-01-05",
    validTo: null,
  })),
});
const nothing = { add: [], change: [], end: [], begin: [], earlier: [], renamed: [], refused: [] };
const future = (symbol: string, token: number, expiry: string): ListedInstrument =>
  listed(symbol, token, { exchange: "NFO", segment: "futures", expiry });

describe("what a broker's list changes", () => {
  it("is nothing when the list says what is held, whatever its date and order", () => {
    const rows = [listed("A", 1), listed("B", 2)];
    expect(planUpsert(held(...rows), [...rows].reverse(), "2026-01-09")).toEqual(nothing);
  });

  it("is a rename when the old symbol is gone and the new one was never held", () => {
    const plan = planUpsert(held(listed("ZOMATO", 1)), [listed("ETERNAL", 1)], "2026-01-06");
    expect(plan.add).toEqual([]);
    expect(plan.change).toMatchObject([{ id: 1, symbol: "ETERNAL" }]);
    expect(plan.end).toMatchObject([{ token: 1, symbol: "ZOMATO" }]);
    expect(plan.begin).toMatchObject([{ token: 1, symbol: "ETERNAL" }]);
    expect(plan.renamed).toEqual([{ id: 1, from: "NSE:ZOMATO", to: "NSE:ETERNAL" }]);
  });

  it.each([
    ["the old symbol is still listed", [listed("OLD", 1)], [listed("NEW", 1), listed("OLD", 2)]],
    ["the segment differs", [listed("OLD", 1)], [listed("NEW", 1, { segment: "index" })]],
    ["the scale differs", [listed("OLD", 1)], [listed("NEW", 1, { decimals: 4 })]],
    ["the expiry differs", [future("OLD", 1, "2026-01-27")], [future("NEW", 1, "2026-04-28")]],
    ["the contract has expired", [future("OLD", 1, "2026-01-05")], [future("NEW", 1, "2026-01-05")]],
  ])("is a new instrument when %s", (_why, before, today) => {
    const plan = planUpsert(held(...before), today, "2026-01-06");
    expect(plan.add).toMatchObject([{ symbol: "NEW" }]);
    expect(plan.change).toEqual([]);
    expect(plan.end).toMatchObject([{ token: 1, instrumentId: 1 }]);
  });

  it("renames a future whose underlying renamed while it runs", () => {
    const plan = planUpsert(
      held(future("OLD26JANFUT", 1, "2026-01-27")),
      [future("NEW26JANFUT", 1, "2026-01-27")],
      "2026-01-06",
    );
    expect([plan.add, plan.change.map((each) => each.id)]).toEqual([[], [1]]);
  });

  it("changes no alias that began after the day of the list, but learns that it held earlier", () => {
    expect(planUpsert(held(listed("A", 1)), [listed("B", 1)], "2026-01-02")).toMatchObject({
      add: [{ symbol: "B" }],
      change: [],
      end: [],
      begin: [],
    });
    expect(planUpsert(held(listed("A", 1)), [listed("A", 1)], "2026-01-02")).toMatchObject({
      earlier: [{ token: 1 }],
      end: [],
      begin: [],
    });
  });

  it("refuses a row that repeats a token or symbol, and one of another scale", () => {
    const plan = planUpsert(
      held(listed("A", 1)),
      [listed("A", 1, { decimals: 4 }), listed("B", 2), listed("B", 3), listed("C", 2)],
      "2026-01-06",
    );
    expect(plan.refused).toEqual([
      { key: "NSE:A", reason: "other_decimals" },
      { key: "NSE:B", reason: "listed_twice" },
      { key: "NSE:C", reason: "listed_twice" },
    ]);
  });
});
