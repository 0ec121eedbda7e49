import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { recordedText } from "@/server/testing/recorded";
import { readInstruments } from "./instruments";

const HEADER =
  "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange";
const read = (...rows: string[]) => [...readInstruments(`${HEADER}\n${rows.join("\n")}\n`)];
const one = (row: string) => read(row)[0]!.listed;

describe("readInstruments", () => {
  it("reads a share", () => {
    expect(one("408065,1594,INFY,INFOSYS,0,,0,0.05,1,EQ,NSE,NSE")).toEqual({
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
    });
  });

  it("gives indices of NSE and BSE an exchange of their own, and leaves SIM's where it is", () => {
    expect(one("256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE")).toMatchObject({
      exchange: "NSE_INDEX",
      symbol: "NIFTY 50",
      segment: "index",
      tickSize: 1,
      lotSize: 1,
    });
    expect(one("265,1,SENSEX,SENSEX,0,,0,0,0,EQ,INDICES,BSE")).toMatchObject({
      exchange: "BSE_INDEX",
      segment: "index",
    });
    expect(one("9,1,SIM 50,SIM 50,0,,0,0.05,1,EQ,INDICES,SIM")).toMatchObject({ exchange: "SIM", segment: "index" });
  });

  it("keeps four decimals for currency: the wire has seven on CDS, four on BCD", () => {
    expect(one("259,1,USDINR26NOVFUT,USDINR,0,2026-11-26,0,0.0025,1,FUT,CDS-FUT,CDS")).toMatchObject({
      segment: "currency",
      decimals: 4,
      tickSize: 25,
      wireDivisor: 1_000,
      expiry: "2026-11-26",
    });
    expect(one("262,1,USDINR26NOVFUT,USDINR,0,2026-11-26,0,0.25,1,FUT,BCD-FUT,BCD")).toMatchObject({
      segment: "currency",
      decimals: 4,
      tickSize: 2_500,
      wireDivisor: 1,
    });
  });

  it("refuses names of blanks, and reads no line longer than any of Kite's", () => {
    expect(
      read(
        "408065,1594,   ,INFOSYS,0,,0,0.05,1,EQ,NSE,NSE",
        `408065,1594,INFY,${",".repeat(100_000)}`,
        "408065,1594,INFY,  ,0,,0,0.05,1,EQ,NSE,NSE",
      ),
    ).toMatchObject([
      { listed: null, reason: "no tradingsymbol or exchange" },
      { listed: null, reason: "the line has 100017 characters" },
      { listed: { symbol: "INFY", name: "INFY" } },
    ]);
    expect(() => [...readInstruments(",".repeat(1e6))]).toThrow(/begins with a line of 1000000 characters/);
    expect(() => read(...Array.from({ length: 20_000 }, () => ""))).toThrow(/empty lines/);
  });

  it("has no more decimals than the wire carries", () => {
    expect(one("257,1,FINE,FINE,0,,0,0.001,1,EQ,NSE,NSE")).toMatchObject({ decimals: 2, tickSize: 1, wireDivisor: 1 });
  });

  it("distinguishes futures, options and commodities, with expiry and strike", () => {
    expect(one("258,1,NIFTY26NOVFUT,NIFTY,0,2026-11-24,0,0.05,75,FUT,NFO-FUT,NFO")).toMatchObject({
      segment: "futures",
      lotSize: 75,
      strike: null,
      expiry: "2026-11-24",
    });
    expect(one("514,2,NIFTY26NOV24500.5CE,NIFTY,0,2026-11-24,24500.5,0.05,75,CE,NFO-OPT,NFO")).toMatchObject({
      segment: "options",
      strike: 2_450_050,
    });
    expect(one("263,1,CRUDEOIL26NOVFUT,CRUDEOIL,0,2026-11-18,0,1,100,FUT,MCX-FUT,MCX")).toMatchObject({
      segment: "commodity",
      tickSize: 100,
      decimals: 2,
    });
  });

  it("reads quoted names with commas and quotes, and lines that end in CR LF", () => {
    expect(one('257,1,ABC,"ABC, ""THE"" COMPANY",0,,0,0.05,1,EQ,NSE,NSE\r')).toMatchObject({
      name: 'ABC, "THE" COMPANY',
      exchange: "NSE",
    });
    expect(one('257,1,ABC,"",0,,0,0.05,1,EQ,NSE,NSE')).toMatchObject({ name: "ABC" });
  });

  it("turns dates that went through a spreadsheet", () => {
    expect(one("258,1,X,X,0,25-04-2024,0,0.05,75,FUT,NFO-FUT,NFO")!.expiry).toBe("2024-04-25");
  });

  it("skips an unreadable row, with the line and the reason, and continues", () => {
    expect(
      read(
        "abc,1,X,X,0,,0,0.05,1,EQ,NSE,NSE",
        "257,1,Y,Y,0,,0,0.05,1,BOND,NSE,NSE",
        "257,1,Z,Z,0,soon,0,0.05,1,FUT,NFO-FUT,NFO",
        "513,2,W,W,0,,0,,1,EQ,NSE,NSE",
        "257",
        "769,3,OK,OK,0,,0,0.05,1,EQ,NSE,NSE",
      ).map(({ line, listed, reason }) => [line, listed?.symbol ?? reason]),
    ).toEqual([
      [2, 'instrument_token "abc" is not a 32-bit number'],
      [3, 'instrument_type "BOND" of segment "NSE" is not known'],
      [4, 'expiry "soon" is not a date'],
      [5, 'tick_size "" is not a number'],
      [6, "no tradingsymbol or exchange"],
      [7, "OK"],
    ]);
  });

  it("takes no number that only a program reads as one, and no spaces around a name", () => {
    expect(
      read(
        "257,1,Y,Y,0,,0,0x10,1,EQ,NSE,NSE",
        "513,2,W,W,0,,0,0.05,0x10,EQ,NSE,NSE",
        "769,3, OK , A NAME ,0,,0,0.05,1,EQ,NSE,NSE",
      ).map(({ listed, reason }) => (listed === null ? reason : `${listed.symbol}|${listed.name}`)),
    ).toEqual(['tick_size "0x10" is not a number', 'lot_size "0x10" is not a number', "OK|A NAME"]);
  });

  it("leaves out what a store would refuse the whole list for, each row by itself", () => {
    const rows = read(
      "258,1,A,A,0,2026-13-45,0,0.05,75,FUT,NFO-FUT,NFO",
      "514,2,B,B,0,2026-02-30,0,0.05,75,FUT,NFO-FUT,NFO",
      "770,3,C,C,0,,0,0.05,99999999999,EQ,NSE,NSE",
      "1026,4,D,D\0D,0,,0,0.05,1,EQ,NSE,NSE",
      "1282,5,E,E,0,,0,0.05,1.5,EQ,NSE,NSE",
      "1538,6,F,F,0,2026-11-24,9e99,0.05,1,CE,NFO-OPT,NFO",
      "1794,7,G,G,0,,0,1e12,1,EQ,NSE,NSE",
      `2050,8,${"H".repeat(200)},H,0,,0,0.05,1,EQ,NSE,NSE`,
      "0x1,9,I,I,0,,0,0.05,1,EQ,NSE,NSE",
      "2305,9,J,J,0,,0,0.05,1,EQ,XYZ,XYZ",
      "2561,10,K,K,0,,0,0.05,1,EQ,NSE,NSE",
    );
    expect(rows.map(({ listed, reason }) => listed?.symbol ?? reason)).toEqual([
      'expiry "2026-13-45" is not a date',
      'expiry "2026-02-30" is not a date',
      'lot size "99999999999" is not a whole number up to 2147483647',
      'name "D\\u0000D" has a control character',
      'lot size "1.5" is not a whole number up to 2147483647',
      'strike "9e99" is not a number',
      'tick size "100000000000000" is not between the smallest unit and 2147483647 of them',
      "symbol has 200 characters: 1 to 128 are accepted",
      'instrument_token "0x1" is not a 32-bit number',
      "exchange XYZ is not supported: its trading hours are unknown",
      "K",
    ]);
  });

  it("reads NSE's commodity derivatives, four decimals on the wire and two in the price, and indices of GIFT City", () => {
    expect(one("31132428,121611,ALUMINI26DECFUT,ALUMINI,0,2026-12-31,0,0.05,1,FUT,NCO-FUT,NCO")).toMatchObject({
      exchange: "NCO",
      segment: "commodity",
      decimals: 2,
      tickSize: 5,
      wireDivisor: 100,
    });
    expect(one("291849,1140,GIFT NIFTY,GIFT NIFTY,0,,0,0,0,EQ,INDICES,NSEIX")).toMatchObject({
      exchange: "NSEIX",
      segment: "index",
      decimals: 2,
      wireDivisor: 1,
    });
  });

  it("finds the columns behind a byte order mark", () => {
    expect(
      [...readInstruments(`\uFEFF${HEADER}\n257,1,A,A,0,,0,0.05,1,EQ,NSE,NSE\n`)].map(({ listed }) => listed?.symbol),
    ).toEqual(["A"]);
  });

  it("refuses text that is not this list at all", () => {
    expect(() => [...readInstruments("<html>\n")]).toThrow(
      'lacks instrument_token, tradingsymbol, name, expiry, strike, tick_size, lot_size, instrument_type, segment, exchange: it begins "<html>"',
    );
    expect(() => [...readInstruments("")]).toThrow("is empty");
  });

  const readsEvery = (text: string): void => {
    const rows = [...readInstruments(text)];
    expect(rows).toHaveLength(text.trimEnd().split("\n").length - 1);
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter((row) => row.listed === null)).toEqual([]);
    expect(rows.every(({ listed }) => listed!.expiry === null || /^\d{4}-\d{2}-\d{2}$/.test(listed!.expiry))).toBe(
      true,
    );
  };

  it("reads every row of the simulated exchange's list", () => readsEvery(recordedText("instruments.csv")));

  const fixtures = path.resolve(process.cwd(), "../shared/fixtures/kite/rest");
  it.skipIf(!existsSync(fixtures)).each(["instruments_2024-04_excerpt.csv", "instruments_nse.csv"])(
    "reads every row of %s",
    (name) => readsEvery(readFileSync(path.join(fixtures, name), "utf8")),
  );
});
