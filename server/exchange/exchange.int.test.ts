import WebSocket from "ws";
import { afterEach, describe, expect, it } from "vitest";
import { execFile, fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DEMO_CREDENTIALS, createExchange } from "./exchange";
import { market as openMarket } from "./market";
import type { Conversation } from "./official-client.spec";
import type { Exchange, ExchangeOptions } from "./exchange";

const { apiKey, apiSecret, accessToken } = DEMO_CREDENTIALS;
const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const START = at("2026-11-20T14:07:23");
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

let open: Exchange[] = [];
const opened = async (options: ExchangeOptions = {}): Promise<Exchange> => {
  const exchange = await createExchange({ start: START, limits: false, ...options });
  open.push(exchange);
  return exchange;
};
afterEach(async () => {
  await Promise.all(open.map((exchange) => exchange.close()));
  open = [];
});

const tokenOf = (exchange: Exchange, symbol: string): number => exchange.market.listing(`SIM:${symbol}`)!.token;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 500) throw new Error("waited 5 s in vain");
    await sleep(10);
  }
};

interface Line {
  socket: WebSocket;
  binary: Buffer[];
  texts: string[];
  packets: () => Buffer[];
  send: (message: unknown) => void;
}
const connect = (exchange: Exchange, token = accessToken): Promise<Line> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${exchange.port}/?api_key=${apiKey}&access_token=${token}`);
    const line: Line = {
      socket,
      binary: [],
      texts: [],
      send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
      packets: () => line.binary.flatMap(packetsOf),
    };
    socket.on("message", (data: Buffer, binary) => {
      if (binary) line.binary.push(data);
      else line.texts.push(String(data));
    });
    socket.once("open", () => resolve(line));
    socket.once("unexpected-response", (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
    socket.on("error", reject);
  });
const packetsOf = (frame: Buffer): Buffer[] => {
  if (frame.length < 4) return [];
  const packets: Buffer[] = [];
  for (let offset = 2; packets.length < frame.readInt16BE(0);) {
    const size = frame.readInt16BE(offset);
    packets.push(frame.subarray(offset + 2, offset + 2 + size));
    offset += 2 + size;
  }
  return packets;
};
type Json = Record<string, unknown>;
const control = async (exchange: Exchange, path: string, body?: unknown): Promise<{ status: number; body: Json }> => {
  const response = await fetch(
    `http://127.0.0.1:${exchange.port}/sim/${path}`,
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
  );
  return { status: response.status, body: (await response.json()) as Json };
};
const rest = async (
  exchange: Exchange,
  path: string,
  authorization = `token ${apiKey}:${accessToken}`,
): Promise<{ status: number; body: Json }> => {
  const response = await fetch(`http://127.0.0.1:${exchange.port}${path}`, { headers: { authorization } });
  return { status: response.status, body: (await response.json()) as Json };
};

