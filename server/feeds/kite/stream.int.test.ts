import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { FeedEvent, RawMessage } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import { keepConnected, type LinkState } from "../reconnect";
import { kiteLogin } from "./login";
import { connect } from "./stream";

const LTP = Buffer.from("00010008000d80010000997f", "hex");

describe("Kite's socket", () => {
  let refuseWith = 0;
  let refuseBody = "";
  let clients: { socket: WebSocket; said: unknown[]; url: URL; version: unknown }[];
  let login: ReturnType<typeof kiteLogin.parse>;
  let messages: (FeedEvent | { tokens: number[]; prices: number[]; receivedTime: number })[];
  let rejects: [string, number][];
  let abort: AbortController;
  let now: number;
  const http = createServer();
  const server = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (refuseWith !== 0) return socket.end(`HTTP/1.1 ${refuseWith} No\r\nConnection: close\r\n\r\n${refuseBody}`);
    server.handleUpgrade(request, socket, head, (client) => {
      const said: unknown[] = [];
      client.on("message", (text) => said.push(JSON.parse(String(text))));
      clients.push({
        socket: client,
        said,
        url: new URL(request.url!, "ws://broker"),
        version: request.headers["x-kite-version"],
      });
    });
  });

  beforeEach(async () => {
    [refuseWith, refuseBody, clients, messages, rejects, abort, now] = [0, "", [], [], [], new AbortController(), 77.5];
    await new Promise<void>((listening) => {
      http.listen(0, "127.0.0.1", listening);
    });
    login = kiteLogin.parse({
      apiKey: "key",
      accessToken: "to ken",
      socket: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    });
  });
  afterEach(async () => {
    abort.abort();
    for (const client of server.clients) client.terminate();
    await new Promise((closed) => {
      http.close(closed);
      http.closeAllConnections();
    });
  });

  /** Records entries for this test's list, not the next one's. */
  const noting =
    (list: typeof messages) =>
    (message: RawMessage): void => {
      list.push(
        message.kind !== "ticks"
          ? message
          : {
              tokens: [...message.token.subarray(0, message.length)],
              prices: [...message.price.subarray(0, message.length)],
              receivedTime: message.receivedTime,
            },
      );
    };
  const options = () => ({
    collector: 4,
    now: () => now,
    onMessage: noting(messages),
    onReject: (reason: string, count: number) => rejects.push([reason, count]),
    signal: abort.signal,
  });

  it("logs in by the address and subscribes with modes, at most 500 tokens a message", async () => {
    const connection = await connect(login, options());
    const tokens = Array.from({ length: 501 }, (_, token) => token + 1);
    connection.subscribe(tokens, "full");
    connection.unsubscribe([7]);
    await vi.waitFor(() => expect(clients[0]!.said.length).toBe(5));
    expect(clients[0]!.said).toEqual([
      { a: "subscribe", v: tokens.slice(0, 500) },
      { a: "mode", v: ["full", tokens.slice(0, 500)] },
      { a: "subscribe", v: [501] },
      { a: "mode", v: ["full", [501]] },
      { a: "unsubscribe", v: [7] },
    ]);
    expect(Object.fromEntries(clients[0]!.url.searchParams)).toEqual({ api_key: "key", access_token: "to ken" });
    expect(clients[0]!.version).toBe("3");
  });

  it("hands over ticks, heartbeats and the broker's texts, and counts what it cannot decode", async () => {
    await connect(login, options());
    const { socket } = clients[0]!;
    for (const text of [
      '{"type":"error","data":"too many"}',
      '{"type":"error","data":{"code":3}}',
      '{"type":"message","data":"hello"}',
      '{"type":"order","data":{}}',
      "{",
    ])
      socket.send(text);
    socket.send(Buffer.from([0]));
    socket.send(LTP);
    socket.send(Buffer.from("0002000100000800000000", "hex"));
    await vi.waitFor(() => expect(rejects.length).toBe(3));
    expect(messages).toEqual([
      { kind: "connected", collector: 4, receivedTime: 77.5, detail: new URL(login.socket).host },
      { kind: "message", collector: 4, receivedTime: 77.5, detail: "error: too many" },
      { kind: "message", collector: 4, receivedTime: 77.5, detail: 'error: {"code":3}' },
      { kind: "message", collector: 4, receivedTime: 77.5, detail: "hello" },
      { kind: "heartbeat", collector: 4, receivedTime: 77.5, detail: "" },
      { tokens: [884737], prices: [39_295], receivedTime: 77.5 },
    ]);
    expect(rejects).toEqual([
      ["bad_text", 1],
      ["bad_packet", 1],
      ["bad_frame", 1],
    ]);
  });

  it("counts frames of nothing and bytes too many by their own names, and takes the packets before them", async () => {
    await connect(login, options());
    const { socket } = clients[0]!;
    for (const hex of ["", "0000", "0001", `${LTP.toString("hex")}cafe`, "0000cafe"])
      socket.send(Buffer.from(hex, "hex"));
    await vi.waitFor(() => expect(rejects.length).toBe(5));
    expect(rejects).toEqual([
      ["empty_frame", 1],
      ["empty_frame", 1],
      ["bad_frame", 1],
      ["trailing_bytes", 1],
      ["trailing_bytes", 1],
    ]);
    expect(messages.slice(1)).toEqual([{ tokens: [884737], prices: [39_295], receivedTime: 77.5 }]);
  });

  it("shows the broker's words without the login's secrets, and what it says beside a refusal", async () => {
    await connect(login, options());
    clients[0]!.socket.send(JSON.stringify({ type: "error", data: `bad token to ken\n${"x ".repeat(500)}` }));
    await vi.waitFor(() => expect(messages.length).toBe(2));
    const { detail } = messages[1] as FeedEvent;
    expect(detail).toMatch(/^error: bad token … x x/);
    expect(detail.length).toBe(200);
    [refuseWith, refuseBody] = [
      403,
      JSON.stringify({ status: "error", message: "Token to ken is dead", error_type: "TokenException" }),
    ];
    await expect(connect(login, options())).rejects.toMatchObject({
      code: "login_expired",
      message: "Kite rejected the access token (HTTP 403: Token … is dead)",
    });
  });

  it.each([
    [403, { code: "login_expired", retryable: false }],
    [429, { code: "rate_limited" }],
    [503, { code: "broker_unreachable", retryable: true }],
    [404, { code: "broker_refused" }],
  ])("says what HTTP %i at the upgrade means", async (status, expected) => {
    refuseWith = status;
    await expect(connect(login, options())).rejects.toMatchObject(expected);
    expect(messages).toEqual([]);
  });

  it("reports an unreachable host", async () => {
    await expect(connect({ ...login, socket: "ws://127.0.0.1:1" }, options())).rejects.toMatchObject({
      code: "broker_unreachable",
      retryable: true,
    });
  });

  it("ends a connection that is silent for 5 s, and not one that beats", async () => {
    const connection = await connect(login, options());
    const beat = setInterval(() => clients[0]!.socket.send(Buffer.from([0])), 1_000);
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    expect(messages.at(-1)).toMatchObject({ kind: "heartbeat" });
    clearInterval(beat);
    now = 9_000;
    clients[0]!.socket.send(Buffer.from([0]));
    await expect.poll(() => messages.at(-1)!.receivedTime).toBe(9_000);
    now = 14_000;
    expect(await connection.closed).toEqual({ code: "silent", reason: "nothing received for 5 s", expired: false });
    expect(messages.at(-1)).toMatchObject({
      kind: "disconnected",
      detail: "nothing received for 5 s",
      receivedTime: 9_000,
    });
  });

  it("closes on request, and when aborted", async () => {
    const first = await connect(login, options());
    first.close();
    expect(await first.closed).toMatchObject({ code: "stopped" });
    const second = await connect(login, options());
    abort.abort();
    expect(await second.closed).toMatchObject({ code: "stopped" });
    await expect(connect(login, options())).rejects.toThrow();
  });

  it("comes back after a drop with all subscriptions and modes, until the token is refused", async () => {
    const states: LinkState[] = [];
    const clock: Clock = {
      now: () => performance.now(),
      after: () => () => {},
      every: () => () => {},
      sleep: (ms) =>
        new Promise((resolve) => {
          setTimeout(resolve, ms);
        }),
    };
    const link = keepConnected({
      feed: { connect },
      login,
      ...options(),
      clock,
      random: () => 0.01,
      onState: (state) => states.push(state),
      subscriptions: () => [
        { tokens: [1, 2], mode: "full" },
        { tokens: [3], mode: "quote" },
      ],
    });
    await vi.waitFor(() => expect(clients[0]?.said.length).toBe(4));
    clients[0]!.socket.terminate();
    await vi.waitFor(() => expect(clients[1]?.said.length).toBe(4));
    expect(clients[1]!.said).toEqual(clients[0]!.said);
    refuseWith = 403;
    clients[1]!.socket.close(1001, "expired");
    await link.ended;
    expect(states.map((state) => state.phase)).toEqual([
      "connecting",
      "live",
      "reconnecting",
      "reconnecting",
      "live",
      "reconnecting",
      "reconnecting",
      "failed",
    ]);
    expect(states.at(-1)).toMatchObject({ expired: true });
    expect(messages.filter((message) => "kind" in message).map((message) => message.kind)).toEqual([
      "connected",
      "disconnected",
      "connected",
      "disconnected",
    ]);
  });
});
