/** The small inputs that were read wrongly, from the folder beside the project, by the command line as people run it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const folder = path.resolve(process.cwd(), "../shared/cases");
const absent = !existsSync(folder);

const candela = (
  command: string,
  file: string,
  ...args: string[]
): Promise<{ code: number | null; out: Record<string, number>[]; err: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "server/cli/main.ts", command, path.join(folder, file), ...args, "--json"],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.on("error", reject).on("close", (code) =>
      resolve({
        code,
        out: out
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Record<string, number>),
        err,
      }),
    );
  });
const at = (text: string): number => Date.parse(`${text.replace(" ", "T")}:00+05:30`);
const bar = (time: string, [open, high, low, close, volume]: readonly number[]) => ({
  time: at(time),
  open,
  high,
  low,
  close,
  volume,
});
const bars = (out: Record<string, number>[]) => out.map(({ ticks: _, ...rest }) => rest);

describe.skipIf(absent)("the cases beside the project", { timeout: 60_000 }, () => {
  const week = ["--from", "1d", "--to", "1W"];
  it.each([
    [
      "yf2.csv",
      ["--instrument", "NSE:INFY", ...week],
      [bar("2026-11-16 09:15", [1_500, 1_530, 1_490, 1_520, 346_912])],
    ],
    [
      "bhav_iso.csv",
      ["--instrument", "NSE:INFY", ...week],
      [bar("2026-11-16 09:15", [1_500, 1_530, 1_490, 1_520, 346_912])],
    ],
    [
      "bhav_udiff.csv",
      ["--instrument", "NSE:INFY", ...week],
      [bar("2026-11-16 09:15", [1_500, 1_530, 1_490, 1_520, 346_912])],
    ],
    [
      "brz.csv",
      ["--instrument", "NSE:SBIN", "--from", "5m", "--to", "15m", "--labels", "start"],
      [
        bar("2024-04-19 09:15", [750, 753, 749, 752, 300]),
        bar("2024-04-19 09:30", [752, 753, 751, 753, 300]),
        bar("2024-04-19 11:00", [755, 756, 754, 755, 400]),
      ],
    ],
    [
      "illiq_sparse.csv",
      ["--instrument", "NFO:NIFTY26NOV24500CE", "--from", "1m", "--to", "5m"],
      [
        bar("2026-11-20 09:15", [10, 10.5, 9.8, 10.3, 225]),
        bar("2026-11-20 09:20", [10.3, 11, 10.3, 11, 75]),
        bar("2026-11-20 15:20", [12, 12.5, 12, 12.4, 75]),
      ],
    ],
    [
      "dc_oh.csv",
      ["--instrument", "NSE:IDEA", "--from", "1m", "--to", "5m"],
      [bar("2026-11-20 09:15", [7.85, 7.85, 7.75, 7.75, 125_000])],
    ],
    [
      "tab_thou.csv",
      ["--instrument", "NSE_INDEX:NIFTY 50", ...week],
      [bar("2026-11-16 09:15", [24_500.5, 24_600, 24_400, 24_450, 246_912])],
    ],
    [
      "yyyymmddhhmm.csv",
      ["--instrument", "NSE:INFY", "--from", "1m", "--to", "5m"],
      [
        bar("2026-11-20 09:15", [100, 100.55, 99.3, 99.5, 510]),
        bar("2026-11-20 09:20", [99.5, 101.55, 99.3, 101.25, 535]),
        bar("2026-11-20 09:25", [101.25, 101.55, 100.05, 100.25, 221]),
      ],
    ],
  ] as const)("%s %j", async (file, args, right) => {
    const { code, out, err } = await candela("resample", file, ...args);
    expect([bars(out), code]).toEqual([right, 0]);
    expect(err).not.toContain("refused");
  });

  it.each([
    [
      "brz.csv",
      ["--instrument", "NSE:SBIN", "--from", "5m", "--to", "15m"],
      /brz\.csv:2: time "2024-04-19 09:20:00".*--labels start/,
    ],
    [
      "naive_utc_day.csv",
      ["--instrument", "NSE:INFY", "--from", "1m", "--to", "15m"],
      /naive_utc_day\.csv:2: time "2026-11-20 03:45:00".*5 h 30 min before the open.*--zone UTC/,
    ],
    [
      "d_mixed.csv",
      ["--instrument", "NSE:INFY", "--from", "1d", "--to", "1d"],
      /d_mixed\.csv:3: time .*lines 2 and 3 are one date/,
    ],
    [
      "bhav_iso.csv",
      ["--instrument", "NSE:TCS", ...week],
      /bhav_iso\.csv:2: symbol "INFY EQ".*no rows of NSE:TCS.*--symbol/,
    ],
    [
      "bhav_udiff.csv",
      ["--instrument", "NSE:TCS", ...week],
      /bhav_udiff\.csv:2: symbol ".*INFY.*no rows of NSE:TCS.*--symbol/,
    ],
  ] as const)("refuses %s %j", async (file, args, says) => {
    const { code, out, err } = await candela("resample", file, ...args);
    expect([out, code]).toEqual([[], 2]);
    expect(err).toMatch(says);
  });

  it("reads naive_utc_day.csv in UTC, and names the rows of the closing auction", async () => {
    const { code, out, err } = await candela(
      "resample",
      "naive_utc_day.csv",
      "--instrument",
      "NSE:INFY",
      "--from",
      "1m",
      "--to",
      "15m",
      "--zone",
      "UTC",
    );
    expect([code, out.length, out[0]!["time"], out.at(-1)!["time"]]).toEqual([
      0,
      24,
      at("2026-11-20 09:15"),
      at("2026-11-20 15:00"),
    ]);
    expect(err).toContain("24 bars from 375 rows (15 closing auction)");
  });

  it.each([
    ["tk_token.csv", [1_574, 1_574.5]],
    ["tk_voltime.csv", [1_574, 1_575]],
  ] as const)("%s", async (file, closes) => {
    const { code, out } = await candela("replay", file, "--instrument", "NSE:INFY", "--timeframe", "1m");
    expect([out.map(({ close }) => close), code]).toEqual([closes, 0]);
  });

  it.each(["nse:infy", "NSE:INFY-EQ", "NSE:INFY", "INFY.NS"])("case.csv as %s", async (instrument) => {
    const { code, out } = await candela("replay", "case.csv", "--instrument", instrument, "--timeframe", "1d");
    expect([out.map(({ high, close, volume }) => [high, close, volume]), code]).toEqual([[[102, 102, 9_000]], 0]);
  });
});
