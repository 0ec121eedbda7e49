/**
 * Paths of earlier systems, for programs and notes that still use them. Responses are the same as under `/api/v1`; only
 * `/intraday/…` has its own shapes (`read-legacy.ts`).
 */
const renamed: Readonly<Record<string, string>> = {
  "GET /intraday/health": "/api/v1/health",
  "GET /intraday/stats": "/api/v1/status",
  "GET /health": "/api/v1/health",
  "GET /api/metrics": "/metrics",
  "GET /indicators": "/api/v1/indicators",
  "GET /api/indicators": "/api/v1/indicators",
  "GET /api/indicators/active": "/api/v1/indicators/active",
  "POST /api/indicators/active": "/api/v1/indicators/active",
  "POST /reload": "/api/v1/indicators/reload",
  "GET /tokens": "/api/v1/instruments",
  "GET /watchlists": "/api/v1/watchlists",
  // What a browser asks for where a document names no icon, such as an answer of the API.
  "GET /favicon.ico": "/favicon.svg",
};
const candles: ReadonlySet<string> = new Set(["/candles", "/api/candles"]);

/** Where a request belongs now; null where its path is no old one. A browser that asks for a page gets the page. */
export const pathNow = (method: string, url: string, accept = ""): string | null => {
  if (accept.includes("text/html")) return null;
  const end = url.indexOf("?");
  const [pathname, search] = end === -1 ? [url, ""] : [url.slice(0, end), url.slice(end)];
  if (method === "GET" && candles.has(pathname)) return candlesNow(new URLSearchParams(search));
  const name = `${method} ${pathname}`;
  return Object.hasOwn(renamed, name) ? `${renamed[name]}${search}` : null;
};

/** Trading System v1 named the instrument (`token=1:99926000`) and the timeframe in seconds (`tf=60`) beside the path. */
const candlesNow = (asked: URLSearchParams): string => {
  const given = new URLSearchParams(asked);
  const symbol = given.get("symbol") ?? given.get("token") ?? "";
  const seconds = given.get("tf");
  for (const name of ["symbol", "token", "tf"]) given.delete(name);
  if (seconds !== null) given.set("timeframe", /^\d+$/.test(seconds) ? `${seconds}s` : seconds);
  const query = given.size === 0 ? "" : `?${given.toString()}`;
  // Without a symbol: the response says what is accepted.
  return `/api/v1/bars/${symbol === "" ? "%20" : encodeURIComponent(symbol)}${query}`;
};
