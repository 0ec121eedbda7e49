/** Times in several columns: dates beside dates, clocks under names of their own, zones that names say. */
import { describe, expect, it } from "vitest";
import { barsOf, refusal, replayed } from "@/server/testing/file-cases";

const minute = { from: "1m", to: "1m" };
const right = ["2025-11-20 09:15 100 101 99 100.5 10", "2025-11-20 09:16 100.5 102 100 101 20"];
const figures = ["100,101,99,100.5,10", "100.5,102,100,101,20"];
const table = (names: string, stamps: [string, string]) => [
  `${names},Open,High,Low,Close,Volume`,
  ...stamps.map((stamp, at) => `${stamp},${figures[at]}`),
];

describe("a clock beside a date", () => {
  it.each([
    ["hours and minutes", "date,hour,minute", ["2025-11-20,9,15", "2025-11-20,9,16"]],
    ["with seconds", "date,HH,MM,SS", ["2025-11-20,09,15,00", "2025-11-20,09,16,00"]],
    ["a zone in its name", "Date,Time (IST)", ["2025-11-20,09:15:00", "2025-11-20,09:16:00"]],
    ["another name", "Date,Bar begins", ["2025-11-20,09:15", "2025-11-20,09:16"]],
    ["a date at midnight", "Date,Time", ["2025-11-20 00:00:00,09:15:00", "2025-11-20 00:00:00,09:16:00"]],
    ["midnight with a zone", "Date,Time", ["2025-11-20T00:00:00+05:30,09:15", "2025-11-20T00:00:00+05:30,09:16"]],
    ["midnight in India as UTC", "Date,Time", ["2025-11-19T18:30:00Z,09:15", "2025-11-19T18:30:00Z,09:16"]],
    ["midnight, day first", "Date,Time", ["20-11-2025 00:00,09:15", "20-11-2025 00:00,09:16"]],
    ["a date that has its clock", "Date,Time", ["2025-11-20 09:15:00,23:59:59", "2025-11-20 09:16:00,23:59:59"]],
    ["UTC in its name", "Date,Time (UTC)", ["2025-11-20,03:45:00", "2025-11-20,03:46:00"]],
    ["UTC in the name of both", "datetime_utc,Remarks", ["2025-11-20 03:45:00,x y", "2025-11-20 03:46:00,x z"]],
  ] as [string, string, [string, string]][])("%s", async (_, names, stamps) =>
    expect(await barsOf(table(names, stamps), minute)).toEqual(right),
  );
  it("is not taken where days stand once, and asked for where two may be it", async () => {
    const days = (
      await barsOf([
        "Date,High at,Open,High,Low,Close,Volume",
        "2025-11-19,10:05,100,101,99,100,5",
        "2025-11-20,11:10,100,101,99,100,5",
      ])
    ).map((bar) => bar.slice(0, 16));
    expect(days).toEqual(["2025-11-19 09:15", "2025-11-20 09:15"]);
    expect(
      await refusal(barsOf(table("Date,From,To", ["2025-11-20,09:15,09:16", "2025-11-20,09:16,09:17"]), minute)),
    ).toMatchObject({
      line: 1,
      field: "clock",
      value: "From, To",
      option: "--columns clock=From or --columns clock=To",
    });
    expect(
      await barsOf(table("Date,From,To", ["2025-11-20,09:15,09:16", "2025-11-20,09:16,09:17"]), {
        ...minute,
        columns: "clock=From",
      }),
    ).toEqual(right);
  });
  it("of ticks", async () => {
    expect(
      await replayed([
        "Date,Time,LTP,Volume",
        "2025-11-20 00:00:00,09:15:00,100,100",
        "2025-11-20 00:00:00,09:16:01,100.5,120",
      ]),
    ).toEqual(["2025-11-20 09:15 100 100", "2025-11-20 09:16 100.5 20"]);
  });
});

describe("two columns of times", () => {
  const rows = (stamps: [string, string][]) => [
    "Date,Open,High,Low,Close,Volume,Timestamp",
    ...stamps.map(([date, stamp], at) => `${date},${1_500 + at},1520,1490,1510,5,${stamp}`),
  ];
  const dates = (bars: string[]) => bars.map((bar) => bar.slice(0, 10));
  it("the time of a download is none of the bars'", async () => {
    expect(
      dates(
        await barsOf(
          rows([
            ["2026-11-19", "2026-11-25 18:00:00"],
            ["2026-11-20", "2026-11-25 18:00:00"],
          ]),
        ),
      ),
    ).toEqual(["2026-11-19", "2026-11-20"]);
  });
  it("with the same day are one", async () => {
    expect(
      dates(
        await barsOf(
          rows([
            ["19-11-2026", "2026-11-19"],
            ["20-11-2026", "2026-11-20"],
          ]),
        ),
      ),
    ).toEqual(["2026-11-19", "2026-11-20"]);
    expect(
      await barsOf(
        [
          "Date,Timestamp,Open,High,Low,Close,Volume",
          `2025-11-20,2025-11-20 09:15:00,${figures[0]}`,
          `2025-11-20,2025-11-20 09:16:00,${figures[1]}`,
        ],
        minute,
      ),
    ).toEqual(right);
  });
  it("with different days are refused", async () => {
    const other = rows([
      ["2026-11-19", "2026-11-20 08:00:00"],
      ["2026-11-20", "2026-11-23 08:00:00"],
    ]);
    expect(await refusal(barsOf(other))).toMatchObject({
      line: 2,
      field: "time",
      option: "--columns time=Timestamp or --columns time=Date",
    });
    expect(dates(await barsOf(other, { columns: "time=Date" }))).toEqual(["2026-11-19", "2026-11-20"]);
  });
});
