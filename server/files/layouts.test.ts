/** Files of the same kinds as the cases beside the project, with the variants that vendors, exchanges and spreadsheets make. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { barsOf, refusal, replayed } from "@/server/testing/file-cases";
import { readPieces } from "./text";

const day = "2026-11-19 09:15 1500 1520 1490 1510 123456";
const next = "2026-11-20 09:15 1510 1530 1500 1520 223456";
const minutes = (header: string, rows: string[], more = {}) =>
  barsOf([header, ...rows], { from: "1m", to: "1m", ...more });
const first = "2026-11-20 09:15 100 101 99 100.5 10";
const second = "2026-11-20 09:16 100.5 102 100 101 20";

describe("yfinance", () => {
  const head = ["Price,Close,High,Low,Open,Volume", "Ticker,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS", "Date,,,,,"];
  it.each([
    [
      "three lines of names",
      [...head, "2026-11-19,1510.0,1520.0,1490.0,1500.0,123456", "2026-11-20,1520.0,1530.0,1500.0,1510.0,223456"],
    ],
    [
      "an adjusted close",
      [
        "Price,Adj Close,Close,High,Low,Open,Volume",
        "Ticker,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS",
        "Date,,,,,,",
        "2026-11-19,1400.1,1510.0,1520.0,1490.0,1500.0,123456",
        "2026-11-20,1410.3,1520.0,1530.0,1500.0,1510.0,223456",
      ],
    ],
    [
      "the old form, with no names above the tickers",
      [
        ",Adj Close,Close,High,Low,Open,Volume",
        ",INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS",
        "Date,,,,,,",
        "2026-11-19,1400.1,1510.0,1520.0,1490.0,1500.0,123456",
        "2026-11-20,1410.3,1520.0,1530.0,1500.0,1510.0,223456",
      ],
    ],
    [
      "several tickers",
      [
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume",
        "Ticker,INFY.NS,TCS.NS,INFY.NS,TCS.NS,INFY.NS,TCS.NS,INFY.NS,TCS.NS,INFY.NS,TCS.NS",
        "Date,,,,,,,,,,",
        "2026-11-19,1510,3010,1520,3020,1490,2990,1500,3000,123456,1",
        "2026-11-20,1520,3020,1530,3030,1500,3000,1510,3010,223456,2",
      ],
    ],
    [
      "grouped by ticker",
      [
        "Ticker,TCS.NS,TCS.NS,TCS.NS,TCS.NS,TCS.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS",
        "Price,Open,High,Low,Close,Volume,Open,High,Low,Close,Volume",
        "Date,,,,,,,,,,",
        "2026-11-19,3000,3020,2990,3010,1,1500,1520,1490,1510,123456",
        "2026-11-20,3010,3030,3000,3020,2,1510,1530,1500,1520,223456",
      ],
    ],
    [
      "names flattened to pairs",
      [
        `Date,"('Close', 'INFY.NS')","('High', 'INFY.NS')","('Low', 'INFY.NS')","('Open', 'INFY.NS')","('Volume', 'INFY.NS')"`,
        "2026-11-19,1510.0,1520.0,1490.0,1500.0,123456",
        "2026-11-20,1520.0,1530.0,1500.0,1510.0,223456",
      ],
    ],
    [
      "names joined with the ticker",
      [
        "Date,Close_INFY.NS,High_INFY.NS,Low_INFY.NS,Open_INFY.NS,Volume_INFY.NS",
        "2026-11-19,1510,1520,1490,1500,123456",
        "2026-11-20,1520,1530,1500,1510,223456",
      ],
    ],
    [
      "the same of two tickers, by a space",
      [
        "Date,Close TCS.NS,Close INFY.NS,High TCS.NS,High INFY.NS,Low TCS.NS,Low INFY.NS,Open TCS.NS,Open INFY.NS,Volume TCS.NS,Volume INFY.NS",
        "2026-11-19,1,1510,1,1520,1,1490,1,1500,1,123456",
        "2026-11-20,1,1520,1,1530,1,1500,1,1510,1,223456",
      ],
    ],
    [
      "the ticker first",
      [
        "Date,INFY.NS_Close,INFY.NS_High,INFY.NS_Low,INFY.NS_Open,INFY.NS_Volume",
        "2026-11-19,1510,1520,1490,1500,123456",
        "2026-11-20,1520,1530,1500,1510,223456",
      ],
    ],
    [
      "Yahoo's page, with its help behind the names",
      [
        "Date\tOpen\tHigh\tLow\tClose Close price adjusted for splits.\tAdj Close Adjusted close price adjusted for splits and dividend and/or capital gain distributions.\tVolume",
        "Nov 20, 2026\t1,510.00\t1,530.00\t1,500.00\t1,520.00\t1,420.00\t223,456",
        "Nov 19, 2026\t1,500.00\t1,520.00\t1,490.00\t1,510.00\t1,410.00\t123,456",
      ],
    ],
    [
      "one line of names, dividends beside it",
      [
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits",
        "2026-11-19 00:00:00+05:30,1500.0,1520.0,1490.0,1510.0,123456,0.0,0.0",
        "2026-11-20 00:00:00+05:30,1510.0,1530.0,1500.0,1520.0,223456,0.0,0.0",
      ],
    ],
  ])("%s", async (_, lines) => expect(await barsOf(lines)).toEqual([day, next]));

  it("refuses another ticker, and a row without prices", async () => {
    expect(
      await refusal(barsOf([...head, "2026-11-19,1510.0,1520.0,1490.0,1500.0,123456"], { instrument: "NSE:TCS" })),
    ).toMatchObject({ field: "symbol", value: "INFY.NS", option: expect.stringContaining("--symbol") as unknown });
    expect(await barsOf([...head, "2026-11-19,1510.0,1520.0,1490.0,1500.0,123456", "2026-11-20,,,,,"])).toEqual([
      day,
      'refused 5: open "" is empty; the row has no price',
    ]);
    expect(
      await refusal(
        barsOf([
          "Date,Open_TCS.NS,High_TCS.NS,Low_TCS.NS,Close_TCS.NS,Volume_TCS.NS",
          "2026-11-19,1500,1520,1490,1510,123456",
        ]),
      ),
    ).toMatchObject({
      line: 1,
      field: "symbol",
      value: "TCS.NS",
      option: expect.stringContaining("--symbol") as unknown,
    });
    expect(
      await refusal(barsOf([head[0]!, head[1]!.replaceAll(".NS", ".BO"), head[2]!, "2026-11-19,1,1,1,1,1"])),
    ).toMatchObject({ value: "INFY.BO" });
  });
  it("reads minutes with the zone it writes", async () => {
    expect(
      await barsOf(
        [
          "Price,Close,High,Low,Open,Volume",
          "Ticker,INFY.NS,INFY.NS,INFY.NS,INFY.NS,INFY.NS",
          "Datetime,,,,,",
          "2026-11-20 03:45:00+00:00,100.5,101,99,100,10",
          "2026-11-20 03:46:00+00:00,101,102,100,100.5,20",
        ],
        { from: "1m", to: "1m" },
      ),
    ).toEqual([first, second]);
  });
});

describe("exchanges", () => {
  it.each([
    [
      "bhavcopy, a trailing comma, two series",
      [
        "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,",
        "INFY,EQ,1500,1520,1490,1510,1511,1495,123456,1234567.5,19-NOV-2026,100,INE009A01021,",
        "INFY,BL,1400,1400,1400,1400,1400,1495,5,7,19-NOV-2026,1,INE009A01021,",
        "TCS,EQ,3000,3000,3000,3000,3000,3000,5,5,19-NOV-2026,1,X,",
        "INFY,EQ,1510,1530,1500,1520,1521,1510,223456,2234567.5,20-NOV-2026,100,INE009A01021,",
      ],
    ],
    [
      "the full bhavcopy, a space after each comma",
      [
        "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER",
        "INFY, EQ, 19-Nov-2026, 1495, 1500.00, 1520.00, 1490.00, 1511, 1510.00, 1508, 123456, 12.3, 100, 60000, 48.6",
        "INFY, EQ, 20-Nov-2026, 1510, 1510.00, 1530.00, 1500.00, 1521, 1520.00, 1514, 223456, 22.3, 100, -, -",
      ],
    ],
    [
      "the security archive, quoted, newest first, thousands",
      [
        '\uFEFF"Symbol","Series","Date","Prev Close","Open Price","High Price","Low Price","Last Price","Close Price","Average Price","Total Traded Quantity","Turnover ₹","No. of Trades","Deliverable Qty","% Dly Qt to Traded Qty"',
        '"INFY","EQ","20-Nov-2026","1,510.00","1,510.00","1,530.00","1,500.00","1,521.00","1,520.00","1,514.00","2,23,456","33,83,12,384.00","100","1,00,000","44.7"',
        '"INFY","EQ","19-Nov-2026","1,495.00","1,500.00","1,520.00","1,490.00","1,511.00","1,510.00","1,508.00","1,23,456","18,61,71,648.00","100","60,000","48.6"',
      ],
    ],
    [
      "the site of NSE",
      [
        '"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","vwap ","52W H ","52W L ","VOLUME ","VALUE ","No of trades "',
        '"20-Nov-2026","EQ","1,510.00","1,530.00","1,500.00","1,510.00","1,521.00","1,520.00","1,514.00","1,900.00","1,200.00","2,23,456","33,83,12,384.00","100"',
        '"19-Nov-2026","EQ","1,500.00","1,520.00","1,490.00","1,495.00","1,511.00","1,510.00","1,508.00","1,900.00","1,200.00","1,23,456","18,61,71,648.00","100"',
      ],
    ],
    [
      "BSE, newest first, dates by name",
      [
        "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades,Total Turnover (Rs.),Deliverable Quantity,% Deli. Qty to Traded Qty,Spread High-Low,Spread Close-Open,",
        "20-November-2026,1510.00,1530.00,1500.00,1520.00,1514.1,223456,100,338312384.00,100000,44.7,30.00,10.00,",
        "19-November-2026,1500.00,1520.00,1490.00,1510.00,1508.1,123456,100,186171648.00,60000,48.6,30.00,10.00,",
      ],
    ],
    [
      "an answer of NSE's site",
      [
        JSON.stringify({
          data: [
            {
              CH_SYMBOL: "INFY",
              CH_SERIES: "EQ",
              CH_TRADE_HIGH_PRICE: 1530,
              CH_TRADE_LOW_PRICE: 1500,
              CH_OPENING_PRICE: 1510,
              CH_CLOSING_PRICE: 1520,
              CH_LAST_TRADED_PRICE: 1521,
              CH_PREVIOUS_CLS_PRICE: 1510,
              CH_TOT_TRADED_QTY: 223456,
              CH_TOT_TRADED_VAL: 1.5,
              CH_TIMESTAMP: "2026-11-20",
            },
            {
              CH_SYMBOL: "INFY",
              CH_SERIES: "EQ",
              CH_TRADE_HIGH_PRICE: 1520,
              CH_TRADE_LOW_PRICE: 1490,
              CH_OPENING_PRICE: 1500,
              CH_CLOSING_PRICE: 1510,
              CH_LAST_TRADED_PRICE: 1511,
              CH_PREVIOUS_CLS_PRICE: 1495,
              CH_TOT_TRADED_QTY: 123456,
              CH_TOT_TRADED_VAL: 1.5,
              CH_TIMESTAMP: "2026-11-19",
            },
          ],
        }),
      ],
    ],
  ])("%s", async (_, lines) => expect(await barsOf(lines)).toEqual([day, next]));

  const udiff =
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4";
  const row = (source: string, symbol: string, type = "STK", expiry = "") =>
    `2026-11-19,2026-11-19,CM,${source},${type},1594,INE009A01021,${symbol},EQ,${expiry},${expiry},,,LONG NAME,1500,1520,1490,1510,1511,1495,,1510,,,123456,1234567.5,100,F1,1,,,,,`;
  it("UDiFF: only the symbol and the exchange asked for", async () => {
    expect(
      await barsOf([
        udiff,
        row("NSE", "TCS"),
        row("NSE", "INFY"),
        row("BSE", "INFY").replace("1500,1520", "1501,1521"),
      ]),
    ).toEqual([day]);
    expect(await barsOf([udiff, row("BSE", "INFY")], { instrument: "INFY.BO" })).toEqual([day]);
    expect(await refusal(barsOf([udiff, row("BSE", "INFY")]))).toMatchObject({ line: 2, field: "symbol" });
    expect(
      await refusal(barsOf([udiff, row("NSE", "NIFTY", "IDF", "2026-11-26")], { instrument: "NSE_INDEX:NIFTY 50" })),
    ).toMatchObject({ field: "symbol" });
  });
  it("an index, whose shares traded are its volume or missing", async () => {
    const rows = [
      "Date,Open,High,Low,Close,Shares Traded,Turnover (₹ Cr)",
      "19-NOV-2026,24500.5,24600,24400,24550,312345678,31234.5",
    ];
    expect(await barsOf(rows, { instrument: "NSE_INDEX:NIFTY 50" })).toEqual([
      "2026-11-19 09:15 24500.5 24600 24400 24550 312345678",
    ]);
    expect(
      await barsOf(
        [
          "Index Name,Date,Open,High,Low,Close",
          "Nifty 50,19 Nov 2026,24500.5,24600,24400,24550",
          "Nifty Bank,19 Nov 2026,1,1,1,1",
        ],
        { instrument: "NSE_INDEX:NIFTY 50" },
      ),
    ).toEqual(["2026-11-19 09:15 24500.5 24600 24400 24550 0"]);
    expect(
      await barsOf(
        [
          "Index Name,Index Date,Open Index Value,High Index Value,Low Index Value,Closing Index Value,Points Change,Change(%),Volume,Turnover (Rs. Cr.),P/E,P/B,Div Yield",
          "Nifty Next 50,19-11-2026,1,1,1,1,0,0,1,1,1,1,1",
          "Nifty 50,19-11-2026,24500.5,24600,24400,24550,50,0.2,312345678,31234.5,22,3,1",
        ],
        { instrument: "NSE_INDEX:NIFTY 50" },
      ),
    ).toEqual(["2026-11-19 09:15 24500.5 24600 24400 24550 312345678"]);
    expect(
      await barsOf(["date,open,high,low,close,volume", "2026-11-19,24500.5,24600,24400,24550,-"], {
        instrument: "^NSEI",
      }),
    ).toEqual(["2026-11-19 09:15 24500.5 24600 24400 24550 0"]);
  });
  it("another series than the one asked for", async () => {
    const rows = [
      "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,TOTTRDQTY,TIMESTAMP",
      "INFY,BE,1500,1520,1490,1510,123456,2026-11-19",
    ];
    expect(await refusal(barsOf(rows))).toMatchObject({ field: "symbol", value: "INFY BE" });
    expect(await barsOf(rows, { columns: "series=none" })).toEqual([day]);
    expect(await barsOf(rows, { instrument: "NSE:INFY-BE" })).toEqual([day]);
  });
  it("an unknown volume column", async () => {
    const rows = ["date,open,high,low,close,MyQty", "2026-11-19,1500,1520,1490,1510,123456"];
    expect(await refusal(barsOf(rows))).toMatchObject({
      line: 1,
      field: "volume",
      value: "MyQty",
      option: expect.stringContaining("--columns volume=MyQty") as unknown,
    });
    expect(await barsOf(rows, { columns: "volume=MyQty" })).toEqual([day]);
    expect(await barsOf(rows, { columns: "volume=6" })).toEqual([day]);
    expect(await barsOf(rows, { columns: "volume=none" })).toEqual([day.replace("123456", "0")]);
    expect(await refusal(barsOf(rows, { columns: "volume=Nothing" }))).toMatchObject({
      field: "--columns",
      value: "volume=Nothing",
    });
  });
  it.each([
    "TTL_TRD_QNTY",
    "TOTTRDQTY",
    "TtlTradgVol",
    "Shares Traded",
    "No. of Shares",
    "Total Trade Quantity",
    "vol",
    "qty",
    "Total Traded Quantity",
    "QUANTITY",
    "Traded Qty",
  ])("volume as %s", async (name) => {
    expect(await barsOf([`Date,Open,High,Low,Close,"${name}"`, "2026-11-19,1500,1520,1490,1510,123456"])).toEqual([
      day,
    ]);
  });
});

describe("a volume that is another quantity", () => {
  it.each(["Volume (Rs.)", "Volume (₹)", "VOLUME (INR)", "Traded Volume ₹"])(
    "a value by its name: %s",
    async (name) => {
      const rows = [`Date,Open,High,Low,Close,"${name}"`, "2026-11-19,1500,1520,1490,1510,186171648"];
      expect(await refusal(barsOf(rows))).toMatchObject({
        line: 1,
        field: "volume",
        value: name,
        message: expect.stringContaining("it is a value, not a count") as unknown,
        option: `--columns volume=${name} or --columns volume=none`,
      });
      expect(await barsOf(rows, { columns: `volume=${name}` })).toEqual([day.replace("123456", "186171648")]);
      expect(
        await barsOf([
          `Date,Open,High,Low,Close,"${name}",Shares Traded`,
          "2026-11-19,1500,1520,1490,1510,186171648,123456",
        ]),
      ).toEqual([day]);
    },
  );
  it("two columns that are called a volume and differ", async () => {
    const rows = ["Date,Open,High,Low,Close,Traded Volume,Volume", "2026-11-19,1500,1520,1490,1510,123456,186171648"];
    expect(await refusal(barsOf(rows))).toMatchObject({
      line: 1,
      field: "volume",
      value: "Volume, Traded Volume",
      option: "--columns volume=Volume or --columns volume=Traded Volume",
    });
    expect(await barsOf(rows, { columns: "volume=Traded Volume" })).toEqual([day]);
    expect(await barsOf([rows[0]!, rows[1]!.replace("186171648", "123456")])).toEqual([day]);
    // A cumulative total beside each trade's own.
    expect(
      await replayed(["time,ltp,volume,ttq", "2026-11-20 09:15:01,1573,5,100", "2026-11-20 09:15:02,1574,7,107"]),
    ).toEqual(["2026-11-20 09:15 1574 7"]);
    expect(await refusal(replayed(["time,ltp,vol,volume", "2026-11-20 09:15:01,1573,5,100"]))).toMatchObject({
      field: "volume",
      value: "volume, vol",
    });
  });
  const traded = [304, 67, 469, 243, 298, 11, 150, 75, 900, 42, 130, 64];
  const clock = (at: number): string => `2025-11-20 09:${15 + at}:00`;
  const bar = (volume: number, at: number): string => `${clock(at)},100,101,99,100.5,${volume}`;
  const sums = traded.map((_, at) => traded.slice(0, at + 1).reduce((sum, each) => sum + each, 0));
  const names = "datetime,open,high,low,close,";
  it.each(["volume", "Total Traded Quantity"])("the day's volume so far in bars, as %s", async (name) => {
    const rows = [names + name, ...sums.map(bar)];
    for (const lines of [rows, [rows[0]!, ...rows.slice(1).toReversed()]]) {
      expect(await refusal(barsOf(lines, { from: "1m", to: "1m" }))).toMatchObject({
        field: "volume",
        value: 2_753,
        message: expect.stringContaining("the day's cumulative volume") as unknown,
        option: expect.stringContaining("--columns volume=none") as unknown,
      });
    }
    const even = [rows[0]!, ...traded.map((_, at) => bar(100 * (at + 1), at))];
    expect(await refusal(barsOf(even, { from: "1m", to: "1m" })), "the sum of equal volumes").toMatchObject({
      field: "volume",
      value: 1_200,
    });
    expect((await barsOf(rows, { from: "1m", to: "15m", columns: "volume=none" }))[0]).toBe(
      "2025-11-20 09:15 100 101 99 100.5 0",
    );
    expect((await barsOf(rows, { from: "1m", to: "15m", columns: `volume=${name}` }))[0]).toBe(
      `2025-11-20 09:15 100 101 99 100.5 ${sums.reduce((sum, each) => sum + each, 0)}`,
    );
  });
  it("believes no fewer than eight neighbours, and no volumes of which more than one in fifty falls", async () => {
    const read = (volumes: readonly number[]) =>
      barsOf([`${names}volume`, ...volumes.map(bar)], { from: "1m", to: "1m" });
    expect((await read(sums.slice(0, 8))).length).toBe(8);
    expect(await refusal(read(sums.slice(0, 9)))).toMatchObject({ field: "volume" });
    const falling = (every: number) =>
      Array.from({ length: 44 }, (_, at) => 1_000 + at * 10 + ((at * at) % 7) - (at > 0 && at % every === 0 ? 100 : 0));
    expect((await read(falling(10))).length).toBe(44);
    expect(await refusal(read(falling(100)))).toMatchObject({ field: "volume" });
    // A counter that was set right once in fifty-one.
    const long = Array.from({ length: 52 }, (_, at) => 1_000 + at * 10 + ((at * at) % 7) - (at >= 30 ? 100 : 0));
    const rows = long.map(
      (volume, at) =>
        `2025-11-20 ${String(9 + Math.floor((15 + at) / 60)).padStart(2, "0")}:${String((15 + at) % 60).padStart(2, "0")}:00,100,101,99,100.5,${volume}`,
    );
    expect(await refusal(barsOf([`${names}volume`, ...rows], { from: "1m", to: "1m" }))).toMatchObject({
      field: "volume",
    });
  });
  it("takes bars' own volumes, also such as rise by rule", async () => {
    for (const volumes of [
      traded,
      traded.map((_, at) => 10 + at),
      traded.map((_, at) => 10 + Math.max(1, at)),
      traded.map((_, at) => 100 + 100 * at + 50),
      traded.map(() => 75),
      traded.map((_, at) => (at < 11 ? 75 : 150)),
      sums.slice(0, 5),
    ]) {
      expect((await barsOf([`${names}volume`, ...volumes.map(bar)], { from: "1m", to: "1m" })).length).toBe(
        volumes.length,
      );
    }
  });
  it("each trade's own in ticks", async () => {
    const rows = traded.map((volume, at) => `2025-11-20 09:15:${10 + at},${100 + (at % 3)},${volume}`);
    for (const lines of [["time,price,volume", ...rows], rows, rows.map((row) => row.replaceAll(",", ";"))]) {
      expect(await refusal(replayed(lines))).toMatchObject({
        field: "volume",
        value: 67,
        message: expect.stringContaining("each trade's volume") as unknown,
        option: expect.stringContaining("--columns volume=none") as unknown,
      });
    }
    expect(await replayed(["time,price,volume", ...rows], { columns: "volume=none" })).toEqual([
      "2025-11-20 09:15 102 0",
    ]);
    const counted = sums.map(
      (volume, at) => `2025-11-20 09:15:${10 + at},100,${at === 4 ? 0 : at === 8 ? volume - 100 : volume}`,
    );
    expect((await replayed(["time,price,volume", ...counted])).at(-1)).toMatch(/^2025-11-20 09:15 100 /);
  });
});

describe("brokers and programs", () => {
  const candles = [
    ["2026-11-20T09:15:00+0530", 100, 101, 99, 100.5, 10],
    ["2026-11-20T09:16:00+0530", 100.5, 102, 100, 101, 20],
  ];
  const objects = candles.map(([datetime, open, high, low, close, volume]) => ({
    datetime: String(datetime).slice(0, 19).replace("T", " "),
    stock_code: "INFY",
    exchange_code: "NSE",
    open: String(open),
    high: String(high),
    low: String(low),
    close: String(close),
    volume: String(volume),
    open_interest: null,
    count: 4,
  }));
  const epoch = candles.map(([time]) => Date.parse(String(time)) / 1_000);
  const column = (at: number) => candles.map((candle) => candle[at]);
  const figures = ["open", "high", "low", "close", "volume"];
  const stamps = ["2026-11-20T09:15:00.000", "2026-11-20T09:16:00.000"];
  const record = (at: number, name: (figure: string, place: number) => string = (figure) => figure) =>
    Object.fromEntries(figures.map((figure, place) => [name(figure, place), candles[at]![place + 1]]));
  const byKey = (keys: readonly (string | number)[], value: (at: number) => unknown) =>
    Object.fromEntries(keys.map((key, at) => [key, value(at)]));
  const vantage = (zone: string, clocks: readonly string[], symbol = "INFY.NS") =>
    JSON.stringify(
      {
        "Meta Data": {
          "1. Information": "Intraday (1min) open, high, low, close prices and volume",
          "2. Symbol": symbol,
          "3. Last Refreshed": "2026-11-20 15:29:00",
          "4. Interval": "1min",
          "5. Output Size": "Compact",
          "6. Time Zone": zone,
        },
        "Time Series (1min)": Object.fromEntries(
          clocks
            .map(
              (clock, at) =>
                [
                  clock,
                  Object.fromEntries(
                    Object.entries(record(at, (name, place) => `${place + 1}. ${name}`)).map(([name, figure]) => [
                      name,
                      String(figure),
                    ]),
                  ),
                ] as const,
            )
            .toReversed(),
        ),
      },
      null,
      4,
    );
  it.each([
    ["Kite's answer", JSON.stringify({ status: "success", data: { candles } })],
    ["Kite's answer over several lines", JSON.stringify({ status: "success", data: { candles } }, null, 2)],
    [
      "Angel's answer",
      JSON.stringify({
        status: true,
        message: "SUCCESS",
        data: candles.map(([time, ...rest]) => [String(time).replace("+0530", "+05:30"), ...rest]),
      }),
    ],
    [
      "candles with open interest, newest first",
      JSON.stringify({ data: { candles: candles.toReversed().map((candle) => [...candle, 0]) } }),
    ],
    ["candles by epoch", JSON.stringify({ s: "ok", candles: candles.map(([, ...rest], at) => [epoch[at], ...rest]) })],
    ["Breeze's answer", JSON.stringify({ Success: objects, Status: 200 })],
    ["JSON lines", objects.map((each) => JSON.stringify(each)).join("\n")],
    ["JSON lines of arrays", candles.map((each) => JSON.stringify(each)).join("\n")],
    [
      "one array a column",
      JSON.stringify({ s: "ok", t: epoch, o: column(1), h: column(2), l: column(3), c: column(4), v: column(5) }),
    ],
    [
      "Yahoo's answer",
      JSON.stringify({
        chart: {
          result: [
            {
              meta: { symbol: "INFY.NS" },
              timestamp: epoch,
              indicators: {
                quote: [{ open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) }],
              },
            },
          ],
        },
      }),
    ],
    [
      "Noren's answer",
      JSON.stringify(
        candles.map(([time, open, high, low, close, volume]) => ({
          stat: "Ok",
          time: `20-11-2026 ${String(time).slice(11, 19)}`,
          ssboe: "1",
          into: `${open}`,
          inth: `${high}`,
          intl: `${low}`,
          intc: `${close}`,
          intvwap: "100",
          intv: `${volume}`,
          v: "99999",
          intoi: "0",
          oi: "0",
        })),
      ),
    ],
    [
      "texts that hold JSON, on one line",
      JSON.stringify(
        candles.map(([time, open, high, low, close, volume]) =>
          JSON.stringify({
            time: `20-11-2026 ${String(time).slice(11, 19)}`,
            into: `${open}`,
            inth: `${high}`,
            intl: `${low}`,
            intc: `${close}`,
            intv: `${volume}`,
          }),
        ),
      ),
    ],
    [
      "one array a column, and one that is empty",
      JSON.stringify({
        open: column(1),
        high: column(2),
        low: column(3),
        close: column(4),
        volume: column(5),
        timestamp: epoch,
        open_interest: [],
      }),
    ],
    ["pandas, orient index", JSON.stringify(byKey(stamps, (at) => record(at)))],
    [
      "pandas, orient index by epoch",
      JSON.stringify(
        byKey(
          epoch.map((each) => each * 1_000),
          (at) => record(at),
        ),
      ),
    ],
    ["pandas, orient index by number", JSON.stringify(byKey([0, 1], (at) => ({ date: stamps[at], ...record(at) })))],
    [
      "pandas, orient columns",
      JSON.stringify(
        Object.fromEntries(figures.map((figure, place) => [figure, byKey(stamps, (at) => candles[at]![place + 1])])),
      ),
    ],
    [
      "pandas, orient columns by number",
      JSON.stringify({
        date: byKey([0, 1], (at) => stamps[at]),
        ...Object.fromEntries(figures.map((figure, place) => [figure, byKey([0, 1], (at) => candles[at]![place + 1])])),
      }),
    ],
    [
      "pandas, orient split",
      JSON.stringify({ columns: figures, index: stamps, data: candles.map(([, ...rest]) => rest) }),
    ],
    [
      "pandas, orient table",
      JSON.stringify({
        schema: {
          fields: [{ name: "index", type: "datetime" }, ...figures.map((name) => ({ name, type: "number" }))],
          primaryKey: ["index"],
          pandas_version: "1.4.0",
        },
        data: stamps.map((index, at) => ({ index, ...record(at) })),
      }),
    ],
    [
      "two instruments by name, each orient index",
      JSON.stringify({
        TCS: byKey(stamps, (at) => ({ ...record(at), volume: 1 })),
        INFY: byKey(stamps, (at) => record(at)),
      }),
    ],
    ["Alpha Vantage", vantage("Asia/Kolkata", ["2026-11-20 09:15:00", "2026-11-20 09:16:00"])],
    ["Alpha Vantage in the zone it says", vantage("US/Eastern", ["2026-11-19 22:45:00", "2026-11-19 22:46:00"])],
    [
      "Alpha Vantage's CSV",
      "timestamp,open,high,low,close,volume\n2026-11-20 09:16:00,100.5,102,100,101,20\n2026-11-20 09:15:00,100,101,99,100.5,10",
    ],
    [
      "Interactive Brokers",
      "date,open,high,low,close,volume,average,barCount\n20261120 09:15:00 Asia/Kolkata,100,101,99,100.5,10,100,3\n20261119 22:46:00 US/Eastern,100.5,102,100,101,20,100,3",
    ],
    [
      "an index of pandas that holds the times",
      ",Open,High,Low,Close,Volume\n2026-11-20 09:15:00+05:30,100,101,99,100.5,10\n2026-11-20 09:16:00+05:30,100.5,102,100,101,20",
    ],
    [
      "TradingView",
      "time,open,high,low,close,Volume,EMA\n" +
        candles.map(([, ...rest], at) => [epoch[at], ...rest, 100.123].join(",")).join("\n"),
    ],
    [
      "Amibroker",
      "Ticker,Date,Time,Open,High,Low,Close,Volume\nINFY,20-11-2026,09:15:00,100,101,99,100.5,10\nINFY,20-11-2026,09:16:00,100.5,102,100,101,20",
    ],
    [
      "MetaStock",
      "<TICKER>,<PER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nINFY,1,20261120,091500,100,101,99,100.5,10,0\nINFY,1,20261120,091600,100.5,102,100,101,20,0",
    ],
    [
      "MetaTrader",
      "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2026.11.20\t09:15:00\t100\t101\t99\t100.5\t3\t10\t1\n2026.11.20\t09:16:00\t100.5\t102\t100\t101\t4\t20\t1",
    ],
    [
      "an index of pandas before it",
      ",datetime,open,high,low,close,volume\n0,2026-11-20 09:15:00,100,101,99,100.5,10\n1,2026-11-20 09:16:00,100.5,102,100,101,20",
    ],
    [
      "names in another order, one quoted",
      'volume,"close",low,high,open,"date"\n10,100.5,99,101,100,2026-11-20 09:15:00\n20,101,100,102,100.5,2026-11-20 09:16:00',
    ],
    [
      "bars by Upstox's key",
      "instrument_key|timestamp|open|high|low|close|volume\nNSE_EQ:INFY|2026-11-20 09:15:00|100|101|99|100.5|10\nNSE_EQ:INFY|2026-11-20 09:16:00|100.5|102|100|101|20",
    ],
  ])("%s", async (_, text) => expect(await barsOf(text, { from: "1m", to: "1m" })).toEqual([first, second]));

  it("refuses another symbol and an unknown zone beside a list, and shows a message in place of rows", async () => {
    const clocks = ["2026-11-20 09:15:00", "2026-11-20 09:16:00"];
    expect(await refusal(barsOf(vantage("Asia/Kolkata", clocks, "TCS.NS"), { from: "1m", to: "1m" }))).toMatchObject({
      field: "symbol",
      value: "TCS.NS",
    });
    expect(await refusal(barsOf(vantage("Nowhere/Town", clocks), { from: "1m", to: "1m" }))).toMatchObject({
      field: "time zone",
      value: "Nowhere/Town",
      option: "--zone ZONE",
    });
    expect(await barsOf(vantage("Nowhere/Town", clocks), { from: "1m", to: "1m", zone: "IST" })).toEqual([
      first,
      second,
    ]);
    expect(
      (await refusal(barsOf('{"status":"error","message":"Incorrect api_key","error_type":"TokenException"}'))).message,
    ).toContain('it says: "Incorrect api_key"');
    expect(
      (await refusal(barsOf('{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}')))
        .message,
    ).toContain('it says: "No data found"');
  });
  it("NaN as Python and JavaScript write it is nothing: that row alone is refused", async () => {
    const rows =
      '[{"date":"2026-11-19","open":1500,"high":1520,"low":1490,"close":1510,"volume":123456,"remark":"NaN, or \\"Infinity\\""},{"date":"2026-11-20","open":NaN,"high":NaN,"low":-Infinity,"close":NaN,"volume":NaN}]';
    const right = [day, expect.stringMatching(/^refused 2: open "" is empty/)];
    expect(await barsOf(rows)).toEqual(right);
    expect(await barsOf(rows.slice(1, -1).replace("},{", "}\n{"))).toEqual(right);
  });
  it("a list of candles whose first bar is missing names the start, as brokers do", async () => {
    expect(await barsOf(JSON.stringify({ data: { candles: candles.slice(1) } }), { from: "1m", to: "1m" })).toEqual([
      second,
    ]);
  });
  it("Investing.com's price is the close; its rounded volume is refused", async () => {
    const lines = [
      '"Date","Price","Open","High","Low","Vol.","Change %"',
      '"19-11-2026","1,510.00","1,500.00","1,520.00","1,490.00","0.12M","1.00%"',
    ];
    expect((await refusal(barsOf(lines))).message).toContain(
      'f.csv:2: volume "0.12M" is not a whole number (it is rounded); --columns volume=none',
    );
    expect(await barsOf(lines, { columns: "volume=none" })).toEqual([day.replace("123456", "0")]);
  });
});

describe("dialects", () => {
  const rows = ["2026-11-20 09:15:00,100,101,99,100.5,10", "2026-11-20 09:16:00,100.5,102,100,101,20"];
  const names = "datetime,open,high,low,close,volume";
  it.each([
    [
      "blank lines, lines of empty fields, a comment and a footer",
      ["# exported", names, "", rows[0]!, ",,,,,", rows[1]!, "Total,,,,,30", "Source: somebody,,,,,"],
    ],
    ["a title before the names", ["Infosys Limited", "1 minute bars", "", names, ...rows]],
    ["names repeated where files were joined", [names, rows[0]!, names, rows[1]!]],
    ["Excel's sep= line", ["sep=;", names.replaceAll(",", ";"), ...rows.map((row) => row.replaceAll(",", ";"))]],
    [
      "a quoted field with a line end and a comma",
      ["remark," + names, `"first, of\nthe day",${rows[0]!}`, `"a ""second""",${rows[1]!}`],
    ],
    [
      "quotes behind a space",
      [
        names,
        ...rows.map((row) =>
          row
            .split(",")
            .map((field) => `"${field}"`)
            .join(", "),
        ),
      ],
    ],
    ["the same row twice", [names, ...rows, rows[0]!]],
    ["descending order", [names, ...rows.toReversed()]],
    ["more empty fields than names", [names, ...rows.map((row) => `${row},,`)]],
    [
      "columns aligned by spaces",
      [
        "datetime             open  high  low  close  volume",
        "2026-11-20 09:15:00   100   101   99  100.5      10",
        "2026-11-20 09:16:00 100.5   102  100    101      20",
      ],
    ],
    [
      "the same, with date and time apart and a title",
      [
        "Infosys Limited",
        "DATE       TIME     OPEN     HIGH     LOW      CLOSE    VOLUME",
        "2026-11-20 09:15:00   100.00   101.00    99.00   100.50       10",
        "2026-11-20 09:16:00   100.50   102.00   100.00   101.00       20",
      ],
    ],
    ["the same without names", rows.map((row) => row.replaceAll(",", " "))],
    [
      "the same with symbols before them and clocks of twelve hours",
      [
        "Symbol  Date        Time      Open   High  Low  Close  Volume",
        "INFY    20-11-2026  09:15 AM  100    101   99   100.5  10",
        "TCS     20-11-2026  09:15 AM  1      1     1    1      1",
        "INFY    20-11-2026  09:16 AM  100.5  102   100  101    20",
      ],
    ],
    [
      "what pandas prints",
      [
        "                      open   high    low  close  volume",
        "datetime                                               ",
        "2026-11-20 09:15:00  100.0  101.0   99.0  100.5      10",
        "2026-11-20 09:16:00  100.5  102.0  100.0  101.0      20",
        "",
        "[2 rows x 5 columns]",
      ],
    ],
    [
      "what pandas prints with numbered rows",
      [
        "             datetime   open   high    low  close  volume",
        "0 2026-11-20 09:15:00  100.0  101.0   99.0  100.5      10",
        "1 2026-11-20 09:16:00  100.5  102.0  100.0  101.0      20",
      ],
    ],
    [
      "what PostgreSQL prints",
      [
        "      datetime       | open  | high | low | close | volume ",
        "---------------------+-------+------+-----+-------+--------",
        " 2026-11-20 09:15:00 |   100 |  101 |  99 | 100.5 |     10",
        " 2026-11-20 09:16:00 | 100.5 |  102 | 100 |   101 |     20",
        "(2 rows)",
      ],
    ],
    [
      "a table in a frame",
      [
        "+---------------------+------+------+-----+-------+--------+",
        "| datetime            | open | high | low | close | volume |",
        "|---------------------+------+------+-----+-------+--------|",
        "| 2026-11-20 09:15:00 | 100  | 101  | 99  | 100.5 | 10     |",
        "| 2026-11-20 09:16:00 | 100.5| 102  | 100 | 101   | 20     |",
        "+---------------------+------+------+-----+-------+--------+",
      ],
    ],
    [
      "texts as a spreadsheet keeps them",
      [
        names,
        ...rows.map((row) =>
          row
            .split(",")
            .map((field) => `="${field}"`)
            .join(","),
        ),
      ],
    ],
  ])("%s", async (_, lines) => expect(await barsOf(lines, { from: "1m", to: "1m" })).toEqual([first, second]));

  it.each([
    [
      "semicolons and decimal commas",
      "Date;Open;High;Low;Close;Volume\n2026-11-20 09:15;7,85;7,85;7,80;7,80;120000\n2026-11-20 09:16;7,80;7,80;7,75;7,75;5000",
    ],
    [
      "the same without names",
      "2026-11-20 09:15;7,85;7,85;7,80;7,80;120000\n2026-11-20 09:16;7,80;7,80;7,75;7,75;5000",
    ],
    [
      "tabs and decimal commas, thousands with a point",
      "Date\tOpen\tHigh\tLow\tClose\tVolume\n20.11.2026 09:15\t7,85\t7,85\t7,80\t7,80\t120.000\n20.11.2026 09:16\t7,80\t7,80\t7,75\t7,75\t5.000",
    ],
    [
      "commas and quoted decimal commas",
      'Date,Open,High,Low,Close,Volume\n2026-11-20 09:15,"7,85","7,85","7,80","7,80",120000\n2026-11-20 09:16,"7,80","7,80","7,75","7,75",5000',
    ],
  ])("%s", async (_, text) =>
    expect(await barsOf(text, { instrument: "NSE:IDEA", from: "1m", to: "5m" })).toEqual([
      "2026-11-20 09:15 7.85 7.85 7.75 7.75 125000",
    ]),
  );

  it("thousands as in India and elsewhere, quoted or by tabs", async () => {
    const index = { instrument: "NSE_INDEX:NIFTY 50" };
    const right = ["2026-11-18 09:15 124500.5 124600 124400 124550 1234567"];
    expect(
      await barsOf(
        "Date\tOpen\tHigh\tLow\tClose\tVolume\n2026-11-18\t1,24,500.50\t1,24,600.00\t1,24,400.00\t1,24,550.00\t12,34,567",
        index,
      ),
    ).toEqual(right);
    expect(
      await barsOf(
        'Date,Open,High,Low,Close,Volume\n2026-11-18,"124,500.50","124,600.00","124,400.00","124,550.00","1,234,567"',
        index,
      ),
    ).toEqual(right);
    expect(
      await barsOf(
        'Date,Open,High,Low,Close,Volume\n2026-11-18,"₹1,24,500.50","₹1,24,600","₹1,24,400","₹1,24,550","12,34,567"',
        index,
      ),
    ).toEqual(right);
    expect(await barsOf("2026-11-18\t1,24,500.50\t1,24,600.00\t1,24,400.00\t1,24,550.00\t12,34,567", index)).toEqual(
      right,
    );
  });
  it("aligned by spaces: days by month's name with thousands, and no row with an empty cell", async () => {
    const table = [
      "Date           Open       High        Low      Close      Volume",
      "19 Nov 2026  1,500.00   1,520.00   1,490.00   1,510.00    1,23,456",
      "20 Nov 2026  1,510.00   1,530.00   1,500.00   1,520.00    2,23,456",
    ];
    expect(await barsOf(table)).toEqual([day, next]);
    expect(await barsOf([...table.slice(0, 2), table[2]!.replace("1,530.00", "        ")])).toEqual([
      day,
      "refused 3: 5 fields where 6 are expected; with space-separated columns, no cell may be empty",
    ]);
  });
  it("says what is wrong with a cell that was too narrow, and with days as a spreadsheet counts them", async () => {
    expect(
      (await refusal(barsOf(["date,open,high,low,close,volume", "########,1500,1520,1490,1510,123456"]))).message,
    ).toContain('f.csv:2: time "########" is not a time');
    const counted = ["date,open,high,low,close,volume", "46345.64583,1500,1520,1490,1510,123456"];
    expect((await refusal(barsOf(counted))).message).toContain(
      'time "46345.64583" is not a time; as a spreadsheet day number it would be 2026-11-19 15:30: --date-format excel',
    );
    expect(await barsOf(counted, { dateFormat: "excel" })).toEqual([day]);
  });
  it("refuses thousands without quotation marks, and a mark that may be either", async () => {
    expect(
      (
        await refusal(
          barsOf(["date,open,high,low,close,volume", "2026-11-18,24,500.50,24,600.00,24,400.00,24,550.00,5"]),
        )
      ).message,
    ).toContain("f.csv:2: 10 fields instead of 6 (from the header)");
    const either = "Date;Open;High;Low;Close\n2026-11-18;24,500;24,600;24,400;24,550";
    expect(await refusal(barsOf(either))).toMatchObject({
      line: 2,
      field: "decimal mark",
      value: "24,500",
      option: expect.stringContaining("--decimal") as unknown,
    });
    expect(await barsOf(either, { decimal: "point" })).toEqual(["2026-11-18 09:15 24500 24600 24400 24550 0"]);
    expect(await barsOf(either, { decimal: "comma" })).toEqual(["2026-11-18 09:15 24.5 24.6 24.4 24.55 0"]);
    const points = "Date;Open;High;Low;Close\n2026-11-18;1.500;1.520;1.490;1.510";
    expect(await refusal(barsOf(points))).toMatchObject({ line: 2, field: "decimal mark" });
    expect(await barsOf(points, { decimal: "comma" })).toEqual(["2026-11-18 09:15 1500 1520 1490 1510 0"]);
    expect(await barsOf(points.replaceAll(";", ","))).toEqual(["2026-11-18 09:15 1.5 1.52 1.49 1.51 0"]);
    expect(await barsOf(`${points}\n2026-11-19;1.25;1.520;1.2;1.510`)).toHaveLength(2);
    const quoted = 'Date,Open,High,Low,Close,Volume\n2026-11-18,"83,125","83,250","83,100","83,225",1000';
    const usdinr = { instrument: "CDS:USDINR26NOVFUT" };
    expect(await refusal(barsOf(quoted, usdinr))).toMatchObject({
      line: 2,
      field: "decimal mark",
      value: "83,125",
      option: expect.stringContaining("--decimal") as unknown,
    });
    expect(await barsOf(quoted, { ...usdinr, decimal: "comma" })).toEqual([
      "2026-11-18 09:00 83.125 83.25 83.1 83.225 1000",
    ]);
    expect(await barsOf(quoted, { ...usdinr, decimal: "point" })).toEqual([
      "2026-11-18 09:00 83125 83250 83100 83225 1000",
    ]);
    // A volume with thousands separators, or one price with a point, decides.
    expect(await barsOf(quoted.replace(",1000", ',"1,000"'), usdinr)).toEqual([
      "2026-11-18 09:00 83125 83250 83100 83225 1000",
    ]);
    expect(await refusal(barsOf("Date;Open;High;Low;Close\n2026-11-18;24,5;24.6;24,4;24,5"))).toMatchObject({
      field: "decimal mark",
    });
  });
  it.each(["-", "NaN", "null", "", "0", "-5", "1e5", "N/A"])("rejects a price %j and continues", async (text) => {
    const [good, refused] = await minutes(names, [rows[0]!, `2026-11-20 09:16:00,${text},102,100,101,20`]);
    expect([good, refused]).toEqual([first, expect.stringMatching(/^refused 3: open /)]);
  });
  it.each(["-", "NaN", "", "-5", "12.5", "many"])("rejects a volume %j and continues", async (text) => {
    expect((await minutes(names, [rows[0]!, `2026-11-20 09:16:00,100,102,100,101,${text}`]))[1]).toMatch(
      /^refused 3: volume /,
    );
  });
  it.each(["1.23456E5", "1.23456e+05", "123456.0"])("takes a volume as programs write it: %s", async (text) => {
    expect(await barsOf(["date,open,high,low,close,volume", `2026-11-19,1500,1520,1490,1510,${text}`])).toEqual([day]);
  });
  it.each(["1.23E+05", "1.234567E5", "1E400", "1.5e0"])(
    "refuses a volume whose digits a spreadsheet has dropped, or that is none: %s",
    async (text) => {
      expect(
        await barsOf([
          "date,open,high,low,close,volume",
          "2026-11-19,1500,1520,1490,1510,123456",
          `2026-11-20,1500,1520,1490,1510,${text}`,
        ]),
      ).toEqual([day, expect.stringMatching(/^refused 3: volume /)]);
    },
  );
  it.each(["\u202F", "\u00A0", "\u2009", " ", "'"])("takes thousands grouped by %j", async (mark) => {
    const group = (text: string) => text.replaceAll("_", mark);
    expect(
      await barsOf(group("Date;Open;High;Low;Close;Volume\n2026-11-19;1_500,00;1_520,00;1_490,00;1_510,00;123_456")),
    ).toEqual([day]);
    expect(
      await barsOf(group("Date,Open,High,Low,Close,Volume\n2026-11-19,1_500.00,1_520.00,1_490.00,1_510.00,123_456")),
    ).toEqual([day]);
  });
  it("sees columns of commas where every remark has another mark", async () => {
    const lines = [
      "Date,Open,High,Low,Close,Volume,Remarks",
      "2026-11-19,1500,1520,1490,1510,123456,up; held",
      "2026-11-20,1510,1530,1500,1520,223456,down; sold",
    ];
    expect(await barsOf(lines)).toEqual([day, next]);
    expect(
      await barsOf(lines.map((line, at) => (at === 0 ? line : line.replace(";", ";a;b;c;")).replaceAll(";", "\t"))),
    ).toEqual([day, next]);
  });
  it("takes a volume as pandas writes it", async () =>
    expect(await minutes(names, [rows[0]!.replace(/10$/, "10.0")])).toEqual([first]));

  const folder = mkdtempSync(path.join(tmpdir(), "candela-text-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const text = [names, ...rows, ""].join("\r\n");
  it.each([
    ["UTF-16 with a mark", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])],
    ["UTF-16 without", Buffer.from(text, "utf16le")],
    ["UTF-16, the other byte first", Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, "utf16le").swap16()])],
    ["UTF-8 with a mark", Buffer.from(`\uFEFF${text}`)],
    ["ends of an old Mac", Buffer.from(text.replaceAll("\r\n", "\r"))],
    ["no last line end", Buffer.from(text.trimEnd())],
  ])("%s", async (name, bytes) => {
    const file = path.join(folder, name.replaceAll(/\W/g, ""));
    writeFileSync(file, bytes);
    const pieces: string[] = [];
    for await (const piece of readPieces(file)) pieces.push(piece);
    expect(await barsOf(pieces, { from: "1m", to: "1m" })).toEqual([first, second]);
  });
  it("says what a file is that is no text", async () => {
    const file = path.join(folder, "book.csv");
    writeFileSync(file, Buffer.from([0x50, 0x4b, 0x03, 0x04, 1, 2]));
    expect((await refusal(readPieces(file).next())).message).toContain("Excel workbook");
  });
  it("joins a quoted field over pieces of text", async () => {
    expect(
      await barsOf(["remark," + names + '\n"one,\n', `two",${rows[0]!}\n`, `three,${rows[1]!}\n`], {
        from: "1m",
        to: "1m",
      }),
    ).toEqual([first, second]);
  });
});

describe("times", () => {
  const of = (stamp: string, more = {}) =>
    minutes("datetime,open,high,low,close,volume", [`"${stamp}",100,101,99,100.5,10`], more);
  it.each([
    "2026-11-20 09:15",
    "2026-11-20T09:15:00",
    "2026-11-20T03:45:00Z",
    "2026-11-20T03:45:00.000Z",
    "2026-11-20 09:15:00+0530",
    "2026-11-20T09:15:00+05:30",
    "2026-11-19T22:45:00-05:00",
    "2026-11-20 09:15:00 IST",
    "2026/11/20 09:15:00",
    "20-Nov-2026 09:15:00",
    "20-NOV-26 09:15",
    "20 November 2026 09:15",
    "Nov 20, 2026 09:15 AM",
    "20/11/2026 09:15:00",
    "20-11-2026 9:15",
    "11/20/2026 09:15:00",
    "20/11/26 09:15",
    "20.11.2026 09:15",
    "2026-11-20 09:15:00 AM",
    "20-11-2026 09:15 am",
    "202611200915",
    "20261120091500",
    "20261120 09:15",
    "20261120T091500",
    "1795146300",
    "1795146300000",
    "1795146300000000",
    "1795146300.0",
    "Fri Nov 20 2026 09:15:00 GMT+0530 (India Standard Time)",
    "2026-11-20T09:15:00+05:30[Asia/Kolkata]",
    "2026-11-20T03:45Z[UTC]",
  ])("%s", async (stamp) => expect(await of(stamp)).toEqual([first]));

  it.each([
    ["20-11-2026", "09:15:00"],
    ["2026-11-20", "9:15 AM"],
    ["20261120", "0915"],
    ["20261120", "915"],
    ["20261120", "91500"],
    ["20-Nov-26", "09:15"],
    ["20.11.2026", "09.15.00"],
  ])("%s and %s in two columns", async (date, time) =>
    expect(await minutes("Date,Time,Open,High,Low,Close,Volume", [`${date},${time},100,101,99,100.5,10`])).toEqual([
      first,
    ]),
  );

  it("seconds of the day in a column of their own", async () => {
    expect(
      await minutes("Date,Time,Open,High,Low,Close,Volume", [
        "20261120,33300,100,101,99,100.5,10",
        "20261120,33360,100.5,102,100,101,20",
      ]),
    ).toEqual([first, second]);
    expect(
      await minutes("Date,Time,Open,High,Low,Close,Volume", [
        "20261120,91500,100,101,99,100.5,10",
        "20261120,91600,100.5,102,100,101,20",
      ]),
    ).toEqual([first, second]);
  });
  it("takes no clock for seconds of the day because of one that is neither", async () => {
    expect(
      await minutes("Date,Time,Open,High,Low,Close,Volume", [
        "20261120,91500,100,101,99,100.5,10",
        "20261120,99000,100.5,102,100,101,20",
      ]),
    ).toEqual([first, expect.stringMatching(/^refused 3: time /)]);
  });
  it("asks from when Dhan's first interface counts", async () => {
    const text = JSON.stringify({
      open: [100, 100.5],
      high: [101, 102],
      low: [99, 100],
      close: [100.5, 101],
      volume: [10, 20],
      start_Time: [1795146300 - 315_532_800, 1795146360 - 315_532_800],
    });
    expect(await refusal(barsOf(text, { from: "1m", to: "1m" }))).toMatchObject({
      line: 1,
      field: "time",
      value: "1479613500",
      message: expect.stringContaining(
        "from 1980, as in Dhan's first API, it is in 2026; counted from 1970, in 2016",
      ) as unknown,
      option: "--date-format epoch1980 or --date-format epoch",
    });
    expect(await barsOf(text, { from: "1m", to: "1m", dateFormat: "epoch1980" })).toEqual([first, second]);
  });
  it("two columns without names, a symbol before them", async () => {
    expect(
      await barsOf(["INFY,20261120,09:15,100,101,99,100.5,10,0", "INFY,20261120,09:16,100.5,102,100,101,20,0"], {
        from: "1m",
        to: "1m",
      }),
    ).toEqual([first, second]);
    expect(
      await barsOf(["20261120,0915,100,101,99,100.5,10", "20261120,0916,100.5,102,100,101,20"], {
        from: "1m",
        to: "1m",
      }),
    ).toEqual([first, second]);
  });

  it("refuses dates with ambiguous day and month, unless a later row decides", async () => {
    const rows = ["05/11/2026 09:15,100,101,99,100.5,10", "06/11/2026 09:15,100.5,102,100,101,20"];
    expect(await refusal(minutes("date,open,high,low,close,volume", rows))).toMatchObject({
      line: 2,
      field: "time",
      value: "05/11/2026 09:15",
      option: expect.stringContaining("--date-format DD-MM-YYYY") as unknown,
    });
    expect((await minutes("date,open,high,low,close,volume", rows, { dateFormat: "DD/MM/YYYY" }))[0]).toBe(
      "2026-11-05 09:15 100 101 99 100.5 10",
    );
    expect((await minutes("date,open,high,low,close,volume", rows, { dateFormat: "%m/%d/%Y" }))[0]).toBe(
      "2026-05-11 09:15 100 101 99 100.5 10",
    );
    expect((await minutes("date,open,high,low,close,volume", [...rows, "13/11/2026 09:20,1,1,1,1,1"]))[0]).toBe(
      "2026-11-05 09:15 100 101 99 100.5 10",
    );
    expect(
      await refusal(
        minutes("date,open,high,low,close,volume", [
          ...rows,
          "13/11/2026 09:15,1,1,1,1,1",
          "11/13/2026 09:15,1,1,1,1,1",
        ]),
      ),
    ).toMatchObject({ line: 5, option: "--date-format" });
  });
  it("recognises leading two-digit years by their rows, and asks if none decides", async () => {
    const days = (dates: string[], more = {}) =>
      barsOf(
        ["date,open,high,low,close,volume", ...dates.map((date, at) => `${date},1500,1520,1490,1510,${at + 1}`)],
        more,
      ).then((bars) => bars.map((bar) => bar.slice(0, 10)));
    expect(await days(["26-11-18", "26-11-19", "26-11-20"])).toEqual(["2026-11-18", "2026-11-19", "2026-11-20"]);
    expect(await days(["18-11-26", "19-11-26", "20-11-26"])).toEqual(["2026-11-18", "2026-11-19", "2026-11-20"]);
    expect(await days(["11/11/26"])).toEqual(["2026-11-11"]);
    expect(await days(["20/11/26"])).toEqual(["2026-11-20"]);
    expect(await refusal(days(["20-11-26"]))).toMatchObject({
      line: 2,
      field: "time",
      value: "20-11-26",
      option: "--date-format DD-MM-YYYY or --date-format YY-MM-DD",
    });
    expect(await days(["20-11-26"], { dateFormat: "YY-MM-DD" })).toEqual(["2020-11-26"]);
    expect(await days(["20-11-26"], { dateFormat: "DD-MM-YYYY" })).toEqual(["2026-11-20"]);
  });
  it("refuses dates of which a spreadsheet may have turned some", async () => {
    const names = "date,open,high,low,close,volume";
    const rows = (dates: string[]) => [names, ...dates.map((date) => `${date},1500,1520,1490,1510,1`)];
    // Of 9 to 16 November, taken by month first: those that could be are 11 September and so on.
    expect(
      await refusal(barsOf(rows(["11/09/2026", "11/10/2026", "11/11/2026", "11/12/2026", "13-11-2026", "16-11-2026"]))),
    ).toMatchObject({
      line: 6,
      field: "time",
      value: "13-11-2026",
      message: expect.stringContaining("differently from line 2") as unknown,
      option: expect.stringContaining("--date-format") as unknown,
    });
    for (const dates of [
      ["11/09/2026", "11/10/2026", "11/11/2026", "11/12/2026", "13/11/2026", "16/11/2026"],
      ["2026-09-11", "2026-10-11", "2026-11-11", "2026-12-11", "13/11/2026", "16/11/2026"],
      ["2026-09-11", "2026-10-11", "2026-11-11", "2026-12-11", "2026-11-13"],
    ]) {
      expect(await refusal(barsOf(rows(dates)))).toMatchObject({
        line: 6,
        field: "time",
        message: expect.stringContaining("dates jump here, after line 5") as unknown,
      });
      expect(await refusal(barsOf(rows(dates.toReversed())))).toMatchObject({
        field: "time",
        message: expect.stringContaining("dates jump here") as unknown,
      });
    }
    for (const dates of [
      ["09/11/2026", "10/11/2026", "11/11/2026", "12/11/2026", "13/11/2026"],
      ["11/09/2026", "11/10/2026", "11/11/2026", "11/13/2026"],
      ["13/11/2026", "09/11/2026", "12/11/2026", "10/11/2026"],
      ["2026-11-12", "2026-11-09", "2026-11-11", "2026-11-10"],
      ["2026-11-12", "13/11/2026", "16-Nov-2026", "2026-11-17"],
    ]) {
      expect((await barsOf(rows(dates))).length).toBe(dates.length);
    }
    expect(
      (await barsOf(rows(["11/09/2026", "13-11-2026"]), { dateFormat: "DD-MM-YYYY" })).map((bar) => bar.slice(0, 10)),
    ).toEqual(["2026-09-11", "2026-11-13"]);
  });
  it("reads formats given by option", async () => {
    expect(await of("201126 09:15", { dateFormat: "DDMMYY" })).toEqual([first]);
    expect(await of("261120 0915", { dateFormat: "YYMMDD" })).toEqual([first]);
    expect(await of("46346.385416667", { dateFormat: "excel" })).toEqual([first]);
    expect(await refusal(of("2026-11-20 09:15", { dateFormat: "QQ" }))).toMatchObject({ field: "--date-format" });
  });
  it.each([
    "99991399",
    "202613200915",
    "2026-11-20 9.15",
    "45.5",
    "20-XXX-2026 09:15",
    "2611200915",
    "2026-11-20 13:15 PM",
  ])("refuses %s", async (stamp) => {
    expect(
      (
        await minutes("datetime,open,high,low,close,volume", [
          "2026-11-20 09:15,100,101,99,100.5,10",
          `${stamp},1,1,1,1,1`,
        ])
      )[1],
    ).toMatch(/^refused 3: time /);
  });

  const clockRows = (from: number, count: number, stamp: (text: string) => string = (text) => text) =>
    Array.from(
      { length: count },
      (_, at) =>
        `${stamp(`2025-11-20 ${String(Math.floor((from + at) / 60)).padStart(2, "0")}:${String((from + at) % 60).padStart(2, "0")}:00`)},100,101,99,100,1`,
    );
  it("suspects UTC, also where the first minutes are missing, and Indian clocks written as UTC", async () => {
    for (const rows of [clockRows(225, 375), clockRows(240, 300), clockRows(225, 30)]) {
      expect(await refusal(minutes("date,open,high,low,close,volume", rows))).toMatchObject({
        line: 2,
        field: "time",
        option: expect.stringContaining("--zone UTC") as unknown,
      });
    }
    expect((await minutes("date,open,high,low,close,volume", clockRows(225, 375), { zone: "UTC" })).length).toBe(375);
    const written = clockRows(555, 375, (text) => `${text.replace(" ", "T")}Z`);
    expect(await refusal(minutes("date,open,high,low,close,volume", written))).toMatchObject({
      option: expect.stringContaining("--zone clock") as unknown,
    });
    expect((await minutes("date,open,high,low,close,volume", written, { zone: "clock" })).length).toBe(375);
    expect(
      (
        await minutes("date,open,high,low,close,volume", ["2025-11-19 22:45:00,100,101,99,100,1"], {
          zone: "America/New_York",
        })
      )[0],
    ).toBe("2025-11-20 09:15 100 101 99 100 1");
    expect((await minutes("date,open,high,low,close,volume", clockRows(555, 375))).length).toBe(375);
  });
  it("suspects UTC in days that are stamped 18:30", async () => {
    const rows = [
      "date,open,high,low,close,volume",
      "2026-11-18 18:30:00,1500,1520,1490,1510,123456",
      "2026-11-19 18:30:00,1510,1530,1500,1520,223456",
    ];
    expect(await refusal(barsOf(rows))).toMatchObject({
      line: 2,
      option: expect.stringContaining("--zone UTC") as unknown,
    });
    expect(await barsOf(rows, { zone: "UTC" })).toEqual([day, next]);
    expect(await barsOf(rows.map((row) => row.replace(/:00,/, ":00Z,")))).toEqual([day, next]);
  });
  it("refuses one date stamped in two ways, not the same row twice", async () => {
    const rows = [
      "date,open,high,low,close,volume",
      "2026-11-19,1500,1520,1490,1510,123456",
      "2026-11-20,1510,1530,1500,1520,223456",
    ];
    expect(await refusal(barsOf([...rows, "2026-11-19 15:30:00,1500,1520,1490,1510,123457"]))).toMatchObject({
      line: 4,
      message: expect.stringContaining("lines 2 and 4 are one date") as unknown,
    });
    expect(await refusal(barsOf([rows[0]!, "2026-11-19 05:30:00,1,1,1,1,1", ...rows.slice(1)]))).toMatchObject({
      message: expect.stringContaining("lines 2 and 3 are one date") as unknown,
    });
    expect(await barsOf([...rows, rows[1]!])).toEqual([day, next]);
  });
});

describe("dates on which nothing can have traded", () => {
  const rows = (dates: string[]) => [
    "date,open,high,low,close,volume",
    ...dates.map((date) => `${date},1500,1520,1490,1510,1`),
  ];
  const now = Date.parse("2026-11-20T10:00:00+05:30");
  it("refuses what has not come yet", async () => {
    for (const date of ["2026-11-21", "20-Nov-62", "2027-03-03"]) {
      expect(await refusal(barsOf(rows(["2026-11-19", date]), { now }))).toMatchObject({
        line: 3,
        field: "time",
        message: expect.stringContaining("in the future: this machine's clock shows 2026-11-20 10:00") as unknown,
        option: expect.stringContaining("--lenient") as unknown,
      });
    }
    expect((await barsOf(rows(["2026-11-19", "2026-11-20"]), { now })).length).toBe(2);
    expect(await barsOf(rows(["2026-11-19", "2027-03-03"]), { now, lenient: true })).toEqual([
      "2026-11-19 09:15 1500 1520 1490 1510 1",
    ]);
    // Where all are of the future it is the clock that is wrong: but a person has to say so.
    expect(await refusal(barsOf(rows(["2027-03-03"]), { now }))).toMatchObject({ line: 2 });
    expect((await barsOf(rows(["2027-03-03"]), { now, lenient: true })).length).toBe(1);
    const bar = (clock: string) =>
      minutes(
        "datetime,open,high,low,close,volume",
        [`2026-11-20 09:15,100,101,99,100.5,10`, `2026-11-20 ${clock},100,101,99,100.5,10`],
        { now },
      );
    expect((await bar("10:01")).length).toBe(2);
    expect(await refusal(bar("10:10"))).toMatchObject({ line: 3, value: "2026-11-20 10:10:00" });
  });
  it("reads sixteen digits as a date with hundredths, not as a time of 2034", async () => {
    expect(
      await minutes("datetime,open,high,low,close,volume", [
        "2026112009150000,100,101,99,100.5,10",
        "2026112009160000,100.5,102,100,101,20",
      ]),
    ).toEqual([first, second]);
  });
  it("refuses days that a zone has moved to Sundays", async () => {
    const week = [
      "2026-11-08",
      "2026-11-09",
      "2026-11-10",
      "2026-11-11",
      "2026-11-12",
      "2026-11-15",
      "2026-11-16",
      "2026-11-17",
      "2026-11-18",
      "2026-11-19",
    ];
    expect(await refusal(barsOf(rows(week)))).toMatchObject({
      line: 2,
      field: "time",
      value: "2026-11-08 00:00:00",
      message: expect.stringContaining(
        "it is a Sunday, when nothing trades; if every date were a day later, none would be",
      ) as unknown,
      option: "--lenient, if the dates are correct,",
    });
    expect(await refusal(barsOf(rows(["2026-11-11", "2026-11-12", "2026-11-13", "2026-11-14"])))).toMatchObject({
      line: 5,
      message: expect.stringContaining("a Saturday") as unknown,
    });
    const singapore = rows(["2026-11-16", "2026-11-17", "2026-11-18"].map((date) => `${date}T00:00:00+08:00`));
    expect(await refusal(barsOf(singapore))).toMatchObject({
      line: 2,
      value: "2026-11-15 21:30:00",
      option: expect.stringContaining("--zone clock") as unknown,
    });
    expect((await barsOf(singapore, { zone: "clock" })).map((each) => each.slice(0, 10))).toEqual([
      "2026-11-16",
      "2026-11-17",
      "2026-11-18",
    ]);
    expect((await barsOf(rows(week), { lenient: true })).length).toBe(10);
  });
  it("takes Saturdays that traded, and a stray Sunday among whole weeks with its note", async () => {
    expect((await barsOf(rows(["2024-01-19", "2024-01-20", "2024-03-02", "2024-05-18"]))).length).toBe(4);
    expect(
      (
        await barsOf(
          rows([
            "2026-11-02",
            "2026-11-03",
            "2026-11-04",
            "2026-11-05",
            "2026-11-06",
            "2026-11-08",
            "2026-11-09",
            "2026-11-10",
            "2026-11-11",
            "2026-11-12",
            "2026-11-13",
          ]),
        )
      ).length,
    ).toBe(11);
  });
  it("takes rows that a program filled in for no bars", async () => {
    const filled = [
      "2026-11-20 09:15,100,101,99,100.5,10",
      "2026-11-20 09:16,100.5,100.5,100.5,100.5,0",
      "2026-11-20 09:17,100.5,100.5,100.5,100.5,0",
      "2026-11-20 09:18,100.5,102,100,101,20",
      "2026-11-20 09:19,101,102,101,102,0",
      "2026-11-20 09:20,101.5,101.5,101.5,101.5,0",
    ];
    const clocks = async (lines: string[], more = {}) =>
      (await minutes("datetime,open,high,low,close,volume", lines, more)).map((each) => each.slice(11, 16));
    expect(await clocks(filled)).toEqual(["09:15", "09:18", "09:19", "09:20"]);
    expect((await clocks(filled.map((row) => row.replace(/\d+$/, "0")))).length).toBe(6);
    expect((await clocks(filled, { instrument: "NSE_INDEX:NIFTY 50" })).length).toBe(6);
    expect(
      (
        await barsOf(
          rows(["2026-11-18", "2026-11-19", "2026-11-20"]).map((row) =>
            row.replace("2026-11-19,1500,1520,1490,1510,1", "2026-11-19,1510,1510,1510,1510,0"),
          ),
        )
      ).length,
    ).toBe(2);
  });
});

describe("labels and spacing", () => {
  const five = (clocks: string[], date = "2024-04-19") => [
    "datetime,open,high,low,close,volume",
    ...clocks.map((clock, at) => `${date} ${clock},${750 + at},${760 + at},${740 + at},${751 + at},${100 * (at + 1)}`),
  ];
  it("refuses where no day shows which end a label names", async () => {
    for (const clocks of [
      ["09:20", "09:25", "11:00"],
      ["10:00", "10:05"],
      ["09:20", "15:25"],
    ]) {
      expect(await refusal(barsOf(five(clocks), { from: "5m", to: "5m" }))).toMatchObject({
        line: 2,
        option: "--labels start or --labels end",
      });
      expect((await barsOf(five(clocks), { from: "5m", to: "5m", labels: "end" }))[0]).toMatch(/ (09:15|09:55) /);
    }
  });
  it("takes what days show: one at the open, or all end at the close", async () => {
    const two = [...five(["09:20", "09:25"]), ...five(["09:15", "09:20"], "2024-04-22").slice(1)];
    expect((await barsOf(two, { from: "5m", to: "5m" })).map((bar) => bar.slice(5, 16))).toEqual([
      "04-19 09:20",
      "04-19 09:25",
      "04-22 09:15",
      "04-22 09:20",
    ]);
    expect(
      (await barsOf(five(["09:20", "09:25", "15:30"]), { from: "5m", to: "5m" })).map((bar) => bar.slice(11, 16)),
    ).toEqual(["09:15", "09:20", "15:25"]);
  });
  it("takes the minutes of an instrument that seldom trades", async () => {
    for (const clocks of [
      ["09:15", "09:17", "09:20", "15:20"],
      ["09:15", "09:19", "09:25", "09:27", "14:03"],
      ["09:15", "09:18", "11:00"],
    ]) {
      expect(
        (await barsOf(five(clocks, "2026-11-20"), { instrument: "NFO:NIFTY26NOV24500CE", from: "1m", to: "1m" }))
          .length,
      ).toBe(clocks.length);
    }
    expect(
      (
        await barsOf([...five(["09:15"], "2026-11-19"), ...five(["10:31"], "2026-11-20").slice(1)], {
          instrument: "NFO:NIFTY26NOV24500PE",
          from: "1m",
          to: "1m",
        })
      ).length,
    ).toBe(2);
  });
  it("refuses bars that count from the full hour, and a bar that is cut off", async () => {
    for (const [clocks, from, line] of [
      [["09:00", "09:30", "10:00", "10:30"], "30m", 3],
      [["09:00", "09:30", "10:00", "15:30"], "30m", 3],
      [["09:15", "09:30", "10:00", "10:30"], "30m", 3],
      [["09:15", "10:00", "11:00", "12:00"], "60m", 3],
      [["09:14", "09:16", "09:18"], "2m", 3],
      [["09:15", "09:16", "09:17:33"], "1m", 4],
    ] as const) {
      for (const labels of [{}, { labels: "start" }, { labels: "end" }] as const) {
        expect(await refusal(barsOf(five([...clocks]), { from, to: from, ...labels }))).toMatchObject({
          line,
          field: "time",
          message: expect.stringContaining("is not on the") as unknown,
          option: expect.stringContaining("--lenient") as unknown,
        });
      }
    }
    expect(
      (await barsOf(five(["09:15", "09:16", "09:17:33"]), { from: "1m", to: "1m", lenient: true })).map((bar) =>
        bar.slice(11, 16),
      ),
    ).toEqual(["09:15", "09:16"]);
    expect((await barsOf(five(["09:15", "10:15", "11:15", "15:15"]), { from: "1h", to: "1h" })).length).toBe(4);
  });
  it("takes times of a last second as the end of their bar, whatever is said", async () => {
    for (const labels of [{}, { labels: "start" }, { labels: "end" }] as const) {
      expect(
        (await barsOf(five(["09:15:59", "09:16:59", "09:18:59"]), { from: "1m", to: "1m", ...labels })).map((bar) =>
          bar.slice(11, 16),
        ),
      ).toEqual(["09:15", "09:16", "09:18"]);
      expect(
        (await barsOf(five(["09:19:59", "09:24:59", "15:29:59"]), { from: "5m", to: "5m", ...labels })).map((bar) =>
          bar.slice(11, 16),
        ),
      ).toEqual(["09:15", "09:20", "15:25"]);
    }
  });
  it("believes no end by one print of the closing second", async () => {
    const option = { instrument: "NFO:NIFTY24APR22000CE", from: "1m", to: "1m" };
    for (const clocks of [
      ["09:17", "11:02", "15:30"],
      ["09:16", "15:30"],
      ["09:16", "09:17", "10:00", "10:05", "10:06", "15:30"],
    ]) {
      expect(await refusal(barsOf(five(clocks), option))).toMatchObject({
        line: 2,
        option: "--labels start or --labels end",
      });
    }
    expect((await barsOf(five(["15:26", "15:27", "15:28", "15:29", "15:30"]), option))[0]).toMatch(/15:25/);
  });
  it("asks for no other timeframe because of a row that is refused", async () => {
    const rows = five(["09:15", "09:16", "09:17"]);
    expect(
      await barsOf([rows[0]!, rows[1]!, "2024-04-19 09:16,751,761,741,752", rows[3]!], { from: "1m", to: "1m" }),
    ).toEqual([
      expect.stringContaining("09:15"),
      expect.stringContaining("09:17"),
      expect.stringContaining("refused 3: volume"),
    ]);
  });
  it("refuses bars of another timeframe", async () => {
    const clocks = ["09:15", "09:20", "09:25", "09:30"];
    expect(await refusal(barsOf(five(clocks), { from: "1m", to: "15m" }))).toMatchObject({
      field: "--from",
      value: "1m",
      option: expect.stringContaining("5m") as unknown,
    });
    expect((await barsOf(five(clocks), { from: "1m", to: "1m", lenient: true })).length).toBe(4);
    expect(await refusal(barsOf(five(clocks), { from: "15m", to: "15m" }))).toMatchObject({
      field: "--from",
      value: "15m",
    });
  });
});

describe("columns by their place", () => {
  it("refuses more figures than a bar has, open and close that stand the other way round, and a volume with decimals", async () => {
    expect(await refusal(barsOf(["2026-11-19,1500,1520,1490,1510,1511,1495,123456"]))).toMatchObject({
      line: 1,
      field: "columns",
      option: expect.stringContaining("--columns time,open") as unknown,
    });
    expect(
      await barsOf(["2026-11-19,1500,1520,1490,1510,1511,1495,123456"], {
        columns: "time,open,high,low,close,-,-,volume",
      }),
    ).toEqual([day]);
    // A price that could be a clock: without colons only one reading makes bars.
    expect(await barsOf(["20261119,1500,1520,1490,1510,123456", "20261120,1510,1530,1500,1520,223456"])).toEqual([
      day,
      next,
    ]);
    const walk = [100, 104, 99, 107, 103, 110, 104];
    const rows = walk
      .slice(1)
      .map(
        (close, at) =>
          `2026-11-${String(9 + at).padStart(2, "0")},${close},${Math.max(close, walk[at]!) + 1},${Math.min(close, walk[at]!) - 1},${walk[at]},5`,
      );
    expect(await refusal(barsOf(rows))).toMatchObject({
      field: "columns",
      option: expect.stringContaining("--columns time,close,high,low,open,volume") as unknown,
    });
    expect((await barsOf(rows, { columns: "time,close,high,low,open,volume" }))[0]).toBe(
      "2026-11-09 09:15 100 105 99 104 5",
    );
    expect(await refusal(barsOf(["2026-11-19,1500,1520,1490,1510,1495.25"]))).toMatchObject({ field: "columns" });
  });
  it("takes no column by its place under names that it cannot read", async () => {
    for (const head of ["Datum,Zuletzt,Hoch,Tief,Eröffn.,Vol.", "Date\tClose\tHigh\tLow\tOpen\tVolume"]) {
      // Both orders fit the neighbours; only the names show that the close comes first.
      const rows = [head, "2026-11-19,1500,1520,1490,1510,123456", "2026-11-20,1510,1530,1500,1520,223456"];
      expect(await refusal(barsOf(rows, { lenient: true }))).toMatchObject({
        line: 1,
        field: "columns",
        message: expect.stringContaining("looks like a header line") as unknown,
        option: expect.stringContaining("--columns time,open") as unknown,
      });
      expect(await barsOf(rows, { columns: "time,open,high,low,close,volume" })).toEqual([day, next]);
    }
  });
  it("refuses a header without a price, a duplicate name, and a senseless file", async () => {
    expect(await refusal(barsOf(["Date,Open,High,Low,Adj Close,Volume", "2026-11-19,1,1,1,1,1"]))).toMatchObject({
      line: 1,
      message: expect.stringContaining("no column found for close") as unknown,
      option: "--columns close=NAME",
    });
    expect(await refusal(barsOf(["Date,Open,High,Low,Close,Close,Volume", "2026-11-19,1,1,1,1,1,1"]))).toMatchObject({
      field: "close",
      option: "--columns close=NUMBER",
    });
    expect(await refusal(barsOf(["hello", "world"]))).toMatchObject({ line: 1, field: "columns", value: "hello" });
  });
});

describe("ticks", () => {
  const closes = ["2026-11-20 09:15 1574 100", "2026-11-20 09:16 1575 100"];
  it.each([
    [
      "a volume before the price",
      [
        "time,volume,price",
        "2026-11-20 09:15:01,100,1573",
        "2026-11-20 09:15:02,200,1574",
        "2026-11-20 09:16:02,300,1575",
      ],
    ],
    [
      "Kite's names, a token and a last quantity",
      [
        "instrument_token,tradable,last_price,last_traded_quantity,volume_traded,exchange_timestamp",
        "408065,True,1573,5,100,2026-11-20 09:15:01",
        "408065,True,1574,5,200,2026-11-20 09:15:02",
        "408065,True,1575,5,300,2026-11-20 09:16:02",
      ],
    ],
    [
      "ltp and ltt, semicolons and decimal commas",
      [
        "ltt;ltp;vtt",
        "20-11-2026 09:15:01;1573,0;100",
        "20-11-2026 09:15:02;1574,0;200",
        "20-11-2026 09:16:02;1575,0;300",
      ],
    ],
    [
      "columns aligned by spaces",
      [
        "time                 price  volume",
        "2026-11-20 09:15:01   1573     100",
        "2026-11-20 09:15:02   1574     200",
        "2026-11-20 09:16:02   1575     300",
      ],
    ],
    [
      "lines whose type is a broker's own",
      ["20/11/2026 09:15:01", "20/11/2026 09:15:02", "", "20/11/2026 09:16:02"].map((LTT, at) =>
        JSON.stringify(
          LTT === ""
            ? { type: "OI Data", security_id: 1594, OI: 5 }
            : {
                type: "Quote Data",
                security_id: 1594,
                LTP: ["1573.00", "1574.00", "", "1575.00"][at],
                LTQ: 5,
                LTT,
                volume: [100, 200, 0, 300][at],
              },
        ),
      ),
    ],
    [
      "Angel's names",
      [
        "exchange_timestamp,last_traded_price,volume_trade_for_the_day",
        "1795146301000,1573.0,100",
        "1795146302000,1574.05,200",
        "1795146302500,1574.0,200",
        "1795146362000,1575.0,300",
      ],
    ],
    [
      "date and time apart",
      [
        "symbol,date,time,ltp,volume",
        "INFY,20/11/2026,09:15:01,1573,100",
        "INFY,20/11/2026,09:15:02,1574,200",
        "INFY,20/11/2026,09:16:02,1575,300",
      ],
    ],
    [
      "several symbols",
      [
        "timestamp,tradingsymbol,price,volume",
        "1795146301,TCS,3000,5",
        "1795146301,INFY,1573,100",
        "1795146302,INFY,1574,200",
        "1795146362,TCS,3001,9",
        "1795146362,INFY,1575,300",
      ],
    ],
    [
      "JSON lines of a broker",
      [
        `{"tk":"1594","last_price":1573,"volume_traded":100,"exchange_timestamp":"2026-11-20 09:15:01"}`,
        `{"tk":"1594","last_price":1574,"volume_traded":200,"exchange_timestamp":"2026-11-20 09:15:02"}`,
        `{"tk":"1594","last_price":1575,"volume_traded":300,"exchange_timestamp":"2026-11-20 09:16:02"}`,
      ],
    ],
    [
      "thousands in quotation marks",
      [
        '"time","price","volume"',
        '"2026-11-20 09:15:01","1,573.00","100"',
        '"2026-11-20 09:15:02","1,574.00","200"',
        '"2026-11-20 09:16:02","1,575.00","300"',
      ],
    ],
  ])("%s", async (_, lines) => expect(await replayed(lines)).toEqual(closes));

  it("reads lists of ticks a line, as Kite's callback is handed them", async () => {
    const line = (clock: string, price: number, volume: number) =>
      JSON.stringify([
        {
          tradable: true,
          instrument_token: 738561,
          last_price: 2_900,
          volume_traded: 5,
          exchange_timestamp: `2026-11-20 ${clock}`,
        },
        {
          tradable: true,
          instrument_token: 408065,
          last_price: price,
          volume_traded: volume,
          exchange_timestamp: `2026-11-20 ${clock}`,
        },
      ]);
    expect(
      await replayed(
        [line("09:15:01", 1_573, 100), line("09:15:02", 1_574, 200), line("09:16:02", 1_575, 300)].join("\n"),
        { symbol: "408065" },
      ),
    ).toEqual(closes);
  });
  it("refuses lines of a type that may be no trade", async () => {
    expect(
      await replayed([
        "time,type,price,volume",
        "2026-11-20 09:15:01,bid,1572,100",
        "2026-11-20 09:15:01,trade,1573,100",
        "2026-11-20 09:15:02,trade,1574,200",
        "2026-11-20 09:16:02,trade,1575,300",
      ]),
    ).toEqual([...closes, 'refused 2: type "bid" is not a known trade type']);
  });
  it("refuses the paise of Angel's stream", async () => {
    const lines = [157_300, 157_400].map((last_traded_price, at) =>
      JSON.stringify({
        token: "1594",
        last_traded_price,
        volume_trade_for_the_day: 100 * (at + 1),
        exchange_timestamp: 1_795_146_301_000 + at,
      }),
    );
    expect(await refusal(replayed(lines))).toMatchObject({
      line: 1,
      field: "price",
      value: "157300",
      message: expect.stringContaining("in paise") as unknown,
      option: expect.stringContaining("--columns price=last_traded_price") as unknown,
    });
    expect(await replayed(lines, { columns: "price=last_traded_price" })).toEqual(["2026-11-20 09:15 157400 100"]);
  });
  it("a token is no price, with names or without", async () => {
    const rows = [
      "2026-11-20 09:15:01,408065,1573",
      "2026-11-20 09:15:02,408065,1574",
      "2026-11-20 09:16:02,408065,1574.5",
    ];
    const right = ["2026-11-20 09:15 1574 0", "2026-11-20 09:16 1574.5 0"];
    expect(await replayed(["exchange_timestamp,instrument_token,last_price", ...rows])).toEqual(right);
    expect(await refusal(replayed(rows))).toMatchObject({
      field: "columns",
      option: expect.stringContaining("--columns") as unknown,
    });
    expect(await refusal(replayed(rows.map((row) => row.replace("1574.5", "1575"))))).toMatchObject({
      field: "columns",
    });
    expect(await replayed(rows, { columns: "time,-,price" })).toEqual(right);
  });
  it("refuses a price whose decimals a comma may mark, between commas", async () => {
    const rows = (volumes: string[]) => volumes.map((volume, at) => `2025-11-20 09:15:${10 + at},7,${volume}`);
    for (const volumes of [
      ["80", "81", "82", "83", "84", "85", "86", "87"],
      ["95", "05"],
    ]) {
      expect(await refusal(replayed(rows(volumes)))).toMatchObject({
        line: 1,
        field: "columns",
        message: expect.stringContaining("may be a decimal mark") as unknown,
        option: expect.stringContaining("--columns time,price,volume") as unknown,
      });
    }
    expect(
      await replayed(rows(["80", "81", "82", "83", "84", "85", "86", "87"]), { columns: "time,price,volume" }),
    ).toEqual(["2025-11-20 09:15 7 7"]);
    expect(
      await replayed(
        rows(["80", "81", "82", "83", "84", "85", "86", "187"]).map((row) => row.replace(",7,", ",7.05,")),
      ),
    ).toEqual(["2025-11-20 09:15 7.05 107"]);
  });
  it("refuses a second token, a quantity that may be one trade's, bars, and UTC", async () => {
    expect(
      (
        await replayed([
          "timestamp,instrument_token,last_price",
          "2026-11-20 09:15:01,408065,1573",
          "2026-11-20 09:15:02,738561,2900",
        ])
      )[1],
    ).toMatch(/^refused 3: token "738561" after "408065"/);
    expect(
      await replayed(
        ["timestamp,instrument_token,last_price", "2026-11-20 09:15:01,408065,1573", "2026-11-20 09:15:02,738561,2900"],
        { symbol: "408065" },
      ),
    ).toEqual(["2026-11-20 09:15 1573 0"]);
    expect(await refusal(replayed(["time,price,qty", "2026-11-20 09:15:01,1573,5"]))).toMatchObject({
      field: "volume",
      value: "qty",
      option: "--columns volume=qty or --columns volume=none",
    });
    expect(
      (await refusal(replayed(["date,open,high,low,close,volume", "2026-11-20 09:15:01,1,1,1,1,1"]))).message,
    ).toContain("candela resample");
    expect(await refusal(replayed(["2026-11-20 03:45:01,1573,100", "2026-11-20 09:30:00,1573,900"]))).toMatchObject({
      option: expect.stringContaining("--zone UTC") as unknown,
    });
    expect(await refusal(replayed(["timestamp,tradingsymbol,price", "2026-11-20 09:15:01,TCS,3000"]))).toMatchObject({
      line: 2,
      field: "symbol",
      value: "TCS",
    });
  });
  it.each(["nse:infy", "NSE:INFY-EQ", "INFY.NS", " NSE:INFY "])("takes the instrument as %j", async (instrument) => {
    expect(
      await replayed(
        [
          "symbol,time,price,volume",
          "NSE:INFY-EQ,2026-11-20 09:15:01,1573,100",
          "INFY.NS,2026-11-20 09:15:02,1574,200",
          "infy,2026-11-20 09:16:02,1575,300",
        ],
        { instrument },
      ),
    ).toEqual(closes);
  });
  it("takes BSE's names and numbers", async () => {
    const rows = ["time,price,volume", "2026-11-20 09:15:01,1573,100"];
    expect(await replayed(rows, { instrument: "INFY.BO" })).toEqual(["2026-11-20 09:15 1573 0"]);
    expect(
      await replayed(
        ["sc_code,time,price,volume", "500209,2026-11-20 09:15:01,1573,100", "532540,2026-11-20 09:15:01,1,1"],
        { instrument: "500209" },
      ),
    ).toEqual(["2026-11-20 09:15 1573 0"]);
  });
});
