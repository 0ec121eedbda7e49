/** Column names that are not right above the rows: beside lists of JSON, in a comment, in the middle of a file. */
import { describe, expect, it } from "vitest";
import { barsOf, refusal } from "@/server/testing/file-cases";

const names = ["date", "close", "high", "low", "open", "volume"];
const rows = [
  ["2026-11-18", 1_510, 1_520, 1_490, 1_500, 1_000],
  ["2026-11-19", 1_525, 1_530, 1_500, 1_512, 2_000],
];
const right = ["2026-11-18 09:15 1500 1520 1490 1510 1000", "2026-11-19 09:15 1512 1530 1500 1525 2000"];
const lines = rows.map((row) => row.join(","));

describe("names beside the rows", () => {
  it.each([
    ["pandas' split", { columns: names, index: [0, 1], data: rows }],
    [
      "pandas' split, times in its index",
      { columns: names.slice(1), index: rows.map(([date]) => date), data: rows.map(([, ...figures]) => figures) },
    ],
    ["QuestDB", { query: "select", columns: names.map((name) => ({ name, type: "DOUBLE" })), dataset: rows, count: 2 }],
    ["InfluxDB", { results: [{ series: [{ name: "ohlc", columns: names, values: rows }] }] }],
    ["a schema", { schema: { fields: names.map((name) => ({ name, type: "number" })) }, rows }],
    ["a first row of names", [names, ...rows]],
  ])("%s", async (_, document) => expect(await barsOf(JSON.stringify(document))).toEqual(right));
  it("a first line of names among lines of arrays", async () =>
    expect(await barsOf([names, ...rows].map((row) => JSON.stringify(row)).join("\n"))).toEqual(right));
  it("are refused where they are more than the rows have", async () => {
    expect(await refusal(barsOf(JSON.stringify({ columns: [...names, "oi"], data: rows })))).toMatchObject({
      field: "columns",
      value: expect.stringContaining("oi") as unknown,
    });
  });
});

describe("names in a remark", () => {
  it.each([
    "# Date,Close,High,Low,Open,Volume",
    "# date close high low open volume",
    "// columns: date, close, high, low, open, volume",
    "%Date;Close;High;Low;Open;Volume",
  ])("%s", async (remark) => expect(await barsOf([remark, ...lines])).toEqual(right));
  it("give way to a line of names, and are refused where rows have another number of columns", async () => {
    expect(await barsOf(["# date,open,high,low,close,volume", names.join(","), ...lines])).toEqual(right);
    expect(await refusal(barsOf(["# date,close,high,low,open", ...lines]))).toMatchObject({
      line: 1,
      field: "columns",
      option: expect.stringContaining("--columns") as unknown,
    });
  });
});

describe("a second line of names", () => {
  it("in another order is refused, the same order is passed over", async () => {
    const other = ["date,open,high,low,close,volume", "2026-11-17,1,1,1,1,1", names.join(","), ...lines];
    expect(await refusal(barsOf(other))).toMatchObject({
      line: 3,
      field: "columns",
      value: "date, close, high, low, open, volume",
      option: expect.stringContaining("--columns") as unknown,
    });
    expect(await barsOf([names.join(","), lines[0]!, `${names.join(",")},Remarks`, lines[1]!])).toEqual(right);
    expect(await refusal(barsOf(["2026-11-17,1,1,1,1,1", names.join(","), ...lines]))).toMatchObject({
      field: "columns",
    });
  });
});