describe("a raw client", () => {
  it("is refused with 403 without the right token, and with 429 as the fourth of its key", async () => {
    const exchange = await opened();
    await expect(connect(exchange, "wrong")).rejects.toThrow("HTTP 403");
    await Promise.all([connect(exchange), connect(exchange), connect(exchange)]);
    await expect(connect(exchange)).rejects.toThrow("HTTP 429");
  });

  it("gets the last packet at once, in quote mode by default, even with a stopped clock", async () => {
    const exchange = await opened();
    exchange.clock.pause(true);
    exchange.pump(); // the clock's run until it was stopped
    const line = await connect(exchange);
    line.send({ a: "subscribe", v: [tokenOf(exchange, "RELIANCE"), tokenOf(exchange, "NIFTY 50")] });
    await until(() => line.packets().length >= 2);
    const [stock, index] = line.packets();
    expect([stock!.length, index!.length]).toEqual([44, 28]);
    const cursor = exchange.market.cursor(tokenOf(exchange, "RELIANCE"))!;
    expect([
      stock!.readInt32BE(0),
      stock!.readInt32BE(4),
      stock!.readUInt32BE(16),
      stock!.readInt32BE(28),
      stock!.readInt32BE(40),
    ]).toEqual([cursor.listing.token, cursor.price, cursor.volume, cursor.open, cursor.previousClose]);
    for (const [mode, lengths] of [
      ["full", [184, 32]],
      ["ltp", [8, 8]],
    ] as const) {
      const before = line.packets().length;
      line.send({ a: "mode", v: [mode, [tokenOf(exchange, "RELIANCE"), tokenOf(exchange, "NIFTY 50")]] });
      await until(() => line.packets().length >= before + 2);
      expect(
        line
          .packets()
          .slice(before)
          .map((packet) => packet.length),
      ).toEqual(lengths);
    }
  });

  it("hears a heartbeat of one byte a second when nothing is sent", async () => {
    const exchange = await opened();
    const line = await connect(exchange);
    await sleep(2_600);
    expect(line.binary.map((frame) => frame.length)).toEqual([1, 1]);
  });

  it("receives an error text, and stays connected", async () => {
    const exchange = await opened();
    const line = await connect(exchange);
    line.send("not json");
    line.send({ a: "dance", v: [1] });
    line.send({ a: "subscribe", v: Array.from({ length: 3_001 }, (_, at) => at + 1) });
    await until(() => line.texts.length === 3);
    expect(line.texts.map((text) => JSON.parse(text) as { type: string; data: string })).toEqual([
      { type: "error", data: "Invalid JSON" },
      { type: "error", data: 'Unknown action "dance"' },
      { type: "error", data: "Subscription limit of 3000 instruments reached" },
    ]);
    expect(line.socket.readyState).toBe(WebSocket.OPEN);
    const { body } = await control(exchange, "transcript");
    expect((body["entries"] as { kind: string }[]).filter((entry) => entry.kind === "message")).toHaveLength(3);
    expect(JSON.stringify(body)).not.toContain(accessToken);
  });

  it("gets every tick of an advanced clock, and sees its minute in history as it was sent", async () => {
    // On a busy machine the clock has run for seconds before it is stopped; it is then set before the minute.
    const exchange = await opened({ start: at("2026-11-20T09:55:00") });
    exchange.clock.pause(true);
    await control(exchange, "clock", { set: at("2026-11-20T10:00:00") - 1 });
    const token = tokenOf(exchange, "INFY");
    const line = await connect(exchange);
    line.send({ a: "subscribe", v: [token] });
    line.send({ a: "mode", v: ["full", [token]] });
    await until(() => line.packets().length === 2);
    const volumeBefore = line.packets()[1]!.readUInt32BE(16);
    await control(exchange, "clock", { advance: 120_000 });
    // The last request is answered last: all ticks have arrived when a packet of the other mode does.
    line.send({ a: "mode", v: ["ltp", [token]] });
    await until(() => line.packets().at(-1)!.length === 8);
    expect(line.packets().length).toBeGreaterThan(100);
    const reply = await rest(
      exchange,
      `/instruments/historical/${token}/minute?from=2026-11-20+10:00:00&to=2026-11-20+10:01:00`,
    );
    for (const [index, candle] of (
      reply.body["data"] as { candles: [string, number, number, number, number, number][] }
    ).candles.entries()) {
      const from = at("2026-11-20T10:00:00") / 1_000 + index * 60;
      const packets = line
        .packets()
        .slice(2)
        .filter((packet) => packet.length === 184);
      const inside = packets.filter((packet) => packet.readInt32BE(44) >= from && packet.readInt32BE(44) < from + 60);
      const prices = inside.map((packet) => packet.readInt32BE(4) / 100);
      const earlier =
        packets
          .filter((packet) => packet.readInt32BE(44) < from)
          .at(-1)
          ?.readUInt32BE(16) ?? volumeBefore;
      expect(candle.slice(1)).toEqual([
        prices[0],
        Math.max(...prices),
        Math.min(...prices),
        prices.at(-1),
        inside.at(-1)!.readUInt32BE(16) - earlier,
      ]);
    }
  });
});

