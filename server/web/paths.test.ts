import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { hotViews, readViews } from "@/server/contract/read-queries";
import { methodsOf } from "./methods";
import { pathNow } from "./old-paths";
import { readPath } from "./read-door";

const app = path.resolve(import.meta.dirname, "../../app");
const files = readdirSync(app, { recursive: true, encoding: "utf8" }).map((file) => file.split(path.sep).join("/"));
const under = (name: string): string[] =>
  files
    .filter((file) => path.posix.basename(file) === name)
    .map((file) => `/${path.posix.dirname(file)}`.replace(/^\/\.$/, "/"));

/** A path with its variable parts made equal: two that then look the same answer the same requests. */
const shape = (route: string): string =>
  route.replace(/\[\[?\.\.\.[^\]]+\]\]?/g, "[...]").replace(/\[[^.\]][^\]]*\]/g, "[]");

describe("paths of pages and of REST", () => {
  const pages = under("page.tsx").map(shape);
  const routes = under("route.ts").map(shape);

  it("never are the same, and no page lives where REST does", () => {
    expect(pages.length).toBeGreaterThan(2);
    expect(routes.length).toBeGreaterThan(10);
    expect(pages.filter((page) => routes.includes(page) || /^\/(api|intraday|metrics)(\/|$)/.test(page))).toEqual([]);
    expect(routes.filter((route) => !/^\/(api|intraday|metrics)(\/|$)/.test(route))).toEqual([]);
  });

  it("reach a view by either door, with a symbol that may hold a slash", () => {
    for (const view of readViews) {
      expect(readPath(`/intraday/${view}/RELIANCE`), view).toMatchObject({ view, symbol: "RELIANCE" });
      expect(routes).toContain(`/api/v1/${view}/[...]`);
    }
    expect(hotViews.map((view) => readPath(`/api/v1/${view}/NSE_EQ/2475`))).toMatchObject(
      hotViews.map((view) => ({ view, symbol: "NSE_EQ/2475" })),
    );
    expect(readPath("/api/v1/bars/NSE_INDEX%3ANIFTY%2050/")).toMatchObject({ symbol: "NSE_INDEX:NIFTY 50" });
    expect(readPath("/api/v1/bars/%ZZ")).toMatchObject({ symbol: "%ZZ" });
    expect(readPath("/api/v1/bars/M%26M/passport")).toMatchObject({ view: "passport", symbol: "M&M" });
  });

  it("of earlier systems lead to what answers now, if no page was asked for", () => {
    const now = (asked: string, accept = "application/json"): string | null =>
      pathNow(asked.split(" ")[0]!, asked.split(" ")[1]!, accept);
    for (const [asked, path] of Object.entries({
      "GET /intraday/health": "/api/v1/health",
      "GET /intraday/stats?x=1": "/api/v1/status?x=1",
      "GET /health": "/api/v1/health",
      "GET /api/metrics": "/metrics",
      "GET /indicators": "/api/v1/indicators",
      "GET /api/indicators": "/api/v1/indicators",
      "POST /api/indicators/active": "/api/v1/indicators/active",
      "POST /reload": "/api/v1/indicators/reload",
      "GET /tokens?q=rel": "/api/v1/instruments?q=rel",
      "GET /watchlists": "/api/v1/watchlists",
      "GET /candles?token=1:99926000&tf=60&limit=5": "/api/v1/bars/1%3A99926000?limit=5&timeframe=60s",
      "GET /api/candles?symbol=M%26M&timeframe=5m": "/api/v1/bars/M%26M?timeframe=5m",
      "GET /candles": "/api/v1/bars/%20",
    })) {
      expect(now(asked), asked).toBe(path);
      const route = path.replace(/\?.*/, "").replace(/(\/bars)\/.*/, "$1/[...]");
      expect(routes, asked).toContain(route);
    }
    expect(now("GET /watchlists", "text/html,application/xhtml+xml")).toBeNull();
    expect(
      [
        "GET /",
        "GET /reload",
        "POST /health",
        "GET /intraday/stats/RELIANCE",
        "GET /api/v1/bars/INFY",
        "GET /constructor",
        "GET //evil.example/health",
        "GET //",
        "GET http://[",
      ].filter((asked) => now(asked) !== null),
    ).toEqual([]);
  });

  it("take the methods their routes have, and no others", () => {
    const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    const known = under("route.ts").filter((route) => /^\/(api\/v1|intraday)\//.test(route));
    expect(known.length).toBeGreaterThan(25);
    for (const route of known) {
      const text = readFileSync(path.join(app, route, "route.ts"), "utf8");
      const exported = verbs.filter((verb) =>
        new RegExp(`export const ${verb}\\b|export \\{[^}]*\\b${verb}\\b`).test(text),
      );
      expect(methodsOf(route.replace(/\[\.\.\.[^\]]+\]/, "NSE:INFY").replace(/\[[^\]]+\]/g, "1")), route).toEqual(
        exported,
      );
    }
    expect(["/api/v1/nothing", "/", "/chart/NSE/INFY", "/api/v1/", "/socket.io/", "/metrics"].map(methodsOf)).toEqual(
      Array(6).fill(null),
    );
  });

  it("tell a view's name from a segment's by the first part", () => {
    expect(readPath("/intraday/NSE_EQ/2475")).toMatchObject({ view: null, symbol: "NSE_EQ/2475" });
    expect(readPath("/intraday/bse_eq/500325")).toMatchObject({ view: null, symbol: "bse_eq/500325" });
    expect(
      [
        "/intraday/NOWHERE/1",
        "/intraday/stats",
        "/intraday/health",
        "/api/v1/watchlists/NIFTY50",
        "/api/v1/bars",
        "/api/v1/bars/",
        "/chart/NSE/RELIANCE",
        "/intraday/constructor/RELIANCE",
      ].filter((each) => readPath(each) !== null),
    ).toEqual([]);
  });
});
