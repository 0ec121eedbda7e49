import { describe, expect, it } from "vitest";
import { parseBarFile } from "./bar-file";

const parse = async (lines: string[], decimals = 2) => {
  const { bars, malformed } = await parseBarFile(lines, { decimals, fileName: "bars.csv" });
  return { bars: bars.map(({ line: _, ...bar }) => bar), malformed };
};
const at = (text: string): number => Date.parse(`${text}+05:30`);

describe("parseBarFile", () => {
  it.each([
    [
      "Kite's columns, a space after each comma",
      ["Code,Date,Open,High,Low,Close,Volume", "INFY,2016-08-16 09:15:00, 1041.55, 1042, 1028.05, 1031.35, 527702"],
    ],
    ["the same without names", ["INFY,2016-08-16 09:15:00, 1041.55, 1042, 1028.05, 1031.35, 527702"]],
    ["a time and no names", ["2016-08-16 09:15:00,1041.55,1042,1028.05,1031.35,527702"]],
    ["date and time apart", ["INFY,20160816,09:15,1041.55,1042,1028.05,1031.35,527702,0"]],
    ["date and time apart, named", ["Date,Time,O,H,L,C,V", "2016-08-16,09:15:00,1041.55,1042,1028.05,1031.35,527702"]],
    [
      "columns in another order",
      ["volume,close,low,high,open,datetime", "527702,1031.35,1028.05,1042,1041.55,2016-08-16T09:15"],
    ],
    ["epoch seconds", ["1471319100,1041.55,1042,1028.05,1031.35,527702"]],
    ["epoch milliseconds", ["1471319100000,1041.55,1042,1028.05,1031.35,527702"]],
    ["ISO with a zone, also without a colon in it", ["2016-08-16T09:15:00+0530,1041.55,1042,1028.05,1031.35,527702"]],
    [
      "fields in quotation marks",
      [
        '"date","open","high","low","close","volume"',
        '"2016-08-16 09:15:00","1041.55","1042","1028.05","1031.35","527702"',
      ],
    ],
    [
      "a time with a zone as tables write it",
      ["date,open,high,low,close,volume", "2016-08-16 09:15:00+05:30,1041.55,1042,1028.05,1031.35,527702"],
    ],
    ["ISO in UTC", ["2016-08-16T03:45:00Z,1041.55,1042,1028.05,1031.35,527702"]],
  ])("reads %s", async (_, lines) => {
    expect(await parse(lines)).toEqual({
      malformed: [],
      bars: [
        {
          label: at("2016-08-16T09:15:00"),
          open: 104_155,
          high: 104_200,
          low: 102_805,
          close: 103_135,
          volume: 527_702,
        },
      ],
    });
  });

  it("reads days as IST midnights, and a missing volume as 0", async () => {
    expect((await parse(["date,o,h,l,c", "2024-08-12,1,2,1,2"])).bars[0]).toMatchObject({
      label: at("2024-08-12T00:00:00"),
      volume: 0,
    });
  });

  it("names each invalid line, and continues", async () => {
    const { bars, malformed } = await parse([
      "Date,Open,High,Low,Close,Volume",
      "2016-08-16 09:15:00,1,2,1,2,5",
      "",
      "nonsense",
      "2016-08-16 09:16:00,1,x,1,2,5",
      "2016-08-16 09:17:00,1,2",
      "2016-02-30 09:15:00,1,2,1,2,5",
      "2016-08-16 25:15:00,1,2,1,2,5",
      "2016-08-16 09:18:00,0,0,0,0,0",
      "2016-08-16 09:19:00,5,4,3,4,1",
      "2016-08-16 09:20:00,1,2,1,2,many",
    ]);
    expect(bars.length).toBe(1);
    expect(malformed.map(({ line, reason }) => [line, reason])).toEqual([
      [4, 'time "nonsense" is not a time; use YYYY-MM-DD HH:MM[:SS], ISO with a zone or epoch, or set --date-format'],
      [5, 'high "x" is not a number'],
      [6, "low is missing"],
      [
        7,
        'time "2016-02-30 09:15:00" is not a time; use YYYY-MM-DD HH:MM[:SS], ISO with a zone or epoch, or set --date-format',
      ],
      [
        8,
        'time "2016-08-16 25:15:00" is not a time; use YYYY-MM-DD HH:MM[:SS], ISO with a zone or epoch, or set --date-format',
      ],
      [9, "open 0 is not a price"],
      [10, "open, high, low, close 5, 4, 3, 4 contradict each other"],
      [11, 'volume "many" is not a whole number; --columns volume=none reads the prices only'],
    ]);
  });

  it("holds one instrument", async () => {
    const { bars, malformed } = await parse([
      "INFY,2016-08-16 09:15:00,1,1,1,1,1",
      "TCS,2016-08-16 09:16:00,1,1,1,1,1",
    ]);
    expect([bars.length, malformed[0]!.reason]).toEqual([
      1,
      'symbol "TCS" after "INFY": a file must contain one instrument, or --symbol must choose one',
    ]);
  });
});
