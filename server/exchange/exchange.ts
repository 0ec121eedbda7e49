import { createServer } from "node:http";
import { AppError, hasCode } from "@/server/domain/basics/errors";
import { KiteError, replyError, replyText } from "./reply";
import { controlApi } from "./control-api";
import { faults as faultSwitches } from "./faults";
import { feedServer } from "./feed-server";
import { logins as loginBook } from "./login";
import { market as openMarket } from "./market";
import { restApi } from "./rest";
import { transcript as transcriptBook } from "./transcript";
import { virtualClock } from "./virtual-clock";
import type { Credentials } from "./login";
import type { Faults } from "./faults";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Market, MarketOptions } from "./market";
import type { VirtualClock } from "./virtual-clock";

export interface ExchangeOptions extends Partial<MarketOptions> {
  /** 0 (the default): any free port. Always on 127.0.0.1. */
  port?: number;
  /** What the exchange's clock shows first, epoch ms; default the machine's time. */
  start?: number | null;
  /** Seconds of the exchange per second of the machine; default 1. */
  speed?: number;
  credentials?: Partial<Credentials>;
  /** False lifts Kite's rate limits, for tests. */
  limits?: boolean;
  /** Ms of machine time between two frames. */
  frameEveryMs?: number;
  /** The machine's clock, epoch ms. */
  real?: () => number;
}

/** A running simulated exchange. */
export interface Exchange {
  port: number;
  clock: VirtualClock;
  faults: Faults;
  market: Market;
  /** Sends what is due, as its timer does. */
  pump(): void;
  /** Resolves when every client has received what was sent. */
  delivered(): Promise<void>;
  /** Resolves when every socket is closed; may be called twice. */
  close(): Promise<void>;
}

/** The demo's login, known to everybody: it opens nothing but this exchange. */
export const DEMO_CREDENTIALS: Credentials = {
  apiKey: "candela-demo",
  apiSecret: "candela-demo-secret",
  accessToken: "candela-demo-token",
};

const LOOPBACK_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** A page of another site must not drive the exchange through the user's browser. */
const isLocal = (request: IncomingMessage): boolean => {
  const { host, origin } = request.headers;
  return (
    LOOPBACK_NAMES.test(host ?? "") && (origin === undefined || LOOPBACK_NAMES.test(origin.replace(/^https?:\/\//, "")))
  );
};

const answerError = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) response.destroy();
  else if (error instanceof KiteError) replyError(response, error);
  else if (error instanceof AppError)
    replyText(
      response,
      hasCode(error, "not_found") ? 404 : 400,
      JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } }),
    );
  else throw error;
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new AppError("port_in_use", `port ${port} is in use; choose another with --port`, {
              details: { port },
              cause,
            })
          : cause,
      ),
    );
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

/** Opens the exchange; rejects with `port_in_use`. */
export const createExchange = async (options: ExchangeOptions = {}): Promise<Exchange> => {
  const real = options.real ?? Date.now;
  const credentials = { ...DEMO_CREDENTIALS, ...options.credentials };
  const clock = virtualClock(real, options.start ?? null, options.speed ?? 1);
  const market = openMarket(
    {
      seed: options.seed ?? 7,
      calendar: options.calendar ?? "SIM",
      rate: options.rate ?? { perInstrument: 1 },
      stocks: options.stocks,
    },
    clock.now(),
  );
  const faults = faultSwitches(real);
  const logins = loginBook(credentials);
  const transcript = transcriptBook(real);
  const feed = feedServer({ market, clock, faults, logins, transcript, real });
  const rest = restApi({ market, clock, faults, logins, credentials, limits: options.limits ?? true, real });
  const control = controlApi({ market, clock, faults, logins, transcript, feed, real });

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (!isLocal(request)) {
      replyError(response, new KiteError("GeneralException", "Only this machine may ask", 403));
      return;
    }
    if (!url.pathname.startsWith("/sim/")) transcript.add("request", 0, `${request.method} ${url.pathname}`);
    const handle = url.pathname.startsWith("/sim/") ? control : rest;
    Promise.resolve(handle(request, response, url)).catch((error: unknown) => answerError(response, error));
  });
  server.on("upgrade", (request, socket, head) => {
    if (isLocal(request)) feed.upgrade(request, socket, head);
    else socket.destroy();
  });

  const port = await listen(server, options.port ?? 0);
  const timer = setInterval(feed.pump, options.frameEveryMs ?? 100);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await feed.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    port,
    clock,
    faults,
    market,
    pump: feed.pump,
    delivered: feed.delivered,
    close: () => (closing ??= close()),
  };
};
