import type { Server as HttpServer, IncomingMessage } from "node:http";
import { Server, type Socket } from "socket.io";
import { z } from "zod";
import { barsPage, barsSubscribe, barsUnsubscribe, type LiveError, quotesSubscribe } from "@/server/contract/live";
import { parsedBy } from "@/server/contract/answer";
import { AppError } from "@/server/domain/basics/errors";
import type { Gate } from "@/server/domain/basics/gate";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import type { Log, Meter } from "@/server/ports/observe";
import { barsPageAnswer } from "./answers";
import type { BoardLane } from "./board-lane";
import type { Hub } from "./hub";
import { localRequest } from "./local-only";
import { BACKLOG_MS, GONE, type Peers, PER_SECOND } from "./peers";
import type { Status } from "./status";

const MOST_CLIENTS = 4_000;
interface Parts {
  peers: Peers;
  hub: Hub;
  board: BoardLane;
  status: Status;
  desk: Desk;
  clock: Clock;
  wall: Clock;
  log: Log;
  meter: Meter;
  /** Where responses with many bars wait for their turn. */
  charts: Gate;
}

/** Requests of one client under way at once. */
const MOST_UNDER_WAY = 32;

/** Socket.io on the shared port: parses by contract, answers through the hub, limits each client. */
export class SocketIo {
  private io: Server | null = null;
  private readonly failing = new Set<string>();
  private stops: (() => void)[] = [];

  constructor(private readonly parts: Parts) {}

  attach(server: HttpServer): void {
    this.io = new Server(server, {
      transports: ["websocket"],
      serveClient: false,
      perMessageDeflate: false,
      httpCompression: false,
      destroyUpgrade: false,
      maxHttpBufferSize: 65_536,
      pingInterval: 10_000,
      pingTimeout: 8_000,
      allowRequest: (request: IncomingMessage, decide) => {
        if (!localRequest(request)) decide("this server accepts connections from its own machine only", false);
        else {
          const isFull = this.parts.peers.clients >= MOST_CLIENTS;
          decide(isFull ? "too many clients" : null, !isFull);
        }
      },
    });
    this.parts.peers.carryBy(this.io);
    this.io.on("connection", (socket) => this.welcome(socket));
    this.stops = [this.parts.wall.every(1_000, () => this.guarded("each second", () => this.eachSecond()))];
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) stop();
    await this.io?.close();
    this.io = null;
    this.parts.peers.carryBy(null);
  }

  private welcome(socket: Socket): void {
    const { parts } = this;
    const { peers, hub, board } = parts;
    const signal = peers.enter(socket);
    socket.on("disconnect", () => {
      // First: whatever is under way for it asks this before it enters anything.
      peers.leave(socket.id);
      hub.leave(socket.id);
      board.leave(socket.id);
    });
    this.answer(socket, "bars.subscribe", barsSubscribe, (request) =>
      parts.charts.run(() => hub.subscribe(socket.id, request, (room) => void socket.join(room), signal), signal),
    );
    this.answer(socket, "bars.unsubscribe", barsUnsubscribe, async ({ room }) => {
      await socket.leave(room);
      hub.unsubscribe(socket.id, room);
      return { room };
    });
    this.answer(socket, "bars.page", barsPage, (request) =>
      parts.charts.run(
        () => barsPageAnswer(parts.desk, parts.clock, request, parts.desk.resolve(request.key), signal),
        signal,
      ),
    );
    this.answer(socket, "quotes.subscribe", quotesSubscribe, ({ keys }) =>
      board.subscribe(socket.id, keys, (frame) => peers.toClient(socket, "quotes", frame), signal),
    );
    this.answer(socket, "status.subscribe", z.unknown(), async () => {
      await socket.join("status");
      return parts.status.snapshot();
    });
    this.answer(socket, "status.unsubscribe", z.unknown(), async () => {
      await socket.leave("status");
      return {};
    });
    this.answer(socket, "time", z.unknown(), async () => ({ serverTime: parts.clock.now() }));
    this.guarded("feed", () => socket.emit("feed", parts.status.feed()));
  }

  private answer<S extends z.ZodType>(
    socket: Socket,
    event: string,
    schema: S,
    work: (request: z.output<S>) => Promise<unknown>,
  ): void {
    socket.on(event, (...args: unknown[]) => {
      const reply = args[args.length - 1];
      if (typeof reply !== "function") return;
      const respond = reply as (answer: unknown) => void;
      void (async () => {
        const peer = this.parts.peers.get(socket.id);
        if (peer === undefined) return undefined;
        if (!this.parts.peers.allow(socket.id))
          throw new AppError("rate_limited", `at most ${PER_SECOND} requests per second`, {
            details: { retryAfterMs: 1_000 },
          });
        if (peer.underWay >= MOST_UNDER_WAY)
          throw new AppError(
            "rate_limited",
            `${MOST_UNDER_WAY} requests are already in progress; wait for their responses`,
            { details: { retryAfterMs: 1_000 } },
          );
        const parsed = parsedBy(schema, args.length > 1 ? args[0] : undefined);
        if ("fault" in parsed)
          throw new AppError("bad_input", parsed.fault.message, { details: parsed.fault.details ?? {} });
        peer.underWay++;
        try {
          return await work(parsed.data);
        } finally {
          peer.underWay--;
        }
      })().then(respond, (cause: unknown) => respond(this.failure(event, cause)));
    });
  }

  private failure(event: string, cause: unknown): LiveError {
    if (cause instanceof Error && cause.message === GONE) return { error: { code: "internal", message: GONE } };
    if (cause instanceof AppError && cause.code !== "internal")
      return { error: { code: cause.code, message: cause.message, details: cause.details } };
    this.parts.log.error("a request failed", { event, cause: cause instanceof Error ? cause.stack : String(cause) });
    return { error: { code: "internal", message: "the server failed on this request; see its log for the reason" } };
  }

  /** What fails here would end the process; said once, it is tried again. */
  private guarded(what: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (this.failing.has(what)) return;
      this.failing.add(what);
      this.parts.log.error("could not build a frame", {
        what,
        cause: cause instanceof Error ? cause.stack : String(cause),
      });
    }
  }

  /** The frames and the clients that do not read: a bad frame does not spare those. */
  private eachSecond(): void {
    if (this.io === null || this.parts.peers.clients === 0) return;
    const { io } = this;
    this.guarded("feed", () => io.emit("feed", this.parts.status.feed()));
    if ((io.sockets.adapter.rooms.get("status")?.size ?? 0) > 0)
      this.guarded("status", () => io.to("status").emit("status", this.parts.status.snapshot()));
    this.parts.peers.dropDeaf((client) =>
      this.parts.log.warn("disconnected a client that does not read", { client, seconds: BACKLOG_MS / 1_000 }),
    );
  }
}
