import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { barAt } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { JobReport } from "@/server/domain/basics/job";
import { nifty50 } from "@/server/domain/instruments/nifty50";
import { resample } from "@/server/domain/bars/resample";
import { istDay } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import { createExchange, type Exchange } from "@/server/exchange/exchange";
import { candles } from "@/server/exchange/history";
import { parseBarFile } from "@/server/history-sources/bar-file";
import type { Store } from "@/server/ports/stores";
import { type BrokerProxy, brokerProxy } from "@/server/testing/broker-proxy";
import { fixtureLines, fixturePath, fixturesAbsent } from "@/server/testing/fixtures";
import { startedStore, templateFile } from "@/server/testing/store-open";

const at = (text: string): number => Date.parse(`${text}+05:30`);
interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

let exchange: Exchange;
let proxy: BrokerProxy;
const folders: string[] = [];
const running = new Set<ChildProcess>();

/** `candela backfill …` as a process of its own over a data folder; the broker is the proxy before the simulated exchange. */
const backfill = (
  dataDir: string,
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Outcome> } => {
  const child = spawn(process.execPath, ["--import", "tsx", "server/cli/main.ts", "backfill", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NODE_ENV: "test",
      DATABASE_URL: "",
      DATA_DIR: dataDir,
      FEED: "kite",
      KITE_API_KEY: "candela-demo",
      KITE_ACCESS_TOKEN: "candela-demo-token",
      KITE_ROOT: proxy.url,
      LOG_LEVEL: "silent",
      PORT: "1",
      ...env,
    },
  });
  running.add(child);
  const outcome: Outcome = { code: null, out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    outcome.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    outcome.err += text;
  });
  return {
    child,
    ended: new Promise((resolve) =>
      child.on("close", (code) => {
        running.delete(child);
        resolve({ ...outcome, code });
      }),
    ),
  };
};
const report = ({ out }: Outcome): JobReport => JSON.parse(out) as JobReport;
const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), "candela-backfill-"));
  folders.push(made);
  return made;
};

/** The minutes of the exchange's own record of an instrument, as `time open high low close volume` in paise. */
const recordOf = async (symbol: string, from: string, to: string, minutes = 1): Promise<string[]> => {
  const rows = await candles(
    exchange.market,
    {
      listing: exchange.market.listing(`NSE:${symbol}`)!,
      minutes,
      from: at(`${from}T00:00:00`),
      to: at(`${to}T23:59:59`),
      openInterest: false,
      continuous: false,
    },
    () => 0,
  );
  return rows.map((row) => {
    const [label, open, high, low, close, volume] = JSON.parse(row) as [string, number, number, number, number, number];
    return [at(label.slice(0, 19)), ...[open, high, low, close].map((price) => Math.round(price * 100)), volume].join(
      " ",
    );
  });
};
const storedOf = async (store: Store, key: string, name: "1m" | "15m" | "1d"): Promise<string[]> => {
  const { instruments } = await store.instruments.load("2026-11-21");
  const { id } = instruments.find((each) => each.key === key)!;
  const bars = await store.bars.read({ instrumentId: id, timeframe: name, from: 0, to: Number.MAX_SAFE_INTEGER });
  return Array.from({ length: bars.length }, (_, row) => {
    const { time, open, high, low, close, volume } = barAt(bars, row);
    return [time, open, high, low, close, volume].join(" ");
  });
};
const withStore = async <T>(dataDir: string, work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await startedStore(dataDir);
  try {
    return await work(store);
  } finally {
    await store.stop();
  }
};
const untilAsked = (count: number): Promise<void> =>
  expect.poll(() => proxy.asked.length, { timeout: 120_000, interval: 20 }).toBeGreaterThanOrEqual(count);

beforeAll(async () => {
  await templateFile();
  // Sessions of NSE's length, so that a month of fifty stocks is a month of fifty stocks.
  exchange = await createExchange({ seed: 7, calendar: "NSE", start: at("2026-11-20T18:00:00"), limits: true });
  proxy = await brokerProxy(exchange.port);
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  proxy.asked.length = 0;
  proxy.fate = () => null;
});
afterAll(async () => {
  await proxy.close();
  await exchange.close();
});

