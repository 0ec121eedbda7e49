/** Files of the built pages, as small as they were made at build time (`scripts/compress.mjs`). */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { pathOf } from "./admission";

const types: Readonly<Record<string, string>> = {
  ".js": "application/javascript; charset=UTF-8",
  ".css": "text/css; charset=UTF-8",
  ".html": "text/html; charset=utf-8",
  ".json": "application/json; charset=UTF-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=UTF-8",
  ".map": "application/json; charset=UTF-8",
  ".ico": "image/x-icon",
  ".png": "image/png",
};
const codings = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;
type Coding = (typeof codings)[number][0];

interface Served {
  file: string;
  type: string;
  /** Codings it has beside it, best first. */
  coded: readonly { coding: Coding; file: string; bytes: number }[];
  bytes: number;
  cache: string;
  /** Null for files whose name changes with their content. */
  tag: string | null;
}

/** `Accept-Encoding` by coding; unnamed codings follow `*`. */
const accepted = (header: string): ((coding: string) => boolean) => {
  const weights = new Map(
    header.split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
      const q = parameters.find((each) => each.startsWith("q="));
      return [name, q === undefined ? 1 : Number(q.slice(2))] as const;
    }),
  );
  return (coding) => (weights.get(coding) ?? weights.get("*") ?? 0) > 0;
};

/** Serves built files; returns false for everything else. */
export type StaticDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Contents of the build folder; empty in development. */
export const staticDoor = (built: string): StaticDoor => {
  const files = new Map<string, Served>();
  const add = (url: string, file: string, cache: string, tagged: boolean): void => {
    files.set(url, {
      file,
      cache,
      type: types[path.extname(file)] ?? "application/octet-stream",
      bytes: statSync(file).size,
      coded: codings.flatMap(([coding, end]) =>
        existsSync(`${file}${end}`) ? [{ coding, file: `${file}${end}`, bytes: statSync(`${file}${end}`).size }] : [],
      ),
      tag: tagged ? `"${createHash("sha256").update(readFileSync(file)).digest("base64url").slice(0, 22)}"` : null,
    });
  };
  const root = path.join(built, "static");
  if (existsSync(root)) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      add(
        `/_next/static/${path.relative(root, file).split(path.sep).join("/")}`,
        file,
        "public, max-age=31536000, immutable",
        false,
      );
    }
  }
  for (const url of prerendered(built)) {
    const file = path.join(built, "server/app", `${url === "/" ? "index" : url.slice(1)}.html`);
    if (existsSync(file) && !isRedirect(file)) add(url, file, "no-cache", true);
  }
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    const url = request.url ?? "/";
    const found = files.get(pathOf(url));
    // The same address is data for the router of a page that is open already.
    if (found === undefined || (found.tag !== null && (request.headers["rsc"] !== undefined || url.includes("_rsc="))))
      return false;
    void send(found, request, response);
    return true;
  };
};

/** Addresses of pages that are the same for everybody. */
const prerendered = (built: string): string[] => {
  const file = path.join(built, "prerender-manifest.json");
  if (!existsSync(file)) return [];
  const { routes } = JSON.parse(readFileSync(file, "utf8")) as {
    routes: Record<string, { initialRevalidateSeconds: number | false; initialStatus?: number }>;
  };
  return Object.entries(routes).flatMap(([url, { initialRevalidateSeconds, initialStatus = 200 }]) =>
    initialRevalidateSeconds === false && initialStatus === 200 && !url.startsWith("/_") ? [url] : [],
  );
};

/** True for a page that was built to lead elsewhere: its file beside it names the status, and the framework sends it. */
const isRedirect = (file: string): boolean => {
  const beside = file.replace(/\.html$/, ".meta");
  return (
    existsSync(beside) && ((JSON.parse(readFileSync(beside, "utf8")) as { status?: number }).status ?? 200) !== 200
  );
};

const send = async (found: Served, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const takes = accepted(String(request.headers["accept-encoding"] ?? ""));
  const coded = found.coded.find(({ coding }) => takes(coding));
  // A coding is another form of the page, and so has a tag of its own.
  const tag =
    found.tag === null ? null : coded === undefined ? found.tag : found.tag.replace(/"$/, `-${coded.coding}"`);
  const headers = {
    "Content-Type": found.type,
    "Cache-Control": found.cache,
    Vary: found.tag === null ? "Accept-Encoding" : "Accept-Encoding, RSC",
    ...(tag === null ? {} : { ETag: tag }),
  };
  if (tag !== null && request.headers["if-none-match"]?.includes(tag) === true) {
    response.writeHead(304, headers).end();
    return;
  }
  const size = {
    ...(coded === undefined ? {} : { "Content-Encoding": coded.coding }),
    "Content-Length": coded?.bytes ?? found.bytes,
  };
  if (request.method === "HEAD") {
    response.writeHead(200, { ...headers, ...size }).end();
    return;
  }
  try {
    const bytes = await readFile(coded?.file ?? found.file);
    response.writeHead(200, { ...headers, ...size, "Content-Length": bytes.byteLength }).end(bytes);
  } catch {
    response
      .writeHead(404, { "Content-Type": "text/plain", "Cache-Control": "no-store" })
      .end("This file no longer exists; reload the page.\n");
  }
};

/** True for paths a page or a route answers; everything where no build says so. */
export const knownPaths = (built: string, publicFolder: string): ((path: string) => boolean) => {
  const file = path.join(built, "routes-manifest.json");
  if (!existsSync(file)) return () => true;
  const { staticRoutes, dynamicRoutes } = JSON.parse(readFileSync(file, "utf8")) as Record<
    "staticRoutes" | "dynamicRoutes",
    { page: string; regex: string }[]
  >;
  // The catch-all under /api says itself that there is nothing, as the door does.
  const patterns = [...staticRoutes, ...dynamicRoutes]
    .filter(({ page }) => !page.startsWith("/_") && page !== "/api/[...path]")
    .map(({ regex }) => new RegExp(regex));
  const open = new Set(
    existsSync(publicFolder)
      ? readdirSync(publicFolder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(
            (entry) =>
              `/${path.relative(publicFolder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/")}`,
          )
      : [],
  );
  return (asked) => open.has(asked) || patterns.some((pattern) => pattern.test(asked));
};
