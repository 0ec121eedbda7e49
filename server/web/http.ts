import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import next from "next";
import { AppError } from "@/server/domain/errors";
import { localRequest } from "./local-only";
import type { SocketIo } from "./socket-io";

export interface Web {
  /** The port really taken (0 asks for any). */
  port: number;
  /** Until this is called every request is told to come back: the parts behind the pages are still starting. */
  open(): void;
  stop(): Promise<void>;
}

const headers = {
  "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Pages, REST and sockets on one port. Answers this machine only. */
export const serve = async (options: { root: string; host: string; port: number; development: boolean; sockets: SocketIo; stopping: AbortSignal }): Promise<Web> => {
  const { root, host, development, sockets } = options;
  const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 30_000, maxHeaderSize: 16_384 });
  const port = await listen(server, host, options.port);
  const app = next({ dev: development, quiet: true, dir: root, hostname: host, port, httpServer: server });
  await app.prepare();
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  let opened = false;
  server.on("request", (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!localRequest(request)) {
      response.writeHead(421, { "Content-Type": "text/plain" }).end("This server answers requests that name this machine (localhost) only.\n");
      return;
    }
    if (!opened) {
      response.writeHead(503, { "Content-Type": "text/html; charset=utf-8", "Retry-After": "1", "Cache-Control": "no-store" }).end(STARTING);
      return;
    }
    void handle(request, response);
  });
  // Socket.io answers its own path; the rest is Next's hot reload, or nobody's.
  server.on("upgrade", (request, socket, head) => {
    // A tab that is left open comes back by itself as soon as it is refused.
    if (!opened) return void socket.destroy();
    if (request.url?.startsWith("/socket.io/") === true) return;
    if (development && localRequest(request)) void upgrade(request, socket, head);
    else socket.destroy();
  });
  return {
    port,
    open() {
      opened = true;
      sockets.attach(server);
    },
    async stop() {
      await sockets.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await app.close();
    },
  };
};

const STARTING = `<!doctype html><html lang="en-IN"><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>Candela is starting</title>
<body style="background:#0e1117;color:#9aa4b5;font:13px system-ui;display:grid;place-items:center;height:100vh;margin:0"><p role="status">Candela is starting</p></body></html>
`;

const listen = (server: Server, host: string, port: number): Promise<number> => new Promise((resolve, reject) => {
  server.once("error", (cause: NodeJS.ErrnoException) => reject(cause.code === "EADDRINUSE"
    ? new AppError("port_in_use", `Port ${port} is in use; stop the other program or choose another: npm start -- --port ${port + 1}`, { cause })
    : new AppError("internal", `Cannot listen on ${host}:${port}: ${cause.message}`, { cause })));
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
});
