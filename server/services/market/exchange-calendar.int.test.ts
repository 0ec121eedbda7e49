import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GET as audit } from "@/app/api/v1/calendar/audit/route";
import { DELETE as withdraw, GET as edits, POST as save } from "@/app/api/v1/calendar/edits/route";
import { GET as sessions } from "@/app/api/v1/calendar/route";
import { GET as status } from "@/app/api/v1/calendar/status/route";
import { type Container, createContainer } from "@/server/container";
import { istDate, istDay } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import { publish } from "@/server/runtime";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
const context = { params: Promise.resolve({}) };
const dataDir = mkdtempSync(path.join(tmpdir(), "candela-calendar-"));
const create = () =>
  createContainer(
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
      feed: { kind: "simulated", port: 0, seed: 11, rate: 1 },
      logLevel: "silent",
      test: true,
      development: true,
    },
    () => {},
  );
let container: Container;

const start = async (): Promise<void> => {
  container = await create();
  publish(container);
  await container.start(new AbortController().signal);
  await vi.waitFor(() => expect(container.desk.truth()[0]?.state).toBe("LIVE"), { timeout: 60_000, interval: 50 });
};

interface Edited {
  change: { edit: number };
}

/** What a route answers: its status, and its data or error. */
const ask = async <T = unknown>(handler: Handler, query: string, body?: unknown) => {
  const answer = await handler(
    new Request(
      `http://localhost/api${query}`,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
    ),
    context,
  );
  const { data, error } = (await answer.json()) as {
    data: T;
    error?: { code: string; details: Record<string, unknown> };
  };
  return { status: answer.status, data, error };
};
const today = (): string => istDate(istDay(container.clock.now()));
const clockNow = (): string => new Date(container.clock.now() + 19_800_000).toISOString().slice(11, 19);
const why = { note: "announced a moment ago" };

