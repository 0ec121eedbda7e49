/** Whose rows they are is never guessed: columns under any name, titles, keys of JSON documents. */
import { describe, expect, it } from "vitest";
import { barsOf, refusal, replayed } from "@/server/testing/file-cases";

const infy = "2026-11-20 09:15 1510 1530 1500 1520 223456";
const table = (column: string, value: string, more: string[] = []) => [
  `Date,${column},Open,High,Low,Close,Volume`,
  `2026-11-20,${value},1510,1530,1500,1520,223456`,
  ...more,
];

describe("a column that may name the instrument", () => {
  it.each([
    ["Instrument", "TCS"],
    ["Contract", "TCS"],
    ["Underlying", "TCS"],
    ["Company", "Tata Consultancy Services"],
    ["ISIN", "INE467B01029"],
    ["instrument_key", "NSE_EQ|INE467B01029"],
    ["Asset", "TCS"],
    ["Sym", "TCS"],
    ["Scrip Symbol", "TCS"],
    ["Whatever", "TCS"],
    ["", "TCS"],
  ])("%s: another's rows are refused, and taken when it is said so", async (column, value) => {
    expect(await refusal(barsOf(table(column, value)))).toMatchObject({
      line: 2,
      field: "symbol",
      value,
      option: expect.stringMatching(/--symbol .*symbol=none/) as unknown,
    });
    expect(await barsOf(table(column, value), { symbol: value })).toEqual([infy]);
    expect(await barsOf(table(column, value), { columns: "symbol=none" })).toEqual([infy]);
  });
  it.each(["Instrument", "Contract", "Sym", "Whatever", "instrument_key"])(
    "%s: one's own rows are read, beside others",
    async (column) => {
      expect(await barsOf(table(column, "NSE:INFY", ["2026-11-20,NSE:TCS,3000,3020,2990,3010,5"]))).toEqual([infy]);
      expect(await barsOf(table(column, "INFY"))).toEqual([infy]);
    },
  );
  it("a text behind the figures of a file without names", async () => {
    expect(await refusal(barsOf(["2026-11-20,1510,1530,1500,1520,223456,TCS"]))).toMatchObject({
      line: 1,
      field: "symbol",
      value: "TCS",
    });
    expect(await barsOf(["2026-11-20,1510,1530,1500,1520,223456,INFY"])).toEqual([infy]);
  });
  it("of ticks too", async () => {
    const rows = ["time,Instrument,price,volume", "2026-11-20 09:15:01,TCS,3000,100"];
    expect(await refusal(replayed(rows))).toMatchObject({ line: 2, field: "symbol", value: "TCS" });
    expect(await replayed([rows[0]!, rows[1]!.replace("TCS", "INFY")])).toEqual(["2026-11-20 09:15 3000 0"]);
  });
  it.each([
    ["Remarks", "bonus declared"],
    ["Currency", "INR"],
    ["Weekday", "Friday"],
    ["Interval", "1day"],
    ["Exchange", "NSE"],
    ["Instrument Type", "EQ"],
    ["Instrument", "EQUITY"],
    ["Adjusted", "yes"],
    ["Source", "yahoo"],
    ["Series", "EQ"],
  ])("%s names none", async (column, value) => expect(await barsOf(table(column, value))).toEqual([infy]));
});

describe("a title", () => {
  const names = "Date,Open,High,Low,Close,Volume";
  const row = "2026-11-20,1510,1530,1500,1520,223456";
  it.each([
    "Symbol: TCS",
    "# Ticker = TCS",
    "Company,Tata Consultancy Services",
    "NSE:TCS daily bars",
    "TCS",
    "Historical data for TCS",
    "TCS.NS",
  ])("%s", async (title) => {
    expect(await refusal(barsOf([title, "", names, row]))).toMatchObject({
      line: 1,
      field: "symbol",
      option: expect.stringContaining("--symbol") as unknown,
    });
    expect(await refusal(barsOf([title, row]))).toMatchObject({ line: 1, field: "symbol" });
  });
  it.each([
    "Symbol: INFY",
    "NSE:INFY",
    "INFY.NS daily",
    "INFY",
    "Infosys Limited",
    "Daily bars",
    "From: 2026-11-01 To: 2026-11-20",
  ])("%s is no other", async (title) => {
    expect(await barsOf([title, "", names, row])).toEqual([infy]);
  });
  it("may have BSE's number", async () => {
    for (const title of ["TCS LTD (532540)", "Security Name: TCS LTD, 532540"])
      expect(await refusal(barsOf([title, names, row], { instrument: "BSE:500209" }))).toMatchObject({
        line: 1,
        field: "symbol",
        value: expect.stringContaining("532540") as unknown,
      });
    for (const title of [
      "INFOSYS LTD (500209)",
      "Security Name: INFOSYS LTD, 500209",
      "Electronics City, Bengaluru 560100",
      "Exported at 153000",
    ])
      expect(await barsOf([title, names, row], { instrument: "BSE:500209" })).toEqual([infy]);
  });
  it("may have the company in another line than its symbol", async () => {
    const titles = ["Company: Infosys Limited", "Symbol: INFY"];
    expect(await barsOf([...titles, names, row, ...titles, names, row])).toEqual([infy]);
  });
  it("ends the table of the one before it", async () => {
    expect(await refusal(barsOf(["Symbol: INFY", names, row, "", "Symbol: TCS", names, row]))).toMatchObject({
      line: 5,
      field: "symbol",
      value: "TCS",
    });
  });
});

