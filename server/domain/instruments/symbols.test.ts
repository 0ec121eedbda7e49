import { describe, expect, it } from "vitest";
import { contractOf, expiresOn } from "./contract-symbol";
import { exchangeFamily, keyFromText, namesOfSymbol, squeezeSymbol, writtenSymbol } from "./file-symbol";
import { hasVolume, keyOf, splitKey } from "./instrument";
import { divisorOf, InstrumentTable, Kind, NO_LIMIT, Rule, TokenMap } from "./instrument-table";
import { exchanges, segmentOf } from "./segments";
import { instrumentFault, LeftOutTally, listingFault } from "./broker-list";

describe("the symbol of a contract", () => {
  it.each([
    ["NIFTY25NOVFUT", { underlying: "NIFTY", year: 2025, month: 11, day: null, right: "FUT", strike: null }],
    [" nifty26nov24500ce ", { underlying: "NIFTY", year: 2026, month: 11, day: null, right: "CE", strike: 24_500 }],
    ["NIFTY2612024500PE", { underlying: "NIFTY", year: 2026, month: 1, day: 20, right: "PE", strike: 24_500 }],
    ["BANKNIFTY26O0751000CE", { underlying: "BANKNIFTY", year: 2026, month: 10, day: 7, right: "CE", strike: 51_000 }],
    ["NIFTY26N0324500PE", { underlying: "NIFTY", year: 2026, month: 11, day: 3, right: "PE", strike: 24_500 }],
    ["NIFTY26D0124500PE", { underlying: "NIFTY", year: 2026, month: 12, day: 1, right: "PE", strike: 24_500 }],
    ["USDINR26JAN83.25CE", { underlying: "USDINR", year: 2026, month: 1, day: null, right: "CE", strike: 83.25 }],
    ["USDINR2611683.25CE", { underlying: "USDINR", year: 2026, month: 1, day: 16, right: "CE", strike: 83.25 }],
    ["M&M26DECFUT", { underlying: "M&M", year: 2026, month: 12, day: null, right: "FUT", strike: null }],
  ])("%s", (symbol, contract) => expect(contractOf(symbol)).toEqual(contract));
  it.each([
    "RELIANCE",
    "NIFTY26XXXFUT",
    "NIFTY26XXX24500CE",
    "NIFTY26NOVFUTX",
    "1NIFTY26NOVFUT",
    "NIFTY26NOVCE",
    "26NOVFUT",
  ])("%s is none", (symbol) => expect(contractOf(symbol)).toBeNull());
  it("expires on its day, or in its month", () => {
    const on = (symbol: string, date: string, monthly = false) => expiresOn(contractOf(symbol)!, date, monthly);
    expect([on("NIFTY2612024500PE", "2026-01-20"), on("NIFTY2612024500PE", "2026-01-21")]).toEqual([true, false]);
    expect([on("NIFTY2612024500PE", "2025-01-20"), on("NIFTY2612024500PE", "2026-02-20")]).toEqual([false, false]);
    expect([
      on("NIFTY26NOVFUT", "2026-11-03"),
      on("NIFTY26NOVFUT", "2026-12-03"),
      on("NIFTY26NOVFUT", "no date"),
    ]).toEqual([true, false, false]);
    // Where options expire every week, a month's own is its last week's.
    expect([
      on("NIFTY26NOV24500CE", "2026-11-24"),
      on("NIFTY26NOV24500CE", "2026-11-23"),
      on("NIFTY26NOV24500CE", "2026-11-17"),
    ]).toEqual([true, false, false]);
    expect([
      on("NIFTY26NOV24500CE", "2026-11-17", true),
      on("NIFTY26DEC24500CE", "2026-12-25"),
      on("NIFTY26DEC24500CE", "2026-12-24"),
    ]).toEqual([true, true, false]);
  });
});

