import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { POST as order } from "@/app/api/v1/backfill/route";
import { DELETE as remove, GET as show } from "@/app/api/v1/jobs/[id]/route";
import { POST as pause } from "@/app/api/v1/jobs/[id]/pause/route";
import { POST as resume } from "@/app/api/v1/jobs/[id]/resume/route";
import { GET as list } from "@/app/api/v1/jobs/route";
import { type Container, createContainer } from "@/server/container";
import type { BackfillEstimate, JobProgress, JobReport } from "@/server/domain/basics/job";
import { timeframe } from "@/server/domain/time/timeframe";
import { createExchange, type Exchange } from "@/server/exchange/exchange";
import { candles } from "@/server/exchange/history";
import { publish } from "@/server/runtime";
import { type BrokerProxy, brokerProxy } from "@/server/testing/broker-proxy";
import { startedStore } from "@/server/testing/store-open";
import { wholeConfig } from "@/server/testing/whole-config";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
const dataDir = mkdtempSync(path.join(tmpdir(), "candela-backfill-rest-"));
let exchange: Exchange;
let proxy: BrokerProxy;
let container: Container;

const login = () => ({
  apiKey: "candela-demo",
  accessToken: "candela-demo-token",
  root: proxy.url,
  socket: `ws://127.0.0.1:${exchange.port}`,
});
const start = async (): Promise<void> => {
  container = await createContainer(
    wholeConfig(dataDir, { feed: { kind: "broker", feed: "kite", login: login() } }),
    () => {},
  );
  publish(container);
  await container.start(new AbortController().signal);
};
const isLive = (): Promise<void> =>
  vi.waitFor(() => expect(container.desk.truth()[0]?.state).toMatch(/LIVE|CLOSED/), { timeout: 60_000, interval: 50 });

const ask = async <T = unknown>(
  handler: Handler,
  { id = "", query = "", body }: { id?: string; query?: string; body?: unknown } = {},
) => {
  const answer = await handler(
    new Request(
      `http://localhost/api${query}`,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
    ),
    { params: Promise.resolve({ id }) },
  );
  const { data, error } = (await answer.json()) as {
    data: T;
    error?: { code: string; message: string; details: Record<string, unknown> };
  };
  return { status: answer.status, data, error };
};
const jobOf = async (id: string): Promise<JobReport> => (await ask<JobReport>(show, { id })).data;
const ends = (id: string, state: string): Promise<void> =>
  expect.poll(async () => (await jobOf(id)).state, { timeout: 120_000, interval: 100 }).toBe(state);
const week = { from: "2026-02-02", to: "2026-02-06" };

const recordOf = async (symbol: string): Promise<string[]> => {
  const [from, to] = [Date.parse(`${week.from}T00:00:00+05:30`), Date.parse(`${week.to}T23:59:59+05:30`)];
  const rows = await candles(
    exchange.market,
    {
      listing: exchange.market.listing(`SIM:${symbol}`)!,
      minutes: 1,
      from,
      to,
      openInterest: false,
      continuous: false,
    },
    () => 0,
  );
  return rows.map((row) => {
    const [label, ...figures] = JSON.parse(row) as [string, ...number[]];
    return [Date.parse(label.replace("+0530", "+05:30")), ...figures].join(" ");
  });
};
const barsOf = async (symbol: string): Promise<string[]> => {
  const { closed } = await container.desk.bars({
    instrument: container.desk.resolve(`SIM:${symbol}`),
    timeframe: timeframe("1m"),
    from: Date.parse(`${week.from}T00:00:00+05:30`),
    to: Date.parse(`${week.to}T23:59:59+05:30`),
  });
  return Array.from({ length: closed.length }, (_, row) =>
    [
      closed.time[row],
      closed.open[row]! / 100,
      closed.high[row]! / 100,
      closed.low[row]! / 100,
      closed.close[row]! / 100,
      closed.volume[row],
    ].join(" "),
  );
};

