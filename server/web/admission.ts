/** Checks that every request must pass first. Refusals are JSON for programs and a line of text for people. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { jsonReply, MOST_BODY_BYTES, type Reply, tooLarge } from "@/server/contract/answer";
import type { ErrorEnvelope } from "@/server/contract/rest";
import { isForeign, isLocalUrl, localRequest } from "./local-only";
import { methodsOf } from "./methods";

/** Requests of one connection under way at once: a browser has one, a program that pipelines a few. */
const MOST_OF_ONE = 32;
/** For all connections together. */
const MOST_OF_ALL = 256;
/** Bodies that are still on their way hold no place among those; so many may be. */
const MOST_BODIES = 1_024;
/** 64 kB from this machine take milliseconds. */
const BODY_MS = 5_000;
const RETRY_S = "1";
const PAGE_METHODS = ["GET", "HEAD"];

/** Programs read JSON, whatever they say they accept. */
export const isOfApi = (path: string): boolean => /^\/(api|intraday|metrics)(?:[/?]|$)/.test(path);
export const wantsHtml = ({ headers }: IncomingMessage): boolean => headers.accept?.includes("text/html") === true;
export const pathOf = (url: string): string => {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
};

type Told = Omit<ErrorEnvelope["error"], "requestId">;

/** Ends a request with an error in the shape its sender reads. */
export const refuse = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  error: Told,
  headers: Record<string, string> = {},
): void => {
  const api = isOfApi(request.url ?? "/") || !wantsHtml(request);
  const { type, body }: Pick<Reply, "type" | "body"> = api
    ? jsonReply({
        status: "error",
        error: { ...error, requestId: crypto.randomUUID().slice(0, 8) },
      } satisfies ErrorEnvelope)
    : { type: "text/plain; charset=utf-8", body: `${error.message}\n` };
  response
    .writeHead(status, {
      "Content-Type": type,
      "Cache-Control": "no-store",
      "Content-Length": Buffer.byteLength(body),
      ...headers,
    })
    .end(body);
};

/** Requests under way, by connection and in all. */
export class Admission {
  private underWay = 0;
  private bodies = 0;
  private readonly ofOne = new WeakMap<Socket, number>();
  private readonly refused = new WeakSet<Socket>();

  get busy(): number {
    return this.underWay;
  }
  /** True while a connection waits for an answer. */
  isBusy(socket: Socket): boolean {
    return (this.ofOne.get(socket) ?? 0) > 0;
  }

  /** False when the request has been answered, or must not be: nothing more is to be done for it. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    // Data a client has sent behind a refused request are dropped with the connection.
    if (this.refused.has(socket)) return false;
    if (!this.target(request, response) || !this.sender(request, response) || !this.method(request, response))
      return false;
    const mine = this.ofOne.get(socket) ?? 0;
    if (mine >= MOST_OF_ONE) {
      this.refused.add(socket);
      socket.pause();
      this.hangUp(
        request,
        response,
        429,
        {
          code: "rate_limited",
          message: `${MOST_OF_ONE} requests on this connection are already in progress; wait for their responses`,
          details: { retryAfterMs: 1_000 },
        },
        { "Retry-After": RETRY_S },
      );
      return false;
    }
    const hasBody =
      Number(request.headers["content-length"] ?? 0) > 0 || request.headers["transfer-encoding"] !== undefined;
    if (this.underWay >= MOST_OF_ALL || (hasBody && this.bodies >= MOST_BODIES)) {
      this.hangUp(
        request,
        response,
        503,
        {
          code: "overloaded",
          message: `${MOST_OF_ALL} requests are already in progress; try again in a second`,
          details: { retryAfterMs: 1_000 },
        },
        { "Retry-After": RETRY_S },
      );
      return false;
    }
    if (Number(request.headers["content-length"] ?? 0) > MOST_BODY_BYTES) {
      const { status, type, body } = tooLarge();
      response.shouldKeepAlive = false;
      response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", Connection: "close" }).end(body);
      this.endUnread(request, response);
      return false;
    }
    const leave = hasBody ? this.whenArrived(request) : this.enter();
    this.ofOne.set(socket, mine + 1);
    response.once("close", () => {
      leave();
      this.ofOne.set(socket, (this.ofOne.get(socket) ?? 1) - 1);
    });
    this.endUnread(request, response);
    return true;
  }

  /** Takes a slot; returns the function that releases it. */
  private enter(): () => void {
    this.underWay++;
    return () => {
      this.underWay--;
    };
  }

