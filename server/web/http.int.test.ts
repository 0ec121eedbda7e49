import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { Pages, ServeOptions, Web } from "./http";
import { serve } from "./http";

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const each of cleanUp.splice(0)) each();
});

const options = (more: Partial<ServeOptions> = {}): ServeOptions => ({
  root: ".",
  host: "127.0.0.1",
  port: 0,
  development: true,
  stopping: new AbortController().signal,
  sockets: { attach: () => {}, stop: () => Promise.resolve() },
  ...more,
});

/** Pages that respond with their name, and the scripted response of each part. */
const pages = (more: Partial<Pages> = {}): Pages => ({
  prepare: () => Promise.resolve(),
  request: async (_, response) => {
    response.end("a page");
  },
  upgrade: () => Promise.resolve(),
  close: () => Promise.resolve(),
  ...more,
});

const raw = async (port: number, text: string): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1");
  cleanUp.push(() => socket.destroy());
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(text);
  return socket;
};
const gone = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
const GET = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const UPGRADE = "GET /_next/hot HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** The server while its pages are being prepared, for ever. */
const preparing = async (stopping: AbortController): Promise<{ port: number; served: Promise<Web> }> => {
  let served!: Promise<Web>;
  const port = await new Promise<number>((resolve) => {
    served = serve(options({ stopping: stopping.signal }), (_, taken) => {
      resolve(taken);
      return pages({ prepare: () => new Promise(() => {}) });
    });
    served.catch(() => {});
  });
  return { port, served };
};

describe("the port", () => {
  it("answers who comes while the pages are prepared: come back in a second", async () => {
    const stopping = new AbortController();
    const { port, served } = await preparing(stopping);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.text()).toContain("Candela is starting");
    for (const path of ["/api/v1/bars/INFY", "/intraday/bars/INFY"]) {
      const program = await fetch(`http://127.0.0.1:${port}${path}`);
      expect([program.status, program.headers.get("retry-after"), await program.json()]).toMatchObject([
        503,
        "1",
        { status: "error", error: { code: "starting" } },
      ]);
    }
    stopping.abort(new Error("enough"));
    await expect(served).rejects.toThrow("enough");
  });

  it("is free again at once when the start is broken off", async () => {
    const stopping = new AbortController();
    const { port, served } = await preparing(stopping);
    stopping.abort(new Error("SIGTERM"));
    await expect(served).rejects.toThrow("SIGTERM");
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it("tells to come back until it is opened, then gives pages", async () => {
    const web = await serve(options(), () => pages());
    expect((await fetch(`http://127.0.0.1:${web.port}/`)).status).toBe(503);
    web.open();
    expect(await (await fetch(`http://127.0.0.1:${web.port}/`)).text()).toBe("a page");
    const wrong = await fetch(`http://127.0.0.1:${web.port}/api/v1/backfill?x=1`, { method: "PUT", body: "{}" });
    expect([wrong.status, wrong.headers.get("allow"), await wrong.json()]).toMatchObject([
      405,
      "POST",
      { status: "error", error: { code: "bad_input", details: { field: "method", value: "PUT", accepted: "POST" } } },
    ]);
    expect(await (await fetch(`http://127.0.0.1:${web.port}/api/v1/backfill`, { method: "POST" })).text()).toBe(
      "a page",
    );
    await web.stop();
  });

  it("answers an upgrade to something else also when the pages listen to upgrades from their first request on", async () => {
    const web = await serve(options(), (server) => {
      let listens = false;
      return pages({
        request: async (_, response) => {
          if (!listens) server.on("upgrade", (__, socket: Socket) => socket.end());
          listens = true;
          response.end("a page");
        },
      });
    });
    web.open();
    for (const turn of [1, 2, 3]) {
      const socket = await raw(
        web.port,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
      );
      let said = "";
      socket.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      await gone(socket);
      expect(said, `request ${turn}`).toMatch(/^HTTP\/1.1 200 [^]*a page/);
    }
    await web.stop();
  });

  it("hands a path of an earlier system on as the one that answers now", async () => {
    const web = await serve(options(), () =>
      pages({ request: async (request, response) => void response.end(request.url) }),
    );
    web.open();
    const asked = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${web.port}${path}`)).text();
    expect([await asked("/candles?token=1:99926000&tf=60"), await asked("/status")]).toEqual([
      "/api/v1/bars/1%3A99926000?timeframe=60s",
      "/status",
    ]);
    await web.stop();
  });

  it("stops although a request is never answered and a page holds its hot reload open", async () => {
    const asked = new Set<string>();
    let closing = (): Promise<void> => Promise.resolve();
    const web = await serve(
      options({
        // Like Socket.io: its shutdown waits for the http server.
        sockets: {
          attach: (server) => {
            closing = () =>
              new Promise((resolve) => {
                server.close(() => resolve());
              });
          },
          stop: () => closing(),
        },
      }),
      () =>
        pages({
          request: async () => {
            asked.add("request");
          },
          upgrade: async () => {
            asked.add("upgrade");
          },
        }),
    );
    web.open();
    const clients = [await raw(web.port, GET), await raw(web.port, UPGRADE)];
    await expect.poll(() => asked.size).toBe(2);
    const ends = clients.map(gone);
    await web.stop();
    await Promise.all(ends);
  }, 10_000);
});

const built = existsSync(path.join(process.cwd(), ".next/BUILD_ID"));
it.skipIf(!built)(
  `a start prints no line of Next's own${built ? "" : " (skipped: the pages are not built)"}`,
  async () => {
    const program = `
    const { createServer } = await import("node:http");
    const { nextOn } = await import("./server/web/http.ts");
    await nextOn({ root: process.cwd(), host: "127.0.0.1", development: false })(createServer(), 0).prepare();
    process.stdout.write("pages are prepared\\n");
    process.exit(0);`;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", program],
      { env: { ...process.env, NODE_ENV: "production" } },
    );
    expect([stdout, stderr]).toEqual(["pages are prepared\n", ""]);
  },
  60_000,
);
