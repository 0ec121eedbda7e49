import { execFile } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { freePort } from "../scripts/services.mjs";
import { expect, test } from "./support/app";
import { openChart, restBars } from "./support/chart";

const root = path.resolve(import.meta.dirname, "..");

interface Ending {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the server's program to its end. `npm start` with everything built is this, in the same process. */
const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ending> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path.join(root, ".build/main.js"), ...args],
      {
        cwd: root,
        env: {
          PATH: process.env.PATH ?? "",
          HOME: process.env.HOME ?? "",
          NODE_ENV: "production",
          EXCHANGE_PORT: "0",
          ...env,
        },
        timeout: 60_000,
      },
      (_error, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });

/** One sentence, one line, and the process failed. */
const refusal = ({ code, err }: Ending): string => {
  expect(code).not.toBe(0);
  expect(code).not.toBeNull();
  const lines = err.trim().split("\n");
  expect(lines, err).toHaveLength(1);
  return lines[0]!;
};

test("a port in use is one sentence that names another", async ({}, info) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", () => resolve()));
  const { port } = other.address() as AddressInfo;
  expect(refusal(await run(["--port", String(port), "--data", info.outputPath("data")]))).toMatch(
    new RegExp(`Port ${port} is in use.*--port ${port + 1}`),
  );
  other.close();
});

test("a data folder in use is refused in one sentence, and its owner continues", async ({ app }) => {
  expect(refusal(await run(["--port", String(await freePort()), "--data", app.dataDir]))).toContain(app.dataDir);
  expect((await fetch(`${app.url}/api/v1/health`)).ok).toBe(true);
});

test("a database that does not answer is one sentence, without its password", async ({}, info) => {
  const port = await freePort();
  const said = refusal(
    await run(["--port", String(await freePort()), "--data", info.outputPath("data")], {
      DATABASE_URL: `postgres://trader:hunter2@127.0.0.1:${port}/bars`,
    }),
  );
  expect(said).toContain("DATABASE_URL");
  expect(said).toContain("cannot be reached");
  expect(said).not.toContain("hunter2");
});

test("a setting that is not understood is named, with what would be", async ({}, info) => {
  const data = info.outputPath("data");
  expect(refusal(await run(["--data", data], { PORT: "http" }))).toMatch(/PORT .*"http" is not accepted/);
  expect(refusal(await run(["--port", "99999", "--data", data]))).toContain("PORT (--port)");
  expect(refusal(await run(["--data", data, "--feed", "nse"]))).toMatch(/FEED .*simulated, kite or replay:FILE/);
  expect(refusal(await run(["--data", data, "--feed", "kite"]))).toContain("KITE_API_KEY is missing");
  expect(refusal(await run(["--data", data, "--colour", "red"]))).toContain("--colour");
  expect(
    refusal(await run(["--port", "0", "--data", data, "--feed", `replay:${info.outputPath("none.csv")}`])),
  ).toContain("none.csv");
});

test("--help lists every option and ends well", async () => {
  const said = await new Promise<Ending>((resolve) => {
    const child = execFile(
      process.execPath,
      [path.join(root, "scripts/start.mjs"), "--help"],
      { cwd: root },
      (_error, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
  expect(said.code).toBe(0);
  for (const option of [
    "--port",
    "--data",
    "--feed",
    "--speed",
    "--instrument",
    "DATABASE_URL",
    "REDIS_URL",
    "KITE_ACCESS_TOKEN",
  ])
    expect(said.out).toContain(option);
});

test("SIGTERM stops in order: exit 0, everything written, nothing left behind", async ({ page, launch }) => {
  const app = await launch();
  await openChart(page, app, { bars: 1_000 });
  const closedBars = async () =>
    (await restBars(app, "SIM:RELIANCE", { timeframe: "5s", limit: 1_000 })).filter((bar) => bar.state !== "forming");
  await expect.poll(async () => (await closedBars()).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  const closed = await closedBars();
  expect(await app.kill("SIGTERM")).toBe(0);
  expect(app.output()).toContain("Stopped; everything is saved");
  await expect(fetch(`${app.exchangeUrl}/sim/clock`)).rejects.toThrow();
  await expect(page.getByTestId("offline-strip")).toBeVisible();

  await app.restart();
  const after = new Map(
    (await restBars(app, "SIM:RELIANCE", { timeframe: "5s", limit: 1_000 })).map((bar) => [bar.time, bar.close]),
  );
  expect(closed.filter((bar) => after.get(bar.time) !== bar.close)).toEqual([]);
  await expect(page.getByTestId("offline-strip")).toBeHidden({ timeout: 30_000 });
});
