import type { Log } from "@/server/ports/observe";

/** A part of the running server. Without `start` it works once it is built. */
export interface Part {
  name: string;
  start?(signal: AbortSignal): Promise<void> | void;
  stop?(): Promise<void> | void;
  /** Longest `stop` may take, in ms; `STOP_MS` when not given. */
  stopMs?: number;
}

export interface Lifecycle {
  /** In start order. */
  readonly names: readonly string[];
  /** Rejects with the first part's failure, or the signal's reason, once everything started so far has stopped. */
  start(signal: AbortSignal): Promise<void>;
  /** Stops what has started, in reverse order. Never rejects; a second call waits for the first. */
  stop(): Promise<void>;
}

/** Most parts stop in milliseconds; those that write to a slow disk or network get a few seconds. */
const STOP_MS = 10_000;

/** Start and stop of the server: one ordered list, whose reverse is the order of the stop. */
export const createLifecycle = (parts: readonly Part[], log: Log): Lifecycle => {
  let begun = 0;
  let stopping: Promise<void> | null = null;

  const stopOne = async ({ name, stop, stopMs = STOP_MS }: Part): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not stopped within ${stopMs} ms`)), stopMs);
    });
    try {
      await Promise.race([(async () => stop?.())(), late]);
    } catch (cause) {
      log.error("a part failed to stop; stopping the others", { part: name, cause: String(cause) });
    } finally {
      clearTimeout(timer);
    }
  };
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      // A part whose start is still under way, or has failed, may hold something already: it is stopped as well.
      for (const part of parts.slice(0, begun).reverse()) await stopOne(part);
    })();
    return stopping;
  };

  return {
    names: parts.map(({ name }) => name),
    async start(signal) {
      try {
        for (const part of parts) {
          signal.throwIfAborted();
          if (stopping !== null) throw new Error("the server stops");
          begun++;
          await part.start?.(signal);
        }
      } catch (cause) {
        await stop();
        throw cause;
      }
    },
    stop,
  };
};
