import { fork } from "node:child_process";
import { createServer } from "node:net";
import { AppError } from "@/server/domain/basics/errors";
import type { Log } from "@/server/ports/observe";

const START_MS = 20_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });

export interface ExchangeChild {
  port: number;
  stop(): Promise<void>;
}

/**
 * Runs the simulated exchange as the program of its own that it is. It ends when this process ends, however that
 * happens (its channel to us closes), and only then: in a group of its own, Ctrl-C does not reach it before us. A taken port
 * is answered by another free one.
 */
export const startExchange = async (
  options: {
    file: string;
    execArgv: readonly string[];
    port: number;
    seed: number;
    rate: number;
    stocks?: number | undefined;
    onExit(code: number | null): void;
  },
  log: Log,
): Promise<ExchangeChild> => {
  const port = options.port !== 0 && (await isFree(options.port)) ? options.port : 0;
  if (port === 0 && options.port !== 0)
    log.warn("the simulated exchange's port is in use; using another", { port: options.port });
  const child = fork(
    options.file,
    [
      "--port",
      String(port),
      "--seed",
      String(options.seed),
      "--rate",
      String(options.rate),
      ...(options.stocks === undefined ? [] : ["--stocks", String(options.stocks)]),
    ],
    {
      execArgv: [...options.execArgv],
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  );
  let stopping = false;
  const ended = new Promise<void>((resolve) =>
    child.once("exit", (code) => {
      resolve();
      if (!stopping) options.onExit(code);
    }),
  );
  const listening = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new AppError("internal", `The simulated exchange did not start within ${START_MS / 1_000} s`)),
      START_MS,
    );
    child.once("message", (message) => {
      clearTimeout(timer);
      resolve((message as { port: number }).port);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new AppError("internal", `The simulated exchange ended with code ${code} while starting`));
    });
  });
  return {
    port: listening,
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(timer);
    },
  };
};
