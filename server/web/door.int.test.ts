import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get as getBy, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serve, type Web } from "./http";

const SCRIPT = `console.log(${JSON.stringify("candela ".repeat(500))});`;
const PAGE = `<!doctype html><title>About</title>${"about ".repeat(400)}`;
let root: string;
let web: Web;
/** What is to be done with a request that gets as far as the pages. */
let page: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), "candela-door-"));
  const put = (file: string, bytes: string | Uint8Array): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), bytes);
  };
  put(".next/static/chunks/a.js", SCRIPT);
  put(".next/static/chunks/a.js.br", brotliCompressSync(SCRIPT));
  put(".next/static/chunks/a.js.gz", gzipSync(SCRIPT));
  put(".next/static/media/font.woff2", Uint8Array.of(1, 2, 3));
  put(".next/server/app/about.html", PAGE);
  put(".next/server/app/about.html.br", brotliCompressSync(PAGE));
  put(".next/server/app/chart.html", PAGE);
  put(".next/server/app/chart.meta", JSON.stringify({ status: 307, headers: { location: "/" } }));
  put(
    ".next/prerender-manifest.json",
    JSON.stringify({
      routes: {
        "/about": { initialRevalidateSeconds: false },
        "/chart": { initialRevalidateSeconds: false },
        "/_not-found": { initialRevalidateSeconds: false, initialStatus: 404 },
      },
    }),
  );
  const routes = (...pages: string[]) =>
    pages.map((each) => ({
      page: each,
      regex: `^${each.replace(/\[\.\.\.[^\]]+\]/, "(.+?)").replaceAll(/\[[^\]]+\]/g, "([^/]+?)")}(?:/)?$`,
    }));
  put(
    ".next/routes-manifest.json",
    JSON.stringify({
      staticRoutes: routes("/", "/_not-found", "/about", "/chart", "/api/v1/backfill", "/api/v1/status", "/metrics"),
      dynamicRoutes: routes("/api/[...path]", "/api/v1/ticks/[...symbol]", "/chart/[exchange]/[symbol]"),
    }),
  );
  put("public/favicon.svg", "<svg/>");
  web = await serve(
    {
      root,
      host: "127.0.0.1",
      port: 0,
      development: false,
      stopping: new AbortController().signal,
      sockets: { attach: () => {}, stop: () => Promise.resolve() },
    },
    () => ({
      prepare: () => Promise.resolve(),
      request: async (request, response) => page(request, response),
      upgrade: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  );
  web.open();
});
afterAll(async () => {
  await web.stop();
  rmSync(root, { recursive: true, force: true });
});

/** Bytes as sent, and the response until the connection ends or is quiet. */
const raw = (text: string, quietMs = 400): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(web.port, "127.0.0.1");
    let said = "";
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on("data", (chunk) => {
      said += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(said));
    socket.write(text);
  });
const request = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");
const status = (said: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1] ?? 0);
const named = (request: IncomingMessage, response: ServerResponse): void => void response.end(`page ${request.url}`);

