import { describe, expect, it } from "vitest";
import { inspectFile } from "@/server/cli/inspect";
import { barsOf, refusal } from "@/server/testing/file-cases";

const names = "Date,Open,High,Low,Close,Volume";
const rows = (dates: string[]) => [
  names,
  ...dates.map((date, at) => `${date},${1_500 + at},${1_520 + at},${1_490 + at},${1_510 + at},${at + 1}`),
];

describe("bars of weeks and months", () => {
  it.each([
    ["weeks", ["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02"]],
    ["weeks", ["2026-10-05", "2026-10-13", "2026-10-19"]],
    ["weeks", ["2026-11-02", "2026-11-09", "2026-11-13"]],
    ["months", ["2026-05-29", "2026-06-30", "2026-07-31", "2026-08-31"]],
    ["months", ["2026-06-01", "2026-07-01", "2026-07-20"]],
    ["quarters", ["2026-03-31", "2026-06-30", "2026-09-30"]],
    ["years", ["2024-01-01", "2025-01-01"]],
  ])("of %s are no days: %j", async (kind, dates) => {
    expect(await refusal(barsOf(rows(dates)))).toMatchObject({
      line: 2,
      field: "time",
      message: expect.stringContaining(`bars of ${kind}`) as unknown,
      option: expect.stringContaining("--lenient") as unknown,
    });
    expect((await barsOf(rows(dates), { lenient: true })).length).toBe(dates.length);
  });
  it("are named in the preview", async () => {
    const found = await inspectFile(() => rows(["2026-10-05", "2026-10-12", "2026-10-19"]), {
      file: "f.csv",
      instrument: "NSE:INFY",
      now: Date.parse("2026-12-31T00:00:00Z"),
    });
    expect([found.timeframe, found.doubts.length]).toEqual(["1W", 1]);
  });
  it.each([
    [["2026-11-19", "2026-11-20", "2026-11-23"]],
    [["2026-11-18", "2026-11-20", "2026-11-25", "2026-11-26"]],
    [["2026-11-20"]],
  ])("days with holidays and gaps are days: %j", async (dates) => {
    expect((await barsOf(rows(dates))).length).toBe(dates.length);
  });
});

describe("rows of one time", () => {
  const row = "2026-11-20,1500,1520,1490,1510,5";
  it("that differ are refused with both lines, equal ones are one", async () => {
    expect(await refusal(barsOf([names, row, row, row.replace("1510", "1511")]))).toMatchObject({
      line: 4,
      field: "time",
      message: expect.stringContaining("lines 2 and 4") as unknown,
      option: expect.stringContaining("--lenient") as unknown,
    });
    expect(await barsOf([names, row, row.replace("1510", "1511")], { lenient: true })).toEqual([
      "2026-11-20 09:15 1500 1520 1490 1511 5",
    ]);
    expect(await barsOf([names, row, row])).toEqual(["2026-11-20 09:15 1500 1520 1490 1510 5"]);
  });
});

describe("rows of several contracts under one symbol", () => {
  const head = "date,symbol,expiry,strike,option_type,open,high,low,close,volume";
  const of = (expiry: string, price: number, strike = "", right = "XX") =>
    `2025-11-20,NIFTY,${expiry},${strike},${right},${price},${price},${price},${price},75`;
  const right = (price: number) => [`2025-11-20 09:15 ${price} ${price} ${price} ${price} 75`];
  it("a future is the one of its expiry, whatever the file calls it", async () => {
    const lines = [head, of("25-Nov-2025", 26_000), of("30-Dec-2025", 26_100), of("25-Nov-2025", 200, "26000", "CE")];
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25NOVFUT" })).toEqual(right(26_000));
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25DECFUT", symbol: "NIFTY" })).toEqual(right(26_100));
    expect(await refusal(barsOf(lines, { instrument: "NFO:NIFTY26JANFUT" }))).toMatchObject({ field: "symbol" });
    expect(await refusal(barsOf(lines, { instrument: "NSE_INDEX:NIFTY 50", symbol: "NIFTY" }))).toMatchObject({
      field: "symbol",
    });
  });
  it("an option also by strike and right, of the month's last week or of its own day", async () => {
    const lines = [
      head,
      of("04-Nov-2025", 1, "26000.00", "CE"),
      of("25-Nov-2025", 2, "26000.00", "CE"),
      of("25-Nov-2025", 3, "26000.00", "PE"),
      of("25-Nov-2025", 4, "26100", "CE"),
      of("25-Nov-2025", 5),
    ];
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25NOV26000CE" })).toEqual(right(2));
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25NOV26000PE" })).toEqual(right(3));
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25NOV26100CE" })).toEqual(right(4));
    expect(await barsOf(lines, { instrument: "NFO:NIFTY25N0426000CE" })).toEqual(right(1));
  });
  it("as the exchanges' bhavcopies write them", async () => {
    const nse = [
      "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,VAL_INLAKH,OPEN_INT,CHG_IN_OI,TIMESTAMP,",
      "FUTIDX,NIFTY,25-Jan-2024,0,XX,21700,21800,21600,21750,21750,1000,5,5,1,01-JAN-2024,",
      "FUTIDX,NIFTY,29-Feb-2024,0,XX,21900,22000,21800,21950,21950,100,5,5,1,01-JAN-2024,",
    ];
    expect(await barsOf(nse, { instrument: "NFO:NIFTY24JANFUT", columns: "volume=CONTRACTS" })).toEqual([
      "2024-01-01 09:15 21700 21800 21600 21750 1000",
    ]);
    const mcx = [
      "Date,Instrument Name,Symbol,Expiry Date,Option Type,Strike Price,Open,High,Low,Close,Previous Close,Volume(Lots)",
      "20 Nov 2026,FUTCOM,GOLD,04DEC2026,-,0,75000,75500,74900,75400,75000,1000",
      "20 Nov 2026,FUTCOM,GOLD,05FEB2027,-,0,76000,76500,75900,76400,76000,100",
    ];
    expect(await barsOf(mcx, { instrument: "MCX:GOLD26DECFUT", columns: "volume=12" })).toEqual([
      "2026-11-20 09:00 75000 75500 74900 75400 1000",
    ]);
  });
  it("a contract without a distinguishing expiry is refused", async () => {
    expect(
      await refusal(
        barsOf(
          ["date,symbol,open,high,low,close,volume", "2025-11-20,NIFTY,1,1,1,1,75", "2025-11-20,NIFTY,2,2,2,2,75"],
          { instrument: "NFO:NIFTY25NOVFUT", symbol: "NIFTY" },
        ),
      ),
    ).toMatchObject({ line: 3, message: expect.stringContaining("lines 2 and 3") as unknown });
  });
});
