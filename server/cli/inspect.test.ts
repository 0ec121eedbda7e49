import { describe, expect, it } from "vitest";
import { type InspectRequest, inspectFile, inspectionLines } from "./inspect";

const inspect = (lines: string[], request: Partial<InspectRequest> = {}) =>
  inspectFile(() => lines, { now: Date.parse("2026-12-31T00:00:00Z"), file: "f.csv", ...request });
const yahoo = [
  "Price,Close,High,Low,Open,Volume",
  "Ticker,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS",
  "Date,,,,,",
  "2026-11-19,1510.0,1520.0,1490.0,1500.0,123456",
  "2026-11-20,1520.0,1530.0,1500.0,1510.0,223456",
];

describe("candela inspect", () => {
  it("says what it understood of bars, with the first rows", async () => {
    expect(inspectionLines(await inspect(yahoo, { instrument: "NSE:INFY" }))).toEqual([
      "f.csv: bars, columns separated by comma, decimal point, header in line 3",
      "columns: time ← Date, open ← Open, high ← High, low ← Low, close ← Close, volume ← Volume",
      "times: year-month-day, month names, or epoch; zone: given in the file, epoch, or dates only; 2026-11-19 00:00:00 to 2026-11-20 00:00:00 IST",
      "timeframe: 1d",
      "instrument: NSE:INFY: no column names the instrument",
      "2 rows read, 0 refused",
      "  2026-11-19 00:00:00  open 1500.00  high 1520.00  low 1490.00  close 1510.00  volume 123456",
      "  2026-11-20 00:00:00  open 1510.00  high 1530.00  low 1500.00  close 1520.00  volume 223456",
    ]);
  });
  it("recognises ticks by their columns", async () => {
    const found = await inspect(["exchange_timestamp,instrument_token,last_price", "2026-11-20 09:15:01,408065,1573"], {
      instrument: "NSE:INFY",
    });
    expect(found).toMatchObject({
      kind: "ticks",
      columns: { time: "exchange_timestamp", price: "last_price", token: "instrument_token" },
      rows: 1,
      refused: 0,
      doubts: [],
      preview: ["2026-11-20 09:15:01  price 1573.00"],
    });
  });
  it("recognises semicolons, decimal commas, date order, and another instrument's rows", async () => {
    const found = await inspect(
      [
        "Symbol;Date;Open;High;Low;Close;Qty",
        "INFY;20/11/2026 09:15;7,85;7,85;7,80;7,80;5",
        "TCS;20/11/2026 09:15;1,5;1,5;1,5;1,5;5",
        "INFY;20/11/2026 09:16;7,85;7,85;7,80;x;5",
      ],
      { instrument: "NSE:INFY" },
    );
    expect(found).toMatchObject({
      format: "columns separated by semicolon",
      decimal: "comma",
      times: "day-month-year",
      zone: "not given: read as IST",
      rows: 1,
      refused: 1,
      instrument: "NSE:INFY; rows of other instruments: TCS",
      columns: { volume: "Qty" },
    });
    expect(inspectionLines(found)).toContain('f.csv:4: close "x" is not a number');
  });
  it("says how auctions are printed in it, and which it has", async () => {
    const rows = [
      "datetime,open,high,low,close,volume",
      "2026-08-31 09:15,1300,1301,1298,1299,1500",
      "2026-08-31 09:16,1299,1299,1299,1299,10",
      "2026-08-31 15:14,1294.9,1294.9,1294.9,1294.9,200",
      "2026-08-31 15:15,1294.9,1294.9,1294.9,1294.9,0",
      "2026-08-31 15:29,1277,1277,1277,1277,26600000",
    ];
    const upstox = await inspect(rows, { instrument: "NSE:RELIANCE", broker: "upstox" });
    expect(upstox.auctions).toBe(
      "as printed by upstox: a day opens at the pre-open's price, with its volume; the closing auction in a separate row; 1 auction in 2 rows, the last of 2026-08-31 15:20 at 1277.00, volume 26600000",
    );
    expect(inspectionLines(upstox)).toContain(`auctions: ${upstox.auctions}`);
    expect((await inspect(rows, { instrument: "NSE:RELIANCE" })).auctions).toBe(
      "the broker is not given (--broker): the first bar is kept as is, and rows during auction hours count as auctions; 1 auction in 1 row, the last of 2026-08-31 15:20 at 1277.00, volume 26600000",
    );
    expect((await inspect(rows)).auctions).toBeNull();
  });
  it("collects what is in doubt, each with the option that settles it", async () => {
    const rows = [
      "datetime,open,high,low,close,volume",
      "2026-11-20 03:46,1,1,1,1,1",
      "2026-11-20 03:47,1,1,1,1,1",
      "2026-11-20 03:48,1,1,1,1,1",
    ];
    const { doubts, timeframe } = await inspect(rows, { instrument: "NSE:INFY" });
    expect([timeframe, doubts.length]).toEqual(["1m", 2]);
    expect(doubts.join("\n")).toMatch(/--zone UTC[\s\S]*--labels/);
    expect((await inspect(rows, { instrument: "NSE:INFY", zone: "UTC", labels: "start" })).doubts).toEqual([]);
    expect(
      (
        await inspect(["SYMBOL,DATE,OPEN,HIGH,LOW,CLOSE,VOLUME", "INFY,2026-11-20,1,1,1,1,1"], {
          instrument: "NSE:TCS",
        })
      ).doubts[0],
    ).toContain("--symbol INFY");
    expect((await inspect(rows)).notes).toEqual([expect.stringContaining("--instrument")]);
  });
  it("says what a file lacks that is neither", async () => {
    await expect(inspect(["Date,Open,High,Low,Volume", "2026-11-20,1,1,1,1"])).rejects.toMatchObject({
      code: "bad_input",
      details: { option: "--columns close=NAME" },
    });
  });
});