describe("REST", () => {
  it("answers Kite's errors in Kite's words", async () => {
    const exchange = await opened({ limits: true });
    const token = tokenOf(exchange, "INFY");
    expect(await rest(exchange, "/user/profile", "token a:b")).toEqual({
      status: 403,
      body: {
        status: "error",
        message: "Incorrect `api_key` or `access_token`.",
        data: null,
        error_type: "TokenException",
      },
    });
    expect(await rest(exchange, `/instruments/historical/${token}/minute?from=2026-01-01&to=2026-11-20`)).toMatchObject(
      { status: 400, body: { error_type: "InputException", message: "interval exceeds max limit: 60 days" } },
    );
    expect(
      await rest(exchange, `/instruments/historical/${token}/2minute?from=2026-11-20&to=2026-11-20`),
    ).toMatchObject({ status: 400, body: { message: "invalid interval" } });
    expect(await rest(exchange, "/nowhere")).toMatchObject({ status: 404, body: { status: "error" } });
    expect((await rest(exchange, "/quote/ltp?i=SIM:INFY")).status).toBe(200);
    expect(await rest(exchange, "/quote/ltp?i=SIM:INFY")).toEqual({
      status: 429,
      body: { status: "error", message: "Too many requests", data: null, error_type: "NetworkException" },
    });
  });

  it("reports the seconds its packets make: together they are the minutes of history", async () => {
    const exchange = await opened();
    const from = at("2026-11-20T13:59:00");
    const to = at("2026-11-20T14:04:00");
    for (const symbol of ["RELIANCE", "M&M", "NIFTY 50"]) {
      const token = tokenOf(exchange, symbol);
      const { seconds } = (await control(exchange, `seconds?token=${token}&from=${from}&to=${to}`)).body as {
        seconds: number[][];
      };
      const minutes = new Map<number, number[]>();
      for (const [time, open, high, low, close, volume] of seconds as [
        number,
        number,
        number,
        number,
        number,
        number,
      ][]) {
        const minute = Math.floor(time / 60_000) * 60_000;
        const known = minutes.get(minute);
        if (known === undefined) minutes.set(minute, [open, high, low, close, volume]);
        else
          minutes.set(minute, [
            known[0]!,
            Math.max(known[1]!, high),
            Math.min(known[2]!, low),
            close,
            known[4]! + volume,
          ]);
      }
      const { body } = await rest(
        exchange,
        `/instruments/historical/${token}/minute?${new URLSearchParams({ from: "2026-11-20 13:59:00", to: "2026-11-20 14:03:59" })}`,
      );
      const theirs = (body as { data: { candles: [string, ...number[]][] } }).data.candles;
      expect(
        [...minutes].map(([time, [open, high, low, close, volume]]) => [
          time,
          open! / 100,
          high! / 100,
          low! / 100,
          close! / 100,
          volume,
        ]),
      ).toEqual(theirs.map(([label, ...figures]) => [Date.parse(label.replace("+0530", "+05:30")), ...figures]));
    }
    expect((await control(exchange, "seconds?token=1&from=1&to=2")).body).toMatchObject({
      error: { code: "bad_input", details: { field: "token" } },
    });
  });

  it("answers this machine only: another site's page is refused", async () => {
    const exchange = await opened();
    const reply = await fetch(`http://127.0.0.1:${exchange.port}/sim/clock`, {
      method: "POST",
      body: "{}",
      headers: { origin: "https://example.com" },
    });
    expect(reply.status).toBe(403);
  });
});