describe("candela backfill against a broker", () => {
  it("loads a month of the NIFTY 50 exactly, bar by bar, through a kill in the middle", async () => {
    const dataDir = folder();
    const month = ["--watchlist", "NIFTY50", "--from", "2026-01-01", "--to", "2026-01-31", "--json"];
    const plan = await backfill(dataDir, [...month, "--dry-run"]).ended;
    expect([plan.code, JSON.parse(plan.out)]).toMatchObject([
      0,
      { instruments: nifty50.length, requests: nifty50.length, skipped: 0, leftOut: [] },
    ]);
    expect(proxy.asked, "a dry run asks for nothing").toEqual([]);

    const first = backfill(dataDir, month);
    await untilAsked(12);
    first.child.kill("SIGKILL");
    expect((await first.ended).code).toBeNull();
    const before = proxy.asked.length;

    const second = await backfill(dataDir, ["--resume", "backfill-1", "--json"]).ended;
    expect(second.err).not.toContain("rror");
    const { state, statistics, failures } = report(second);
    expect([second.code, state, failures]).toEqual([0, "done", []]);
    expect(proxy.asked.length - before, "what was checkpointed is not asked for again").toBeLessThan(nifty50.length);
    expect(proxy.asked.length, "at most what was under way is").toBeLessThanOrEqual(nifty50.length + 4);
    expect(proxy.fastest(), "three requests a second, which is what the broker allows").toBeLessThanOrEqual(3);

    await withStore(dataDir, async (store) => {
      let bars = 0;
      for (const symbol of nifty50) {
        const record = await recordOf(symbol, "2026-01-01", "2026-01-31");
        bars += record.length;
        expect(await storedOf(store, `NSE:${symbol}`, "1m"), symbol).toEqual(record);
      }
      // What four requests had returned when it was killed may be stored and not counted.
      expect(statistics.bars).toBeLessThanOrEqual(bars);
      expect(bars - statistics.bars).toBeLessThanOrEqual(4 * 8_000);
      expect(bars).toBeGreaterThan(300_000);
      expect(await storedOf(store, "NSE:RELIANCE", "15m")).toEqual(
        await recordOf("RELIANCE", "2026-01-01", "2026-01-31", 15),
      );
    });

    const again = await backfill(dataDir, month).ended;
    expect([again.code, report(again).total]).toEqual([0, 0]);
  }, 420_000);

  it("comes through a storm of refusals and outages, and says how often it had to ask again", async () => {
    const dataDir = folder();
    proxy.fate = (_, count) =>
      count % 5 === 1
        ? { status: 429, type: "NetworkException", message: "Too many requests" }
        : count % 7 === 3
          ? { status: 503, type: "NetworkException", message: "down" }
          : null;
    const outcome = await backfill(dataDir, [
      "--symbols",
      "NSE:INFY,NSE:TCS,NSE:ITC,NSE_INDEX:NIFTY 50",
      "--from",
      "2026-03-01",
      "--to",
      "2026-06-15",
      "--concurrency",
      "8",
      "--json",
    ]).ended;
    expect([outcome.code, report(outcome).state]).toEqual([0, "done"]);
    expect(report(outcome).statistics.retries).toBeGreaterThan(1);
    await withStore(dataDir, async (store) => {
      for (const symbol of ["INFY", "ITC", "NIFTY 50"])
        expect(await storedOf(store, symbol === "NIFTY 50" ? "NSE_INDEX:NIFTY 50" : `NSE:${symbol}`, "1m")).toEqual(
          await recordOf(symbol, "2026-03-01", "2026-06-15"),
        );
    });
  }, 240_000);

  it("ends with 1 when days fail, keeps the rest, and tries the failed ones alone again", async () => {
    const dataDir = folder();
    const token = exchange.market.listing("NSE:TCS")!.token;
    proxy.fate = (asked) =>
      asked.includes(`/${token}/`) ? { status: 400, type: "InputException", message: "invalid token" } : null;
    const first = await backfill(dataDir, [
      "--symbols",
      "NSE:INFY,NSE:TCS",
      "--from",
      "2026-02-02",
      "--to",
      "2026-02-06",
      "--json",
    ]).ended;
    expect([first.code, report(first).state, report(first).statistics.failed]).toEqual([1, "failed", 5]);
    expect(report(first).failures[0]).toMatchObject({
      instrument: "NSE:TCS",
      date: "2026-02-02",
      reason: expect.stringContaining("invalid token") as unknown,
    });
    expect(first.err).toContain("--resume backfill-1");
    proxy.fate = () => null;
    proxy.asked.length = 0;
    const second = await backfill(dataDir, ["--resume", "backfill-1", "--json"]).ended;
    expect([second.code, report(second).statistics.failed, proxy.asked.length]).toEqual([0, 0, 1]);
    await withStore(dataDir, async (store) => {
      for (const symbol of ["INFY", "TCS"])
        expect(await storedOf(store, `NSE:${symbol}`, "1m")).toEqual(
          await recordOf(symbol, "2026-02-02", "2026-02-06"),
        );
    });
  }, 180_000);

  it("is paused by Ctrl-C with code 3 despite a hanging request, and resumes", async () => {
    const dataDir = folder();
    proxy.fate = (_, count) => (count > 3 ? "hang" : null);
    const first = backfill(dataDir, [
      "--symbols",
      "NSE:INFY,NSE:TCS,NSE:ITC,NSE:SBIN,NSE:WIPRO",
      "--from",
      "2026-04-06",
      "--to",
      "2026-04-10",
      "--json",
    ]);
    await untilAsked(5);
    first.child.kill("SIGINT");
    const stopped = await first.ended;
    expect([stopped.code, report(stopped).state]).toEqual([3, "paused"]);
    proxy.fate = () => null;
    const second = await backfill(dataDir, ["--resume", "backfill-1", "--json"]).ended;
    expect([second.code, report(second).state, report(second).done]).toEqual([0, "done", report(stopped).total]);
    await withStore(dataDir, async (store) => {
      expect(await storedOf(store, "NSE:WIPRO", "1m")).toEqual(await recordOf("WIPRO", "2026-04-06", "2026-04-10"));
    });
  }, 180_000);

  it("loads days as they are, and builds missing ones from minutes on request", async () => {
    const dataDir = folder();
    const days = await backfill(dataDir, [
      "--symbols",
      "NSE:INFY",
      "--from",
      "2026-01-05",
      "--to",
      "2026-01-16",
      "--timeframe",
      "1d",
      "--json",
    ]).ended;
    const made = await backfill(dataDir, [
      "--symbols",
      "NSE:TCS",
      "--from",
      "2026-01-05",
      "--to",
      "2026-01-16",
      "--daily",
      "--json",
    ]).ended;
    expect([days.code, made.code]).toEqual([0, 0]);
    const figures = (rows: string[]): string[] => rows.map((row) => row.slice(row.indexOf(" ")));
    await withStore(dataDir, async (store) => {
      expect(figures(await storedOf(store, "NSE:INFY", "1d"))).toEqual(
        figures(await recordOf("INFY", "2026-01-05", "2026-01-16", 0)),
      );
      // The broker's minutes include no auction volume, so a day built from them does not either.
      const minutes = (await recordOf("TCS", "2026-01-05", "2026-01-16")).map((row) => row.split(" ").map(Number));
      const dates = [...new Set(minutes.map(([time]) => istDay(time!)))];
      const folded = dates
        .map((day) => minutes.filter(([time]) => istDay(time!) === day))
        .map((rows) =>
          [
            "",
            rows[0]![1],
            Math.max(...rows.map((row) => row[2]!)),
            Math.min(...rows.map((row) => row[3]!)),
            rows.at(-1)![4],
            rows.reduce((sum, row) => sum + row[5]!, 0),
          ].join(" "),
        );
      expect(figures(await storedOf(store, "NSE:TCS", "1d"))).toEqual(folded);
      expect(folded.length).toBe(9);
    });
  }, 120_000);

  it("answers bad input with 2 and one sentence, and an expired login with 1", async () => {
    const dataDir = folder();
    const month = ["--from", "2026-01-01", "--to", "2026-01-31"];
    for (const [args, told] of [
      [["--symbols", "NSE:INFY", "--from", "2026-01-32", "--to", "2026-01-31"], "--from"],
      [["--symbols", "NSE:INFY", "--from", "2026-01-02", "--to", "2026-01-01"], "to:"],
      [[...month], "--watchlist"],
      [["--symbols", "NSE:RELIANC", ...month], "did you mean"],
      [["--watchlist", "mine", ...month], "available: NIFTY50"],
      [["--symbols", "NSE:INFY", ...month, "--timeframe", "2m"], "1m, 15m or 1d"],
      [["--symbols", "NSE:INFY", ...month, "--concurrency", "0"], "1 to 20"],
      [["--symbols", "NSE:INFY", ...month, "--source", "angel"], "csv:FILE"],
      [["--symbols", "NSE:INFY", ...month, "--source", "csv:no-such.csv"], "no-such.csv"],
      [["--resume", "backfill-9"], "no job"],
    ] as const) {
      const { code, out, err } = await backfill(dataDir, [...args]).ended;
      expect([code, out], args.join(" ")).toEqual([2, ""]);
      expect(err).toContain(told);
    }
    const expired = await backfill(dataDir, ["--symbols", "NSE:INFY", ...month], { KITE_ACCESS_TOKEN: "yesterday" })
      .ended;
    expect([expired.code, expired.err]).toEqual([1, expect.stringContaining("rejected the access token")]);
  }, 240_000);
});

