/** Stands before a broker's REST interface, counts what passes and answers in its place where a test says so. */
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request: null passes it on; `hang` never answers. */
export type Fate = { status: number; type: string; message: string } | "hang" | null;

export interface BrokerProxy {
  url: string;
  /** Requests for history so far, in order: path with query. */
  asked: string[];
  /** Maximum that arrived within one second. */
  fastest(): number;
  /** Decides on each request for history. */
  fate: (path: string, count: number) => Fate;
  close(): Promise<void>;
}

export const brokerProxy = async (port: number): Promise<BrokerProxy> => {
  const times: number[] = [];
  const proxy: BrokerProxy = {
    url: "",
    asked: [],
    fate: () => null,
    fastest: () =>
      Math.max(0, ...times.map((time) => times.filter((other) => other >= time && other < time + 950).length)),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const onward = ask(
      {
        host: "127.0.0.1",
        port,
        path: request.url,
        method: request.method,
        headers: { ...request.headers, host: `127.0.0.1:${port}` },
      },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (!path.startsWith("/instruments/historical/")) {
      pass(request, response);
      return;
    }
    proxy.asked.push(path);
    times.push(performance.now());
    const fate = proxy.fate(path, proxy.asked.length);
    if (fate === null) pass(request, response);
    else if (fate !== "hang")
      response
        .writeHead(fate.status, { "Content-Type": "application/json" })
        .end(JSON.stringify({ status: "error", message: fate.message, error_type: fate.type, data: null }));
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
};