describe("a symbol as people write it", () => {
  it("is taken apart", () => {
    expect(writtenSymbol(" nse:infy-eq ")).toEqual({ family: "NSE", symbol: "INFY", series: "EQ" });
    expect(writtenSymbol("INFY.NS")).toEqual({ family: "NSE", symbol: "INFY", series: null });
    expect(writtenSymbol("INFY.BO")).toEqual({ family: "BSE", symbol: "INFY", series: null });
    expect(writtenSymbol("NFO|NIFTY26NOVFUT")).toEqual({ family: "NSE", symbol: "NIFTY26NOVFUT", series: null });
    expect(writtenSymbol("XYZ:INFY")).toEqual({ family: null, symbol: "XYZINFY", series: null });
    expect(writtenSymbol("NSE:")).toEqual({ family: null, symbol: "NSE", series: null });
    expect(writtenSymbol("M&M BE")).toEqual({ family: null, symbol: "MM", series: "BE" });
    expect(writtenSymbol("GOLD N7").series).toBe("N7");
    expect(writtenSymbol("TEQ")).toEqual({ family: null, symbol: "TEQ", series: null });
    expect(squeezeSymbol("m & m_1")).toBe("MM1");
  });
  it("names an exchange by any of its names", () => {
    expect(["nse ", "NFO", "CDS", "NSE_INDEX", "NSE_EQ", "NSE_FO", "NS", "N", "NSEEQ"].map(exchangeFamily)).toEqual(
      Array.from({ length: 9 }, () => "NSE"),
    );
    expect(["BSE", "BFO", "BCD", "BSE_INDEX", "BSE_EQ", "BSE_FO", "BO", "B", "BSEEQ"].map(exchangeFamily)).toEqual(
      Array.from({ length: 9 }, () => "BSE"),
    );
    expect(["MCX", "MCX_FO", "SIM", "SIM_INDEX", "NYSE"].map(exchangeFamily)).toEqual([
      "MCX",
      "MCX",
      "SIM",
      "SIM",
      null,
    ]);
  });
  it("of an index has other names", () => {
    expect(namesOfSymbol("NIFTY 50")).toEqual([
      "NIFTY50",
      "NIFTY",
      "NIFTY50",
      "NSEI",
      "NIFTYINDEX",
      "CNXNIFTY",
      "SPCNXNIFTY",
    ]);
    expect(namesOfSymbol("Sensex")).toEqual(["SENSEX", "BSESN", "BSESENSEX", "SENSEX30"]);
    expect(namesOfSymbol("M&M")).toEqual(["MM"]);
  });
  it.each([
    ["500209", "BSE:500209"],
    ["infy.ns", "NSE:INFY"],
    ["INFY-EQ.NS", "NSE:INFY"],
    ["INFY.BO", "BSE:INFY"],
    ["^NSEI", "NSE_INDEX:NIFTY 50"],
    ["^NSEBANK", "NSE_INDEX:NIFTY BANK"],
    ["^BSESN", "BSE_INDEX:SENSEX"],
    ["^INDIAVIX", "NSE_INDEX:INDIA VIX"],
    ["nse:infy", "NSE:INFY"],
    ["NSE_EQ: INFY-EQ", "NSE:INFY"],
    ["BSE:INFY.BO", "BSE:INFY"],
    ["nse_index: nifty   50", "NSE_INDEX:NIFTY 50"],
    ["NFO:X-EQ", "NFO:X-EQ"],
  ])("%s means %s", (text, key) => expect(keyFromText(text)).toBe(key));
  it.each(["INFY", "^NOPE", ":INFY", "NSE:", "50020", "5002099", ""])("%s means none", (text) =>
    expect(keyFromText(text)).toBeNull(),
  );
});