describe.skipIf(fixturesAbsent || !existsSync(fixturePath("candles/kite-2016")))(
  "candela backfill from Kite's minutes of 2016",
  () => {
    it("gives the file's own bars back, and its half hours are the broker's", async () => {
      const dataDir = folder();
      const symbols = readdirSync(fixturePath("candles/kite-2016/1m"))
        .map((name) => path.basename(name, ".csv"))
        .filter((symbol) => symbol !== "NIFTYIT")
        .slice(0, 4);
      const outcome = await backfill(dataDir, [
        "--symbols",
        symbols.map((symbol) => `NSE:${symbol}`).join(","),
        "--from",
        "2016-08-16",
        "--to",
        "2016-09-09",
        "--source",
        `csv:${fixturePath("candles/kite-2016/1m/{symbol}.csv")}`,
        "--json",
      ]).ended;
      expect([outcome.code, report(outcome).failures]).toEqual([0, []]);
      expect(outcome.err).toContain("times label the start of a bar");
      const calendar = createCalendar();
      await withStore(dataDir, async (store) => {
        const { instruments } = await store.instruments.load("2026-11-21");
        for (const symbol of symbols) {
          const read = async (name: string) =>
            new Map(
              (await parseBarFile(fixtureLines(name), { decimals: 2, fileName: name })).bars.map(
                ({ label, open, high, low, close, volume }) => [
                  label,
                  [label, open, high, low, close, volume].join(" "),
                ],
              ),
            );
          const minutes = await read(`candles/kite-2016/1m/${symbol}.csv`);
          expect(await storedOf(store, `NSE:${symbol}`, "1m"), symbol).toEqual(
            [...minutes].sort(([a], [b]) => a - b).map(([, row]) => row),
          );
          const quarters = await store.bars.read({
            instrumentId: instruments.find((each) => each.key === `NSE:${symbol}`)!.id,
            timeframe: "15m",
            from: 0,
            to: Number.MAX_SAFE_INTEGER,
          });
          const half = resample(quarters, calendar, "NSE", timeframe("30m")).bars;
          const theirs = await read(`candles/kite-2016/30m/${symbol}.csv`);
          expect(half.length).toBe(234);
          for (let row = 0; row < half.length; row++) {
            const { time, open, high, low, close, volume } = barAt(half, row);
            expect([time, open, high, low, close, volume].join(" ")).toBe(theirs.get(time));
          }
        }
      });
    }, 180_000);
  },
);