describe("faults", () => {
  const listening = async (exchange: Exchange): Promise<Line> => {
    const line = await connect(exchange);
    line.send({ a: "subscribe", v: exchange.market.listings.map(({ token }) => token) });
    line.send({ a: "mode", v: ["full", exchange.market.listings.map(({ token }) => token)] });
    await until(() => line.packets().length >= 132);
    line.binary.length = 0;
    return line;
  };

  it("mutes, and resumes at reset; heartbeats stay", async () => {
    const exchange = await opened();
    const line = await listening(exchange);
    await control(exchange, "fault", { kind: "mute" });
    await sleep(50);
    line.binary.length = 0;
    await sleep(1_500);
    expect(line.packets()).toHaveLength(0);
    expect(line.binary.some((frame) => frame.length === 1)).toBe(true);
    await control(exchange, "reset", {});
    await until(() => line.packets().length > 0);
  });

  it("drops, repeats, steps volume back and garbles what is sent, not what is recorded", async () => {
    const exchange = await opened({ start: at("2026-11-20T10:00:00") });
    exchange.clock.pause(true);
    const line = await listening(exchange);
    const count = async (fault?: unknown): Promise<Buffer[]> => {
      await control(exchange, "reset", {});
      if (fault !== undefined) await control(exchange, "fault", fault);
      await control(exchange, "clock", { set: at("2026-11-20T10:00:00") });
      await sleep(50);
      line.binary.length = 0;
      await control(exchange, "clock", { advance: 10_000 });
      await sleep(100);
      return line.binary.flatMap((frame) => {
        try {
          return packetsOf(frame);
        } catch {
          return [];
        }
      });
    };
    const plain = await count();
    const dropped = await count({ kind: "drop", ratio: 0.5 });
    const doubled = await count({ kind: "duplicate", ratio: 1 });
    const back = await count({ kind: "volume_back", symbols: ["RELIANCE"], ratio: 1 });
    const garbled = await count({ kind: "garbage", ratio: 1 });
    expect(dropped.length).toBeGreaterThan(plain.length * 0.35);
    expect(dropped.length).toBeLessThan(plain.length * 0.65);
    expect(doubled).toHaveLength(plain.length * 2);
    const reliance = tokenOf(exchange, "RELIANCE");
    const volumes = (packets: Buffer[], token: number) =>
      packets.filter((packet) => packet.readInt32BE(0) === token).map((packet) => packet.readUInt32BE(16));
    expect(volumes(back, reliance)).toEqual(volumes(plain, reliance).map((volume) => Math.floor(volume * 0.9)));
    expect(volumes(back, tokenOf(exchange, "TCS"))).toEqual(volumes(plain, tokenOf(exchange, "TCS")));
    expect(garbled.some((packet) => packet.length === 20)).toBe(true);
    expect(await count()).toEqual(plain);
  });

  it("cuts the line and refuses every token when it expires in mid-session", async () => {
    const exchange = await opened();
    const line = await listening(exchange);
    await control(exchange, "fault", { kind: "expired" });
    await until(() => line.socket.readyState === WebSocket.CLOSED);
    await expect(connect(exchange)).rejects.toThrow("HTTP 403");
    expect((await rest(exchange, "/user/profile")).body["error_type"]).toBe("TokenException");
    await control(exchange, "reset", {});
    expect((await rest(exchange, "/user/profile")).status).toBe(200);
  });

  it("disconnects, and refuses for the given time", async () => {
    const exchange = await opened();
    const line = await listening(exchange);
    await control(exchange, "fault", { kind: "disconnect", ms: 300 });
    await until(() => line.socket.readyState === WebSocket.CLOSED);
    await expect(connect(exchange)).rejects.toThrow("HTTP 503");
    await sleep(350);
    (await connect(exchange)).socket.terminate();
  });

  it("names what it does not know", async () => {
    const exchange = await opened();
    expect(await control(exchange, "fault", { kind: "flood" })).toMatchObject({
      status: 400,
      body: { error: { code: "bad_input", details: { field: "kind", value: "flood" } } },
    });
    expect(await control(exchange, "clock", { speed: -1 })).toMatchObject({
      status: 400,
      body: { error: { details: { field: "speed" } } },
    });
  });
});

describe("rates", () => {
  it("sends 50,000 ticks a second in all when asked, counted at the client", async () => {
    const exchange = await opened({ rate: { total: 50_000 } });
    exchange.clock.pause(true);
    exchange.pump();
    const line = await connect(exchange);
    let packets = 0;
    line.socket.removeAllListeners("message");
    line.socket.on("message", (data: Buffer) => {
      if (data.length > 2) packets += data.readInt16BE(0);
    });
    line.send({ a: "subscribe", v: exchange.market.listings.map(({ token }) => token) });
    let before = -1;
    while (packets !== before) {
      before = packets;
      await sleep(300);
    }
    // Two seconds of the exchange's clock, however long this machine takes to play them.
    await control(exchange, "clock", { advance: 2_000 });
    await until(() => packets - before > 90_000);
    expect(packets - before).toBeLessThan(110_000);
  });
});

