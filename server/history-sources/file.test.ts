import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parquetWriteFile } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { barAt } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { HistorySource } from "@/server/ports/history-source";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { fileSource, type FileOrder } from "./file";
import { parseSource } from "./index";

const folder = mkdtempSync(path.join(tmpdir(), "candela-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => path.join(folder, name);
const at = (text: string): number => Date.parse(`${text}+05:30`);
const instrument = (id: number, symbol: string, decimals = 2) =>
  testInstrument(id, { symbol, key: `NSE:${symbol}`, decimals });
const infy = instrument(1, "INFY");
const tcs = instrument(2, "TCS");

const order = (file: string, more: Partial<FileOrder> = {}): FileOrder => ({
  kind: "csv",
  file: place(file),
  timeframe: "1m",
  instruments: [infy],
  from: at("2026-01-01T00:00:00"),
  to: at("2026-02-01T00:00:00"),
  now: at("2026-12-31T00:00:00"),
  calendar: createCalendar(),
  hours: () => "NSE",
  ...more,
});
const barsOf = async (source: HistorySource, of = infy, from = "2026-01-01T00:00:00", to = "2026-02-01T00:00:00") => {
  const bars = await source.bars(
    { instrument: of, timeframe: "1m", from: at(from), to: at(to) },
    new AbortController().signal,
  );
  return Array.from({ length: bars.length }, (_, row) => {
    const { time, open, high, low, close, volume } = barAt(bars, row);
    return [new Date(time + 19_800_000).toISOString().slice(0, 16), open, high, low, close, volume].join(" ");
  });
};

/** Minutes of 5 January 2026 from 09:15 on: their clock, open, high, low, close in rupees, volume. */
const minutes = Array.from(
  { length: 6 },
  (_, minute) =>
    [
      `09:${15 + minute}`,
      1_500.05 + minute,
      1_501.1 + minute,
      1_499.95 + minute,
      1_500.5 + minute,
      1_000 + minute,
    ] as const,
);
const expected = minutes.map(([clock, ...prices], minute) =>
  [`2026-01-05T${clock}`, ...prices.slice(0, 4).map((price) => Math.round(price * 100)), 1_000 + minute].join(" "),
);
const csv = (name: string, lines: string[]): string => {
  writeFileSync(place(name), `${lines.join("\n")}\n`);
  return name;
};

describe("a file of bars as a source of history", () => {
  it.skipIf(process.platform === "win32")("is a file: pipes, devices and folders are not opened", async () => {
    execFileSync("mkfifo", [place("pipe"), place("pipe-{symbol}").replace("{symbol}", "INFY")]);
    mkdirSync(place("folder"));
    for (const kind of ["csv", "parquet"] as const) {
      for (const file of [place("pipe"), place("pipe-{symbol}"), "/dev/zero", place("folder"), place("nothing")]) {
        await expect(fileSource(order("", { kind, file })), `${kind}:${file}`).rejects.toMatchObject({
          code: "bad_input",
          details: { field: "source", accepted: expect.stringMatching(/^a (readable )?file/) as unknown },
        });
      }
    }
  });

  it("is read to its size, and no further than its client waits", async () => {
    const lines = minutes.map(([clock, ...figures]) => ["2026-01-05 " + clock, ...figures].join(","));
    const file = csv("long.csv", ["datetime,open,high,low,close,volume", ...lines]);
    const gone = new AbortController();
    gone.abort(new Error("the client disconnected"));
    await expect(fileSource(order(file, { signal: gone.signal }))).rejects.toThrow("the client disconnected");
    expect(await barsOf(await fileSource(order(file, { signal: new AbortController().signal })))).toEqual(expected);
    // Reported as empty, but contains data.
    if (existsSync("/proc/cpuinfo"))
      await expect(fileSource(order("", { file: "/proc/cpuinfo" }))).rejects.toMatchObject({
        code: "bad_input",
        details: { field: "source", accepted: expect.stringContaining("does not change") as unknown },
      });
  });

  it("gives back what a CSV file holds, whatever its order", async () => {
    const lines = minutes.map(([clock, ...figures]) => ["2026-01-05 " + clock, ...figures].join(","));
    const source = await fileSource(order(csv("plain.csv", [...lines].reverse())));
    expect(await barsOf(source)).toEqual(expected);
    expect([source.authority, source.limits("1m")?.requestsPerSecond, source.limits("1d")]).toEqual([
      "file",
      Number.POSITIVE_INFINITY,
      null,
    ]);
    expect(await barsOf(source, infy, "2026-01-05T09:16:00", "2026-01-05T09:18:00")).toEqual(expected.slice(1, 3));
  });

  it("keeps the rows of closing auctions for who looks for the print in them, as the broker of the file labels them", async () => {
    const lines = [
      ...["09:15", "09:16", "15:14"].map((clock) => `2026-08-31 ${clock},1294.9,1294.9,1294.9,1294.9,100`),
      "2026-08-31 15:15,1294.9,1294.9,1294.9,1294.9,0",
      "2026-08-31 15:29,1277,1277,1277,1277,26600000",
    ];
    const of = async (more: Partial<FileOrder>) => {
      const source = await fileSource(
        order("upstox.csv", {
          from: at("2026-08-31T00:00:00"),
          to: at("2026-09-01T00:00:00"),
          hours: () => "NSE_CAS",
          ...more,
        }),
      );
      return {
        source,
        clocks: (await barsOf(source, infy, "2026-08-31T00:00:00", "2026-09-01T00:00:00")).map((text) =>
          text.slice(11, 16),
        ),
      };
    };
    csv("upstox.csv", lines);
    const upstox = await of({ options: { broker: "upstox" } });
    expect([upstox.source.prints, upstox.clocks, upstox.source.notes.at(-1)]).toEqual([
      "upstox",
      ["09:15", "09:16", "15:14", "15:15", "15:29"],
      expect.stringMatching(/2 rows belong to closing auctions, as printed by upstox$/),
    ]);
    const nobody = await of({});
    expect([nobody.source.prints, nobody.clocks, nobody.source.notes.at(-1)]).toEqual([
      "unknown",
      ["09:15", "09:16", "15:14"],
      expect.stringMatching(/2 rows are outside trading sessions$/),
    ]);
    csv(
      "upstox.csv",
      lines.map((line) =>
        line.replace(/ (\d\d):(\d\d)/, (_, hour: string, minute: string) => {
          const next = Number(hour) * 60 + Number(minute) + 1;
          return ` ${String(Math.floor(next / 60)).padStart(2, "0")}:${String(next % 60).padStart(2, "0")}`;
        }),
      ),
    );
    expect((await of({ options: { broker: "upstox", labels: "end" } })).clocks, "labelled by their end").toEqual(
      upstox.clocks,
    );
    expect((await of({ options: { broker: "kite", labels: "end" } })).clocks, "Kite has none of a stock").toEqual(
      nobody.clocks,
    );
    expect(parseSource("csv[broker=upstox]:f.csv", [])).toMatchObject({ options: { broker: "upstox" } });
  });

  it("moves bars labelled by their end to their start, and says so", async () => {
    const lines = minutes.map(([, ...figures], minute) => [`2026-01-05 09:${16 + minute}`, ...figures].join(","));
    // Two minutes after the open alone look like bars whose first one is missing.
    await expect(fileSource(order(csv("ends-open.csv", lines)))).rejects.toMatchObject({
      details: { field: "time", line: 1, option: expect.stringContaining("--labels") as unknown },
    });
    expect(await barsOf(await fileSource(order("ends-open.csv", { options: { labels: "end" } })))).toEqual(expected);
    const source = await fileSource(order(csv("ends.csv", [...lines, "2026-01-05 15:30,1,1,1,1,1"])));
    expect((await barsOf(source)).slice(0, 6)).toEqual(expected);
    expect(source.notes).toEqual([expect.stringContaining("times label the end of a bar")]);
  });

  it.each([
    [
      "times tied to UTC",
      (clock: string) => new Date(at(`2026-01-05T${clock}:00`)),
      { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
    ],
    [
      "times without a zone, as pandas keeps Indian clocks",
      (clock: string) => new Date(`2026-01-05T${clock}:00Z`),
      { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MILLIS" } },
    ],
    [
      "times as texts",
      (clock: string) => `2026-01-05T${clock}:00+05:30`,
      { type: "BYTE_ARRAY", converted_type: "UTF8" },
    ],
    ["times as epoch milliseconds", (clock: string) => BigInt(at(`2026-01-05T${clock}:00`)), { type: "INT64" }],
  ] as const)("gives back what a Parquet file holds: %s", async (name, time, element) => {
    const file = `${name.replaceAll(/\W/g, "")}.parquet`;
    const column = (title: string, data: unknown[], type: string) => ({ name: title, data, type });
    parquetWriteFile({
      filename: place(file),
      schema: [
        { name: "root", num_children: 6 },
        { name: "timestamp", repetition_type: "REQUIRED", ...element },
        ...["open", "high", "low", "close"].map((title) => ({
          name: title,
          type: "DOUBLE",
          repetition_type: "REQUIRED",
        })),
        { name: "volume", type: "INT64", repetition_type: "REQUIRED" },
      ] as never,
      columnData: [
        { name: "timestamp", data: minutes.map(([clock]) => time(clock)) },
        ...(["open", "high", "low", "close"] as const).map((title, place) => ({
          name: title,
          data: minutes.map((row) => row[place + 1] as number),
        })),
        { name: "volume", data: minutes.map((row) => BigInt(row[5])) },
      ] as ReturnType<typeof column>[] as never,
    });
    expect(await barsOf(await fileSource(order(file, { kind: "parquet" })))).toEqual(expected);
  });

  it("finds each instrument's rows in one file, by the symbol as files write it", async () => {
    const mahindra = instrument(3, "M&M");
    const rows = ["INFY", "TCS", "M_M", "WIPRO"].flatMap((symbol, offset) =>
      minutes.map(([clock, open, high, low, close, volume]) =>
        [symbol, `2026-01-05 ${clock}`, open + offset, high + offset, low + offset, close + offset, volume].join(","),
      ),
    );
    const source = await fileSource(
      order(csv("many.csv", ["symbol,datetime,open,high,low,close,volume", ...rows]), {
        instruments: [infy, tcs, mahindra, instrument(4, "SBIN")],
      }),
    );
    expect(await barsOf(source)).toEqual(expected);
    expect((await barsOf(source, mahindra))[0]).toBe("2026-01-05T09:15 150205 150310 150195 150250 1000");
    expect([source.lacks(tcs), source.lacks(instrument(4, "SBIN"))]).toEqual([
      null,
      expect.stringContaining("no rows of SBIN"),
    ]);
  });

  it("takes a file an instrument where the path says {symbol}; one that is missing is that instrument's alone", async () => {
    csv(
      "one-INFY.csv",
      minutes.map(([clock, ...figures]) => [`2026-01-05 ${clock}`, ...figures].join(",")),
    );
    const source = await fileSource(order("one-{symbol}.csv", { instruments: [infy, tcs] }));
    expect(await barsOf(source)).toEqual(expected);
    expect([source.lacks(infy), source.lacks(tcs)]).toEqual([null, expect.stringContaining("one-TCS.csv")]);
  });

  it("takes a file that calls the instrument otherwise only when it is said so", async () => {
    const file = csv(
      "renamed.csv",
      minutes.map(([clock, ...figures]) => ["INFOSYS", `2026-01-05 ${clock}`, ...figures].join(",")),
    );
    await expect(fileSource(order(file))).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "symbol", value: "INFOSYS", line: 1 },
    });
    const source = await fileSource(order(file, { options: { symbol: "INFOSYS" } }));
    expect(await barsOf(source)).toEqual(expected);
  });

  it("reports invalid lines, rows outside the session and duplicate bars", async () => {
    const lines = minutes.map(([clock, ...figures]) => [`2026-01-05 ${clock}`, ...figures].join(","));
    const file = csv("faults.csv", [
      ...lines,
      "nonsense,1,2",
      "2026-01-05 20:00,1,1,1,1,1",
      lines[0]!.replace(/\d+$/, "77"),
      "2026-01-26 10:00,1,1,1,1,1",
    ]);
    await expect(fileSource(order(file))).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining('faults.csv:7: time "nonsense"') as unknown,
    });
    const source = await fileSource(order(file, { options: { lenient: true } }));
    expect(source.notes).toEqual([
      expect.stringContaining("faults.csv:7: "),
      expect.stringContaining("times label the start"),
      expect.stringContaining("2 rows are outside trading sessions"),
      expect.stringContaining("1 bars appear twice with different values"),
    ]);
    expect((await barsOf(source))[0]).toMatch(/ 77$/);
  });

  it("labels day bars by the date's midnight, as brokers do", async () => {
    const source = await fileSource(
      order(
        csv("days.csv", ["date,o,h,l,c,v", "2026-01-05,1500,1510,1490,1505,7", "2026-01-06,1505,1515,1495,1500,8"]),
        { timeframe: "1d" },
      ),
    );
    const bars = await source.bars(
      { instrument: infy, timeframe: "1d", from: at("2026-01-01T00:00:00"), to: at("2026-02-01T00:00:00") },
      new AbortController().signal,
    );
    expect([...bars.time.subarray(0, bars.length)]).toEqual([at("2026-01-05T00:00:00"), at("2026-01-06T00:00:00")]);
  });

  it.each([
    ["a file that is not there", "absent.csv", "csv", "ENOENT"],
    ["a Parquet file that is none", "plain.csv", "parquet", "Parquet file"],
    ["a Parquet file that is not there", "absent.parquet", "parquet", "ENOENT"],
  ] as const)("refuses %s, naming the source", async (_, file, kind, told) => {
    csv("plain.csv", ["2026-01-05 09:15,1,1,1,1,1"]);
    await expect(fileSource(order(file, { kind }))).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "source", accepted: expect.stringContaining(told) as unknown },
    });
  });

  it("refuses a file without a single bar, and says why its lines are none", async () => {
    const file = csv("prose.csv", ["date,open,high,low,close,volume", "nonsense,1,1,1,1,1"]);
    await expect(fileSource(order(file))).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining('prose.csv:2: time "nonsense" is not a time') as unknown,
    });
    await expect(fileSource(order(file, { options: { lenient: true } }))).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "source" },
    });
  });

  it("refuses rows that stand further apart than bars of the timeframe", async () => {
    const hours = csv("hours.csv", ["2026-01-05 09:15,1,1,1,1,1", "2026-01-05 10:15,1,1,1,1,1"]);
    await expect(fileSource(order(hours))).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "timeframe" },
    });
  });
});

describe("the name of a source", () => {
  it("is a broker's, or a kind of file with its path", () => {
    expect(parseSource("kite", ["kite"])).toEqual({ kind: "broker", name: "kite" });
    expect(parseSource("csv:C:\\bars\\{symbol}.csv", ["kite"])).toEqual({
      kind: "csv",
      file: "C:\\bars\\{symbol}.csv",
      options: {},
    });
    expect(parseSource("csv[zone=UTC&columns=volume%3D7&lenient=true]:/bars.csv", [])).toEqual({
      kind: "csv",
      file: "/bars.csv",
      options: { zone: "UTC", columns: "volume=7", lenient: true },
    });
    expect(() => parseSource("csv[colour=red]:/bars.csv", [])).toThrow(/file options: columns, labels/);
    for (const wrong of ["", "angel", "csv:", "xml:file"])
      expect(() => parseSource(wrong, ["kite"])).toThrow(/csv:FILE/);
  });
});
