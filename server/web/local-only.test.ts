import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { isOfApi, pathOf, wantsHtml } from "./admission";
import { isForeign, isLocalUrl, localRequest } from "./local-only";
import { methodsOf, wrongMethod } from "./methods";

const request = (headers: Record<string, string>, method = "GET", url = "/") =>
  ({ headers, method, url }) as unknown as IncomingMessage;

describe("who may ask", () => {
  it.each(["localhost:8080", "127.0.0.1:8080", "127.255.1.2", "[::1]:8080", "LOCALHOST"])(
    "a request to %s is one to this machine",
    (host) => expect(localRequest(request({ host }))).toBe(true),
  );
  it.each([
    "example.com",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "evil127.0.0.1.com",
    "128.0.0.1",
    "[::2]",
    "192.168.1.5:8080",
    "",
    "a b",
    "0.0.0.0",
  ])("a request to %s is not", (host) => expect(localRequest(request({ host }))).toBe(false));
  it("names its host, and an origin that is the same", () => {
    const host = "localhost:8080";
    expect(localRequest(request({}))).toBe(false);
    expect(localRequest(request({ host, origin: "http://localhost:8080" }))).toBe(true);
    for (const origin of ["http://localhost:9090", "https://localhost:8080", "http://evil.com", "null", ""])
      expect(localRequest(request({ host, origin })), origin).toBe(false);
  });
  it("an absolute address is local by its name, not by its text", () => {
    expect([
      isLocalUrl("http://localhost/a"),
      isLocalUrl("https://127.0.0.1:1/x"),
      isLocalUrl("http://[::1]/"),
    ]).toEqual([true, true, true]);
    expect([
      isLocalUrl("http://evil.com/localhost"),
      isLocalUrl("http://localhost@evil.com/"),
      isLocalUrl("/a"),
      isLocalUrl(""),
    ]).toEqual([false, false, false, false]);
  });
  it("pages of other sites load nothing, and may be followed to a page", () => {
    const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    for (const api of [true, false])
      for (const site of ["same-origin", "none"])
        expect(isForeign(request({ "sec-fetch-site": site }), api)).toBe(false);
    expect(isForeign(request(followed), false)).toBe(false);
    expect(isForeign(request(followed, "HEAD"), false)).toBe(false);
    expect(isForeign(request(followed, "POST"), false)).toBe(true);
    expect(isForeign(request(followed), true)).toBe(true);
    expect(isForeign(request({ ...followed, "sec-fetch-mode": "no-cors" }), false)).toBe(true);
    expect(isForeign(request({ ...followed, "sec-fetch-dest": "iframe" }), false)).toBe(true);
    expect(isForeign(request({ "sec-fetch-site": "same-site" }), false)).toBe(true);
  });
  it("an older browser is judged by its referer, where the API is asked", () => {
    const host = "localhost:8080";
    expect(isForeign(request({ host }), true)).toBe(false);
    expect(isForeign(request({ host, referer: "http://localhost:8080/chart" }), true)).toBe(false);
    expect(isForeign(request({ host, referer: "http://evil.com/" }), true)).toBe(true);
    expect(isForeign(request({ host, referer: "no address" }), true)).toBe(true);
    expect(isForeign(request({ host, referer: "http://evil.com/" }), false)).toBe(false);
    expect(isForeign(request({ referer: "http://localhost:8080/" }), true)).toBe(true);
  });
});

describe("what a path is", () => {
  it("of the API or a page", () => {
    for (const path of ["/api", "/api/v1/bars", "/intraday/bars", "/metrics", "/metrics?x", "/api?x"])
      expect(isOfApi(path), path).toBe(true);
    for (const path of ["/", "/apis", "/chart/api", "/metricsx", "/intradayx/"])
      expect(isOfApi(path), path).toBe(false);
    expect([pathOf("/a?b?c"), pathOf("/a"), pathOf("?x")]).toEqual(["/a", "/a", ""]);
    expect([
      wantsHtml(request({ accept: "text/html,*/*" })),
      wantsHtml(request({ accept: "*/*" })),
      wantsHtml(request({})),
    ]).toEqual([true, false, false]);
  });
  it.each([
    ["/api/v1/backfill", ["POST"]],
    ["/api/v1/jobs", ["GET"]],
    ["/api/v1/jobs/7", ["GET", "DELETE"]],
    ["/api/v1/jobs/7/pause", ["POST"]],
    ["/api/v1/jobs/7/resume/", ["POST"]],
    ["/api/v1/collectors/kite-1/login", ["POST"]],
    ["/api/v1/gaps/7/heal", ["POST"]],
    ["/api/v1/gaps/7/ignore", ["POST"]],
    ["/api/v1/gaps/NSE:INFY", ["GET"]],
    ["/api/v1/compare", ["GET", "POST"]],
    ["/api/v1/calendar/edits", ["GET", "POST", "DELETE"]],
    ["/api/v1/indicators/active", ["GET", "POST", "PUT"]],
    ["/api/v1/indicators/reload", ["POST"]],
    ["/api/v1/workspace", ["GET", "PUT"]],
    ["/api/v1/watchlists/mine", ["GET"]],
    ["/api/v1/verify/NSE:INFY", ["GET"]],
    ["/api/v1/bars/NSE_EQ/2475", ["GET"]],
    ["/intraday/bars/INFY", ["GET"]],
    ["/api/v1/bars", null],
    ["/api/v1/jobs/7/8/pause", null],
    ["/chart", null],
    ["/x/api/v1/jobs", null],
  ])("%s takes %j", (path, accepted) => expect(methodsOf(path)).toEqual(accepted));

  it("refuses a method with what is accepted", () => {
    const sent: unknown[] = [];
    const response = {
      writeHead: (status: number, headers: Record<string, string>) => {
        sent.push(status, headers["Allow"]);
        return { end: (body: string) => sent.push(JSON.parse(body)) };
      },
    } as unknown as ServerResponse;
    const wrong = (method: string, url: string) => wrongMethod(request({}, method, url), response);
    for (const [method, url] of [
      ["GET", "/api/v1/jobs?x=1"],
      ["HEAD", "/api/v1/jobs"],
      ["OPTIONS", "/api/v1/backfill"],
      ["PATCH", "/chart"],
      ["POST", "/api/v1/backfill"],
    ] as const)
      expect(wrong(method, url), `${method} ${url}`).toBe(false);
    expect(sent).toEqual([]);
    expect(wrong("HEAD", "/api/v1/backfill")).toBe(true);
    sent.length = 0;
    expect(wrong("PATCH", "/api/v1/jobs/7?x=1")).toBe(true);
    expect(sent).toMatchObject([
      405,
      "GET, DELETE",
      {
        status: "error",
        error: { code: "bad_input", details: { field: "method", value: "PATCH", accepted: "GET, DELETE" } },
      },
    ]);
  });
});
