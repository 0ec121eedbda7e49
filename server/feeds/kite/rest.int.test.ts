import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kite } from ".";
import { createSession, kiteLogin } from "./login";

const signal = (): AbortSignal => new AbortController().signal;

describe("Kite's REST interface", () => {
  let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  let login: ReturnType<typeof kiteLogin.parse>;
  const server = createServer((request, response) => {
    let body = "";
    request
      .on("data", (chunk) => {
        body += String(chunk);
      })
      .on("end", () => answer(request, response, body));
  });
  beforeEach(async () => {
    await new Promise<void>((listening) => {
      server.listen(0, "127.0.0.1", listening);
    });
    login = kiteLogin.parse({
      apiKey: "key",
      accessToken: "token",
      root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
  });
  afterEach(
    () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  );

  const json =
    (status: number, body: unknown, headers: Record<string, string> = {}) =>
    (_: IncomingMessage, response: ServerResponse): void => {
      response
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    };
  const bars = () =>
    kite.history.bars(
      login,
      {
        token: 408065,
        decimals: 2,
        timeframe: "1m",
        from: Date.parse("2017-12-15T03:45:00Z"),
        to: Date.parse("2017-12-15T10:00:00Z"),
      },
      signal(),
    );

  it("asks for candles with the login in the headers and times in IST", async () => {
    let asked!: IncomingMessage;
    answer = (request, response) => {
      asked = request;
      json(200, { status: "success", data: { candles: [["2017-12-15T09:15:00+0530", 1, 2, 0.5, 1.5, 10, 0]] } })(
        request,
        response,
      );
    };
    const answered = await bars();
    expect([answered.length, answered.high[0]]).toEqual([1, 200]);
    const url = new URL(asked.url!, login.root);
    expect(url.pathname).toBe("/instruments/historical/408065/minute");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      from: "2017-12-15 09:15:00",
      to: "2017-12-15 15:30:00",
      continuous: "0",
      oi: "1",
    });
    expect(asked.headers).toMatchObject({ "x-kite-version": "3", authorization: "token key:token" });
  });

  it("refuses a timeframe Kite does not serve without asking", async () => {
    await expect(
      kite.history.bars(login, { token: 1, decimals: 2, timeframe: "75m", from: 0, to: 1 }, signal()),
    ).rejects.toMatchObject({ code: "bad_input", details: { field: "timeframe", value: "75m" } });
    expect(Object.keys(kite.history.daysPerRequest)).toEqual(["1m", "3m", "5m", "10m", "15m", "30m", "1h", "1d"]);
  });

  it("reads the day's circuit limits of five hundred at a time; indices have none", async () => {
    const asked: string[][] = [];
    answer = (request, response) => {
      asked.push(new URL(request.url!, login.root).searchParams.getAll("i"));
      json(200, {
        status: "success",
        data: {
          "NSE:M&M": { lower_circuit_limit: 1_412.95, upper_circuit_limit: 1_726.9 },
          "NSE:NIFTY 50": { last_price: 24_000 },
          "NSE:S5": { lower_circuit_limit: 0, upper_circuit_limit: 0 },
          "NSE:S6": null,
          "NSE:S7": "halted",
          "NSE:S8": { lower_circuit_limit: -1, upper_circuit_limit: 5 },
          "NSE:S9": { lower_circuit_limit: 1, upper_circuit_limit: 1e12 },
        },
      })(request, response);
    };
    const names = ["NSE:M&M", "NSE:NIFTY 50", ...Array.from({ length: 499 }, (_, at) => `NSE:S${at}`)].map((name) => ({
      name,
      decimals: 2,
    }));
    const waits: number[] = [];
    const limits = await kite.priceLimits!(
      login,
      names,
      (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
      signal(),
    );
    expect([...limits]).toEqual([["NSE:M&M", { lower: 141_295, upper: 172_690 }]]);
    expect([asked.map((each) => each.length), waits.length]).toEqual([[500, 1], 1]);
  });

  it("reads a gzipped instruments dump", async () => {
    answer = (request, response) => {
      expect(request.url).toBe("/instruments");
      const csv =
        "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange\n408065,1594,INFY,INFOSYS,0,,0,0.05,1,EQ,NSE,NSE\n";
      response.writeHead(200, { "content-type": "text/csv", "content-encoding": "gzip" }).end(gzipSync(csv));
    };
    const { listed, leftOut } = await kite.instruments(login, signal());
    expect([listed.map(({ symbol }) => symbol), leftOut]).toEqual([["INFY"], []]);
  });

  it("exchanges a request token, proven by the checksum", async () => {
    let form!: URLSearchParams;
    answer = (request, response, body) => {
      form = new URLSearchParams(body);
      json(200, { status: "success", data: { access_token: "fresh", user_id: "XX0000" } })(request, response);
    };
    expect(
      await createSession({ apiKey: "key", apiSecret: "secret", requestToken: "once", root: login.root }, signal()),
    ).toEqual({ accessToken: "fresh", userId: "XX0000" });
    expect(Object.fromEntries(form)).toEqual({
      api_key: "key",
      request_token: "once",
      checksum: createHash("sha256").update("keyoncesecret").digest("hex"),
    });
  });

  it.each([
    [
      403,
      { status: "error", message: "Incorrect `api_key` or `access_token`.", error_type: "TokenException" },
      { code: "login_expired", retryable: false },
    ],
    [
      400,
      { status: "error", message: "invalid token", error_type: "InputException" },
      { code: "broker_refused", retryable: false },
    ],
    [
      429,
      { status: "error", message: "Too many requests", error_type: "NetworkException" },
      { code: "rate_limited", retryable: true, details: { retryAfterMs: 1_000 } },
    ],
    [
      503,
      { status: "error", message: "down", error_type: "NetworkException" },
      { code: "broker_unreachable", retryable: true },
    ],
    [502, "<html>bad gateway</html>", { code: "broker_unreachable", retryable: true }],
    [200, "<html>maintenance</html>", { code: "broker_refused" }],
    [200, { status: "success", data: {} }, { code: "broker_refused" }],
  ])("turns HTTP %i %j into our own error", async (status, body, expected) => {
    answer = json(status, body);
    await expect(bars()).rejects.toMatchObject(expected);
  });

  it("waits as long as the broker says after too many requests", async () => {
    answer = json(429, {}, { "retry-after": "3" });
    await expect(bars()).rejects.toMatchObject({ code: "rate_limited", details: { retryAfterMs: 3_000 } });
  });

  it("waits no longer than a minute, whatever the broker says", async () => {
    answer = json(429, {}, { "retry-after": "9999999999" });
    await expect(bars()).rejects.toMatchObject({ code: "rate_limited", details: { retryAfterMs: 60_000 } });
  });

  it("stops reading an answer that does not end", async () => {
    let sent = 0;
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1_048_576, 32))) sent++;
      };
      response.on("drain", more);
      more();
    };
    await expect(kite.check!(login, signal())).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringContaining("exceeds 64 MB") as string,
    });
    expect(sent).toBeLessThan(200);
    sent = 0;
    await expect(bars()).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringMatching(/historical.* exceeds \d+ bytes/) as string,
    });
    expect(sent).toBeLessThan(50);
  });

  it("takes no more candles than the span can have", async () => {
    answer = json(200, { status: "success", data: { candles: Array.from({ length: 50_000 }, () => []) } });
    await expect(bars()).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringContaining("50000 candles") as string,
    });
    const all = Array.from({ length: 1_440 }, (_, minute) => [
      new Date(Date.UTC(2017, 11, 15, 0, minute)).toISOString().replace(".000Z", "+0530"),
      1704.5500000001,
      1705.1,
      1699.25,
      1702.8,
      2_000_000_000,
      2_000_000_000,
    ]);
    answer = json(200, { status: "success", data: { candles: all } });
    expect((await bars()).length).toBe(1_440);
  });

  it("reports an unreachable host, and stops on request", async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error("stopping"));
    await expect(kite.instruments(login, stop.signal)).rejects.toThrow("stopping");
    await expect(kite.instruments({ ...login, root: "http://127.0.0.1:1" }, signal())).rejects.toMatchObject({
      code: "broker_unreachable",
      retryable: true,
    });
  });
});
