import { beforeAll, describe, expect, it } from "vitest";
import type { Instrument, InstrumentAlias, Segment } from "@/server/domain/instruments/instrument";
import type { AppError } from "@/server/domain/basics/errors";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { InstrumentStore } from "@/server/ports/stores";
import { feeds } from "@/server/feeds";
import { Instruments } from "./instruments";

const listed: [string, string, string, Segment, string | null][] = [
  ["NSE", "RELIANCE", "Reliance Industries", "equity", null],
  ["BSE", "RELIANCE", "Reliance Industries", "equity", null],
  ["NFO", "RELIANCE26DECFUT", "RELIANCE", "futures", "2026-12-29"],
  ["NFO", "RELIANCE26NOVFUT", "RELIANCE", "futures", "2026-11-24"],
  ["NSE_INDEX", "NIFTY 50", "NIFTY 50", "index", null],
  ["SIM", "NIFTY 50", "NIFTY 50", "index", null],
  ["SIM", "M&M", "Mahindra & Mahindra", "equity", null],
  ["NSE", "TATASTEEL", "Tata Steel", "equity", null],
];
const rows: Instrument[] = listed.map(([exchange, symbol, name, segment, expiry], place) => ({
  id: place + 1,
  key: `${exchange}:${symbol}`,
  exchange,
  symbol,
  name,
  segment,
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry,
  strike: null,
}));
const aliases: InstrumentAlias[] = rows.map((row) => ({
  instrumentId: row.id,
  vendor: "kite",
  token: row.id * 256 + 1,
  symbol: row.symbol,
  wireDivisor: 1,
  validFrom: "2026-01-01",
  validTo: null,
}));

const table = new InstrumentTable();
const instruments = new Instruments({
  brokers: feeds,
  table,
  clock: { now: () => Date.UTC(2026, 10, 20) } as Clock,
  hoursOf: () => "NSE",
  store: {
    load: () => Promise.resolve({ instruments: rows, aliases, former: [{ instrumentId: 8, symbol: "TISCO" }] }),
    upsert: () => Promise.resolve({ leftOut: [], renamed: [] }),
  } satisfies InstrumentStore,
});
const idle = new Turns(() => Promise.resolve());
const search = (text: string, limit: number): Promise<number[]> => instruments.search(text, limit, idle);
const keys = (found: number[]): string[] => found.map((index) => table.at(index).key);