describe("JSON of several instruments", () => {
  const candles = (base: number) => [["2026-11-20T09:15:00+0530", base, base + 2, base - 1, base + 1, 10]];
  const objects = (base: number) =>
    candles(base).map(([date, open, high, low, close, volume]) => ({ date, open, high, low, close, volume }));
  const columns = (base: number) => ({
    timestamp: [1_795_146_300],
    open: [base],
    high: [base + 2],
    low: [base - 1],
    close: [base + 1],
    volume: [10],
  });
  const minute = { from: "1m", to: "1m" };
  const right = ["2026-11-20 09:15 1500 1502 1499 1501 10"];
  const documents: [string, unknown][] = [
    ["a key each", { "NSE:TCS": { candles: candles(3_000) }, "NSE:INFY": { candles: candles(1_500) } }],
    ["lists under keys", { data: { TCS: candles(3_000), INFY: candles(1_500) } }],
    ["lists of objects", { TCS: objects(3_000), INFY: objects(1_500) }],
    ["columns", { TCS: columns(3_000), INFY: columns(1_500) }],
    [
      "a symbol in each",
      [
        { symbol: "TCS", candles: candles(3_000) },
        { symbol: "INFY", candles: candles(1_500) },
      ],
    ],
  ];
  it("numbers of instruments that key rows are no numbers of rows", async () => {
    const row = { date: "2026-11-20", open: 1510, high: 1530, low: 1500, close: 1520, volume: 223456 };
    const bse = { instrument: "BSE:500209" };
    expect(await barsOf(JSON.stringify({ 532540: { ...row, volume: 1 }, 500209: row }), bse)).toEqual([infy]);
    expect(await refusal(barsOf(JSON.stringify({ 532540: row }), bse))).toMatchObject({
      field: "symbol",
      value: "532540",
    });
    expect(await barsOf(JSON.stringify({ 731: row }), bse)).toEqual([infy]);
  });
  it.each(documents)("%s: the one asked for is taken, else the keys are named", async (_, document) => {
    const text = JSON.stringify(document);
    expect(await barsOf(text, minute)).toEqual(right);
    expect(await refusal(barsOf(text, { ...minute, instrument: "NSE:SBIN" }))).toMatchObject({
      field: "symbol",
      value: expect.stringMatching(/TCS.*INFY/) as unknown,
      option: expect.stringContaining("--symbol") as unknown,
    });
    expect(await barsOf(text, { ...minute, instrument: "NSE:SBIN", symbol: "INFY" })).toEqual(right);
  });
  it.each([
    ["beside the rows", { symbol: "TCS", candles: candles(3_000) }],
    ["far above them", { ticker: "TCS", data: { result: { candles: candles(3_000) } } }],
    [
      "in a description",
      {
        chart: {
          result: [
            {
              meta: { symbol: "TCS.NS" },
              timestamp: [1_795_146_300],
              indicators: { quote: [{ open: [1], high: [1], low: [1], close: [1], volume: [1] }] },
            },
          ],
        },
      },
    ],
    ["as the only key", { TCS: candles(3_000) }],
    ["with another exchange", { symbol: "INFY", exchange: "BSE", candles: candles(3_000) }],
  ])("one symbol %s is checked", async (_, document) => {
    expect(await refusal(barsOf(JSON.stringify(document), minute))).toMatchObject({
      field: "symbol",
      option: expect.stringMatching(/--symbol .*symbol=none/) as unknown,
    });
    expect(await barsOf(JSON.stringify(document), { ...minute, columns: "symbol=none" })).toHaveLength(1);
  });
  it.each([
    ["its own symbol", { symbol: "INFY", exchange: "NSE", candles: candles(1_500) }],
    ["words of an answer", { status: "success", s: "ok", name: "ohlc", DATA: { candles: candles(1_500) } }],
  ])("%s is none other", async (_, document) => expect(await barsOf(JSON.stringify(document), minute)).toEqual(right));
});
