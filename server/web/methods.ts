/**
 * Methods by API path. A wrong method gets a JSON response with the accepted ones, before Next returns an empty one.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { jsonReply } from "@/server/contract/answer";

/** `{}` matches one part of a path, `*` all that follow. The first match applies. */
const methods: readonly (readonly [path: string, ...methods: string[]])[] = [
  ["/api/v1/backfill", "POST"],
  ["/api/v1/jobs/{}/pause", "POST"],
  ["/api/v1/jobs/{}/resume", "POST"],
  ["/api/v1/jobs/{}", "GET", "DELETE"],
  ["/api/v1/collectors/{}/login", "POST"],
  ["/api/v1/gaps/{}/heal", "POST"],
  ["/api/v1/gaps/{}/ignore", "POST"],
  ["/api/v1/compare", "GET", "POST"],
  ["/api/v1/calendar/edits", "GET", "POST", "DELETE"],
  ["/api/v1/indicators/active", "GET", "POST", "PUT"],
  ["/api/v1/indicators/reload", "POST"],
  ["/api/v1/workspace", "GET", "PUT"],
  ...[
    "jobs",
    "gaps",
    "completeness",
    "calendar",
    "calendar/status",
    "calendar/audit",
    "indicators",
    "indicators/values",
    "instruments",
    "watchlists",
    "watchlists/{}",
    "verify/{}",
    "status",
    "storage",
    "health",
  ].map((path) => [`/api/v1/${path}`, "GET"] as const),
  ...["bars", "latest", "today", "stats", "vwap", "ticks", "orderbook", "gaps", "completeness"].map(
    (view) => [`/api/v1/${view}/*`, "GET"] as const,
  ),
  ["/intraday/*", "GET"],
];

const patterns = methods.map(([path, ...accepted]) => ({
  pattern: new RegExp(`^${path.replaceAll("{}", "[^/]+").replace("*", ".+")}/?$`),
  accepted,
}));

/** Null for a path that is none of the API's. */
export const methodsOf = (pathname: string): readonly string[] | null =>
  patterns.find(({ pattern }) => pattern.test(pathname))?.accepted ?? null;

/** Responds to a method that its path does not accept; returns false for everything else. */
export const wrongMethod = ({ method = "GET", url = "/" }: IncomingMessage, response: ServerResponse): boolean => {
  const end = url.indexOf("?");
  const accepted = methodsOf(end === -1 ? url : url.slice(0, end));
  if (
    accepted === null ||
    accepted.includes(method) ||
    method === "OPTIONS" ||
    (method === "HEAD" && accepted.includes("GET"))
  )
    return false;
  const told = accepted.join(", ");
  const { type, body } = jsonReply({
    status: "error",
    error: {
      code: "bad_input",
      message: `method: "${method}" is not accepted here; use ${told}`,
      details: { field: "method", value: method, accepted: told },
      requestId: crypto.randomUUID().slice(0, 8),
    },
  });
  response.writeHead(405, { "Content-Type": type, "Cache-Control": "no-store", Allow: told }).end(body);
  return true;
};
