/**
 * One connection to Kite's socket. Reconnecting is `feeds/reconnect.ts`.
 * @see https://kite.trade/docs/connect/v3/websocket/
 */
import type { Socket } from "node:net";
import WebSocket from "ws";
import { brokerWords } from "@/server/domain/instruments/broker-words";
import { AppError } from "@/server/domain/basics/errors";
import { type FeedMode, rawBatch } from "@/server/domain/ticks/tick";
import type { ConnectOptions, FeedConnection } from "@/server/ports/feed";
import { FirstPackets } from "./first-packets";
import type { KiteLogin } from "./login";
import { decodeFrame } from "./wire";

/** Kite sends a byte every second when it has no data, so five silent seconds mean a dead connection. */
const SILENT_MS = 5_000;
const HANDSHAKE_MS = 10_000;
/** How long to wait for a refusal's body, and how much of it to read. */
const REFUSAL_MS = 1_000;
const MOST_REFUSAL_BYTES = 4_096;
/** Frames of 3,000 full packets are 0.6 MB. */
const MAX_FRAME_BYTES = 8 << 20;
const TOKENS_PER_MESSAGE = 500;

/** Opens the socket and emits `connected`, frames, heartbeats and, however it ends, `disconnected`. */
export const connect = (login: KiteLogin, options: ConnectOptions): Promise<FeedConnection> =>
  new Promise((resolve, reject) => {
    options.signal.throwIfAborted();
    const { collector, onMessage, now } = options;
    const url = new URL(login.socket);
    url.searchParams.set("api_key", login.apiKey);
    url.searchParams.set("access_token", login.accessToken);
    const socket = new WebSocket(url, {
      headers: { "X-Kite-Version": "3" },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_FRAME_BYTES,
    });

    const secrets = [login.apiKey, login.accessToken, login.apiSecret];
    const first = new FirstPackets();
    const batch = rawBatch(256);
    batch.collector = collector;
    const event = (
      kind: "connected" | "disconnected" | "heartbeat" | "message",
      detail: string,
      receivedTime = now(),
    ): void => onMessage({ kind, collector, receivedTime, detail });
    const readFrame = (frame: Uint8Array): void => {
      if (frame.byteLength === 1) return event("heartbeat", "");
      batch.receivedTime = now();
      const { packets, badPackets, bad, trailing } = decodeFrame(frame, batch);
      if (badPackets > 0) options.onReject("bad_packet", badPackets);
      if (bad) options.onReject("bad_frame", 1);
      else if (trailing > 0) options.onReject("trailing_bytes", 1);
      else if (packets === 0 && badPackets === 0) options.onReject("empty_frame", 1);
      if (packets > 0) first.filter(batch);
      if (batch.length > 0) onMessage(batch);
    };

    let opened = false;
    /** When data last arrived. */
    let heard = 0;
    let ending: { code: string; reason: string } | undefined;
    let carrier: Socket | undefined;
    let hasClosed!: (end: { code: string; reason: string; expired: boolean }) => void;
    const closed = new Promise<{ code: string; reason: string; expired: boolean }>((done) => {
      hasClosed = done;
    });
    const end = (code: string, reason: string): void => {
      ending ??= { code, reason };
      socket.terminate();
    };
    const onAbort = (): void => end("stopped", "stopped by Candela");
    options.signal.addEventListener("abort", onAbort, { once: true });

    socket.on("upgrade", (response) => {
      carrier = response.socket;
    });
    socket.on("unexpected-response", (request, response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      let told = false;
      const tell = (): void => {
        if (told) return;
        told = true;
        request.destroy();
        reject(refusal(response.statusCode ?? 0, brokerWords(messageOf(Buffer.concat(parts).toString()), secrets)));
      };
      // The body of a refusal, if it arrives soon.
      const patience = setTimeout(tell, REFUSAL_MS);
      response.on("data", (part: Buffer) => {
        parts.push(part);
        if ((bytes += part.length) > MOST_REFUSAL_BYTES) tell();
      });
      for (const end of ["end", "close", "error"])
        response.on(end, () => {
          clearTimeout(patience);
          tell();
        });
    });
    socket.on("error", (cause) => {
      ending ??= { code: "error", reason: cause.message };
      // After a rejection or the opening this has no effect on the promise.
      if (!opened)
        reject(
          options.signal.aborted
            ? options.signal.reason
            : new AppError("broker_unreachable", `Cannot reach ${url.host}: ${cause.message}`, {
                retryable: true,
                cause,
              }),
        );
    });
    socket.on("open", () => {
      opened = true;
      // Counts bytes in both directions; our own are few beside the broker's heartbeat.
      carrier?.setTimeout(SILENT_MS, () => end("silent", `nothing received for ${SILENT_MS / 1_000} s`));
      event("connected", url.host);
      resolve({
        closed,
        close: () => end("stopped", "stopped by Candela"),
        ...subscriptions(socket, (tokens, mode) => first.subscribed(tokens, mode, now())),
      });
    });
    socket.on("message", (message, isBinary) => {
      heard = now();
      if (isBinary) return readFrame(message as Buffer);
      const said = readText((message as Buffer).toString());
      if (said === null) options.onReject("bad_text", 1);
      else if (said !== "") event("message", brokerWords(said, secrets));
    });
    socket.on("close", (code, reason) => {
      options.signal.removeEventListener("abort", onAbort);
      ending ??= { code: String(code), reason: reason.toString() || "closed by the broker" };
      // A silent connection was lost when data last arrived, not when the silence was noticed.
      if (opened) event("disconnected", ending.reason, ending.code === "silent" && heard > 0 ? heard : now());
      hasClosed({ ...ending, expired: false });
    });
  });

