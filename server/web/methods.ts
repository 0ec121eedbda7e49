/**
 * Methods by API path. A wrong method gets a JSON response with the accepted ones, before Next returns an empty one.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { jsonReply } from "@/server/contract/answer";
import { readViews } from "@/server/contract/read-queries";
import { restRoutes } from "@/server/contract/routes";

/** Path of the contract (`/gaps/{id}/heal`), with the methods it accepts in their order there. */
const methods = new Map<string, string[]>();
for (const name of Object.keys(restRoutes)) {
  const [method, path] = name.split(" ") as [string, string];
  methods.set(path, [...(methods.get(path) ?? []), method]);
}
for (const view of readViews) methods.set(`/${view}/{symbol}`, ["GET"]);

/** A symbol may contain slashes; any other parameter is one part of a path. */
const ANY = ".+";
const patternOf = (path: string): string =>
  `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === "symbol" ? ANY : "[^/]+"))}`;

/** The first match applies: paths with a symbol come last, since `gaps/{symbol}` also matches `gaps/7/heal`. */
const patterns = [...methods]
  .map(([path, accepted]) => ({ source: patternOf(path), accepted }))
  .concat({ source: `/intraday/${ANY}`, accepted: ["GET"] })
  .sort((a, b) => Number(a.source.includes(ANY)) - Number(b.source.includes(ANY)))
  .map(({ source, accepted }) => ({ pattern: new RegExp(`^${source}/?$`), accepted }));

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
