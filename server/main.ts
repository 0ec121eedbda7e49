import { setFlagsFromString } from "node:v8";
import { loadConfig } from "./config";
import { createContainer } from "./container";
import { AppError } from "./domain/basics/errors";
import { checkFileLimit } from "./file-limit";
import { publish } from "./runtime";
import { startError } from "./start-error";
import { serve } from "./web/http";

const say = (step: string): void => {
  process.stdout.write(`✓ ${step}\n`);
};
const warn = (sentence: string): void => {
  process.stdout.write(`! ${sentence}\n`);
};

const AT_ONCE_MS = 300;

/** The process: configuration, parts, pages; then whatever comes until a signal ends it in order. */
const main = async (): Promise<void> => {
  const stopping = new AbortController();
  let askedAt = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Ctrl-C reaches whoever started us too, who passes it on: twice at once is once.
      if (stopping.signal.aborted && performance.now() - askedAt > AT_ONCE_MS) process.exit(130); // asked twice
      askedAt = Math.min(askedAt, performance.now());
      stopping.abort(new Error(signal));
    });
  }
  // Whoever started us is gone, however that happened (scripts/start-app.mjs).
  process.once("disconnect", () => stopping.abort(new Error("SIGTERM")));
  try {
    await run(stopping.signal);
  } catch (cause) {
    // A start that was broken off has stopped as it was asked to.
    if (cause !== stopping.signal.reason) throw cause;
  }
  say("Stopped; everything is saved");
};

const run = async (stopping: AbortSignal): Promise<void> => {
  checkFileLimit();
  const config = loadConfig(process.cwd(), process.argv.slice(2), process.env["NODE_ENV"] !== "production");
  const container = await createContainer(config, say, { warn }).catch((cause: unknown) => {
    throw startError(config.dataDir, cause);
  });
  publish(container);
  // The port first: a second start by mistake must fail before it touches the data.
  const web = await serve({ ...config, sockets: container.sockets, hot: container.readDoor, stopping });
  try {
    await container.start(stopping).catch((cause: unknown) => {
      throw startError(config.dataDir, cause);
    });
    web.open();
    const shown = config.host === "127.0.0.1" || config.host === "::1" ? "localhost" : config.host;
    process.stdout.write(`\n  Candela is at http://${shown}:${web.port}\n  Ctrl-C stops it.\n\n`);
    if (!stopping.aborted)
      await new Promise<void>((resolve) => stopping.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    await web.stop();
    await container.stop();
  }
};

// Left to itself the heap grows to twice what it holds before it is tidied. What lives here is steady; ticks allocate nothing.
setFlagsFromString("--heap-growing-percent=30");

main().then(
  () => process.exit(0),
  (cause: unknown) => {
    const told = cause instanceof AppError || (cause as Error | null)?.name === "AppError";
    process.stderr.write(
      told ? `✗ ${(cause as Error).message}\n` : `✗ ${cause instanceof Error ? cause.stack : String(cause)}\n`,
    );
    process.exit(1);
  },
);
