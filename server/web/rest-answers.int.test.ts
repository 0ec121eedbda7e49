import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { envelopeOf } from "@/server/contract/answers";
import { hotViews, readViews } from "@/server/contract/read-queries";
import { type RestRoute, restRoutes, type RouteName } from "@/server/contract/routes";
import { istDate, istDay } from "@/server/domain/time/session";
import { DEMO_CREDENTIALS } from "@/server/exchange/exchange";
import { BrokerRig } from "@/server/testing/broker-rig";

const KEY = "SIM:RELIANCE";
const API = "app/api/v1";

/** A handler as Next calls it. */
type Handler = (request: Request, context: { params: Promise<Record<string, string | string[]>> }) => Promise<Response>;
interface Question {
  params?: Record<string, string | string[]>;
  query?: Record<string, string>;
  body?: unknown;
}

/** `app/api/v1/gaps/[id]/heal/route.ts` is `/gaps/{id}/heal`. */
const handlers = async (): Promise<Map<string, Handler>> => {
  const found = new Map<string, Handler>();
  for (const file of readdirSync(API, { recursive: true, encoding: "utf8" })) {
    if (path.basename(file) !== "route.ts") continue;
    const folder = path.dirname(file).split(path.sep).join("/");
    const exported = (await import(path.resolve(API, file))) as Record<string, Handler>;
    for (const [method, handler] of Object.entries(exported))
      found.set(`${method} /${folder.replaceAll(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}")}`, handler);
  }
  return found;
};

