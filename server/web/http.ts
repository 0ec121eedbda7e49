import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createRequire } from "node:module";
import path from "node:path";
import type { Duplex } from "node:stream";
import next from "next";
import type * as NextConstants from "next/constants";
import type * as NextConfiguration from "next/dist/server/config";
import { AppError } from "@/server/domain/basics/errors";
import { Admission, isOfApi, keepRedirectsHome, pathOf, refuse, wantsHtml } from "./admission";
import { localRequest } from "./local-only";
import { wrongMethod } from "./methods";
import { pathNow } from "./old-paths";
import type { SocketIo } from "./socket-io";
import { knownPaths, staticDoor } from "./static-files";

export interface Web {
  /** The port really taken (0 asks for any). */
  port: number;
  /**
   * Until this is called every request gets a "try again" response, because the parts behind the pages are still
   * starting.
   */
  open(): void;
  /** Says goodbye to the clients and resolves when no connection is left, whoever is still waiting for an answer. */
  stop(): Promise<void>;
}

/** What answers pages and routes: Next, on our server. */
export interface Pages {
  prepare(): Promise<void>;
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface ServeOptions {
  root: string;
  host: string;
  port: number;
  development: boolean;
  sockets: Pick<SocketIo, "attach" | "stop">;
  /** Handles requests for which a Next route handler would be too slow; returns false for all others. */
  hot?(request: IncomingMessage, response: ServerResponse): boolean;
  stopping: AbortSignal;
}

const headers = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};
/** Longest the clients' goodbye may take. */
const GOODBYE_MS = 1_000;
/** How long a client may stop reading its response; the response occupies shared memory. */
const DEAF_MS = 8_000;
/** More than any browser and the programs beside it open; further connections wait in the system's queue. */
const MOST_CONNECTIONS = 5_000;

const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === "websocket";
/** Newer versions of Node call this. For older ones, `upgrade` below does the same for requests without a body. */
const upgrading = { shouldUpgradeCallback: isWebSocket };

/**
 * Serves pages, REST and sockets on one port, to this machine only. Rejects with the reason of `stopping` if that comes
 * first.
 */
export const serve = async (
  options: ServeOptions,
  pagesOn: (server: EventEmitter, port: number) => Pages = nextOn(options),
): Promise<Web> => {
  const { host, development, sockets, stopping } = options;
  const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 30_000, maxHeaderSize: 16_384, ...upgrading });
  server.maxConnections = MOST_CONNECTIONS;
  const admission = new Admission();
  // No data in either direction for this long: the client does not read, or has no request. One that waits for a
  // response keeps waiting.
  server.setTimeout(DEAF_MS, (socket: Socket) => {
    if (socket.writableLength > 0 || !admission.isBusy(socket)) socket.destroy();
  });
  const built = path.join(options.root, ".next");
  const files = development ? null : staticDoor(built);
  const isKnown = development ? () => true : knownPaths(built, path.join(options.root, "public"));
  let pages: Pages | null = null;
  let opened = false;
  // Before it listens: who comes while the pages are prepared gets an answer too.
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!admission.admit(request, response)) return;
    if (pages === null || !opened) {
      const [type, body] =
        isOfApi(request.url ?? "/") || !wantsHtml(request)
          ? ["application/json", STARTING_API]
          : ["text/html; charset=utf-8", STARTING];
      response.writeHead(503, { "Content-Type": type, "Retry-After": "1", "Cache-Control": "no-store" }).end(body);
      return;
    }
    request.url = pathNow(request.method ?? "", request.url ?? "/", request.headers.accept) ?? request.url ?? "/";
    if (
      wrongMethod(request, response) ||
      options.hot?.(request, response) === true ||
      files?.(request, response) === true
    )
      return;
    const asked = pathOf(request.url);
    if (asked.startsWith("/_next/image") || (!isKnown(asked) && (isOfApi(asked) || !wantsHtml(request)))) {
      refuse(request, response, 404, {
        code: "not_found",
        message: `There is nothing at ${asked.slice(0, 200)}`,
        details: { field: "path", value: asked.slice(0, 200), accepted: "a path under /api/v1 listed in docs/api.md" },
      });
      return;
    }
    if (!development && !isOfApi(asked) && !wantsPage(request)) {
      const method = request.method ?? "";
      refuse(
        request,
        response,
        405,
        {
          code: "bad_input",
          message: `method: "${method}" is not accepted here; use GET`,
          details: { field: "method", value: method, accepted: "GET" },
        },
        { Allow: "GET, HEAD" },
      );
      return;
    }
    if (!isDecodable(asked)) {
      refuse(request, response, 400, {
        code: "bad_input",
        message: "path: it is not a correctly encoded URL",
        details: {
          field: "path",
          value: asked.slice(0, 200),
          accepted: "a path in which every % is followed by two hex digits of UTF-8",
        },
      });
      return;
    }
    keepRedirectsHome(request, response);
    void pages.request(request, response);
  };
  server.on("request", answer);
  // Tunnels are not supported.
  server.on("connect", (_, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  );
  // Upgraded sockets no longer belong to the http server: closing all its connections leaves them open.
  const upgraded = new Set<Duplex>();
  // Socket.io handles its own path; the rest is Next's hot reload, or unknown.
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    if (!isWebSocket(request)) {
      answerPlainly(request, socket, answer);
      return;
    }
    // A tab that is left open comes back by itself as soon as it is refused.
    if (pages === null || !opened) {
      ended(socket, "503 Service Unavailable", "Retry-After: 1\r\n");
      return;
    }
    if (request.url?.startsWith("/socket.io/") === true) return;
    if (development && localRequest(request)) void pages.upgrade(request, socket, head);
    else ended(socket, "404 Not Found");
  });

  const port = await listen(server, host, options.port);
  const stop = async (): Promise<void> => {
    // Socket.io closes the http server too, and waits for every request on it.
    const goodbye = sockets.stop();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.race([goodbye, pause(GOODBYE_MS)]);
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
    await Promise.all([goodbye, closed]);
    await pages?.close();
  };
  // Not the server itself: at its first request Next would listen to its upgrades, and end unknown ones under our
  // response.
  const prepared = pagesOn(new EventEmitter(), port);
  try {
    await orAborted(prepared.prepare(), stopping);
  } catch (cause) {
    await stop();
    throw cause;
  }
  pages = prepared;
  return {
    port,
    open() {
      opened = true;
      sockets.attach(server);
    },
    stop,
  };
};

