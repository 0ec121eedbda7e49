import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { services, type BenchDatabase } from "./servers";

/** Whether the server can run as for a user: the pages have been built, too. */
export const isBuilt = (root: string): boolean => existsSync(path.join(root, ".next/BUILD_ID"));

const LOGIN = { apiKey: "candela-demo", accessToken: "candela-demo-token" };

export interface Exchange {
  environment: Record<string, string>;
  /** Seconds as its packets made them: time, open, high, low, close, volume. */
  seconds(token: number, from: number, to: number): Promise<number[][]>;
  stop(): Promise<void>;
}

/** The simulated exchange, which outlives the servers. It trades round the clock. */
export const startExchange = async (root: string): Promise<Exchange> => {
  const port = await (await services(root)).freePort();
  const child = spawn(
    process.execPath,
    [path.join(root, ".build/exchange.js"), "--port", String(port), "--rate", "4", "--no-limits"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const chunk of child.stdout) if (String(chunk).includes("listening")) break;
  return {
    environment: {
      FEED: "kite",
      KITE_API_KEY: LOGIN.apiKey,
      KITE_ACCESS_TOKEN: LOGIN.accessToken,
      KITE_ROOT: `http://127.0.0.1:${port}`,
      KITE_SOCKET: `ws://127.0.0.1:${port}`,
    },
    async seconds(token, from, to) {
      const answer = await fetch(`http://127.0.0.1:${port}/sim/seconds?token=${token}&from=${from}&to=${to}`);
      return ((await answer.json()) as { seconds: number[][] }).seconds;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended(child);
    },
  };
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};

/** The built server in a process of its own. */
export class Server {
  private child: ChildProcess | null = null;
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  private constructor(
    private readonly root: string,
    private readonly port: number,
    private readonly database: BenchDatabase,
    private readonly environment: Record<string, string>,
  ) {}

  static async create(root: string, database: BenchDatabase, exchange: Exchange): Promise<Server> {
    return new Server(root, await (await services(root)).freePort(), database, exchange.environment);
  }

  launch(): void {
    this.child = spawn(
      process.execPath,
      [path.join(this.root, ".build/main.js"), "--port", String(this.port), "--data", this.database.dataDir],
      {
        cwd: this.root,
        stdio: ["ignore", "ignore", "inherit"],
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          NODE_ENV: "production",
          NEXT_TELEMETRY_DISABLED: "1",
          LOG_LEVEL: "silent",
          DATABASE_URL: this.database.url,
          ...this.environment,
        },
      },
    );
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The body of a response; null without a response, or without status 200. */
  get(route: string): Promise<Buffer | null> {
    return new Promise((resolve) => {
      http
        .get({ host: "127.0.0.1", port: this.port, path: route, agent: this.agent }, (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => {
            parts.push(part);
          });
          response.on("end", () => {
            resolve(response.statusCode === 200 ? Buffer.concat(parts) : null);
          });
          response.on("error", () => {
            resolve(null);
          });
        })
        .on("error", () => {
          resolve(null);
        });
    });
  }

  async data<T>(route: string): Promise<T | null> {
    const body = await this.get(route);
    return body === null ? null : (JSON.parse(body.toString()) as { data: T }).data;
  }

  /** Resolves when the first history has been fetched. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await pause(1_000);
      const jobs = (await this.data<{ jobs: { finished: boolean }[] }>("/api/v1/status"))?.jobs ?? [];
      quiet = jobs.length > 0 && jobs.every(({ finished }) => finished) ? quiet + 1 : 0;
      if (this.child!.exitCode !== null) throw new Error(`the server ended with ${this.child!.exitCode}`);
    }
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.child === null) return;
    this.child.kill(signal);
    await ended(this.child);
    this.child = null;
  }
}
