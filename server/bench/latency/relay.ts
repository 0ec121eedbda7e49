import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import WebSocket from "ws";
import type { BarsFrame } from "@/server/contract/live";
import { tokensOf } from "../market";
import { symbolOf } from "./broker";
import { meterOfUse, onOrders, tell } from "./wire";

const WINDOW_MS = 50;

/**
 * The minimum between a broker's socket and a Socket.io client: finds the watched instruments' packets in a frame and
 * forwards their price, at most one frame per chart and 50 ms, as the app does. No bars, checks or database.
 */
export const runRelay = async ({
  brokerPort,
  instruments,
}: {
  brokerPort: number;
  instruments: number;
}): Promise<void> => {
  const tokens = tokensOf(instruments);
  const tokenBySymbol = new Map(tokens.map((token, at) => [`SIM:${symbolOf(at)}`, token]));
  const charts = new Map<number, { room: string; seq: number; lastFrame: number }>();
  const waiting = new Map<number, { price: number; received: number }>();
  const server = createServer();
  const io = new Server(server, { transports: ["websocket"], serveClient: false, perMessageDeflate: false });
  const now = (): number => performance.timeOrigin + performance.now();

  io.on("connection", (socket) => {
    socket.on("bars.subscribe", ({ key }: { key: string }, reply: (answer: unknown) => void) => {
      void socket.join(key);
      charts.set(tokenBySymbol.get(key)!, { room: key, seq: 0, lastFrame: 0 });
      reply({ room: key });
    });
  });
  const send = (): void => {
    if (waiting.size === 0) return;
    const emitted = now();
    for (const [token, { price, received }] of waiting) {
      const chart = charts.get(token)!;
      if (emitted - chart.lastFrame < WINDOW_MS) continue;
      chart.lastFrame = emitted;
      waiting.delete(token);
      const frame: BarsFrame = {
        room: chart.room,
        seq: ++chart.seq,
        bars: [],
        points: [],
        ltp: { price, time: received, received },
        stamps: { received, emitted },
      };
      io.to(chart.room).emit("bars", frame);
    }
  };
  setInterval(send, 10);

  const feed = new WebSocket(`ws://127.0.0.1:${brokerPort}`, { perMessageDeflate: false });
  feed.on("message", (data) => {
    const bytes = data as Buffer;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < 2) return;
    const received = now();
    for (let packet = view.getInt16(0), at = 2; packet > 0; packet--) {
      const token = view.getUint32(at + 2);
      if (charts.has(token)) waiting.set(token, { price: view.getUint32(at + 6), received });
      at += 2 + view.getUint16(at);
    }
    send();
  });
  await new Promise<void>((opened) => {
    feed.once("open", opened);
  });
  feed.send(JSON.stringify({ a: "subscribe", v: tokens }));
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  tell({ port: (server.address() as AddressInfo).port });

  const use = meterOfUse();
  onOrders<"use" | "stop">((order) => {
    if (order === "stop") process.exit(0);
    tell({ ...use(), rejected: 0, leftOut: 0 });
  });
};