describe("the official client", () => {
  it("logs in, lists, quotes, reads history and decodes every mode, with the exchange's own values", async () => {
    const exchange = await opened({ start: START });
    const text = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ["--import", "tsx", here("official-client.spec.ts"), String(exchange.port), apiKey, apiSecret],
        { timeout: 30_000, maxBuffer: 16 * 1_048_576 },
        (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`)),
      );
    });
    const out = JSON.parse(text) as Conversation;
    expect(out.session.user_id).toBe("SIM001");
    expect(out.profile.broker).toBe("SIM");
    expect(out.instruments.filter((row) => row.tradingsymbol !== undefined && row.tradingsymbol !== "")).toHaveLength(
      exchange.market.listings.length,
    );
    expect(out.instruments.find((row) => row.tradingsymbol === "NIFTY26NOVFUT")).toMatchObject({
      expiry: "2026-11-24T00:00:00.000Z",
      lot_size: 75,
      segment: "SIM-FUT",
      exchange: "SIM",
      instrument_type: "FUT",
      tick_size: 0.1,
    });
    expect(Object.keys(out.quote)).toEqual(["SIM:RELIANCE", "SIM:NIFTY 50"]);
    expect(out.quote["SIM:RELIANCE"]!.depth.buy).toHaveLength(5);

    const reliance = exchange.market.listing("SIM:RELIANCE")!;
    const record = exchange.market.book.day(reliance, Math.floor((START + 19_800_000) / 86_400_000))!;
    expect(out.minutes).toHaveLength(10);
    out.minutes.forEach((row, index) => {
      const minute = 600 + index;
      expect(row).toEqual({
        date: new Date(at("2026-11-20T10:00:00") + index * 60_000).toISOString(),
        open: record.open[minute]! / 100,
        high: record.high[minute]! / 100,
        low: record.low[minute]! / 100,
        close: record.close[minute]! / 100,
        volume: record.volume[minute],
      });
    });
    expect(out.ohlc["SIM:RELIANCE"]!.ohlc).toMatchObject({
      open: record.open[0]! / 100,
      close: record.previousClose / 100,
    });
    expect(out.refusals.span).toEqual({ error_type: "InputException", message: "interval exceeds max limit: 60 days" });
    expect(out.refusals.token.error_type).toBe("TokenException");

    for (const mode of ["quote", "full", "ltp"] as const)
      expect(new Set(out.ticks[mode].map((tick) => tick.instrument_token)).size).toBe(3);
    // The same market played a second time, without a socket: every decoded tick must be one of its packets.
    const told = new Set<string>();
    const again = openMarket({ seed: 7, calendar: "SIM", rate: { perInstrument: 1 } }, START - 120_000);
    again.advance(START + 60_000, (cursor) => {
      const index = cursor.listing.segment === "INDICES";
      const day = [cursor.open, cursor.high, cursor.low, cursor.previousClose].map((price) => price / 100);
      told.add(
        [
          cursor.listing.token,
          cursor.price / 100,
          ...day,
          index ? "" : cursor.volume,
          Math.floor(cursor.time / 1_000),
        ].join(" "),
      );
    });
    for (const tick of out.ticks.full) {
      const { open: first, high, low, close } = tick.ohlc;
      const text = [
        tick.instrument_token,
        tick.last_price,
        first,
        high,
        low,
        close,
        tick.volume_traded ?? "",
        Date.parse(tick.exchange_timestamp) / 1_000,
      ].join(" ");
      expect(told.has(text), text).toBe(true);
      if (!tick.tradable) continue;
      expect(tick.depth.buy[0]!.price).toBeLessThan(tick.depth.sell[0]!.price);
      expect(tick.oi > 0).toBe((tick.instrument_token & 255) === 2);
    }
  });
});

describe("the program", () => {
  const start = (...args: string[]) =>
    spawn(process.execPath, ["--import", "tsx", here("main.ts"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = (child: ReturnType<typeof start>): Promise<{ code: number | null; stderr: string }> =>
    new Promise((resolve) => {
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += String(chunk);
      });
      child.once("close", (code) => resolve({ code, stderr }));
    });

  it("says in one line where it listens, and stops cleanly on SIGTERM", async () => {
    const child = start("--port", "0");
    const finished = ended(child);
    const line = await new Promise<string>((resolve) => child.stdout.once("data", (chunk) => resolve(String(chunk))));
    expect(line).toMatch(/^exchange listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    child.kill("SIGTERM");
    expect((await finished).code).toBe(0);
  });

  it("tells its parent when it is ready, and ends when the parent does", async () => {
    const child = fork(here("main.ts"), ["--port", "0"], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const code = new Promise((resolve) => child.once("exit", resolve));
    const ready = await new Promise((resolve) => child.once("message", resolve));
    expect(ready).toEqual({ ready: true, port: expect.any(Number) });
    child.disconnect();
    expect(await code).toBe(0);
  });

  it("names a port in use, or a bad option, in one sentence", async () => {
    const exchange = await opened();
    const taken = await ended(start("--port", String(exchange.port)));
    expect(taken).toEqual({
      code: 1,
      stderr: `exchange: port ${exchange.port} is in use; choose another with --port\n`,
    });
    const bad = await ended(start("--calendar", "LSE"));
    expect(bad).toEqual({ code: 1, stderr: 'exchange: --calendar: "LSE" is not accepted; use SIM or NSE\n' });
  });
});
