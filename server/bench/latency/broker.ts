import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { packetBytes, tokensOf } from "../market";
import { monotonicMs, onOrders, tell, type Sent, type SendOrder } from "./wire";

/** Frames made beforehand: as many may wait in the socket before one is written over. */
const POOL = 512;
const FRAMES_A_SECOND = 500;
/** A frame's number is in its packets' price, in paise, so the client knows when the tick was sent. */
export const FIRST_PRICE = 100_000;

export const symbolOf = (instrument: number): string => `B${String(instrument).padStart(4, "0")}`;

/**
 * A broker that does nothing but send: Kite's instrument list, empty history, and full-mode frames at a wanted rate.
 * It lists on the exchange `SIM`, which never closes.
 */
export const runBroker = async (instruments: number): Promise<void> => {
  const tokens = tokensOf(instruments);
  const csv = [
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange",
    ...tokens.map((token, at) => `${token},${token >>> 8},${symbolOf(at)},${symbolOf(at)},0,,0,0.01,1,EQ,SIM,SIM`),
  ].join("\n");
  const server = createServer((request, response) => {
    if (request.url === "/instruments") response.writeHead(200, { "content-type": "text/csv" }).end(csv);
    else
      response.writeHead(200, { "content-type": "application/json" }).end('{"status":"success","data":{"candles":[]}}');
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const connections: WebSocket[] = [];
  sockets.on("connection", (socket) => {
    const subscribed = new Set<number>();
    connections.push(socket);
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      const { a, v } = JSON.parse(String(data)) as { a: string; v: number[] };
      if (a !== "subscribe") return;
      for (const token of v) subscribed.add(token);
      if (subscribed.size === instruments) tell({ subscribed: instruments });
    });
  });
  // Kite's sign of life while nothing is sent.
  setInterval(() => {
    for (const socket of sockets.clients) socket.send(Uint8Array.of(0));
  }, 1_000).unref();
  server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }));

  const sender = frameSender(tokens);
  onOrders<SendOrder>(async (order) => {
    tell(await sender(connections[order.connection]!, order));
  });
};

/** Sends at a steady pace; returns when each frame was sent. Volumes and frame numbers continue from order to order. */
const frameSender = (tokens: readonly number[]): ((socket: WebSocket, order: SendOrder) => Promise<Sent>) => {
  const volumes = new Uint32Array(tokens.length).fill(1_000);
  let next = 0;
  let number = 0;

  const fill = (bytes: Uint8Array, packets: number): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const second = Math.floor(Date.now() / 1_000);
    view.setInt16(0, packets);
    for (let packet = 0; packet < packets; packet++) {
      const body = 4 + packet * (2 + packetBytes.full);
      view.setUint16(body - 2, packetBytes.full);
      view.setUint32(body, tokens[next]!);
      view.setInt32(body + 4, FIRST_PRICE + number);
      view.setInt32(body + 8, 1);
      view.setUint32(body + 16, ++volumes[next]!);
      view.setInt32(body + 44, second);
      view.setInt32(body + 60, second);
      if (++next === tokens.length) next = 0;
    }
  };

  return async (socket, { ticksPerSecond, seconds }) => {
    const packets = Math.max(1, Math.round(ticksPerSecond / FRAMES_A_SECOND));
    const frames = Math.round((ticksPerSecond * seconds) / packets);
    const pool = Array.from({ length: POOL }, () => new Uint8Array(2 + packets * (2 + packetBytes.full)));
    const first = number;
    const times = new Float64Array(frames);
    const start = monotonicMs();
    for (let frame = 0; frame < frames;) {
      const due = Math.min(frames, Math.ceil(((monotonicMs() - start) / 1_000) * (ticksPerSecond / packets)));
      for (; frame < due; frame++, number++) {
        const bytes = pool[frame % POOL]!;
        fill(bytes, packets);
        times[frame] = monotonicMs();
        socket.send(bytes);
      }
      await new Promise((turn) => {
        setTimeout(turn, 1);
      });
    }
    return { first, times: Array.from(times), ticks: frames * packets, tookMs: monotonicMs() - start };
  };
};
