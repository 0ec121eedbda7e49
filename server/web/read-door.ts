import type { IncomingMessage, ServerResponse } from "node:http";
import { jsonReply, type Reply } from "@/server/contract/answer";
import { hotViews, type ReadView, readViews } from "@/server/contract/read-queries";
import { statusOf } from "@/server/contract/rest";
import { segmentNames } from "@/server/domain/instruments/vendor-symbols";
import { type Ask, type ReadParts, type ViewName, views } from "./read-views";
import { legacyView } from "./read-legacy";

/** A path of a read, taken apart. */
export interface ReadPath {
  ask: Ask;
  /** The view's name, or null for a segment and token. */
  view: ReadView | "passport" | null;
  symbol: string;
}

/** What `/api/v1/{view}/{symbol}` and `/intraday/{view}/{symbol}` mean; null for any other path. Symbols may hold a slash. */
export const readPath = (pathname: string): ReadPath | null => {
  const match = /^\/(?:api\/v1|(intraday))\/([^/]+)\/(.+?)\/?$/.exec(pathname);
  if (match === null) return null;
  const first = decoded(match[2]!);
  const rest = decoded(match[3]!);
  if (match[1] !== undefined) {
    const legacy = legacyView(first, (name) => segmentNames.includes(name.toUpperCase()));
    return legacy === undefined
      ? null
      : {
          ask: legacy.ask,
          view: legacy.withFirst ? null : (first as ReadView),
          symbol: legacy.withFirst ? `${first}/${rest}` : rest,
        };
  }
  if (first === "bars" && rest.endsWith("/passport"))
    return { ask: views.passport, view: "passport", symbol: rest.slice(0, -"/passport".length) };
  // Gaps and completeness of a symbol are routes: they share the ledger's.
  return first !== "passport" && Object.hasOwn(views, first)
    ? { ask: views[first as ViewName], view: first as ReadView, symbol: rest }
    : null;
};

/** An invalid encoding is not a symbol either, and is shown as received. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Any read, by its URL. For the routes; never throws. */
export const answerRead = (parts: ReadParts, url: string, signal?: AbortSignal): Promise<Reply> => {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const path = readPath(pathname);
  if (path !== null) return path.ask(parts, path.symbol, Object.fromEntries(searchParams), signal);
  const error = {
    code: "not_found",
    message: `there is nothing at ${pathname}`,
    details: {
      field: "path",
      value: pathname,
      accepted: `/intraday/{${readViews.join("|")}}/{symbol} or /intraday/{${segmentNames.join("|")}}/{token}`,
    },
  };
  return Promise.resolve(jsonReply({ status: "error", error }, statusOf.not_found));
};

/** Handles the hot reads on the http server itself; returns false for everything else, which goes to Next. */
export const readDoor =
  (parts: ReadParts) =>
  (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== "GET" || request.url === undefined) return false;
    const end = request.url.indexOf("?");
    const path = readPath(end === -1 ? request.url : request.url.slice(0, end));
    if (path === null || !(hotViews as readonly (string | null)[]).includes(path.view)) return false;
    const gone = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) gone.abort(new Error("the client disconnected"));
    });
    void path
      .ask(
        parts,
        path.symbol,
        Object.fromEntries(new URLSearchParams(end === -1 ? "" : request.url.slice(end + 1))),
        gone.signal,
      )
      .then((reply) => send(response, reply));
    return true;
  };

const send = (response: ServerResponse, { status, type, body, headers }: Reply): void => {
  if (response.destroyed) return;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Content-Length": bytes.byteLength,
    ...headers,
  });
  response.end(bytes);
};
