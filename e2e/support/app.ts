import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { test as base } from "@playwright/test";
import { freePort } from "../../scripts/services.mjs";

const main = path.resolve(import.meta.dirname, "../../.build/main.js");
const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

/** What a spec may choose; everything else is a fresh data folder and free loopback ports. */
export interface AppOptions {
  /** Further command-line options, such as `["--feed", "replay:FILE"]`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves with the server as soon as it answers, its feed still on the way. */
  readonly early?: boolean;
}

/** The built server as a user runs it, in a process of its own. */
export interface App {
  /** Address of the pages and the API, without a slash at the end. */
  readonly url: string;
  /** Address of the simulated exchange of this server, its control interface included. */
  readonly exchangeUrl: string;
  readonly dataDir: string;
  /** The server's output so far, over all its starts. */
  output(): string;
  /** Ends the server at once, as a crash would, or with another signal; its data stay. Resolves with its exit code when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again on the same ports and data. */
  restart(): Promise<void>;
  /** Ends it in order, throws away its data. May be called twice. */
  stop(): Promise<void>;
}

// Specs decide what a server connects to, not the shell they run in.
const settingsOfTheShell = [
  "DATABASE_URL",
  "REDIS_URL",
  "FEED",
  "SPEED",
  "INSTRUMENT",
  "KITE_API_KEY",
  "KITE_ACCESS_TOKEN",
  "PORT",
  "HOST",
  "DATA_DIR",
  "EXCHANGE_PORT",
];

/** What `/api/v1/health` says; null while nothing answers or the server is still starting. */
const health = async (url: string): Promise<{ ready: boolean } | null> => {
  try {
    const answer = await fetch(`${url}/api/v1/health`, { signal: AbortSignal.timeout(2_000) });
    // 503 with data: it is there, and not ready.
    return ((await answer.json()) as { data?: { ready: boolean } }).data ?? null;
  } catch {
    return null;
  }
};

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => {
        child.once("exit", () => resolve());
      });

// The server's own children (the simulated exchange) are in its process group: nothing outlives a test.
function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    /* already gone */
  }
}

/** Starts the built server and resolves when ticks flow. The caller has to `stop()` it. */
async function startApp(options: AppOptions = {}): Promise<App> {
  if (!existsSync(main)) throw new Error("The server is not built: run `npm run build` first.");
  const [port, exchangePort] = [await freePort(), await freePort()];
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-e2e-"));
  const url = `http://127.0.0.1:${port}`;
  const shell = Object.fromEntries(Object.entries(process.env).filter(([name]) => !settingsOfTheShell.includes(name)));
  const children: ChildProcess[] = [];
  let printed = "";

  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [main, "--port", String(port), "--data", dataDir, ...(options.args ?? [])], {
      cwd: path.dirname(path.dirname(main)),
      env: { ...shell, NODE_ENV: "production", CANDELA_TEST: "1", EXCHANGE_PORT: String(exchangePort), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    children.push(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
      });
    const until = Date.now() + startTimeoutMs;
    for (
      let seen = await health(url);
      seen === null || !(seen.ready || options.early === true);
      seen = await health(url)
    ) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The server ended while starting:\n${printed}`);
      if (Date.now() > until)
        throw new Error(`The server was not ready within ${startTimeoutMs / 1_000} s:\n${printed}`);
      await wait(100);
    }
    return child;
  };

  const endAll = (): void => children.forEach(endGroup);
  // A run that is broken off ends without reaching stop().
  process.once("exit", endAll);
  const cleanUp = (): void => {
    endAll();
    process.off("exit", endAll);
    rmSync(dataDir, { recursive: true, force: true });
  };

  let running = await launch().catch((error: unknown) => {
    cleanUp();
    throw error;
  });
  return {
    url,
    exchangeUrl: `http://127.0.0.1:${exchangePort}`,
    dataDir,
    output: () => printed,
    async kill(signal = "SIGKILL") {
      running.kill(signal);
      await gone(running);
      return running.exitCode;
    },
    async restart() {
      running = await launch();
    },
    async stop() {
      running.kill("SIGTERM");
      await Promise.race([gone(running), wait(stopTimeoutMs)]);
      cleanUp();
    },
  };
}

/** `app` is one server for all specs that only look; `launch` starts servers of a test's own, ended after it. */
export const test = base.extend<{ launch: (options?: AppOptions) => Promise<App> }, { app: App }>({
  app: [
    async ({}, use) => {
      const app = await startApp();
      await use(app);
      await app.stop();
    },
    { scope: "worker", timeout: startTimeoutMs + stopTimeoutMs },
  ],
  launch: async ({}, use) => {
    const apps: App[] = [];
    await use(async (options) => {
      const app = await startApp(options);
      apps.push(app);
      return app;
    });
    await Promise.all(apps.map((app) => app.stop()));
  },
});

export { expect } from "@playwright/test";