describe("what may come in", () => {
  beforeAll(() => {
    page = named;
  });

  it("is refused where another site's page loads it, whatever it is loaded as", async () => {
    const from = (site: string, mode: string, dest: string) => [
      `Sec-Fetch-Site: ${site}`,
      `Sec-Fetch-Mode: ${mode}`,
      `Sec-Fetch-Dest: ${dest}`,
    ];
    for (const site of ["cross-site", "same-site"]) {
      for (const [mode, dest] of [
        ["no-cors", "image"],
        ["no-cors", "script"],
        ["navigate", "iframe"],
        ["navigate", "document"],
        ["no-cors", "empty"],
      ] as const) {
        expect(
          status(await raw(request("GET /api/v1/status", ...from(site, mode, dest), "Connection: close"))),
          `${site} ${dest}`,
        ).toBe(403);
      }
      expect(status(await raw(request("GET /about", ...from(site, "no-cors", "image"), "Connection: close")))).toBe(
        403,
      );
      expect(status(await raw(request("GET /", ...from(site, "navigate", "iframe"), "Connection: close")))).toBe(403);
      expect(
        status(await raw(request("GET /", ...from(site, "navigate", "document"), "Connection: close"))),
        "a link that is followed",
      ).toBe(200);
    }
    for (const site of ["same-origin", "none"])
      expect(
        status(await raw(request("GET /api/v1/status", ...from(site, "cors", "empty"), "Connection: close"))),
      ).toBe(200);
    expect(
      status(await raw(request("GET /api/v1/status", "Referer: https://evil.example/", "Connection: close"))),
      "an old browser",
    ).toBe(403);
    expect(
      status(await raw(request("GET /api/v1/status", "Referer: http://localhost/chart", "Connection: close"))),
    ).toBe(200);
    expect(status(await raw(request("GET /api/v1/status", "Connection: close"))), "a program").toBe(200);
  });

  it("ends at 64 kB of body before a byte of it is read, said or not", async () => {
    let read = 0;
    page = async (request, response) => {
      for await (const chunk of request) read += (chunk as Buffer).length;
      response.end("read");
    };
    const said = await raw(`${request("POST /api/v1/backfill", "Content-Length: 100000000")}${"x".repeat(10_000)}`);
    expect([status(said), read]).toEqual([413, 0]);
    expect(said).toContain('"code":"too_large"');
    expect(said).toMatch(/connection: close/i);
    // Unread bodies of unknown length end with the connection; nothing reads them for their sender.
    page = (_, response) => void response.end("not read");
    expect(
      status(await raw(`${request("POST /api/v1/backfill", "Transfer-Encoding: chunked")}5\r\nhello\r\n`, 3_000)),
    ).toBe(200);
    page = named;
  });

  it("is so much of one connection at once: who pipelines fifty thousand is told to wait, and goes", async () => {
    const under: ServerResponse[] = [];
    let most = 0;
    page = (_, response) => {
      under.push(response);
      most = Math.max(most, under.length);
      setTimeout(() => {
        under.splice(under.indexOf(response), 1);
        response.end("ok");
      }, 20);
    };
    let begun = 0;
    const counting = page;
    page = (each, response) => {
      begun++;
      return counting(each, response);
    };
    const said = await raw(request("GET /").repeat(50_000), 5_000);
    expect([begun, most]).toEqual([32, 32]);
    expect(said.match(/HTTP\/1\.1 200/g)).toHaveLength(32);
    expect(said.match(/HTTP\/1\.1 429/g)).toHaveLength(1);
    expect(said).toMatch(/retry-after: 1/i);
    page = named;
  });

  it("is no count of what one connection has had answered: it may ask a hundred times, one after the other", async () => {
    page = named;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        getBy({ host: "127.0.0.1", port: web.port, path: "/", agent }, (answer) => {
          sockets.add(answer.socket);
          answer.resume().on("end", () => resolve(answer.statusCode!));
        }).on("error", reject);
      });
    const told = new Set<number>();
    for (let turn = 0; turn < 100; turn++) told.add(await ask());
    agent.destroy();
    expect([[...told], sockets.size]).toEqual([[200], 1]);
  });

  it("is so much of all connections at once, and room again when they are answered", async () => {
    const held: ServerResponse[] = [];
    page = (_, response) => {
      held.push(response);
    };
    const many = Array.from({ length: 256 }, () => fetch(`http://127.0.0.1:${web.port}/`));
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(256);
    const over = await fetch(`http://127.0.0.1:${web.port}/api/v1/status`);
    expect([
      over.status,
      over.headers.get("retry-after"),
      ((await over.json()) as { error: { code: string } }).error.code,
    ]).toEqual([503, "1", "overloaded"]);
    for (const each of held) each.end("ok");
    await Promise.all(many);
    page = named;
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${web.port}/`)).status).toBe(200);
  });
});

describe("a connection that is held", () => {
  const sockets: Socket[] = [];
  const held = async (text: string): Promise<Socket> => {
    const socket = connect(web.port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(text);
    return socket;
  };
  afterEach(() => {
    for (const each of sockets.splice(0)) each.destroy();
    page = named;
  });

  it("by half a body takes nobody's place, and ends after some seconds", async () => {
    let asked = 0;
    page = async (each, response) => {
      asked++;
      try {
        await each.toArray();
        response.end("read");
      } catch {
        response.destroy();
      }
    };
    const all = await Promise.all(
      Array.from({ length: 300 }, () => held(`${request("POST /api/v1/backfill", "Content-Length: 100")}{`)),
    );
    await expect.poll(() => asked).toBe(300);
    expect(
      (await fetch(`http://127.0.0.1:${web.port}/api/v1/backfill`, { method: "POST", body: "{}" })).status,
      "a whole body",
    ).toBe(200);
    page = named;
    expect((await fetch(`http://127.0.0.1:${web.port}/`)).status).toBe(200);
    const said = await Promise.all(
      all.map(
        (socket) =>
          new Promise<string>((resolve) => {
            let text = "";
            socket.on("data", (chunk: Buffer) => {
              text += chunk.toString();
            });
            socket.once("close", () => resolve(text));
          }),
      ),
    );
    expect(new Set(said.map(status))).toEqual(new Set([408]));
  }, 20_000);

  it("by a body that has come counts among those under way", async () => {
    const waiting: ServerResponse[] = [];
    page = async (each, response) => {
      await each.toArray();
      waiting.push(response);
    };
    const many = Array.from({ length: 256 }, () =>
      fetch(`http://127.0.0.1:${web.port}/api/v1/backfill`, { method: "POST", body: "{}" }),
    );
    await expect.poll(() => waiting.length, { timeout: 10_000 }).toBe(256);
    expect((await fetch(`http://127.0.0.1:${web.port}/`)).status).toBe(503);
    for (const each of waiting) each.end("ok");
    expect(new Set((await Promise.all(many)).map((each) => each.status))).toEqual(new Set([200]));
    page = named;
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${web.port}/`)).status).toBe(200);
  });

  it("by a reader who does not read is cut, and one who waits for an answer is not", async () => {
    let cut = 0;
    page = (each, response) => {
      if (each.url === "/about?late") {
        setTimeout(() => response.end("late"), 12_000);
        return;
      }
      each.socket.once("close", () => {
        cut++;
      });
      response.end(Buffer.alloc(20_000_000));
    };
    const late = fetch(`http://127.0.0.1:${web.port}/about?late`, { headers: { accept: "text/html", rsc: "1" } });
    const deaf = await held(request("GET /"));
    deaf.pause();
    await expect.poll(() => cut, { timeout: 22_000, interval: 200 }).toBe(1);
    expect(await (await late).text()).toBe("late");
  }, 40_000);
});

