/** The two ways to a backfill: the store opened here, or a running server asked over REST. */
import path from "node:path";
import { AppError, badInput, type ErrorCode, hasCode } from "@/server/domain/basics/errors";
import type { BackfillEstimate, JobProgress, JobReport } from "@/server/domain/basics/job";
import type { Wanted } from "./backfill-local";
import type { Config } from "@/server/config";
import { type FileOptions, optionsText } from "@/server/files/options";
import type { BackfillRequest } from "@/server/services/history/order";

export interface BackfillDoor {
  /** Ms between two looks at a job. */
  readonly lookEveryMs: number;
  estimate(request: BackfillRequest): Promise<BackfillEstimate>;
  order(request: BackfillRequest): Promise<JobProgress>;
  get(id: string): Promise<JobProgress>;
  report(id: string): Promise<JobReport>;
  pause(id: string): Promise<JobProgress>;
  resume(id: string): Promise<JobProgress>;
  close(): Promise<void>;
}

const FAILURES_TOLD = 10;

/** Opens the store of the configuration; where a running server owns it, that one is asked. `loadConfig` reads the environment only when it is needed. */
export const openDoor = async (options: {
  server: string | undefined;
  wanted: Wanted;
  config(): Config;
  say(step: string): void;
}): Promise<BackfillDoor> => {
  if (options.server !== undefined) return remote(options.server);
  const config = options.config();
  const { openBackfill } = await import("./backfill-local");
  try {
    const { backfill, close } = await openBackfill(config, options.wanted, options.say);
    return {
      lookEveryMs: 200,
      estimate: (request) => backfill.estimate(request),
      order: (request) => backfill.order(request),
      get: (id) => backfill.get(id),
      report: (id) => backfill.report(id, { limit: FAILURES_TOLD, offset: 0 }),
      pause: (id) => backfill.pause(id),
      resume: (id) => backfill.resume(id),
      close,
    };
  } catch (cause) {
    if (!hasCode(cause, "locked")) throw cause;
    const server = `http://127.0.0.1:${config.port}`;
    const door = remote(server);
    if (
      await fetch(new URL("/api/v1/jobs", server), { signal: AbortSignal.timeout(10_000) }).then(
        (answer) => answer.ok,
        () => false,
      )
    ) {
      options.say(`A running server uses the data folder; sending the request to ${server}`);
      return door;
    }
    throw new AppError(
      "locked",
      `${(cause as Error).message} No server responds at ${server}. Give its address with --server URL.`,
      { cause },
    );
  }
};

const remote = (server: string): BackfillDoor => {
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw badInput("server", server, "an address such as http://localhost:8080");
  const ask = async <T>(method: "GET" | "POST", to: string, body?: unknown): Promise<T> => {
    let answer: Response;
    try {
      answer = await fetch(new URL(to, server), {
        method,
        signal: AbortSignal.timeout(120_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
      });
    } catch (cause) {
      throw new AppError("internal", `Nothing responds at ${server}. Is Candela running there?`, {
        retryable: true,
        cause,
      });
    }
    const told = (await answer.json().catch(() => null)) as {
      data?: T;
      error?: { code: ErrorCode; message: string; details?: Record<string, unknown> };
    } | null;
    if (told?.error !== undefined)
      throw new AppError(told.error.code, told.error.message, { details: told.error.details ?? {} });
    if (told?.data === undefined)
      throw badInput("server", server, "the address of a running Candela, such as http://localhost:8080");
    return told.data;
  };
  const job = (id: string, more = ""): string => `/api/v1/jobs/${encodeURIComponent(id)}${more}`;
  return {
    lookEveryMs: 500,
    estimate: (request) => ask("POST", "/api/v1/backfill", { ...request, dryRun: true }),
    order: (request) => ask("POST", "/api/v1/backfill", request),
    get: (id) => ask("GET", job(id, "?limit=1")),
    report: (id) => ask("GET", job(id, `?limit=${FAILURES_TOLD}`)),
    pause: (id) => ask("POST", job(id, "/pause")),
    resume: (id) => ask("POST", job(id, "/resume")),
    close: () => Promise.resolve(),
  };
};

/** A file's path as the other end understands it, wherever that one was started; `options`: how the file is to be read. */
export const absoluteSource = (source: string | undefined, options: FileOptions = {}): string | undefined => {
  const match = /^(csv|parquet)(\[[^\]]*\])?:(.+)$/s.exec(source ?? "");
  if (match === null) {
    const [option] = Object.keys(options);
    if (option !== undefined)
      throw badInput(
        `--${option === "dateFormat" ? "date-format" : option}`,
        options[option as keyof FileOptions],
        "a file source: csv:FILE or parquet:FILE",
      );
    return source;
  }
  return `${match[1]}${optionsText(options) || (match[2] ?? "")}:${path.resolve(match[3]!)}`;
};