beforeAll(async () => {
  exchange = await createExchange({ seed: 7, limits: false });
  proxy = await brokerProxy(exchange.port);
  // Two instruments are enough; the first start's own fetch is soon done.
  const store = await startedStore(dataDir);
  await store.collectors.save(
    { name: "kite-1", feed: "kite", mode: "full", autoStart: true, subscriptions: ["SIM:INFY", "SIM:NIFTY 50"] },
    login(),
  );
  await store.stop();
  await start();
  await isLive();
  // The first history begins some time after the feed is live.
  await vi.waitFor(() => expect(container.status.jobs().map((job) => job.finished)).toEqual([true]), {
    timeout: 240_000,
    interval: 200,
  });
}, 400_000);
afterAll(async () => {
  await container.stop();
  await proxy.close();
  await exchange.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe("backfill over REST", () => {
  it("says what it would take, then does it, tells its progress where the socket tells jobs, and forgets it when asked", async () => {
    const request = { symbols: ["SIM:INFY", "TCS"], ...week };
    const dry = await ask<BackfillEstimate>(order, { body: { ...request, dryRun: true } });
    expect([dry.status, dry.data]).toMatchObject([
      200,
      { instruments: 2, days: 10, skipped: 0, requests: 2, bars: 14_400 },
    ]);
    const asked = proxy.asked.length;
    const reviewed = vi.spyOn(container.quality.gaps, "review");
    const made = await ask<JobProgress>(order, { body: request });
    expect([made.status, made.data]).toMatchObject([
      202,
      {
        id: expect.stringMatching(/^backfill-\d+$/) as unknown,
        total: 10,
        state: expect.stringMatching(/queued|running/) as unknown,
      },
    ]);
    const { id } = made.data;
    expect(container.status.snapshot().jobs[0]).toMatchObject({ id });
    await vi.waitFor(
      () =>
        expect(container.status.feed().job).toMatchObject({
          id,
          title: `Backfill 2 instruments 1m, ${week.from} to ${week.to}`,
        }),
      { timeout: 10_000, interval: 1 },
    );
    await ends(id, "done");
    expect(await jobOf(id)).toMatchObject({
      done: 10,
      total: 10,
      finished: true,
      failures: [],
      differences: [],
      statistics: { bars: 14_400, added: 14_400, failed: 0 },
    });
    expect(proxy.asked.length - asked).toBe(2);
    expect(reviewed.mock.calls, "gaps that it filled are closed").toEqual([
      [`backfill ${id.slice("backfill-".length)}`],
    ]);
    for (const symbol of ["INFY", "TCS"]) expect(await barsOf(symbol)).toEqual(await recordOf(symbol));
    expect((await ask<{ id: string }[]>(list)).data.map((job) => job.id)).toEqual(
      expect.arrayContaining([id, "history-1"]),
    );
    expect((await ask<BackfillEstimate>(order, { body: { ...request, dryRun: true } })).data).toMatchObject({
      days: 0,
      skipped: 10,
      requests: 0,
    });
    expect(
      (await ask<BackfillEstimate>(order, { body: { ...request, force: true, dryRun: true } })).data,
    ).toMatchObject({ days: 10, requests: 2 });
    expect((await ask(remove, { id })).status).toBe(200);
    expect((await ask(show, { id })).status).toBe(404);
  }, 180_000);

  it("corrects what the broker tells otherwise; the difference and what the bar was stay on record", async () => {
    const { id: infy } = container.desk.instrument(container.desk.resolve("SIM:INFY"));
    const time = Date.parse("2026-02-02T10:00:00+05:30");
    const [theirs] = await container.store.bars.readWhole({
      instrumentId: infy,
      timeframe: "1m",
      from: time,
      to: time + 60_000,
    });
    await container.store.bars.write(
      [{ ...theirs!, close: theirs!.close - 5, low: Math.min(theirs!.low, theirs!.close - 5) }],
      "replace",
    );
    const { data } = await ask<JobProgress>(order, { body: { symbols: ["SIM:INFY"], ...week, force: true } });
    await ends(data.id, "done");
    const told = await jobOf(data.id);
    expect(told.statistics).toMatchObject({ bars: 7_200, unchanged: 7_199, corrected: 1 });
    expect(told.differences).toMatchObject([
      {
        instrument: "SIM:INFY",
        time,
        verdict: "corrected",
        stored: { close: (theirs!.close - 5) / 100 },
        history: { close: theirs!.close / 100 },
      },
    ]);
    expect(await barsOf("INFY")).toEqual(await recordOf("INFY"));
    expect(
      (await container.store.bars.revisions(infy, "1m", time)).map(({ close }) => close),
      "what it was stays readable",
    ).toEqual([theirs!.close, theirs!.close - 5]);
  }, 120_000);

  it("pauses, goes on, and is ended", async () => {
    proxy.fate = (_, count) => (count > held + 1 ? "hang" : null);
    const held = proxy.asked.length;
    const { data } = await ask<JobProgress>(order, {
      body: { symbols: ["SIM:ITC", "SIM:SBIN", "SIM:WIPRO"], ...week, concurrency: 2 },
    });
    await expect.poll(() => proxy.asked.length, { timeout: 30_000 }).toBeGreaterThan(held + 1);
    const paused = await ask<JobProgress>(pause, { id: data.id });
    expect([paused.status, paused.data.state, paused.data.finished]).toEqual([200, "paused", false]);
    expect(container.status.feed().job, "a paused job is no work in progress").toBeNull();
    expect((await ask(pause, { id: data.id })).data).toMatchObject({ state: "paused" });
    proxy.fate = () => null;
    expect((await ask(resume, { id: data.id })).status).toBe(202);
    await ends(data.id, "done");
    for (const symbol of ["ITC", "WIPRO"]) expect(await barsOf(symbol)).toEqual(await recordOf(symbol));
    expect((await ask(resume, { id: data.id })).error).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("is done") as unknown,
    });
    proxy.fate = () => "hang";
    const ended = await ask<JobProgress>(order, { body: { symbols: ["SIM:ONGC"], ...week } });
    expect((await ask<JobProgress>(remove, { id: ended.data.id })).data.state).toBe("cancelled");
    proxy.fate = () => null;
  }, 180_000);

  it("goes on after the server has been stopped in the middle and started again", async () => {
    const held = proxy.asked.length;
    proxy.fate = (_, count) => (count > held + 1 ? "hang" : null);
    const { data } = await ask<JobProgress>(order, {
      body: { symbols: ["SIM:NTPC", "SIM:LT", "SIM:TITAN"], ...week, concurrency: 1 },
    });
    await expect.poll(async () => (await jobOf(data.id)).done, { timeout: 30_000 }).toBe(5);
    await container.stop();
    proxy.fate = () => null;
    await start();
    expect(container.status.jobs().find((job) => job.id === data.id)).toMatchObject({
      done: 5,
      total: 15,
      finished: false,
    });
    await ends(data.id, "done");
    expect(await jobOf(data.id)).toMatchObject({
      done: 15,
      total: 15,
      statistics: { bars: 3 * 7_200, added: 3 * 7_200 },
    });
    for (const symbol of ["NTPC", "LT", "TITAN"]) expect(await barsOf(symbol)).toEqual(await recordOf(symbol));
    await isLive();
  }, 240_000);

  it("is what the command line asks for where a server owns the data folder", async () => {
    const handlers: [RegExp, string, Handler][] = [
      [/^\/api\/v1\/backfill$/, "POST", order],
      [/^\/api\/v1\/jobs$/, "GET", list],
      [/^\/api\/v1\/jobs\/([^/]+)$/, "GET", show],
      [/^\/api\/v1\/jobs\/([^/]+)\/pause$/, "POST", pause],
      [/^\/api\/v1\/jobs\/([^/]+)\/resume$/, "POST", resume],
    ];
    const web: Server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const found = handlers.find(([pattern, method]) => pattern.test(url.pathname) && method === request.method);
      let body = "";
      request
        .on("data", (part) => {
          body += String(part);
        })
        .on("end", () => {
          void found?.[2](new Request(url, request.method === "POST" ? { method: "POST", body } : {}), {
            params: Promise.resolve({ id: found[0].exec(url.pathname)?.[1] ?? "" }),
          }).then(async (answer) =>
            response.writeHead(answer.status, { "Content-Type": "application/json" }).end(await answer.text()),
          );
        });
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const port = String((web.address() as AddressInfo).port);
    const candela = (...args: string[]) =>
      promisify(execFile)(process.execPath, ["--import", "tsx", "server/cli/main.ts", "backfill", ...args], {
        env: { ...process.env, DATABASE_URL: "", DATA_DIR: dataDir, PORT: port, LOG_LEVEL: "silent" },
      });
    try {
      const { stdout, stderr } = await candela(
        "--symbols",
        "SIM:HDFCBANK",
        "--from",
        week.from,
        "--to",
        week.to,
        "--json",
      );
      expect(stderr).toContain("A running server uses the data folder");
      expect(JSON.parse(stdout)).toMatchObject({ state: "done", statistics: { bars: 7_200 } });
      expect(await barsOf("HDFCBANK")).toEqual(await recordOf("HDFCBANK"));
      await expect(
        candela(
          "--symbols",
          "SIM:NOBODY",
          "--from",
          week.from,
          "--to",
          week.to,
          "--server",
          `http://127.0.0.1:${port}`,
        ),
      ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("no instrument") as unknown });
    } finally {
      web.close();
      web.closeAllConnections();
    }
    await expect(candela("--symbols", "SIM:INFY", "--from", week.from, "--to", week.to)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--server URL") as unknown,
    });
  }, 180_000);

  it.each<[string, Record<string, unknown>]>([
    ["from", { from: "yesterday" }],
    ["to", { to: "2026-01-01" }],
    ["from", { from: "2099-01-01", to: "2099-01-02" }],
    ["timeframe", { timeframe: "5m" }],
    ["concurrency", { concurrency: 0 }],
    ["symbols", { symbols: [] }],
    ["symbols", { symbols: undefined }],
    ["source", { source: "angel" }],
    ["source", { source: "csv:bars.csv" }],
    ["source", { source: "csv:/no/such/file.csv" }],
    ["instrument", { symbols: ["SIM:NOBODY"] }],
    ["symbols[1]", { symbols: ["SIM:INFY", "SIM:\0"] }],
    ["watchlist", { symbols: undefined, watchlist: "nobody's" }],
    ["force", { force: "yes" }],
    ["colour", { colour: "blue" }],
    ["daily", { daily: true, timeframe: "1d" }],
  ])("refuses a bad %s, naming the field: %o", async (field, over) => {
    const { status, error } = await ask(order, { body: { symbols: ["SIM:INFY"], ...week, ...over } });
    expect([status, error?.details["field"]]).toEqual([field === "watchlist" ? 404 : 400, field]);
    expect(error?.message.length).toBeGreaterThan(10);
  });

  it("refuses what cannot be done with a job", async () => {
    expect((await ask(show, { id: "backfill-999" })).status).toBe(404);
    expect((await ask(pause, { id: "history-1" })).error).toMatchObject({ code: "unsupported" });
    expect((await ask(resume, { id: "nothing" })).status).toBe(404);
  });
});