describe("what is asked for", () => {
  beforeAll(() => {
    page = named;
  });

  it.each<[string, number, string?]>([
    ["TRACE /", 405],
    ["TRACE /api/v1/status", 405],
    ["OPTIONS *", 204],
    ["OPTIONS /api/v1/backfill", 204],
    ["CONNECT evil.example:443", 405],
    ["GET //evil.example/", 400],
    ["GET //evil.example/%2e%2e", 400],
    ["GET /\\evil.example/", 400],
    ["GET \\\\evil.example", 400],
    ["GET /chart//evil.example/", 400],
    ["GET http://evil.example/", 421],
    ["GET http://localhost//evil.example/", 400],
    ["GET http://localhost/about", 200],
    ["POST /about", 405],
    ["DELETE /", 405],
    ["GET /%ff", 404],
    ["GET /chart/%ff/x", 400],
  ])("%s is answered %i", async (line, expected) => {
    const said = await raw(request(line, "Connection: close", "Accept: text/plain"));
    expect(status(said), said.slice(0, 300)).toBe(expected);
    expect(said).not.toMatch(/location:/i);
  });

  it("in full, with this host, is asked for with its query", async () => {
    expect(await raw(request("GET http://localhost/chart/NSE/INFY?tz=UTC", "Connection: close"))).toContain(
      "page /chart/NSE/INFY?tz=UTC",
    );
  });

  it.each(["h2c", "TLS/1.0", "foo"])(
    "with an upgrade to %s is answered as it stands, and its connection ends",
    async (to) => {
      const said = await raw(
        request("GET /chart", "Connection: Upgrade, HTTP2-Settings", `Upgrade: ${to}`, "HTTP2-Settings: AAMAAABk"),
        3_000,
      );
      expect(status(said)).toBe(200);
      expect(said).toContain("page /chart");
      const body = await raw(
        `${request("POST /api/v1/backfill", "Connection: Upgrade", `Upgrade: ${to}`, "Content-Length: 2")}{}`,
        3_000,
      );
      expect([200, 426]).toContain(status(body));
    },
  );

  it("as a web socket where none is, is refused in words", async () => {
    expect(
      status(
        await raw(
          request(
            "GET /chart",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: AAAA",
            "Sec-WebSocket-Version: 13",
          ),
          3_000,
        ),
      ),
    ).toBe(404);
  });

  it("leads to no other host, whatever a page answers", async () => {
    for (const [location, expected] of [
      ["//evil.example/", 400],
      ["https://evil.example", 400],
      ["/\\evil.example", 400],
      ["/chart/NSE/INFY", 308],
      ["http://localhost/x", 308],
    ] as const) {
      page = (_, response) => {
        response.statusCode = 308;
        response.setHeader("Location", location);
        response.end();
      };
      const said = await raw(request("GET /chart/a/b", "Connection: close"));
      expect([location, status(said), /location:/i.test(said)]).toEqual([location, expected, expected === 308]);
      page = (_, response) => void response.writeHead(308, { Location: location }).end();
      expect(status(await raw(request("GET /chart/a/b", "Connection: close")))).toBe(expected);
    }
    page = named;
  });

  it("reaches no optimiser of images: there are none", async () => {
    for (const accept of ["text/html", "image/*"]) {
      const answer = await fetch(`http://127.0.0.1:${web.port}/_next/image?url=%2Ffavicon.svg&w=64&q=75`, {
        headers: { accept },
      });
      expect([accept, answer.status]).toEqual([accept, 404]);
      expect(await answer.text()).not.toContain("page /");
    }
  });

  it("is told in JSON where nothing is, to programs, and with a page to people", async () => {
    for (const [path, accept] of [
      ["/api", "text/html"],
      ["/api/v1/nothing", "text/html,*/*"],
      ["/api/v2/bars/INFY", "*/*"],
      ["/intraday", "text/html"],
      ["/nothing", "*/*"],
      ["/nothing", "application/json"],
      ["/chart/a/b/c", ""],
    ] as const) {
      const answer = await fetch(`http://127.0.0.1:${web.port}${path}`, { headers: { accept } });
      expect([path, answer.status, await answer.json()]).toMatchObject([
        path,
        404,
        {
          status: "error",
          error: { code: "not_found", details: { field: "path", value: path, accepted: expect.any(String) as string } },
        },
      ]);
    }
    expect(
      await (await fetch(`http://127.0.0.1:${web.port}/nothing`, { headers: { accept: "text/html" } })).text(),
    ).toBe("page /nothing");
    expect(
      await (await fetch(`http://127.0.0.1:${web.port}/favicon.svg`, { headers: { accept: "image/*" } })).text(),
    ).toBe("page /favicon.svg");
    expect(
      await (await fetch(`http://127.0.0.1:${web.port}/chart/NSE/INFY`, { headers: { accept: "*/*" } })).text(),
    ).toBe("page /chart/NSE/INFY");
  });
});