const subscriptions = (
  socket: WebSocket,
  subscribed: (tokens: readonly number[], mode: FeedMode) => void,
): Pick<FeedConnection, "subscribe" | "unsubscribe"> => {
  const send = (message: unknown): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const inBatches = (tokens: readonly number[], each: (batch: readonly number[]) => void): void => {
    for (let from = 0; from < tokens.length; from += TOKENS_PER_MESSAGE)
      each(tokens.slice(from, from + TOKENS_PER_MESSAGE));
  };
  return {
    subscribe: (tokens: readonly number[], mode: FeedMode) =>
      inBatches(tokens, (batch) => {
        subscribed(batch, mode);
        send({ a: "subscribe", v: batch });
        send({ a: "mode", v: [mode, batch] });
      }),
    unsubscribe: (tokens) => inBatches(tokens, (batch) => send({ a: "unsubscribe", v: batch })),
  };
};

/** A broker's text for people; "" for messages we do not use (order updates), null if it is not Kite's JSON. */
const readText = (text: string): string | null => {
  try {
    const { type, data } = JSON.parse(text) as { type?: unknown; data?: unknown };
    const words = typeof data === "string" ? data : (JSON.stringify(data) ?? "");
    if (type === "error") return `error: ${words}`;
    return type === "message" ? words : "";
  } catch {
    return null;
  }
};

/** The `message` of an error in Kite's words; nothing of a page of HTML. */
const messageOf = (body: string): string => {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
};

const refusal = (status: number, message: string): AppError => {
  const details = { status };
  const why = `HTTP ${status}${message === "" ? "" : `: ${message}`}`;
  if (status === 403) return new AppError("login_expired", `Kite rejected the access token (${why})`, { details });
  if (status === 429)
    return new AppError("rate_limited", `Kite limits connections (${why})`, {
      retryable: true,
      details: { ...details, retryAfterMs: 1_000 },
    });
  if (status >= 500)
    return new AppError("broker_unreachable", `Kite's socket is not available (${why})`, { retryable: true, details });
  return new AppError("broker_refused", `Kite rejected the socket (${why})`, { details });
};