describe("keys and segments", () => {
  it("a key is an exchange and a symbol, which may hold a colon", () => {
    expect(keyOf("NSE", "INFY")).toBe("NSE:INFY");
    expect(splitKey("NSE:A:B")).toEqual({ exchange: "NSE", symbol: "A:B" });
    expect([splitKey(":A"), splitKey("NSE:"), splitKey("NSE")]).toEqual([null, null, null]);
    expect([hasVolume("index"), hasVolume("equity"), hasVolume("commodity")]).toEqual([false, true, true]);
  });
  it("each exchange has its decimals and kind", () => {
    const told = (name: string) => [segmentOf(name)!.decimals, segmentOf(name)!.kind];
    expect(
      ["NSE", "BSE", "NSE_INDEX", "BSE_INDEX", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO", "NSEIX", "SIM"].map(told),
    ).toEqual([
      [2, null],
      [2, null],
      [2, "index"],
      [2, "index"],
      [2, null],
      [2, null],
      [4, "currency"],
      [4, "currency"],
      [2, "commodity"],
      [2, "commodity"],
      [2, null],
      [2, null],
    ]);
    expect(segmentOf("NYSE")).toBeNull();
    expect(exchanges).toEqual([
      "NSE",
      "BSE",
      "NSE_INDEX",
      "BSE_INDEX",
      "NFO",
      "BFO",
      "CDS",
      "BCD",
      "MCX",
      "NCO",
      "NSEIX",
      "SIM",
    ]);
  });
});

const listed = {
  exchange: "NSE",
  symbol: "INFY",
  name: "INFOSYS",
  segment: "equity" as const,
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
  token: 408_065,
  wireDivisor: 1,
};

describe("a row of a broker's list", () => {
  it("is taken within its bounds", () => {
    const taken = (over: object) => listingFault({ ...listed, ...over }) === null;
    expect(taken({})).toBe(true);
    for (const [field, good, bad] of [
      ["token", [1, 0xffff_ffff], [0, 0x1_0000_0000, 1.5]],
      ["wireDivisor", [1, 10, 1e10], [0, 5, 1e11, 0.1]],
      ["decimals", [0, 8], [-1, 9, 0.5]],
      ["tickSize", [1, 0x7fff_ffff], [0, 0x8000_0000, 0.5]],
      ["lotSize", [1, 0x7fff_ffff], [0, 0x8000_0000]],
      ["expiry", ["2026-11-24", null], ["2026-11-31", "soon"]],
      ["strike", [0, null, Number.MAX_SAFE_INTEGER], [-1, 1.5]],
      ["name", ["x".repeat(128)], ["x".repeat(129), " ", "a\u0000", "\ud800"]],
      ["symbol", ["A:B"], ["", "a\tb"]],
      ["exchange", ["SIM"], ["GLOBAL", "NYSE", "A:B", "A/B", ""]],
    ] as [string, unknown[], unknown[]][]) {
      for (const value of good) expect(taken({ [field]: value }), `${field} ${String(value)}`).toBe(true);
      for (const value of bad) expect(taken({ [field]: value }), `${field} ${String(value)}`).toBe(false);
    }
    expect(instrumentFault({ ...listed, lotSize: 0 })).toContain('lot size "0"');
  });
  it("that is left out is counted by reason, with five examples, forty reasons and one for the rest", () => {
    const tally = new LeftOutTally();
    for (let line = 1; line <= 7; line++) tally.add(`line ${line}`, `token "${line}" is bad`);
    tally.add("line 8", "x".repeat(300));
    const [first, second] = tally.list();
    expect(first).toEqual({
      reason: "token is bad",
      count: 7,
      examples: [1, 2, 3, 4, 5].map((line) => `line ${line}: token "${line}" is bad`),
    });
    expect(second!.examples[0]).toHaveLength(200);
    const other = new LeftOutTally()
      .addAll([{ reason: "token is bad", count: 3, examples: ["a"] }])
      .addAll(tally.list());
    expect(other.list()[0]).toEqual({
      reason: "token is bad",
      count: 10,
      examples: ["a", ...first!.examples.slice(0, 4)],
    });
    for (let at = 0; at < 50; at++) tally.add("line", `reason ${String(at)}`);
    expect(tally.list()).toHaveLength(41);
    expect(tally.list().find(({ reason }) => reason === "other reasons")!.count).toBe(12);
  });
});

describe("the table of instruments", () => {
  const instrument = (id: number, over: object = {}) => ({
    ...listed,
    id,
    key: `NSE:I${id}` as const,
    symbol: `I${id}`,
    ...over,
  });
  const ruleOf = (table: InstrumentTable, index: number) => [
    ...table.rules.subarray(index * Rule.size, (index + 1) * Rule.size),
  ];
  it("numbers instruments in order of arrival and keeps the number", () => {
    const table = new InstrumentTable();
    expect([
      table.put(instrument(7), "NSE"),
      table.put(instrument(5), "NSE"),
      table.put(instrument(7, { key: "NSE:NEW" }), "NSE_CAS"),
    ]).toEqual([0, 1, 0]);
    expect([
      table.size,
      table.version,
      table.indexOf("NSE:I7"),
      table.indexOf("NSE:NEW"),
      table.indexOfId(5),
      table.indexOfId(9),
    ]).toEqual([2, 3, -1, 0, 1, -1]);
    expect([table.hours(0), table.hours(1), [...table.hoursNumber.slice(0, 2)]]).toEqual(["NSE_CAS", "NSE", [1, 0]]);
    expect(() => table.at(2)).toThrow(RangeError);
    expect(() => table.hours(2)).toThrow(RangeError);
    expect(table.all().map(({ id }) => id)).toEqual([7, 5]);
  });
  it("holds a price to its tick and to ten times the last one, or to the day's limits", () => {
    const table = new InstrumentTable();
    table.put(instrument(1, { tickSize: 5 }), "NSE");
    expect(ruleOf(table, 0)).toEqual([5, 1, NO_LIMIT, Kind.traded]);
    table.setReference(0, 1_005);
    expect(ruleOf(table, 0)).toEqual([5, 101, 10_050, Kind.traded]);
    expect([table.referenceOf(0), table.hasLimits(0)]).toEqual([1_005, false]);
    table.setLimits(0, 900, 1_100);
    table.setReference(0, 1_006.4);
    expect(ruleOf(table, 0)).toEqual([5, 900, 1_100, Kind.traded]);
    expect([table.referenceOf(0), table.hasLimits(0)]).toEqual([1_006, true]);
    table.setLimits(0, 1, NO_LIMIT + 1);
    expect(ruleOf(table, 0)[Rule.upper]).toBe(NO_LIMIT);
    table.lift(0);
    expect(ruleOf(table, 0)).toEqual([1, 101, 10_060, Kind.traded]);
    for (const none of [0, -5, NO_LIMIT + 1]) {
      table.setReference(0, none);
      expect([table.referenceOf(0), ruleOf(table, 0)]).toEqual([0, [1, 1, NO_LIMIT, Kind.traded]]);
    }
    table.setReference(0, NO_LIMIT);
    expect(ruleOf(table, 0)[Rule.upper]).toBe(NO_LIMIT);
    // Listed again: the new listing's grid applies, limits stay.
    table.setLimits(0, 900, 1_100);
    table.put(instrument(1, { tickSize: 10 }), "NSE");
    expect(ruleOf(table, 0)).toEqual([10, 900, 1_100, Kind.traded]);
  });
  it("asks no grid of an index, and of none of one unit", () => {
    const table = new InstrumentTable();
    table.put(instrument(1, { segment: "index" }), "NSE");
    table.put(instrument(2, { tickSize: 1 }), "MCX");
    expect([ruleOf(table, 0), ruleOf(table, 1)]).toEqual([
      [1, 1, NO_LIMIT, 0],
      [1, 1, NO_LIMIT, 1 | Kind.traded],
    ]);
    expect([...table.traded.slice(0, 2)]).toEqual([0, 1]);
  });
  it("keeps every rule when it grows", () => {
    const table = new InstrumentTable();
    for (let id = 1; id <= 200; id++) {
      table.put(instrument(id, { tickSize: id + 1 }), id % 2 === 0 ? "NSE" : "MCX");
      table.setReference(id - 1, id * 100);
    }
    for (let id = 1; id <= 200; id++) {
      expect(ruleOf(table, id - 1)).toEqual([id + 1, id * 10, id * 1_000, (id % 2 === 0 ? 1 : 0) | Kind.traded]);
      expect(table.referenceOf(id - 1)).toBe(id * 100);
    }
  });
  it("finds an instrument and its divisor by a token of 32 bits", () => {
    const map = new TokenMap();
    const tokens = Array.from({ length: 500 }, (_, at) => (at * 0x9e37_79b1 + 5) >>> 0);
    tokens.forEach((token, at) => map.set(token, at, 10 ** (at % 11)));
    expect(map.size).toBe(500);
    tokens.forEach((token, at) =>
      expect([map.indexOf(token), divisorOf(map.target(token))]).toEqual([at, 10 ** (at % 11)]),
    );
    expect([map.indexOf(1), map.target(1)]).toEqual([-1, -1]);
    map.set(tokens[3]!, 77, 1);
    expect([map.size, map.indexOf(tokens[3]!)]).toEqual([500, 77]);
    expect([
      map.canHold(0xf_ffff, 10),
      map.canHold(0x10_0000, 10),
      map.canHold(1, 5),
      map.canHold(1, 1e10),
      map.canHold(1, 1e11),
    ]).toEqual([true, false, false, true, false]);
    expect(() => map.set(1, 1, 5)).toThrow(RangeError);
    expect(divisorOf(77)).toBe(1);
  });
});