/** Seconds of the index that have become bars since an instant. */
const secondsSince = async (from: number): Promise<number> => {
  const { closed, forming } = await container.desk.bars({
    instrument: container.desk.resolve("SIM:NIFTY 50"),
    timeframe: timeframe("1s"),
    from,
  });
  return closed.length + forming.length;
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ticks enter bars, from now on. */
const trades = async (): Promise<void> => {
  const now = container.clock.now();
  await expect.poll(() => secondsSince(now), { timeout: 30_000 }).toBeGreaterThan(1);
};
/** Ticks still arrive, and none of them enters a bar. */
const standsStill = async (): Promise<void> => {
  const second = Math.ceil(container.clock.now() / 1_000) * 1_000;
  await wait(4_000);
  expect(await secondsSince(second)).toBe(0);
  expect(container.desk.quote(container.desk.resolve("SIM:NIFTY 50"))!.received).toBeGreaterThan(second);
};

describe("the calendar of a running server", () => {
  beforeAll(start, 120_000);
  afterAll(async () => {
    await container.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("takes an added holiday and a halt without a restart, and takes them back", async () => {
    await trades();
    const holiday = await ask<Edited>(save, "/v1/calendar/edits", {
      type: "closed",
      exchanges: ["SIM"],
      date: today(),
      name: "State funeral",
      ...why,
    });
    expect(holiday).toMatchObject({ status: 201, data: { change: { who: "api", before: null }, sessions: [] } });
    expect((await ask(sessions, "/v1/calendar?exchange=SIM")).data).toEqual([]);
    expect((await ask(status, "/v1/calendar/status?exchange=SIM")).data).toMatchObject({
      phase: "closed",
      session: { kind: "regular" },
    });
    await standsStill();
    expect(container.status.feed().markets.find(({ exchange }) => exchange === "SIM")?.session.phase).toBe("closed");

    expect(
      (await ask(withdraw, `/v1/calendar/edits?id=${holiday.data.change.edit}&note=called%20off&by=local%20user`))
        .status,
    ).toBe(200);
    await trades();

    const halt = await ask<Edited>(save, "/v1/calendar/edits", {
      type: "halt",
      exchanges: ["SIM"],
      date: today(),
      from: clockNow(),
      to: null,
      ...why,
    });
    expect(halt).toMatchObject({
      status: 201,
      data: { sessions: [{ hours: "SIM", kind: "special", name: "Trading halt" }] },
    });
    await standsStill();
    expect((await ask(status, "/v1/calendar/status?exchange=SIM")).data).toMatchObject({ phase: "halt" });
    expect(container.status.feed().markets.find(({ exchange }) => exchange === "SIM")?.session.phase).toBe("halt");
    await ask(withdraw, `/v1/calendar/edits?id=${halt.data.change.edit}&note=trading%20resumed`);
    await trades();

    const told = await ask<{ who: string; note: string }[]>(audit, "/v1/calendar/audit?limit=10");
    expect(told.data.map(({ who, note }) => [who, note])).toEqual([
      ["api", "trading resumed"],
      ["api", why.note],
      ["local user", "called off"],
      ["api", why.note],
    ]);
    expect(
      container.status
        .snapshot()
        .events.filter(({ source }) => source === "calendar")
        .map(({ level }) => level),
    ).toEqual(["info", "info", "info", "info"]);
  }, 180_000);

  it.each([
    ["type", { type: "holiday" }],
    ["note", { note: " " }],
    ["note", { note: undefined }],
    ["by", { by: "somebody" }],
    ["dat", { dat: "2026-11-20" }],
    ["exchanges", { exchanges: "NSE" }],
    ["exchanges[0]", { exchanges: ["NYSE"] }],
    ["date", { date: "tomorrow" }],
    ["replaces", { replaces: "first" }],
    ["phases", { type: "open", phases: "usual" }],
    ["phases[0].phase", { type: "open", phases: [{ phase: "lunch", from: "12:00", to: "13:00" }] }],
    [
      "phases[1].from",
      {
        type: "open",
        phases: [
          { phase: "continuous", from: "09:15", to: "12:00" },
          { phase: "post_close", from: "11:00", to: "12:30" },
        ],
      },
    ],
    ["from", { type: "halt", name: undefined, from: "25:00", to: null }],
  ])("refuses a bad %s, naming field, value and what is accepted", async (field, over) => {
    const body: Record<string, unknown> = {
      type: "closed",
      exchanges: ["NSE"],
      date: "2026-12-07",
      name: "A holiday",
      ...why,
      ...over,
    };
    const { status: code, error } = await ask(save, "/v1/calendar/edits", body);
    expect([code, error?.code, error?.details["field"]]).toEqual([400, "bad_input", field]);
    expect(error?.details["accepted"]).toMatch(/\w{3}/);
    expect((await ask(edits, "/v1/calendar/edits")).data).toEqual([]);
  });

  it("refuses questions and withdrawals it cannot answer", async () => {
    expect((await ask(sessions, "/v1/calendar")).error?.details).toMatchObject({ field: "exchange" });
    expect((await ask(sessions, "/v1/calendar?exchange=NYSE")).error?.details).toMatchObject({
      field: "exchange",
      value: "NYSE",
    });
    expect((await ask(status, "/v1/calendar/status?exchange=NSE&at=noon")).error?.details).toMatchObject({
      field: "at",
      value: "noon",
    });
    expect((await ask(withdraw, "/v1/calendar/edits?id=77&note=not%20there")).status).toBe(404);
    expect((await ask(withdraw, "/v1/calendar/edits?id=77")).error?.details).toMatchObject({ field: "note" });
  });

  it("tells the command line of its edits, and has them again after a restart", async () => {
    await ask(save, "/v1/calendar/edits", {
      type: "open",
      exchanges: ["NSE"],
      date: "2026-11-08",
      kind: "muhurat",
      name: "Diwali muhurat session",
      by: "local user",
      note: "times of the circular",
      phases: [
        { phase: "pre_open", from: "17:45", to: "18:00" },
        { phase: "continuous", from: "18:00", to: "19:00" },
      ],
    });
    await container.stop();
    await start();
    const web = createServer((request, response) => {
      sessions(new Request(`http://localhost${request.url}`), context).then(
        async (answer) =>
          response.writeHead(answer.status, { "Content-Type": "application/json" }).end(await answer.text()),
        (cause: unknown) => response.destroy(cause as Error),
      );
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const server = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const candela = (...args: string[]) =>
      promisify(execFile)(process.execPath, ["--import", "tsx", "server/cli/main.ts", "sessions", ...args]);
    try {
      const { stdout } = await candela("NSE", "2026-11-08", "--to", "2026-11-09", "--server", server, "--json");
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      expect(lines).toEqual((await ask(sessions, "/v1/calendar?exchange=NSE&from=2026-11-08&to=2026-11-09")).data);
      expect(lines[0]).toMatchObject({
        kind: "muhurat",
        edits: [expect.any(Number)],
        phases: [
          {},
          {
            phase: "continuous",
            from: Date.parse("2026-11-08T18:00:00+05:30"),
            to: Date.parse("2026-11-08T19:00:00+05:30"),
          },
        ],
      });
      await expect(candela("NYSE", "2026-11-08", "--server", server)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining("NSE, BSE") as unknown,
      });
    } finally {
      web.close();
      web.closeAllConnections();
    }
    await expect(candela("NSE", "2026-11-08", "--server", server)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nothing responds") as unknown,
    });
    await expect(candela("NSE", "2026-11-08", "--server", "localhost")).rejects.toMatchObject({ code: 2 });
  }, 240_000);

  it("says unknown where no holiday list covers the date, and to when the lists reach", async () => {
    expect(await ask(sessions, "/v1/calendar?exchange=NSE&from=2027-01-26&to=2027-01-26")).toMatchObject({
      status: 200,
      data: [{ kind: "unknown", note: expect.stringMatching(/no holiday list/) as unknown }],
    });
    expect(
      await ask(status, `/v1/calendar/status?exchange=NSE&at=${Date.parse("2027-01-26T12:00:00+05:30")}`),
    ).toMatchObject({ data: { phase: "unknown", known: false, knownTo: null } });
    const answer = await sessions(
      new Request("http://localhost/api/v1/calendar?exchange=CDS&from=2024-12-30&to=2025-01-02"),
      context,
    );
    expect(((await answer.json()) as { meta: unknown }).meta).toMatchObject({
      count: 4,
      unknown: 2,
      covered: [{ from: "2025-01-01", to: "2026-12-31" }],
    });
  });
});
