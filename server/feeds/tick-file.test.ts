import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { recordedText } from "@/server/testing/recorded";
import type { MalformedLine } from "@/server/files/doubt";
import { readLines, readPieces, type TextPieces } from "@/server/files/text";
import { parseTickFile } from "./tick-file";

const read = async (lines: TextPieces, decimals = 2) => {
  const ticks: [time: number, price: number, volume: number][] = [];
  const malformed: MalformedLine[] = [];
  for await (const rows of parseTickFile(lines, { decimals, fileName: "ticks.csv" })) {
    for (let row = 0; row < rows.length; row++) ticks.push([rows.time[row]!, rows.price[row]!, rows.volume[row]!]);
    malformed.push(...rows.malformed);
  }
  return { ticks, malformed };
};
const at = (time: string): number => Date.parse(`2022-11-25T${time}+05:30`);

describe("parseTickFile", () => {
  it("reads times as IST and prices as exact minor units", async () => {
    const { ticks, malformed } = await read([
      "2022-11-25 09:15:00,18528.45",
      "2022-11-25 09:15:01.250,18528.4,1200",
      "2022-11-28T15:29:59,18530,",
    ]);
    expect(malformed).toEqual([]);
    expect(ticks).toEqual([
      [at("09:15:00"), 1_852_845, -1],
      [at("09:15:01.250"), 1_852_840, 1_200],
      [Date.parse("2022-11-28T15:29:59+05:30"), 1_853_000, -1],
    ]);
  });

  it("reads a time with a zone in that zone", async () => {
    const { ticks, malformed } = await read([
      "2022-11-25T03:45:00Z,1",
      "2022-11-25 09:15:00+05:30,1",
      "2022-11-25T09:15:00.5+0530,1",
      "2022-11-24T22:45:00-05:00,1",
      "2022-11-25T09:15:00+0530x,1",
    ]);
    expect(ticks.map(([time]) => time - at("09:15:00"))).toEqual([0, 0, 500, 0]);
    expect(malformed.map(({ line }) => line)).toEqual([5]);
  });

  it("takes semicolons, tabs, and spaces or quotation marks around a field", async () => {
    for (const lines of [
      ["time;price;volume", "2022-11-25 09:15:00;1;5"],
      ["2022-11-25 09:15:00\t1\t5"],
      ["2022-11-25 09:15:00 , 1 , 5"],
      ['"2022-11-25 09:15:00","1",5'],
      ['"2022-11-25 09:15:00", "1", "5"'],
    ]) {
      expect(await read(lines)).toEqual({ ticks: [[at("09:15:00"), 100, 5]], malformed: [] });
    }
  });

  it("keeps four decimals for currency", async () => {
    expect((await read(["2022-11-25 09:00:00,81.7025"], 4)).ticks[0]![1]).toBe(817_025);
  });

  it("passes over column names, blank lines and the status lines of a bridge", async () => {
    expect(await read(["time,price,volume", "", "2022-11-25 09:15:00,1"])).toEqual({
      ticks: [[at("09:15:00"), 100, -1]],
      malformed: [],
    });
    const bridge = await read([
      '{"v":1,"type":"heartbeat","recv_ts":1,"seq":2}',
      '{"v":1,"type":"tick","ltp":1,"timestamp":1669347900000}',
      '{"v":1,"type":"status","state":"live"}',
    ]);
    expect(bridge).toEqual({ ticks: [[at("09:15:00"), 100, -1]], malformed: [] });
  });

  it("reads a bridge's tick lines, by the exchange's time where there is one", async () => {
    const v0 = '{"symbol":"","token":"2885","ltp":1402.5,"volume":512345,"timestamp":1756093502123}';
    const v1 =
      '{"v":1,"token":"2885","ltp":1402.55,"volume":512346,"timestamp":1756093503123,"exchange_ts":1756093503000}';
    expect((await read([v0, v1])).ticks).toEqual([
      [1_756_093_502_123, 140_250, 512_345],
      [1_756_093_503_000, 140_255, 512_346],
    ]);
  });

  it("names file, line, text and reason of each invalid line, and continues", async () => {
    const how = "; use YYYY-MM-DD HH:MM[:SS], ISO with a zone or epoch, or set --date-format";
    const bad = [
      ["2022-11-25 09:15:00", "price is missing"],
      ["2022-11-25 09:15:00,1,2,3", "4 fields instead of 3; a number containing commas must be quoted"],
      ["2022-02-30 09:15:00,1", `time "2022-02-30 09:15:00" is not a time${how}`],
      ["2022-11-25 24:15:00,1", `time "2022-11-25 24:15:00" is not a time${how}`],
      ["2,1", `time "2" is not a time${how}`],
      ["2022-11-25 09:15:00,1O0", 'price "1O0" is not a number'],
      ["2022-11-25 09:15:00,1,-5", 'volume "-5" is not a whole number'],
    ] as const;
    const { ticks, malformed } = await read([
      "2022-11-25 09:15:00,1,7",
      ...bad.map(([line]) => line),
      "2022-11-25 09:15:00,1",
    ]);
    expect(malformed).toEqual(bad.map(([text, reason], row) => ({ file: "ticks.csv", line: row + 2, text, reason })));
    expect(ticks).toEqual([
      [at("09:15:00"), 100, 7],
      [at("09:15:00"), 100, -1],
    ]);
    const json = await read([
      '{"token":"1","ltp":1,"timestamp":1669347900000}',
      "{",
      '{"token":"1","timestamp":1669347900000}',
      '{"token":"1","ltp":1}',
      '{"token":"1","ltp":2,"timestamp":1669347900000}',
    ]);
    expect(json.malformed.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "not JSON"],
      [3, 'price "" is not a number'],
      [4, `time "" is not a time${how}`],
    ]);
    expect(json.ticks.length).toBe(2);
  });

  it("refuses a second instrument in one recording", async () => {
    const { ticks, malformed } = await read([
      '{"token":"1","ltp":1,"timestamp":1669347900000}',
      '{"token":"2","ltp":1,"timestamp":1669347901000}',
    ]);
    expect(ticks.length).toBe(1);
    expect(malformed[0]!.reason).toBe(
      'token "2" after "1": a file must contain one instrument, or --symbol must choose one',
    );
  });

  it("hands over every row of a file longer than one chunk", async () => {
    const lines = Array.from({ length: 10_000 }, (_, row) => `2022-11-25 09:15:00,${row}`);
    const { ticks } = await read(lines);
    expect(ticks.map(([, price]) => price)).toEqual(lines.map((_, row) => row * 100));
  });

  it("reads a recording of our own making without a malformed line", async () => {
    const { ticks, malformed } = await read([recordedText("ticks.csv.gz")]);
    expect(malformed).toEqual([]);
    expect(ticks).toHaveLength(4_380 - 730);
    const seconds = new Set(ticks.map(([time]) => time));
    expect(seconds.size).toBe(ticks.length);
    expect(ticks.every(([, price]) => price > 2_000_000 && price < 3_500_000)).toBe(true);
  });

  const recording = path.resolve(process.cwd(), "../shared/fixtures/ticks/nifty-1s/2022-11-25.csv");
  it.skipIf(!existsSync(recording))("reads a real day without a malformed line", async () => {
    const { ticks, malformed } = await read(readPieces(recording));
    expect(malformed).toEqual([]);
    expect(ticks.length).toBeGreaterThan(22_000);
    expect(
      ticks.every(
        ([time, price]) => time >= at("09:00:00") && time < at("15:35:00") && price > 1_800_000 && price < 1_950_000,
      ),
    ).toBe(true);
  });
});

describe("readLines", () => {
  it("names a file it cannot read", async () => {
    await expect(readLines("no/such/file").next()).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "file", value: "no/such/file" },
    });
  });
});
