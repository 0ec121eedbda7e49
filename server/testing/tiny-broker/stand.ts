import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { FeedStand } from "@/server/testing/feed-suite";
import { BYTES } from "./wire";

const PIN = "pin-of-today";
const PRICE = 1_234_50;

/** Tiny's server: lists three stocks, ticks ten times a second, tells the minutes of a span. */
export const tinyStand = async (): Promise<FeedStand> => {
  let asked: { added: number[]; removed: number[] } = { added: [], removed: [] };
  const http = createServer((request, response) => {
    if (request.headers["pin"] !== PIN) return response.writeHead(403).end();
    const [, view, , from, to] = request.url!.split("/");
    const minutes: [number, number][] = [];
    for (let at = Math.ceil(Number(from) / 60_000) * 60_000; at <= Number(to); at += 60_000) minutes.push([at, PRICE]);
    response.end(JSON.stringify(view === "list" ? ["ONE", "TWO", "THREE"] : minutes));
  });
  const sockets = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (request.headers["pin"] !== PIN) return socket.end("HTTP/1.1 403 No\r\nConnection: close\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (client) => {
      const tokens = new Set<number>();
      client.on("message", (text) => {
        const [action, ...named] = JSON.parse(String(text)) as [string, ...number[]];
        for (const token of named) {
          if (action === "+") tokens.add(token);
          else tokens.delete(token);
          asked[action === "+" ? "added" : "removed"].push(token);
        }
      });
      const timer = setInterval(() => {
        const frame = Buffer.alloc(tokens.size * BYTES);
        [...tokens].forEach((token, row) => {
          frame.writeUInt32BE(token, row * BYTES);
          frame.writeInt32BE(PRICE + row * 5, row * BYTES + 4);
          frame.writeUInt32BE(100, row * BYTES + 8);
        });
        client.send(frame);
      }, 100);
      client.on("close", () => clearInterval(timer));
    });
  });
  await new Promise<void>((listening) => {
    http.listen(0, "127.0.0.1", listening);
  });
  return {
    login: { pin: PIN, address: `http://127.0.0.1:${(http.address() as AddressInfo).port}` },
    refused: { pin: "pin-of-yesterday", address: `http://127.0.0.1:${(http.address() as AddressInfo).port}` },
    nowhere: { pin: PIN, address: "http://127.0.0.1:1" },
    asked() {
      const before = asked;
      asked = { added: [], removed: [] };
      return Promise.resolve(before);
    },
    drop() {
      for (const client of sockets.clients) client.terminate();
      return Promise.resolve();
    },
    stop: () =>
      new Promise((closed) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => closed());
        http.closeAllConnections();
      }),
  };
};
