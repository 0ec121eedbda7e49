import { loadConfig } from "./config";
import { createContainer } from "./container";
import { AppError } from "./domain/errors";
import { publish } from "./runtime";
import { serve } from "./web/http";

const say = (step: string): void => { process.stdout.write(`✓ ${step}\n`); };

/** The process: configuration, parts, pages; then whatever comes until a signal ends it in order. */
const main = async (): Promise<void> => {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(130); // asked twice
      stopping.abort(new Error(signal));
    });
  }
  const config = loadConfig(process.cwd(), process.argv.slice(2), process.env["NODE_ENV"] !== "production");
  const container = await createContainer(config, say);
  publish(container);
  // The port first: a second start by mistake must fail before it touches the data.
  const web = await serve({ ...config, sockets: container.sockets, stopping: stopping.signal });
  try {
    await container.start(stopping.signal);
    web.open();
    const shown = config.host === "127.0.0.1" || config.host === "::1" ? "localhost" : config.host;
    process.stdout.write(`\n  Candela is at http://${shown}:${web.port}\n  Ctrl-C stops it.\n\n`);
    if (!stopping.signal.aborted) await new Promise<void>((resolve) => stopping.signal.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    await web.stop();
    await container.stop();
  }
  say("Stopped, everything written");
};

main().then(() => process.exit(0), (cause: unknown) => {
  const told = cause instanceof AppError || (cause as Error | null)?.name === "AppError";
  process.stderr.write(told ? `✗ ${(cause as Error).message}\n` : `✗ ${cause instanceof Error ? cause.stack : String(cause)}\n`);
  process.exit(1);
});
