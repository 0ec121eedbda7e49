import { WebSocketServer } from "ws";
import { Connection } from "./connection";
import { faultyLine } from "./faulty-line";
import { obey } from "./subscriptions";
import type { Cursor } from "./cursor";
import type { Faults } from "./faults";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logins } from "./login";
import type { Market } from "./market";
import type { SendCounters } from "./connection";
import type { Transcript } from "./transcript";
import type { VirtualClock } from "./virtual-clock";

const CONNECTIONS_PER_KEY = 3;
const HEARTBEAT_MS = 1_000;
/** After a longer stall (a sleeping machine) the feed continues at the present time instead of playing everything. */
const STALL_MS = 10_000;
const DRAINED_BYTES = 1_048_576;
/** Rates are measured over this time. */
const RATE_WINDOW_MS = 5_000;

export interface FeedParts {
  market: Market;
  clock: VirtualClock;
  faults: Faults;
  logins: Logins;
  transcript: Transcript;
  /** The machine's clock, epoch ms. */
  real: () => number;
}

/** The WebSocket side of the exchange. */
export interface FeedServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Sends what is due. Called by a timer, and at once when the virtual clock is moved. */
  pump(): void;
  /** Moves to the clock's time without sending anything in between. */
  jump(): void;
  /** Resolves when no client has more than a frame or two to read. */
  drained(): Promise<void>;
  /** Resolves when every client has received everything so far, confirmed by a ping. Dead connections do not count. */
  delivered(): Promise<void>;
  /** Cuts every line. */
  disconnect(): void;
  /** Open lines say nothing more; they are not closed. */
  halfOpen(): void;
  /** Says something in words on every line. */
  say(text: string): void;
  /** Forgets held packets. */
  reset(): void;
  stats(): {
    connections: number;
    subscriptions: number;
    ticks: number;
    frames: number;
    bytes: number;
    slowDrops: number;
    ticksPerSecond: number;
  };
  close(): Promise<void>;
}

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

export const feedServer = ({ market, clock, faults, logins, transcript, real }: FeedParts): FeedServer => {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1_048_576 });
  const connections = new Set<Connection>();
  const counters: SendCounters = { ticks: 0, frames: 0, bytes: 0, slowDrops: 0 };
  const line = faultyLine(faults, real);
  const samples: { at: number; ticks: number }[] = [];
  let numbered = 0;
  let lastPump = real();

  const send = (connection: Connection, cursor: Cursor): void => {
    const mode = connection.modes.get(cursor.listing.token);
    if (mode === undefined) return;
    if (faults.any) line.add(connection, cursor, mode);
    else connection.add(cursor, mode);
  };
  const sendAll = (cursor: Cursor): void => {
    for (const connection of connections) send(connection, cursor);
  };

  const measure = (now: number): void => {
    const last = samples[samples.length - 1];
    if (last !== undefined && now - last.at < 200) return;
    samples.push({ at: now, ticks: counters.ticks });
    while (samples.length > 2 && now - samples[0]!.at > RATE_WINDOW_MS) samples.shift();
  };

  const finish = (now: number): void => {
    line.release();
    const silent = faults.any && faults.active("silent") !== null;
    for (const connection of connections) {
      connection.flush();
      if (!silent && now - connection.lastSent >= HEARTBEAT_MS) connection.heartbeat();
    }
    measure(now);
  };

  const accept = (connection: Connection): void => {
    connections.add(connection);
    connection.socket.on("message", (data, binary) => {
      if (binary) return;
      const text = String(data);
      transcript.add("message", connection.id, text);
      const error = obey(connection, text, (token) => {
        const cursor = market.cursor(token);
        if (cursor !== undefined) send(connection, cursor);
      });
      connection.flush();
      if (error !== null) connection.text({ type: "error", data: error });
    });
    connection.socket.on("error", () => connection.socket.terminate());
    connection.socket.on("close", () => {
      connections.delete(connection);
      transcript.add("closed", connection.id, "");
    });
  };

  /** Why a connection is refused, as an HTTP status line; null if it is accepted. */
  const refusal = (apiKey: string, accessToken: string): string | null => {
    if (faults.active("disconnect") !== null) return "503 Service Unavailable";
    if (faults.active("expired") !== null || !logins.accepts(apiKey, accessToken)) return "403 Forbidden";
    const open = [...connections].filter((connection) => connection.apiKey === apiKey && !connection.dead).length;
    return open >= CONNECTIONS_PER_KEY ? "429 Too Many Requests" : null;
  };

  return {
    upgrade(request, socket, head) {
      const query = new URL(request.url ?? "/", "http://localhost").searchParams;
      const apiKey = query.get("api_key") ?? "";
      const refused = refusal(apiKey, query.get("access_token") ?? "");
      if (refused !== null) {
        transcript.add("refused", 0, refused);
        refuse(socket, refused);
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection(++numbered, apiKey, webSocket, counters, real);
        transcript.add("connected", connection.id, "");
        connection.lastSent = real();
        accept(connection);
      });
    },
    pump() {
      const now = real();
      const instant = clock.now();
      const stalled = now - lastPump > STALL_MS;
      lastPump = now;
      if (stalled || instant < market.time) market.seek(instant);
      else market.advance(instant, sendAll);
      finish(now);
    },
    jump() {
      lastPump = real();
      market.seek(clock.now());
      for (const { token } of market.listings) {
        const cursor = market.cursor(token);
        if (cursor !== undefined) sendAll(cursor);
      }
      finish(lastPump);
    },
    async drained() {
      await new Promise((resolve) => setImmediate(resolve));
      while ([...connections].some(({ socket }) => socket.bufferedAmount > DRAINED_BYTES))
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async delivered() {
      await Promise.all(
        [...connections]
          .filter(({ dead, socket }) => !dead && socket.readyState === socket.OPEN)
          .map(
            ({ socket }) =>
              new Promise<void>((resolve) => {
                const done = (): void => {
                  socket.off("pong", done);
                  socket.off("close", done);
                  resolve();
                };
                socket.on("pong", done);
                socket.on("close", done);
                socket.ping();
              }),
          ),
      );
    },
    halfOpen() {
      for (const connection of connections) {
        connection.dead = true;
        connection.socket.pause();
      }
    },
    say(text) {
      for (const connection of connections) connection.text({ type: "error", data: text });
    },
    disconnect() {
      for (const connection of connections) connection.socket.terminate();
    },
    reset: line.reset,
    stats() {
      const first = samples[0];
      const last = samples[samples.length - 1];
      const spanMs = first === undefined || last === undefined ? 0 : last.at - first.at;
      return {
        ...counters,
        connections: connections.size,
        subscriptions: [...connections].reduce((sum, connection) => sum + connection.modes.size, 0),
        ticksPerSecond: spanMs > 0 ? ((last!.ticks - first!.ticks) / spanMs) * 1_000 : 0,
      };
    },
    async close() {
      for (const connection of connections) connection.socket.close(1001, "exchange closed");
      const patience = setTimeout(() => {
        for (const connection of connections) connection.socket.terminate();
      }, 300);
      await new Promise<void>((resolve) => {
        const check = (): void => {
          if (connections.size === 0) resolve();
          else setTimeout(check, 10);
        };
        check();
      });
      clearTimeout(patience);
      server.close();
    },
  };
};
