import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import next from "next";
import { AppError } from "@/server/domain/errors";
import { localRequest } from "./local-only";
import { wrongMethod } from "./methods";
import { pathNow } from "./old-paths";
import type { SocketIo } from "./socket-io";

export interface Web {
  /** The port really taken (0 asks for any). */
  port: number;
  /** Until this is called every request is told to come back: the parts behind the pages are still starting. */
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
  /** Answers before Next what a route handler would be too slow for; false: it is none of those. */
  hot?(request: IncomingMessage, response: ServerResponse): boolean;
  stopping: AbortSignal;
}

const headers = {
  "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};
/** Longest the clients' goodbye may take. */
const GOODBYE_MS = 1_000;

/** Pages, REST and sockets on one port. Answers this machine only. Rejects with the reason of `stopping` when that comes first. */
export const serve = async (options: ServeOptions, pagesOn: (server: Server, port: number) => Pages = nextOn(options)): Promise<Web> => {
  const { host, development, sockets, stopping } = options;
  const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 30_000, maxHeaderSize: 16_384 });
  let pages: Pages | null = null;
  let opened = false;
  // Before it listens: who comes while the pages are prepared gets an answer too.
  server.on("request", (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!localRequest(request)) {
      response.writeHead(421, { "Content-Type": "text/plain" }).end("This server answers requests that name this machine (localhost) only.\n");
      return;
    }
    if (pages === null || !opened) {
      const [type, body] = isOfApi(request.url) ? ["application/json", STARTING_API] : ["text/html; charset=utf-8", STARTING];
      response.writeHead(503, { "Content-Type": type, "Retry-After": "1", "Cache-Control": "no-store" }).end(body);
      return;
    }
    request.url = pathNow(request.method ?? "", request.url ?? "/", request.headers.accept) ?? request.url ?? "/";
    if (wrongMethod(request, response)) return;
    if (options.hot?.(request, response) !== true) void pages.request(request, response);
  });
  // Upgraded sockets no longer belong to the http server: closing all its connections leaves them open.
  const upgraded = new Set<Duplex>();
  // Socket.io answers its own path; the rest is Next's hot reload, or nobody's.
  server.on("upgrade", (request, socket, head) => {
    // A tab that is left open comes back by itself as soon as it is refused.
    if (pages === null || !opened) return void socket.destroy();
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    if (request.url?.startsWith("/socket.io/") === true) return;
    if (development && localRequest(request)) void pages.upgrade(request, socket, head);
    else socket.destroy();
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
  const prepared = pagesOn(server, port);
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

const nextOn = ({ root, host, development }: ServeOptions) => (server: Server, port: number): Pages => {
  const app = next({ dev: development, quiet: true, dir: root, hostname: host, port, httpServer: server });
  return {
    prepare: () => app.prepare(),
    request: (request, response) => app.getRequestHandler()(request, response),
    upgrade: (request, socket, head) => app.getUpgradeHandler()(request, socket, head),
    close: () => app.close(),
  };
};

const STARTING = `<!doctype html><html lang="en-IN"><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>Candela is starting</title>
<body style="background:#0e1117;color:#9aa4b5;font:13px system-ui;display:grid;place-items:center;height:100vh;margin:0"><p role="status">Candela is starting</p></body></html>
`;

const STARTING_API = JSON.stringify({ status: "error", error: { code: "starting", message: "Candela is starting; ask again in a second." } });
/** Programs read JSON, also while there is nothing to tell. */
const isOfApi = (url = "/"): boolean => /^\/(api|intraday)\//.test(url);

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms).unref(); });

const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => new Promise((resolve, reject) => {
  const stop = (): void => reject(signal.reason as Error);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
});

const listen = (server: Server, host: string, port: number): Promise<number> => new Promise((resolve, reject) => {
  server.once("error", (cause: NodeJS.ErrnoException) => reject(cause.code === "EADDRINUSE"
    ? new AppError("port_in_use", `Port ${port} is in use; stop the other program or choose another: npm start -- --port ${port + 1}`, { cause })
    : new AppError("internal", `Cannot listen on ${host}:${port}: ${cause.message}`, { cause })));
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
});
