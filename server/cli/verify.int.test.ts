import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Container, createContainer } from "@/server/container";
import { startedStore } from "@/server/testing/store-open";

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

const dataDir = mkdtempSync(path.join(tmpdir(), "candela-verify-"));
const env = { ...process.env, DATABASE_URL: "", LOG_LEVEL: "silent" };

/** The command line as a process of its own. */
const candela = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "server/cli/main.ts", "verify", ...args, "--data", dataDir],
      { env, stdio: ["ignore", "pipe", "pipe"] },
    );
    const outcome: Outcome = { code: null, out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      outcome.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      outcome.err += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ ...outcome, code }));
  });

const RUN_MS = 20_000;
const KEYS = ["SIM:RELIANCE", "SIM:NIFTY 50", "SIM:M&M"];

describe("candela verify", () => {
  let running: Container | null = null;
  let listed: string[] = [];
  let began = 0;
  let stored = { equal: 0, differs: 0 };

  beforeAll(async () => {
    running = await createContainer(
      {
        root: process.cwd(),
        port: 0,
        host: "127.0.0.1",
        dataDir,
        databaseUrl: undefined,
        redisUrl: undefined,
        redisPrefix: "",
        indicators: { configs: "", timeframes: "1m" },
        recordTicks: true,
        depthSeconds: 1,
        retention: { ticks: 30, depth: 7, seconds: 30, minutes: 730 },
        feed: { kind: "simulated", port: 0, seed: 11, rate: 2 },
        logLevel: "silent",
        test: true,
        development: true,
      },
      () => {},
    );
    const container = running;
    await container.start(new AbortController().signal);
    while (container.desk.truth()[0]?.state !== "LIVE") await new Promise((resolve) => setTimeout(resolve, 100));
    began = container.clock.now();
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    listed = (await container.store.instruments.load(new Date().toISOString().slice(0, 10))).instruments.map(
      (each) => each.key,
    );
  }, 180_000);
  afterAll(async () => {
    await running?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("finds every second of every instrument equal while the server runs", async () => {
    let notComparable = 0;
    for (const key of listed) {
      const report = await running!.verify.ask({ key, timeframe: "1s", from: began, to: began + RUN_MS - 5_000 });
      expect(
        report.bars.filter((bar) => bar.verdict === "differs"),
        key,
      ).toEqual([]);
      stored = { equal: stored.equal + report.equal, differs: stored.differs + report.differs };
      notComparable += report.notComparable;
    }
    expect(listed.length).toBeGreaterThan(50);
    expect(
      stored.equal,
      "bars of a second, two ticks a second, 15 seconds; a busy exchange sends fewer",
    ).toBeGreaterThan(listed.length * 4);
    expect(notComparable).toBe(0);
  }, 120_000);

  it("asks the server that has the database, and says where it looked when there is none", async () => {
    const door = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, "http://localhost");
      void running!.verify
        .ask({
          key: decodeURIComponent(pathname.split("/").at(-1)!),
          timeframe: searchParams.get("timeframe")!,
          from: Number(searchParams.get("from")),
          to: Number(searchParams.get("to")),
        })
        .then(
          (data) => ({ data }),
          (error: { code: string; message: string }) => ({ error: { code: error.code, message: error.message } }),
        )
        .then((body) => response.end(JSON.stringify(body)));
    }).listen(0, "127.0.0.1");
    await once(door, "listening");
    const server = `http://127.0.0.1:${(door.address() as AddressInfo).port}/`;
    const from = String(Math.floor(began));
    const told = await candela(
      "SIM:RELIANCE",
      "--timeframe",
      "1s",
      "--from",
      from,
      "--to",
      String(Math.floor(began) + 10_000),
      "--server",
      server,
      "--json",
    );
    expect(told.code, told.err).toBe(0);
    expect(
      told.out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { verdict: string }).verdict),
    ).toEqual(expect.arrayContaining(["equal"]));
    expect(
      await candela(
        "SIM:NOTHING",
        "--timeframe",
        "1s",
        "--from",
        from,
        "--to",
        String(Math.floor(began) + 10_000),
        "--server",
        server,
      ),
    ).toMatchObject({ code: 2, out: "", err: expect.stringContaining("SIM:NOTHING") });
    door.close();
    const alone = await candela("SIM:RELIANCE", "--server", "http://127.0.0.1:9");
    expect([alone.code, alone.err]).toEqual([1, expect.stringContaining("http://127.0.0.1:9")]);
  }, 120_000);

  it("finds them equal from the stopped server's files, also what the stop left", async () => {
    await running!.stop();
    running = null;
    const to = new Date(began + 19_800_000 + RUN_MS + 60_000).toISOString().slice(0, 19).replace("T", " ");
    for (const [key, timeframe] of [
      ...KEYS.map((key) => [key, "1s"] as const),
      [KEYS[0]!, "5s"] as const,
      [KEYS[0]!, "1m"] as const,
    ]) {
      const { code, out, err } = await candela(
        key,
        "--timeframe",
        timeframe,
        "--from",
        String(Math.floor(began)),
        "--to",
        to,
      );
      expect(code, err).toBe(0);
      if (timeframe !== "1m") expect(out).toContain("  equal");
      expect(err).toMatch(/\d+ equal, 0 differ, \d+ not comparable/);
    }
  }, 120_000);

  it("ends with 1 when a bar was tampered with and says how", async () => {
    const store = await startedStore(dataDir);
    const { instruments } = await store.instruments.load(new Date().toISOString().slice(0, 10));
    const { id, decimals } = instruments.find((each) => each.key === "SIM:RELIANCE")!;
    const victim = (
      await store.bars.readWhole({ instrumentId: id, timeframe: "1s", from: began + 3_000, to: Infinity })
    )[0]!;
    await store.bars.write([{ ...victim, high: victim.high + 5 }], "replace");
    await store.stop();
    const from = String(Math.floor(began));
    const { code, out, err } = await candela("SIM:RELIANCE", "--timeframe", "1s", "--from", from, "--json");
    expect(code, err).toBe(1);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object)
        .filter((bar) => (bar as { verdict: string }).verdict === "differs"),
    ).toEqual([
      {
        time: victim.time,
        verdict: "differs",
        fields: { high: { stored: (victim.high + 5) / 10 ** decimals, rebuilt: victim.high / 10 ** decimals } },
      },
    ]);
    expect((await candela("SIM:RELIANCE", "--timeframe", "1s", "--from", from)).out).toContain(
      `differs: high ${(victim.high + 5) / 10 ** decimals} → ${victim.high / 10 ** decimals} (stored → rebuilt)`,
    );
  }, 120_000);

  it("says so where nothing is stored to be compared", async () => {
    const { code, err } = await candela(
      "SIM:RELIANCE",
      "--timeframe",
      "1s",
      "--from",
      "2024-01-01",
      "--to",
      "2024-01-02",
    );
    expect([code, err.trim().split("\n").at(-1)]).toEqual([
      0,
      "no bar is stored in this period, so nothing was compared",
    ]);
  });

  it("ends with 2 when the question is wrong, in one sentence", async () => {
    for (const [args, word] of [
      [["SIM:NOTHING"], "NOTHING"],
      [["SIM:RELIANCE", "--timeframe", "7m"], "7m"],
      [["SIM:RELIANCE", "--from", "yesterday"], "--from"],
      [["SIM:RELIANCE", "--from", "2026-11-21", "--to", "2026-11-20"], "from"],
    ] as const) {
      const { code, out, err } = await candela(...args);
      expect([code, out], word).toEqual([2, ""]);
      expect(err).toContain(word);
      expect(err.trim().split("\n")).toHaveLength(1);
    }
  }, 120_000);
});
