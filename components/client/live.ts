/**
 * The one socket of a tab. All live data in the browser comes through `live()`; nothing else opens a connection. Requests
 * made before the connection is open wait for it. Callers renew their own subscriptions: see `onConnect`.
 */
import { io } from "socket.io-client";
import { browserClock } from "./browser-clock";
import { clockOffset } from "./clock-offset";
import { isLiveError, RequestError } from "./request-error";
import { silenceWatch } from "./silence";
import { createValue, once, type Readable } from "./store";

export interface Connection {
  status: "connecting" | "live" | "offline";
  /** When this status began, in the browser's epoch ms. */
  since: number;
  /** Browser's epoch ms of the last frame from the server, to the second; null before the first. */
  lastDataAt: number | null;
  /** Add to the browser's clock to get the server's. */
  clockOffsetMs: number;
}

export interface LiveClient {
  /** Sends an event and resolves with its acknowledgement; rejects with `RequestError` (`code`, `message`, `details`). */
  request<T>(event: string, payload?: unknown, timeoutMs?: number): Promise<T>;
  /** Listens to a server event; the returned function ends it. */
  on<E>(event: string, handler: (frame: E) => void): () => void;
  /** Runs at each connection, and at once when there is one already. `again`: it is a reconnection, so resubscribe. */
  onConnect(handler: (again: boolean) => void): () => void;
  connection: Readable<Connection>;
  /** The server's time, epoch ms. */
  now(): number;
  /** Server's clock minus the browser's, ms, and the round trip it was taken from: null until the clock has been asked. */
  clock(): { offsetMs: number; roundTripMs: number | null };
}

const REQUEST_TIMEOUT_MS = 10_000;
const RECONNECT_FIRST_MS = 200;
const RECONNECT_MOST_MS = 2_000;
/** The clock is asked often at first, because a page that loads answers late, and then for as long as the page is open. */
const CLOCK_FIRST_MS = [200, 1_000, 1_800, 2_600, 4_000, 6_000];
const CLOCK_AGAIN_MS = 10_000;

const connect = (): LiveClient => {
  const socket = io({
    path: "/socket.io",
    transports: ["websocket"],
    timeout: 5_000,
    reconnectionDelay: RECONNECT_FIRST_MS,
    reconnectionDelayMax: RECONNECT_MOST_MS,
    randomizationFactor: 0.5,
  });
  const clock = clockOffset();
  const here = browserClock();
  const connection = createValue<Connection>({
    status: "connecting",
    since: Date.now(),
    lastDataAt: null,
    clockOffsetMs: 0,
  });
  const connected = new Set<(again: boolean) => void>();
  let connections = 0;
  let lastDataAt: number | null = null;
  let clockAsked = false;
  let roughOffsetMs = 0;
  let clockTimers: ReturnType<typeof setTimeout>[] = [];

  const change = (status: Connection["status"]): void => {
    const before = connection.get();
    connection.set({
      status,
      since: before.status === status ? before.since : Date.now(),
      lastDataAt,
      clockOffsetMs: offset(),
    });
  };
  /** Until the first clock sample, the newest response or frame with a time sets it. */
  const observe = (sent: number, received: number, answer: unknown): void => {
    const serverTime = (answer as { serverTime?: unknown } | null)?.serverTime;
    if (typeof serverTime === "number" && !clockAsked) roughOffsetMs = serverTime - (sent + received) / 2;
  };
  /** A replay's clock runs at its own speed: each second's frame says where it is. */
  let replay: { server: number; browser: number; rate: number } | null = null;
  socket.on("feed", ({ serverTime, clockRate }: { serverTime: number; clockRate: number }) => {
    replay = clockRate === 1 ? null : { server: serverTime, browser: Date.now(), rate: clockRate };
  });
  const offset = (): number => (clockAsked ? clock.value() : roughOffsetMs);
  // Only the plain question counts: an answer that took work says little about when it was given.
  const askClock = (): void => {
    if (!socket.connected || document.visibilityState === "hidden") return;
    const sent = here();
    socket
      .timeout(REQUEST_TIMEOUT_MS)
      .emit("time", {}, (late: Error | null, answer: { serverTime?: unknown } | null) => {
        if (late !== null || typeof answer?.serverTime !== "number") return;
        clock.sample(sent, here(), answer.serverTime);
        clockAsked = true;
        change(connection.get().status);
      });
  };

  socket.on("connect", () => {
    connections++;
    silence.heard(Date.now());
    change("live");
    clockTimers.forEach(clearTimeout);
    clockTimers = CLOCK_FIRST_MS.map((afterMs) => setTimeout(askClock, afterMs));
    for (const handler of [...connected]) handler(connections > 1);
  });
  socket.on("disconnect", (reason) => {
    change("offline");
    // The library reconnects by itself except when the server said goodbye, which ours does only to restart.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), RECONNECT_FIRST_MS);
  });
  socket.on("connect_error", () => change("offline"));
  // A connection can be half open: the socket believes it is up, but it is dead. Nothing shown may look live then.
  const silence = silenceWatch();
  setInterval(() => {
    if (connection.get().status === "live" && silence.look(Date.now())) change("offline");
  }, 1_000);
  socket.onAny((_event: string, frame: unknown) => {
    const now = Date.now();
    silence.heard(now);
    observe(now, now, frame);
    if (connection.get().status === "offline" && socket.connected) change("live");
    const stale = lastDataAt === null || now - lastDataAt >= 1_000;
    if (!stale) return;
    lastDataAt = now;
    change(connection.get().status);
  });
  setInterval(askClock, CLOCK_AGAIN_MS);
  const hurry = (): void => {
    if (!socket.connected) socket.connect();
  };
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    hurry();
    askClock();
  });

  return {
    connection,
    clock: () => ({ offsetMs: offset(), roundTripMs: clockAsked ? clock.roundTrip() : null }),
    now: () => (replay === null ? here() + offset() : replay.server + (Date.now() - replay.browser) * replay.rate),
    request<T>(event: string, payload?: unknown, timeoutMs = REQUEST_TIMEOUT_MS): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const sent = Date.now();
        const waited = !socket.connected;
        socket.timeout(timeoutMs).emit(event, payload ?? {}, (late: Error | null, answer: unknown) => {
          if (late !== null)
            return reject(
              new RequestError("timeout", `No response to ${event} within ${timeoutMs / 1_000} s`, {
                event,
                timeoutMs,
              }),
            );
          if (isLiveError(answer))
            return reject(new RequestError(answer.error.code, answer.error.message, answer.error.details));
          // A request that waited for the connection says nothing about the way there and back.
          if (!waited) observe(sent, Date.now(), answer);
          resolve(answer as T);
        });
      });
    },
    on<E>(event: string, handler: (frame: E) => void): () => void {
      socket.on(event, handler as (frame: unknown) => void);
      return () => {
        socket.off(event, handler as (frame: unknown) => void);
      };
    },
    onConnect(handler) {
      connected.add(handler);
      if (socket.connected) handler(connections > 1);
      return () => {
        connected.delete(handler);
      };
    },
  };
};

/** The tab's client, made on the first call. Browser only: call it in effects and event handlers, not while rendering. */
export const live: () => LiveClient = once(connect);