describe("built files", () => {
  const get = async (
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Record<string, string>; bytes: Buffer }> => {
    const said = await raw(
      [
        `GET ${path} HTTP/1.1`,
        "Host: localhost",
        "Connection: close",
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        "",
        "",
      ].join("\r\n"),
    );
    const end = said.indexOf("\r\n\r\n");
    const lines = said
      .slice(0, end)
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(/: (.*)/s));
    return {
      status: status(said),
      headers: Object.fromEntries(lines.map(([name, value]) => [name!.toLowerCase(), value!])),
      bytes: Buffer.from(said.slice(end + 4), "latin1"),
    };
  };

  it("leave a page that only leads elsewhere to the framework", async () => {
    page = named;
    expect((await get("/chart", { Accept: "text/html" })).bytes.toString()).toContain("page /chart");
    expect((await get("/about", { Accept: "text/html" })).bytes.toString()).toBe(PAGE);
  });

  it.each<[string, string | undefined, (bytes: Buffer) => string]>([
    ["gzip, deflate, br, zstd", "br", (bytes) => brotliDecompressSync(bytes).toString()],
    ["gzip", "gzip", (bytes) => gunzipSync(bytes).toString()],
    ["br;q=0, gzip;q=0.5", "gzip", (bytes) => gunzipSync(bytes).toString()],
    ["*", "br", (bytes) => brotliDecompressSync(bytes).toString()],
    ["identity", undefined, String],
    ["", undefined, String],
    ["*;q=0", undefined, String],
  ])("are sent as %j accepts, with their true length", async (accepts, coding, read) => {
    const { status: code, headers, bytes } = await get("/_next/static/chunks/a.js", { "Accept-Encoding": accepts });
    expect(code).toBe(200);
    expect(read(bytes)).toBe(SCRIPT);
    expect(headers).toMatchObject({
      "content-length": String(bytes.length),
      vary: "Accept-Encoding",
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "application/javascript; charset=UTF-8",
      "x-content-type-options": "nosniff",
    });
    expect(headers["content-encoding"]).toBe(coding);
  });

  it("that are small already are sent as they are, and what is not there is said in JSON", async () => {
    expect(await get("/_next/static/media/font.woff2", { "Accept-Encoding": "br" })).toMatchObject({
      status: 200,
      bytes: Buffer.from([1, 2, 3]),
      headers: { "content-type": "font/woff2" },
    });
    for (const path of [
      "/_next/static/chunks/b.js",
      "/_next/static/chunks/a.js.br",
      "/_next/static/../server/app/about.html",
      "/_next/static/%2e%2e/routes-manifest.json",
    ])
      expect((await get(path, {})).status, path).toBe(404);
  });

  it("of a page that is the same for everybody come with a tag, and not to the router of an open page", async () => {
    const first = await get("/about", { "Accept-Encoding": "br", Accept: "text/html" });
    expect(brotliDecompressSync(first.bytes).toString()).toBe(PAGE);
    expect(first.headers).toMatchObject({
      "cache-control": "no-cache",
      vary: "Accept-Encoding, RSC",
      "content-length": String(first.bytes.length),
    });
    expect(await get("/about", { "Accept-Encoding": "br", "If-None-Match": first.headers["etag"]! })).toMatchObject({
      status: 304,
      bytes: Buffer.alloc(0),
    });
    expect(
      (await get("/about", { "If-None-Match": first.headers["etag"]! })).bytes.toString(),
      "another coding is another tag",
    ).toBe(PAGE);
    for (const [path, headers] of [
      ["/about", { RSC: "1" }],
      ["/about?_rsc=1x2", {}],
    ] as const)
      expect((await get(path, headers)).bytes.toString()).toContain("page /about");
  });
});
