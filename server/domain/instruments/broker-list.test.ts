import { describe, expect, it } from "vitest";
import { LeftOutTally, listingFault } from "./broker-list";
import type { ListedInstrument } from "./instrument";

const sound: ListedInstrument = {
  exchange: "NSE",
  symbol: "INFY",
  name: "INFOSYS",
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
  token: 408065,
  wireDivisor: 1,
};

describe("a row of any broker's list", () => {
  it("is taken when the store can hold it", () => expect(listingFault(sound)).toBeNull());

  it.each<[string, Partial<ListedInstrument>]>([
    ["symbol", { symbol: "" }],
    ["name", { name: "A\0B" }],
    ["name", { name: "A\ud800" }],
    ["exchange", { exchange: "NYSE" }],
    ["exchange", { exchange: "GLOBAL" }],
    ["token", { token: 2 ** 32 }],
    ["token", { token: 0 }],
    ["decimals", { decimals: 9 }],
    ["tick size", { tickSize: 0 }],
    ["lot size", { lotSize: 0 }],
    ["lot size", { lotSize: 2 ** 31 }],
    ["lot size", { lotSize: Number.NaN }],
    ["expiry", { expiry: "2026-02-29" }],
    ["strike", { strike: -1 }],
    ["strike", { strike: 1e300 }],
    ["wire divisor", { wireDivisor: 3 }],
    ["wire divisor", { wireDivisor: 0 }],
  ])("is left out for its %s: %j", (field, over) => expect(listingFault({ ...sound, ...over })).toContain(field));
});

describe("the tally of rows left out", () => {
  it("counts by reason whatever the values were, and keeps the first of them", () => {
    const tally = new LeftOutTally();
    for (let line = 1; line <= 7; line++) tally.add(`line ${line}`, `expiry "${line}" is not a date`);
    tally.add("line 9", "exchange GLOBAL is not supported");
    expect(tally.list()).toEqual([
      {
        reason: "expiry is not a date",
        count: 7,
        examples: [1, 2, 3, 4, 5].map((line) => `line ${line}: expiry "${line}" is not a date`),
      },
      { reason: "exchange GLOBAL is not supported", count: 1, examples: ["line 9: exchange GLOBAL is not supported"] },
    ]);
  });

  it("has a bound, however many reasons there are", () => {
    const tally = new LeftOutTally();
    for (let line = 0; line < 1_000; line++) tally.add(`line ${line}`, `exchange E${line} is not supported`);
    expect([tally.list().length, tally.list()[0]]).toMatchObject([41, { reason: "other reasons", count: 960 }]);
  });
});