/** Next's inner files are CommonJS without a list of exports: an import would need their file names. */
const required = createRequire(import.meta.url);

/**
 * Next's pages on our server.
 * @public A test starts it in a process of its own.
 */
export const nextOn =
  ({ root, host, development }: ServeOptions) =>
  (server: EventEmitter, port: number): Pages => {
    // Without one, Next uses the server of its first request; of the given object it needs only `on`.
    const app = next({ dev: development, quiet: true, dir: root, hostname: host, port, httpServer: server as Server });
    return {
      async prepare() {
        // Next reports how long it took to read its configuration, whatever `quiet` says; it is silent when that has been read before.
        const { PHASE_DEVELOPMENT_SERVER, PHASE_PRODUCTION_SERVER } = required(
          "next/constants",
        ) as typeof NextConstants;
        const { default: loadConfig } = required("next/dist/server/config") as typeof NextConfiguration;
        await loadConfig(development ? PHASE_DEVELOPMENT_SERVER : PHASE_PRODUCTION_SERVER, root);
        await app.prepare();
      },
      request: (request, response) => app.getRequestHandler()(request, response),
      upgrade: (request, socket, head) => app.getUpgradeHandler()(request, socket, head),
      close: () => app.close(),
    };
  };

const STARTING = `<!doctype html><html lang="en-IN"><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>Candela is starting</title>
<body style="background:#0e1117;color:#9aa4b5;font:13px system-ui;display:grid;place-items:center;height:100vh;margin:0"><p role="status">Candela is starting</p></body></html>
`;

const STARTING_API = JSON.stringify({
  status: "error",
  error: { code: "starting", message: "Candela is starting; try again in a second." },
});
const wantsPage = ({ method }: IncomingMessage): boolean => method === "GET" || method === "HEAD";

const isDecodable = (asked: string): boolean => {
  try {
    decodeURIComponent(asked);
    return true;
  } catch {
    return false;
  }
};

const ended = (socket: Duplex, status: string, more = ""): void => {
  socket.end(`HTTP/1.1 ${status}\r\n${more}Connection: close\r\nContent-Length: 0\r\n\r\n`);
};

/**
 * An upgrade to anything but a web socket (curl offers h2c) is an offer that may be ignored: the request is handled as
 * it is. Node has already released the connection, so a body could not be read.
 */
const answerPlainly = (
  request: IncomingMessage,
  socket: Duplex,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): void => {
  if (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined) {
    ended(socket, "426 Upgrade Required", "Upgrade: websocket\r\n");
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => {
    response.detachSocket(socket as Socket);
    socket.end();
  });
  socket.once("close", () => response.destroy());
  // What came of the request: there is no body.
  request.complete = true;
  answer(request, response);
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new AppError(
              "port_in_use",
              `Port ${port} is in use; stop the other program or choose another port: npm start -- --port ${port + 1}`,
              { cause },
            )
          : new AppError("internal", `Cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      ),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
