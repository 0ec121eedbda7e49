import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** The command line as a process of its own, given standard input. */
const candela = (args: string[], input: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", "server/cli/main.ts", ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const outcome: Outcome = { code: null, out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      outcome.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      outcome.err += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ ...outcome, code }));
    child.stdin.on("error", () => {}).end(input);
  });

describe("candela as a process", () => {
  it("replays standard input to JSON lines and nothing else on standard output", async () => {
    const { code, out, err } = await candela(
      ["replay", "-", "--instrument", "NSE_INDEX:NIFTY 50", "--timeframe", "1m", "--json"],
      [
        "2022-11-25 09:00:01,18484.1",
        "2022-11-25 09:15:00,18528.45",
        "broken",
        "2022-11-25 09:15:59,18529",
        "2022-11-25 09:16:00,18527.9",
        "",
      ].join("\n"),
    );
    expect(out).toBe(
      [
        '{"time":1669347900000,"open":18528.45,"high":18529,"low":18528.45,"close":18529,"volume":0,"ticks":2}',
        '{"time":1669347960000,"open":18527.9,"high":18527.9,"low":18527.9,"close":18527.9,"volume":0,"ticks":1}',
        "",
      ].join("\n"),
    );
    expect(err).toContain("standard input:3: ");
    expect(err).toContain("2 bars from 4 ticks (1 auction), 1 malformed line");
    // A refused row is no success, unless it was said that it may be.
    expect(code).toBe(1);
    const lenient = await candela(
      ["replay", "-", "--instrument", "NSE_INDEX:NIFTY 50", "--json", "--lenient"],
      "2022-11-25 09:15:00,18528.45\nbroken\n",
    );
    expect([lenient.code, lenient.out.split("\n").length]).toEqual([0, 2]);
    expect(
      (
        await candela(
          ["replay", "-", "--instrument", "NSE:INFY", "--json", "--lenient"],
          "2022-11-25 20:15:00,18528.45\n",
        )
      ).code,
    ).toBe(1);
  });

  it("resamples standard input", async () => {
    const { code, out } = await candela(
      ["resample", "-", "--from", "1m", "--to", "5m", "--instrument", "NSE:INFY", "--json"],
      "2016-08-16 09:16:00,101,103,100,102,7\n2016-08-16 09:15:00,100,101,99,101,5\n",
    );
    expect([code, out]).toEqual([
      0,
      '{"time":1471319100000,"open":100,"high":103,"low":99,"close":102,"volume":12,"ticks":0}\n',
    ]);
  });

  it("fails where a frame was skipped or none came, unless that was allowed", async () => {
    const ltp = "00010008000d80010000997f";
    const code = async (args: string[], input: string): Promise<number | null> =>
      (await candela(["decode", "kite", ...args], input)).code;
    expect(
      await Promise.all([
        code([], `${ltp}\n`),
        code([], `${ltp}\nxyz\n`),
        code(["--lenient"], `${ltp}\nxyz\n`),
        code([], ""),
        code(["--lenient"], "xyz\n"),
      ]),
    ).toEqual([0, 1, 0, 1, 1]);
  });

  it("previews a file from standard input", async () => {
    const { code, out } = await candela(
      ["inspect", "-", "--instrument", "NSE:INFY", "--json"],
      "date;open;high;low;close;qty\n20-11-2026;1,5;1,6;1,4;1,5;7\n",
    );
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { kind: "bars", decimal: "comma", timeframe: "1d", columns: { volume: "qty" }, rows: 1, refused: 0 },
    ]);
    expect(
      (
        await candela(
          ["inspect", "-", "--instrument", "NSE:INFY"],
          "date,open,high,low,close,volume\n2026-11-20,1,1,1,x,7\n",
        )
      ).code,
    ).toBe(1);
    // Rows that can all be read, and clocks that are in doubt.
    expect(
      (
        await candela(
          ["inspect", "-", "--instrument", "NSE:INFY"],
          "datetime,open,high,low,close,volume\n2025-11-20 03:45,1,1,1,1,7\n2025-11-20 03:46,1,1,1,1,7\n",
        )
      ).code,
    ).toBe(1);
  });

  it("answers bad input with one sentence and code 2", async () => {
    const missing = await candela(["replay", "no-such-file.csv", "--instrument", "NSE:INFY", "--json"], "");
    expect([missing.code, missing.out, missing.err.split("\n").length]).toEqual([2, "", 2]);
    expect(missing.err).toContain("no-such-file.csv");
    expect((await candela(["replay", "-", "--instrument", "NSE:INFY"], "nothing\nof use\n")).code).toBe(2);
    expect((await candela(["replay", "-"], "")).err).toContain("--instrument");
    expect(
      (await candela(["resample", "-", "--to", "5m", "--instrument", "NSE:INFY", "--labels", "middle"], "")).code,
    ).toBe(2);
  });

  it("helps on every level", async () => {
    const [root, command, version] = await Promise.all([
      candela(["--help"], ""),
      candela(["resample", "--help"], ""),
      candela(["--version"], ""),
    ]);
    for (const name of ["decode", "inspect", "replay", "resample", "sessions"]) expect(root.out).toContain(name);
    expect(command.out).toContain("--labels");
    expect([root.code, command.code, version.code, version.out]).toEqual([
      0,
      0,
      0,
      expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    ]);
  });

  it("ends quietly when its reader has seen enough", async () => {
    const child = spawn("bash", [
      "-c",
      `set -o pipefail; '${process.execPath}' --import tsx server/cli/main.ts sessions NSE 2016-01-01 --to 2026-12-31 --json | head -1`,
    ]);
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    expect([await new Promise((resolve) => child.on("close", resolve)), err]).toEqual([0, ""]);
  });
});