  /** Takes a slot when the body is complete. A client that sends half of one blocks nobody and is cut off. */
  private whenArrived(request: IncomingMessage): () => void {
    let leave = (): void => {
      this.bodies--;
    };
    this.bodies++;
    const arrived = (): void => {
      clearTimeout(late);
      leave();
      leave = this.enter();
    };
    const late = setTimeout(() => {
      request.off("end", arrived);
      if (request.complete) {
        arrived();
        return;
      } // received and not read
      request.socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
    }, BODY_MS);
    late.unref();
    request.once("end", arrived);
    return () => {
      clearTimeout(late);
      request.off("end", arrived);
      leave();
    };
  }

  /**
   * Only a path of ours is accepted; one that names another host, or that a redirect could turn into one, is refused.
   */
  private target(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? "/";
    if (url === "*" && request.method === "OPTIONS") {
      response.writeHead(204, { Allow: PAGE_METHODS.join(", ") }).end();
      return false;
    }
    if (/^https?:\/\//i.test(url)) {
      if (!isLocalUrl(url)) {
        misdirected(response);
        return false;
      }
      const { pathname, search } = new URL(url);
      request.url = `${pathname}${search}`;
    }
    const path = pathOf(request.url ?? "/");
    if (path.startsWith("/") && !path.includes("//") && !path.includes("\\")) return true;
    refuse(request, response, 400, {
      code: "bad_input",
      message: `path: ${JSON.stringify(path.slice(0, 200))} is not accepted; use a path with single slashes`,
      details: { field: "path", value: path.slice(0, 200), accepted: "a path with single slashes" },
    });
    return false;
  }

  private sender(request: IncomingMessage, response: ServerResponse): boolean {
    if (!localRequest(request)) {
      misdirected(response);
      return false;
    }
    if (!isForeign(request, isOfApi(request.url ?? "/"))) return true;
    refuse(request, response, 403, {
      code: "forbidden",
      message: "Pages of other sites may not load anything from this server.",
    });
    return false;
  }

  private method(request: IncomingMessage, response: ServerResponse): boolean {
    const method = request.method ?? "GET";
    const path = pathOf(request.url ?? "/");
    if (method === "OPTIONS") {
      response.writeHead(204, { Allow: ["OPTIONS", ...(methodsOf(path) ?? PAGE_METHODS)].join(", ") }).end();
      return false;
    }
    if (method !== "TRACE") return true;
    const told = (methodsOf(path) ?? PAGE_METHODS).join(", ");
    refuse(
      request,
      response,
      405,
      {
        code: "bad_input",
        message: `method: "${method}" is not accepted here; use ${told}`,
        details: { field: "method", value: method, accepted: told },
      },
      { Allow: told },
    );
    return false;
  }

  private hangUp(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    error: Told,
    headers: Record<string, string>,
  ): void {
    response.shouldKeepAlive = false;
    refuse(request, response, status, error, { ...headers, Connection: "close" });
  }

  /** A body that was not read to its end is not read after the response either; the connection ends. */
  private endUnread(request: IncomingMessage, response: ServerResponse): void {
    response.once("finish", () => {
      if (!request.complete) setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
    });
  }
}

/** So long an answer has to arrive before the connection of an unread body is cut. */
const LINGER_MS = 250;

const misdirected = (response: ServerResponse): void => {
  response
    .writeHead(421, { "Content-Type": "text/plain" })
    .end("This server accepts requests addressed to this machine (localhost) only.\n");
};

/** No answer sends its reader to another host, whatever path it was made of. */
export const keepRedirectsHome = (request: IncomingMessage, response: ServerResponse): void => {
  const write = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    const given = rest.find(
      (each): each is Record<string, unknown> => typeof each === "object" && each !== null && !Array.isArray(each),
    );
    const location = response.getHeader("location") ?? given?.["Location"] ?? given?.["location"];
    if (location === undefined || isHome(String(location), request.headers.host ?? "")) return write(status, ...rest);
    response.removeHeader("location");
    return write(400, { "Content-Type": "text/plain" });
  }) as ServerResponse["writeHead"];
};

const isHome = (location: string, host: string): boolean => {
  try {
    return new URL(location, `http://${host}`).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
};
