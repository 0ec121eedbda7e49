import { istText } from "@/server/domain/time/ist-text";
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { FeedTruth } from "@/server/domain/ticks/collector";
import { freePort } from "../../scripts/services.mjs";

export const project = path.resolve(import.meta.dirname, "../..");
const built = (name: string): string => path.join(project, ".build", `${name}.js`);

/** Whether the programs are there that the suite runs: `npm run build` makes them, `npm test` before the integration tests. */
export const isBuilt = (): boolean =>
  existsSync(built("main")) && existsSync(built("exchange")) && existsSync(path.join(project, ".next/BUILD_ID"));

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => {
        child.once("exit", () => resolve());
      });

/** A start of a bar in epoch ms and its open, high, low, close and volume; prices in paise. */
export type Candle = readonly [time: number, open: number, high: number, low: number, close: number, volume: number];

export interface Listed {
  token: number;
  key: string;
  type: string;
}

const API_KEY = "candela-demo";
const paise = (rupees: number): number => Math.round(rupees * 100);

/** The simulated exchange as a separate program that outlives every server; bars are compared with its history. */
export class ExchangeProgram {
  private accessToken = "candela-demo-token";
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly speed: number,
  ) {}

  /** `start`: what its clock shows first, epoch ms. */
  static async start(options: { seed: number; start: number; speed: number; rate: number }): Promise<ExchangeProgram> {
    const port = await freePort();
    const args = [
      "--port",
      String(port),
      "--seed",
      String(options.seed),
      "--start",
      new Date(options.start).toISOString(),
      "--speed",
      String(options.speed),
      "--rate",
      String(options.rate),
      "--no-limits",
    ];
    const child = spawn(process.execPath, [built("exchange"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const chunk of child.stdout) if (String(chunk).includes("listening")) break;
    return new ExchangeProgram(port, child, options.speed);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Variables that connect a server to it; `skewMs`: how far that server's clock is ahead of the exchange's. */
  async environment(skewMs = 0): Promise<Record<string, string>> {
    const real = Date.now();
    const now = await this.now();
    return {
      FEED: "kite",
      KITE_API_KEY: API_KEY,
      KITE_ACCESS_TOKEN: this.accessToken,
      KITE_ROOT: this.url,
      KITE_SOCKET: `ws://127.0.0.1:${this.port}`,
      CANDELA_TEST: "1",
      TEST_CLOCK: `${Math.round((real + Date.now()) / 2)},${Math.round(now + skewMs)},${this.speed}`,
    };
  }

  private async control<T>(route: string, body?: unknown): Promise<T> {
    const answer = await fetch(
      `${this.url}/sim/${route}`,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
    );
    if (!answer.ok) throw new Error(`/sim/${route}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
  /** The exchange's time, epoch ms. */
  async now(): Promise<number> {
    return (await this.control<{ now: number }>("clock")).now;
  }
  async fault(body: {
    kind: string;
    ms?: number;
    symbols?: string[];
    ratio?: number;
    delayMs?: number;
  }): Promise<void> {
    await this.control("fault", body);
  }
  async reset(): Promise<void> {
    await this.control("reset", {});
  }
  /** Its clock jumps ahead; the ticks of that time are sent at once. */
  async advance(ms: number): Promise<void> {
    await this.control("clock", { advance: ms });
  }

  /** Resolves when the exchange's clock shows this. */
  async until(instant: number): Promise<void> {
    for (let left = instant - (await this.now()); left > 0; left = instant - (await this.now()))
      await wait(Math.max(5, left / this.speed));
  }

  private async rest(route: string, options: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.url}${route}`, {
      headers: { Authorization: `token ${API_KEY}:${this.accessToken}` },
      ...options,
    });
    if (!answer.ok) throw new Error(`${route}: ${await answer.text()}`);
    return answer;
  }

  /** A new login: another access token, which `environment` hands out from now on. */
  async login(): Promise<void> {
    const { createHash } = await import("node:crypto");
    const checksum = createHash("sha256").update(`${API_KEY}demo${API_KEY}-secret`).digest("hex");
    const answer = await this.rest("/session/token", {
      method: "POST",
      body: new URLSearchParams({ api_key: API_KEY, request_token: "demo", checksum }),
    });
    this.accessToken = ((await answer.json()) as { data: { access_token: string } }).data.access_token;
  }

  async listed(): Promise<Listed[]> {
    const [, ...rows] = (await (await this.rest("/instruments")).text())
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    return rows.map((row) => ({
      token: Number(row[0]),
      key: `SIM:${row[2]}`,
      type: row[10] === "INDICES" ? "INDEX" : row[9]!,
    }));
  }

  /** Its history: bars that begin in [from, to). */
  async history(token: number, interval: "minute" | "day", from: number, to: number): Promise<Candle[]> {
    const query = new URLSearchParams({ from: istText(from), to: istText(to - 1) });
    const { data } = (await (await this.rest(`/instruments/historical/${token}/${interval}?${query}`)).json()) as {
      data: { candles: [string, number, number, number, number, number][] };
    };
    return data.candles.map(([label, open, high, low, close, volume]) => [
      Date.parse(label.replace("+0530", "+05:30")),
      paise(open),
      paise(high),
      paise(low),
      paise(close),
      volume,
    ]);
  }

  /** Seconds as its packets made them. */
  async seconds(token: number, from: number, to: number): Promise<Candle[]> {
    return (await this.control<{ seconds: Candle[] }>(`seconds?token=${token}&from=${from}&to=${to}`)).seconds;
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await gone(this.child);
  }
}

export interface Told {
  waiting: number;
  spooled: boolean;
  failing: boolean;
  jobs: { title: string; finished: boolean; failed: number }[];
  feed: FeedTruth | undefined;
  rows: number;
}

/** The built server as a user runs it, in a process of its own, killed and started again at will. */
export class ServerProgram {
  private child: ChildProcess | null = null;
  private printed = "";
  port = 0;
  starts = 0;
  /** `log`: a file that keeps all it prints. */
  constructor(
    readonly dataDir: string,
    private readonly settings: Record<string, string> = {},
    private readonly log?: string,
  ) {}

  /** The end of its output, over all its starts. */
  output(): string {
    return this.printed.slice(-20_000);
  }

  /** Starts it; answers as soon as the process is there. */
  async launch(environment: Record<string, string>): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    this.starts++;
    const child = spawn(process.execPath, [built("main"), "--port", String(this.port), "--data", this.dataDir], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        LOG_LEVEL: "info",
        TICK_STORE: "on",
        ...this.settings,
        ...environment,
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.printed = (this.printed + chunk.toString()).slice(-200_000);
        if (this.log !== undefined) appendFileSync(this.log, chunk);
      });
    this.child = child;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Exit code of a process that ended by itself; null while it runs. */
  get ended(): number | null {
    return this.child?.exitCode ?? null;
  }

  private async ask<T>(route: string): Promise<T | null> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}${route}`, { signal: AbortSignal.timeout(5_000) });
      // 503 with data: it answers, and is not ready.
      return ((await answer.json()) as { data?: T }).data ?? null;
    } catch {
      return null;
    }
  }

  /** The state of its collector; undefined while it does not respond. */
  async feed(): Promise<FeedTruth | undefined> {
    return (await this.ask<{ feeds: FeedTruth[] }>("/api/v1/health"))?.feeds[0];
  }

  /** Its status; null while it does not respond. */
  async status(): Promise<Told | null> {
    interface Snapshot {
      feeds: FeedTruth[];
      jobs: Told["jobs"];
      counters: Record<string, number>;
      store: { ok: boolean; detail: string };
      stages: { name: string; queue: { used: number } | null }[];
    }
    const said = await this.ask<Snapshot>("/api/v1/status");
    if (said === null) return null;
    return {
      waiting: said.stages.find(({ name }) => name === "persist")?.queue?.used ?? 0,
      spooled: said.store.detail.includes("on disk"),
      failing: !said.store.ok,
      jobs: said.jobs,
      feed: said.feeds[0],
      rows: said.counters["persist.rows"] ?? 0,
    };
  }

  /** Rows of its gap ledger that are not closed; null while it does not answer. */
  async openGaps(): Promise<number | null> {
    return (await this.ask<unknown[]>("/api/v1/gaps?state=open,healing"))?.length ?? null;
  }

  /** Resolves when its status meets the condition; rejects when it ends or the time is over. */
  async until(what: string, holds: (told: Told) => boolean, limitMs = 60_000): Promise<Told> {
    const end = Date.now() + limitMs;
    for (;;) {
      const told = await this.status();
      if (told !== null && holds(told)) return told;
      if (this.ended !== null)
        throw new Error(`the server ended with ${this.ended} instead of: ${what}\n${this.output()}`);
      if (Date.now() > end)
        throw new Error(`not within ${limitMs / 1_000} s: ${what}; it says ${JSON.stringify(told)}\n${this.output()}`);
      await wait(100);
    }
  }

  /** Resolves when it shows a bar of a second that began after this instant of the exchange and that it saw whole. */
  async wholeBar(key: string, after: number, limitMs = 60_000): Promise<void> {
    for (const end = Date.now() + limitMs; Date.now() < end; await wait(20)) {
      const bars = await this.ask<{ time: number; incomplete: boolean }[]>(
        `/api/v1/bars/${encodeURIComponent(key)}?timeframe=1s&limit=5`,
      );
      if (bars?.some(({ time, incomplete }) => time > after && !incomplete) === true) return;
    }
    throw new Error(`no whole bar of ${key} within ${limitMs / 1_000} s\n${this.output()}`);
  }

  /** A percentile of one of its measures in ms, from the newest values; NaN if there are none. */
  async measured(name: string, quantile: 0.5 | 0.95 | 0.99): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    return (
      Number(new RegExp(`^candela_${name}_seconds\\{quantile="${quantile}"\\} (\\S+)$`, "m").exec(text)?.[1]) * 1_000
    );
  }

  async live(limitMs = 60_000): Promise<Told> {
    return this.until("LIVE", ({ feed }) => feed?.state === "LIVE", limitMs);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }
  /** Like Ctrl-C; returns the exit code. */
  async stop(): Promise<number | null> {
    return this.end("SIGTERM");
  }
  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child === null) return null;
    const late = signal === "SIGTERM" ? setTimeout(() => child.kill("SIGKILL"), 30_000) : undefined;
    child.kill(signal);
    await gone(child);
    clearTimeout(late);
    return child.exitCode;
  }
}
