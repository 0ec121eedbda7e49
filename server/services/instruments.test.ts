import { beforeAll, describe, expect, it } from "vitest";
import type { Instrument, InstrumentAlias, Segment } from "@/server/domain/instrument";
import { InstrumentTable } from "@/server/domain/instrument-table";
import type { Clock } from "@/server/ports/clock";
import type { InstrumentStore } from "@/server/ports/stores";
import { Instruments } from "./instruments";

const listed: [string, string, string, Segment, string | null][] = [
  ["NSE", "RELIANCE", "Reliance Industries", "equity", null], ["BSE", "RELIANCE", "Reliance Industries", "equity", null],
  ["NFO", "RELIANCE26DECFUT", "RELIANCE", "futures", "2026-12-29"], ["NFO", "RELIANCE26NOVFUT", "RELIANCE", "futures", "2026-11-24"],
  ["NSE_INDEX", "NIFTY 50", "NIFTY 50", "index", null], ["SIM", "NIFTY 50", "NIFTY 50", "index", null], ["SIM", "M&M", "Mahindra & Mahindra", "equity", null],
  ["NSE", "TATASTEEL", "Tata Steel", "equity", null],
];
const rows: Instrument[] = listed.map(([exchange, symbol, name, segment, expiry], place) => ({
  id: place + 1, key: `${exchange}:${symbol}`, exchange, symbol, name, segment, decimals: 2, tickSize: 5, lotSize: 1, expiry, strike: null,
}));
const aliases: InstrumentAlias[] = rows.map((row) => ({ instrumentId: row.id, vendor: "kite", token: row.id * 256 + 1, symbol: row.symbol, wireDivisor: 1, validFrom: "2026-01-01", validTo: null }));

const table = new InstrumentTable();
const instruments = new Instruments({
  table, clock: { now: () => Date.UTC(2026, 10, 20) } as Clock, hoursOf: () => "NSE",
  store: { load: () => Promise.resolve({ instruments: rows, aliases, former: [{ instrumentId: 8, symbol: "TISCO" }] }), upsert: () => Promise.resolve({ leftOut: [], renamed: [] }) } satisfies InstrumentStore,
});
const keys = (found: number[]): string[] => found.map((index) => table.at(index).key);

describe("instruments", () => {
  beforeAll(() => instruments.load());

  it.each([
    ["NSE:RELIANCE", "NSE:RELIANCE"], ["BSE:RELIANCE", "BSE:RELIANCE"], ["RELIANCE", "NSE:RELIANCE"], ["NIFTY50", "NSE_INDEX:NIFTY 50"],
    ["1281", "NSE_INDEX:NIFTY 50"], ["NSE_EQ/1", "NSE:RELIANCE"], ["1:1", "NSE:RELIANCE"], ["nse:8", "NSE:TATASTEEL"], ["1:99926000", "NSE_INDEX:NIFTY 50"],
    ["NSE_INDEX:NIFTY50", "NSE_INDEX:NIFTY 50"], ["SIM:NIFTY 50", "SIM:NIFTY 50"], ["SIM_INDEX:NIFTY 50", "SIM:NIFTY 50"], ["sim:m&m", "SIM:M&M"], ["NSE_EQ:TATASTEEL", "NSE:TATASTEEL"], ["NSE:TISCO", "NSE:TATASTEEL"],
  ])("%s means %s", (text, key) => {
    expect(table.at(instruments.resolve(text)).key).toBe(key);
  });

  it("refuses a name that nothing has, with what comes near", () => {
    expect(() => instruments.resolve("NSE:RELIANC")).toThrow(expect.objectContaining({ code: "not_found", message: expect.stringContaining("NSE:RELIANCE") as string }) as Error);
  });

  it("takes a token as a broker's, and names the brokers it knows", () => {
    expect(table.at(instruments.resolve("257", "kite")).key).toBe("NSE:RELIANCE");
    const refused = (text: string, vendor?: string): unknown => { try { return instruments.resolve(text, vendor); } catch (error) { return error; } };
    expect(refused("257", "odin")).toMatchObject({ code: "bad_input", details: { field: "vendor", value: "odin", accepted: "kite" } });
    expect(refused("RELIANCE", "kite")).toMatchObject({ code: "bad_input", details: { field: "instrument", value: "RELIANCE" } });
    expect(refused("999", "kite")).toMatchObject({ code: "not_found" });
    expect(refused("NSE_EQ/999")).toMatchObject({ code: "not_found" });
    expect(refused("INE002A01018")).toMatchObject({ code: "not_found", message: expect.stringContaining("ISIN") as string });
  });

  it("asks which broker is meant where two have the number", async () => {
    const both = new Instruments({
      table: new InstrumentTable(), clock: { now: () => Date.UTC(2026, 10, 20) } as Clock, hoursOf: () => "NSE",
      store: { load: () => Promise.resolve({ instruments: rows, aliases: [...aliases, { ...aliases[7]!, vendor: "angel", token: 257 }], former: [] }), upsert: () => Promise.resolve({ leftOut: [], renamed: [] }) },
    });
    await both.load();
    expect(() => both.resolve("257")).toThrow(expect.objectContaining({ code: "ambiguous", details: expect.objectContaining({ candidates: ["NSE:TATASTEEL", "NSE:RELIANCE"] }) as unknown }) as Error);
    expect(both.resolve("257", "kite")).toBe(0);
  });

  it("finds the exact symbol first, stocks before futures, and the contract that ends first", () => {
    expect(keys(instruments.search("rel", 10))).toEqual(["NSE:RELIANCE", "BSE:RELIANCE", "NFO:RELIANCE26NOVFUT", "NFO:RELIANCE26DECFUT"]);
    expect(keys(instruments.search("reliance26dec", 1))).toEqual(["NFO:RELIANCE26DECFUT"]);
  });

  it("takes words in any order, an exchange filter, and letters left out", () => {
    expect(keys(instruments.search("steel tata", 5))).toEqual(["NSE:TATASTEEL"]);
    expect(keys(instruments.search(":nfo rel", 5))).toEqual(["NFO:RELIANCE26NOVFUT", "NFO:RELIANCE26DECFUT"]);
    expect(keys(instruments.search("ttstl", 5))).toEqual(["NSE:TATASTEEL"]);
    expect(instruments.search("zzzz", 5)).toEqual([]);
  });

  it("knows a broker's token both ways", () => {
    const index = table.indexOf("SIM:M&M");
    const tokens = instruments.tokensOf("kite")!;
    expect(tokens.indexOf(instruments.tokenOf("kite", index)!)).toBe(index);
    expect(instruments.tokensOf("angel")).toBeUndefined();
  });
});