describe("instruments", () => {
  beforeAll(() => instruments.load());

  it.each([
    ["NSE:RELIANCE", "NSE:RELIANCE"],
    ["BSE:RELIANCE", "BSE:RELIANCE"],
    ["RELIANCE", "NSE:RELIANCE"],
    ["NIFTY50", "NSE_INDEX:NIFTY 50"],
    ["1281", "NSE_INDEX:NIFTY 50"],
    ["NSE_EQ/1", "NSE:RELIANCE"],
    ["1:1", "NSE:RELIANCE"],
    ["nse:8", "NSE:TATASTEEL"],
    ["1:99926000", "NSE_INDEX:NIFTY 50"],
    ["NSE_INDEX:NIFTY50", "NSE_INDEX:NIFTY 50"],
    ["SIM:NIFTY 50", "SIM:NIFTY 50"],
    ["SIM_INDEX:NIFTY 50", "SIM:NIFTY 50"],
    ["sim:m&m", "SIM:M&M"],
    ["NSE_EQ:TATASTEEL", "NSE:TATASTEEL"],
    ["NSE:TISCO", "NSE:TATASTEEL"],
  ])("%s means %s", (text, key) => {
    expect(table.at(instruments.resolve(text)).key).toBe(key);
  });

  it("refuses a name that nothing has, with what comes near", () => {
    expect(() => instruments.resolve("NSE:RELIANC")).toThrow(
      expect.objectContaining({
        code: "unknown_instrument",
        message: expect.stringContaining("NSE:RELIANCE") as string,
      }) as Error,
    );
  });

  it("takes a token as a broker's, and names the brokers it knows", () => {
    expect(table.at(instruments.resolve("257", "kite")).key).toBe("NSE:RELIANCE");
    const refused = (text: string, vendor?: string): unknown => {
      try {
        return instruments.resolve(text, vendor);
      } catch (error) {
        return error;
      }
    };
    expect(refused("257", "odin")).toMatchObject({
      code: "bad_input",
      details: { field: "vendor", value: "odin", accepted: "kite" },
    });
    expect(refused("RELIANCE", "kite")).toMatchObject({
      code: "bad_input",
      details: { field: "instrument", value: "RELIANCE" },
    });
    expect(refused("999", "kite")).toMatchObject({ code: "unknown_instrument" });
    expect(refused("NSE_EQ/999")).toMatchObject({ code: "unknown_instrument" });
    expect(refused("INE002A01018")).toMatchObject({
      code: "unknown_instrument",
      message: expect.stringContaining("ISIN") as string,
    });
  });

  it("asks which broker is meant where two have the number", async () => {
    const both = new Instruments({
      brokers: feeds,
      table: new InstrumentTable(),
      clock: { now: () => Date.UTC(2026, 10, 20) } as Clock,
      hoursOf: () => "NSE",
      store: {
        load: () =>
          Promise.resolve({
            instruments: rows,
            aliases: [...aliases, { ...aliases[7]!, vendor: "angel", token: 257 }],
            former: [],
          }),
        upsert: () => Promise.resolve({ leftOut: [], renamed: [] }),
      },
    });
    await both.load();
    expect(() => both.resolve("257")).toThrow(
      expect.objectContaining({
        code: "ambiguous",
        details: expect.objectContaining({ candidates: ["NSE:TATASTEEL", "NSE:RELIANCE"] }) as unknown,
      }) as Error,
    );
    expect(both.resolve("257", "kite")).toBe(0);
  });

  it("finds the exact symbol first, stocks before futures, and the contract that ends first", async () => {
    expect(keys(await search("rel", 10))).toEqual([
      "NSE:RELIANCE",
      "BSE:RELIANCE",
      "NFO:RELIANCE26NOVFUT",
      "NFO:RELIANCE26DECFUT",
    ]);
    expect(keys(await search("reliance26dec", 1))).toEqual(["NFO:RELIANCE26DECFUT"]);
  });

  it("takes words in any order, an exchange filter, and letters left out", async () => {
    expect(keys(await search("steel tata", 5))).toEqual(["NSE:TATASTEEL"]);
    expect(keys(await search(":nfo rel", 5))).toEqual(["NFO:RELIANCE26NOVFUT", "NFO:RELIANCE26DECFUT"]);
    expect(keys(await search("ttstl", 5))).toEqual(["NSE:TATASTEEL"]);
    expect(await search("zzzz", 5)).toEqual([]);
  });

  it("knows a broker's token both ways", () => {
    const index = table.indexOf("SIM:M&M");
    const tokens = instruments.tokensOf("kite")!;
    expect(tokens.indexOf(instruments.tokenOf("kite", index)!)).toBe(index);
    expect(instruments.tokensOf("angel")).toBeUndefined();
  });

  it("looks names of a list up without a word about those it does not know", () => {
    expect(
      ["NSE:RELIANCE", "nifty50", "1281", "NSE:TISCO"].map((name) => table.at(instruments.find(name)).key),
    ).toEqual(["NSE:RELIANCE", "NSE_INDEX:NIFTY 50", "NSE_INDEX:NIFTY 50", "NSE:TATASTEEL"]);
    expect(["NSE:RELIANC", "X:E", "999", "", "NSE_EQ/999"].map((name) => instruments.find(name))).toEqual([
      -1, -1, -1, -1, -1,
    ]);
  });

  it("suggests what begins alike, the longest first", () => {
    const suggested = (text: string): unknown => {
      try {
        return instruments.resolve(text);
      } catch (error) {
        return (error as AppError).details.candidates;
      }
    };
    expect(suggested("Tata Steel Limited")).toEqual(["NSE:TATASTEEL"]);
    expect(suggested("NFO:RELIANCE26NOVFUTX")).toEqual([
      "NFO:RELIANCE26NOVFUT",
      "NFO:RELIANCE26DECFUT",
      "NSE:RELIANCE",
    ]);
    expect(suggested("E")).toEqual([]);
  });

  it("leaves a stored instrument out that no list could bring, and names it", async () => {
    const [sound, odd, coarse] = [
      rows[0]!,
      { ...rows[6]!, decimals: 77 },
      { ...rows[7]!, tickSize: Number.POSITIVE_INFINITY },
    ];
    const kept = new InstrumentTable();
    const loaded = new Instruments({
      brokers: feeds,
      table: kept,
      clock: { now: () => Date.UTC(2026, 10, 20) } as Clock,
      hoursOf: () => "NSE",
      store: {
        load: () => Promise.resolve({ instruments: [odd, sound, coarse], aliases, former: [] }),
        upsert: () => Promise.resolve({ leftOut: [], renamed: [] }),
      },
    });
    await loaded.load();
    expect(kept.all().map(({ key }) => key)).toEqual(["NSE:RELIANCE"]);
    expect(loaded.leftOut().map(({ examples }) => examples)).toEqual([
      ['SIM:M&M: decimals "77" are not 0 to 8'],
      [expect.stringContaining('NSE:TATASTEEL: tick size "Infinity"')],
    ]);
  });

  it("stays quick with a real broker's list: lists are looked up, a suggestion and a search are bounded", async () => {
    const many = Array.from({ length: 100_000 }, (_, place): Instrument => ({
      ...rows[0]!,
      id: place + 1,
      exchange: "NFO",
      symbol: `NIFTY26D${place}CE`,
      key: `NFO:NIFTY26D${place}CE`,
      name: "NIFTY",
      segment: "options",
      expiry: "2026-12-29",
      strike: place,
    }));
    let turns = 0;
    let names = 0;
    const large: Instruments = new Instruments({
      brokers: feeds,
      pause: async () => {
        turns++;
        names += large.find("NFO:NIFTY26D5CE") === -1 ? 0 : 1;
      },
      table: new InstrumentTable(),
      clock: { now: () => Date.UTC(2026, 10, 20) } as Clock,
      hoursOf: () => "NFO",
      store: {
        load: () => Promise.resolve({ instruments: many, aliases: [], former: [] }),
        upsert: () => Promise.resolve({ leftOut: [], renamed: [] }),
      },
    });
    await large.load();
    expect(turns, "read in turns").toBeGreaterThan(200);
    await Promise.all([large.load(), large.load()]);
    expect(names).toBeGreaterThan(0);
    const began = performance.now();
    for (let times = 0; times < 1_000; times++) large.find("X:E");
    expect(performance.now() - began).toBeLessThan(200);
    const asked = performance.now();
    for (let times = 0; times < 10; times++) expect(() => large.resolve("NFO:NIFTY99")).toThrow("did you mean");
    expect((performance.now() - asked) / 10).toBeLessThan(40);
    let pauses = 0;
    expect(
      (
        await large.search(
          "nifty",
          20,
          new Turns(async () => {
            pauses++;
          }),
        )
      ).length,
    ).toBe(20);
    expect(pauses).toBeGreaterThan(50);
    const gone = new Error("gone");
    await expect(large.search("nifty", 20, new Turns(() => Promise.reject(gone)))).rejects.toBe(gone);
  });
});
