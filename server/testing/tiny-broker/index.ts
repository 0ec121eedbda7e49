/** A broker that does not exist, written by the recipe in `feeds/README.md`: what a new one needs, and no more. */
import WebSocket from "ws";
import { z } from "zod";
import { BACKFILLED, barColumns } from "@/server/domain/bars/bar";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { rawBatch } from "@/server/domain/ticks/tick";
import { defineFeed } from "@/server/feeds/define";
import loginFields from "./login.json";
import { BYTES, decode } from "./wire";

const login = z.object({ pin: z.string().min(4), address: z.url().default("http://broker.invalid") });
type Login = z.infer<typeof login>;

const expired = (): AppError => new AppError("login_expired", "Tiny refuses the PIN");
const unreachable = (cause: unknown): AppError =>
  new AppError("broker_unreachable", "Tiny does not answer", { retryable: true, cause });

const ask = async <T>({ pin, address }: Login, path: string, signal: AbortSignal): Promise<T> => {
  const answer = await fetch(`${address}${path}`, { headers: { pin }, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw unreachable(cause);
  });
  if (answer.status === 403) throw expired();
  return (await answer.json()) as T;
};

export const tiny = defineFeed<Login>({
  id: "tiny",
  title: "Tiny",
  login,
  secretFields: ["pin"],
  loginFields,
  limits: { instrumentsPerConnection: 10, connections: 1 },
  async check(given, signal) {
    await ask(given, "/list", signal);
  },
  connect: ({ pin, address }, { collector, now, onMessage, onReject, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = new WebSocket(address.replace(/^http/, "ws"), { headers: { pin } });
      const batch = rawBatch(16);
      batch.collector = collector;
      let reason = "the broker ended the line";
      const end = (why: string): void => {
        reason = why;
        socket.terminate();
      };
      const onAbort = (): void => end("stopped by Candela");
      signal.addEventListener("abort", onAbort, { once: true });
      const event = (kind: "connected" | "disconnected", detail: string): void =>
        onMessage({ kind, collector, receivedTime: now(), detail });
      const closed = new Promise<{ code: string; reason: string; expired: boolean }>((done) => {
        socket.on("close", () => {
          signal.removeEventListener("abort", onAbort);
          if (opened) event("disconnected", reason);
          done({ code: "closed", reason, expired: false });
        });
      });
      let opened = false;
      socket.on("unexpected-response", () => {
        reject(expired());
        end("refused");
      });
      socket.on("error", (cause) => reject(unreachable(cause)));
      socket.on("message", (frame: Buffer) => {
        batch.receivedTime = now();
        if (frame.byteLength % BYTES !== 0) onReject("trailing_bytes", 1);
        if (decode(frame, batch) > 0) onMessage(batch);
      });
      socket.on("open", () => {
        opened = true;
        event("connected", new URL(address).host);
        const say = (action: string, tokens: readonly number[]): void =>
          socket.send(JSON.stringify([action, ...tokens]));
        resolve({
          subscribe: (tokens) => say("+", tokens),
          unsubscribe: (tokens) => say("-", tokens),
          closed,
          close: () => end("stopped by Candela"),
        });
      });
    }),
  async instruments(given, signal) {
    const names = await ask<string[]>(given, "/list", signal);
    const listed = names.map((symbol, at) => ({
      exchange: "NSE",
      symbol,
      name: symbol,
      segment: "equity" as const,
      decimals: 2,
      tickSize: 5,
      lotSize: 1,
      expiry: null,
      strike: null,
      token: at + 1,
      wireDivisor: 1,
    }));
    return { listed, leftOut: [] };
  },
  history: {
    requestsPerSecond: 5,
    daysPerRequest: { "1m": 30 },
    async bars(given, { token, timeframe, from, to }, signal) {
      if (timeframe !== "1m") throw badInput("timeframe", timeframe, "1m");
      const closes = await ask<[time: number, close: number][]>(given, `/bars/${token}/${from}/${to}`, signal);
      const columns = barColumns(closes.length);
      for (const [time, close] of closes) {
        const row = columns.length++;
        columns.time[row] = time;
        for (const column of [columns.open, columns.high, columns.low, columns.close]) column[row] = close;
        columns.volume[row] = 1;
        columns.openInterest[row] = -1;
        columns.state[row] = BACKFILLED;
      }
      return columns;
    },
  },
  quote: () => null,
});