describe("the routes of /api/v1", () => {
  let rig: BrokerRig;
  let routes: Map<string, Handler>;
  let job = "";
  let gap = 0;
  let edit = 0;
  beforeAll(async () => {
    routes = await handlers();
    rig = await BrokerRig.create([KEY, "SIM:NIFTY 50"]);
    await rig.start();
    await vi.waitFor(() => expect(rig.truth().state).toBe("LIVE"), { timeout: 60_000, interval: 50 });
  }, 120_000);
  afterAll(() => rig?.stop());

  const today = (): string => istDate(istDay(rig.container.clock.now()));
  const ask = async (name: string, { params = {}, query = {}, body }: Question) => {
    const [method] = name.split(" ");
    const search = new URLSearchParams(query).toString();
    const answer = await routes.get(name)!(
      new Request(`http://localhost/api/v1${search === "" ? "" : `?${search}`}`, {
        method: method!,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
      { params: Promise.resolve(params) },
    );
    return { status: answer.status, body: (await answer.json()) as { data: unknown; meta: Record<string, unknown> } };
  };
  /** What a route answers, after its schema has taken every field of it and left none out. */
  const held = async (name: RouteName, question: Question = {}) => {
    const { status, body } = await ask(name, question);
    expect([name, status >= 200 && status < 300, status < 300 ? "" : body]).toEqual([name, true, ""]);
    const { requestId, ...meta } = body.meta;
    expect(requestId).toMatch(/^[0-9a-f]{8}$/);
    const answer = { ...body, meta };
    expect([name, envelopeOf(restRoutes[name] as RestRoute).parse(answer)]).toEqual([name, answer]);
    return body.data;
  };
  const backfill = () => ({ symbols: [KEY], from: today(), to: today() });
  const note = "a test of the answers";

  /** In this order: some make what others answer with. */
  const walk: Record<RouteName, () => Promise<void>> = {
    "GET /health": async () => void (await held("GET /health")),
    "GET /status": async () => void (await held("GET /status")),
    "GET /storage": async () => void (await held("GET /storage")),
    "GET /instruments": async () => {
      expect(await held("GET /instruments", { query: { q: "RELIANCE" } })).not.toEqual([]);
      expect(await held("GET /instruments", { query: { keys: `${KEY},SIM:NOPE` } })).toHaveLength(1);
    },
    "GET /calendar": async () => {
      expect(
        await held("GET /calendar", { query: { exchange: "NSE", from: "2026-08-01", to: "2026-11-20" } }),
      ).not.toEqual([]);
    },
    "GET /calendar/status": async () => void (await held("GET /calendar/status", { query: { exchange: "NSE" } })),
    "POST /calendar/edits": async () => {
      const day = { exchanges: ["MCX"], date: "2027-03-10", note };
      const { change } = (await held("POST /calendar/edits", {
        body: { type: "halt", ...day, from: "10:00", to: "10:30" },
      })) as { change: { edit: number } };
      edit = change.edit;
      await held("POST /calendar/edits", {
        body: {
          type: "open",
          ...day,
          exchanges: ["BSE"],
          date: "2027-03-13",
          name: "Drill",
          phases: [{ phase: "continuous", from: "09:15", to: "10:00" }],
        },
      });
      await held("POST /calendar/edits", { body: { type: "closed", ...day, date: "2027-03-11", name: "Election" } });
    },
    "GET /calendar/edits": async () => expect(await held("GET /calendar/edits")).toHaveLength(3),
    "DELETE /calendar/edits": async () =>
      void (await held("DELETE /calendar/edits", { query: { id: String(edit), note } })),
    "GET /calendar/audit": async () => expect(await held("GET /calendar/audit")).toHaveLength(4),
    "GET /indicators": async () => expect(await held("GET /indicators")).not.toEqual([]),
    "PUT /indicators/active": async () =>
      void (await held("PUT /indicators/active", { body: { indicators: ["EMA:20"], timeframes: ["1m"] } })),
    "POST /indicators/active": async () =>
      void (await held("POST /indicators/active", { body: { indicators: ["MACD:12:26:9@5m"] } })),
    "GET /indicators/active": async () =>
      expect(await held("GET /indicators/active")).toMatchObject({ indicators: [{ timeframe: "5m" }] }),
    "POST /indicators/reload": async () => void (await held("POST /indicators/reload")),
    "POST /backfill": async () => {
      await held("POST /backfill", { body: { ...backfill(), dryRun: true } });
      ({ id: job } = (await held("POST /backfill", { body: { ...backfill(), force: true } })) as { id: string });
    },
    "GET /jobs": async () => expect(await held("GET /jobs")).not.toEqual([]),
    "POST /jobs/{id}/pause": async () => {
      // One that is over cannot be paused: each of these is tried until a job was caught at work.
      for (let attempt = 0; ; attempt++) {
        const { status } = await ask("POST /jobs/{id}/pause", { params: { id: job } });
        if (status === 200) break;
        expect(attempt).toBeLessThan(20);
        ({ id: job } = (await held("POST /backfill", { body: { ...backfill(), force: true } })) as { id: string });
      }
      await held("POST /jobs/{id}/pause", { params: { id: job } });
    },
    "POST /jobs/{id}/resume": async () => void (await held("POST /jobs/{id}/resume", { params: { id: job } })),
    "GET /jobs/{id}": async () => {
      await vi.waitFor(
        async () => expect(await held("GET /jobs/{id}", { params: { id: job } })).toMatchObject({ finished: true }),
        { timeout: 60_000, interval: 200 },
      );
    },
    "DELETE /jobs/{id}": async () => void (await held("DELETE /jobs/{id}", { params: { id: job } })),
    "GET /gaps": async () => {
      await rig.fault({ kind: "disconnect" });
      await vi.waitFor(
        async () => {
          const gaps = (await held("GET /gaps", { query: { instrument: KEY } })) as { id: number; to: number | null }[];
          gap = gaps.find(({ to }) => to !== null)?.id ?? 0;
          expect(gap).toBeGreaterThan(0);
        },
        { timeout: 60_000, interval: 100 },
      );
      await held("GET /gaps");
    },
    "GET /gaps/{symbol}": async () => {
      const params = { symbol: [KEY] };
      expect(
        await held("GET /gaps/{symbol}", { params, query: { tz: "Asia/Kolkata", timeframe: "1m" } }),
      ).toMatchObject([
        { openedAt: expect.stringContaining("+05:30") as string },
        ...Array.from({ length: ((await held("GET /gaps/{symbol}", { params })) as []).length - 1 }, () => ({})),
      ]);
    },
    "POST /gaps/{id}/heal": async () => void (await held("POST /gaps/{id}/heal", { params: { id: String(gap) } })),
    "POST /gaps/{id}/ignore": async () =>
      void (await held("POST /gaps/{id}/ignore", { params: { id: String(gap) }, body: { note } })),
    "GET /completeness": async () =>
      expect(await held("GET /completeness", { query: { instrument: KEY } })).toHaveLength(1),
    "GET /completeness/{symbol}": async () => {
      for (const query of [{}, { tz: "UTC" }] as Record<string, string>[])
        await held("GET /completeness/{symbol}", { params: { symbol: [KEY] }, query });
    },
    "POST /compare": async () => void (await held("POST /compare", { body: { instrument: KEY, date: today() } })),
    "GET /compare": async () => expect(await held("GET /compare")).not.toEqual([]),
    "GET /indicators/values": async () =>
      expect(await held("GET /indicators/values", { query: { instrument: KEY, spec: "EMA:5" } })).not.toEqual([]),
    "GET /verify/{key}": async () =>
      void (await held("GET /verify/{key}", { params: { key: KEY }, query: { timeframe: "1s" } })),
    "GET /watchlists": async () => expect(await held("GET /watchlists")).not.toEqual([]),
    "GET /watchlists/{name}": async () => {
      const [{ name } = { name: "" }] = (await held("GET /watchlists")) as { name: string }[];
      await held("GET /watchlists/{name}", { params: { name } });
    },
    "GET /workspace": async () => {
      await held("GET /workspace");
    },
    "PUT /workspace": async () => {
      const workspace = {
        key: KEY,
        timeframe: "5m",
        indicators: [{ id: "EMA", params: { period: 20 }, colour: 1 }],
        watchlist: "",
        rightDock: { open: true, width: 320 },
        scale: { mode: "normal", auto: true, inverted: false },
      };
      expect(await held("PUT /workspace", { body: workspace })).toEqual(workspace);
      expect(await held("GET /workspace")).toMatchObject({ key: KEY, timeframe: "5m" });
    },
    "POST /collectors/{name}/login": async () => {
      const { accessToken } = DEMO_CREDENTIALS;
      expect(
        await held("POST /collectors/{name}/login", { params: { name: "kite-1" }, body: { accessToken } }),
      ).toEqual({ collector: "kite-1", checked: true });
    },
  };

  it("are those of the contract and the reading views, each with a handler", () => {
    const views = readViews.map((view) => `GET /${view}/{symbol}`);
    expect([...routes.keys()].sort()).toEqual([...new Set([...Object.keys(restRoutes), ...views])].sort());
    expect(hotViews.every((view) => readViews.includes(view))).toBe(true);
  });

  it.each(Object.keys(walk) as RouteName[])("%s answers what its schema says, and no field more", (name) =>
    walk[name](),
  );
});
