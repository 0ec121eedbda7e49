import { AppError } from "./errors";

/** Longest wait a client is asked for. */
const RETRY_MS = 1_000;

/** Lets so much work run at once, lets so much wait in its order, and refuses the rest. */
export class Gate {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly most: number,
    private readonly mostWaiting: number,
  ) {}

  get busy(): number {
    return this.running;
  }
  get waiting(): number {
    return this.queue.length;
  }

  /** Rejects with `overloaded` when too many wait already, and with the signal's reason when it aborts before its turn. */
  async run<T>(work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.running < this.most) this.running++;
    else await this.turn(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.queue.length >= this.mostWaiting) {
      throw new AppError(
        "overloaded",
        `${this.running} long requests are in progress and ${this.queue.length} are waiting; try again in a second`,
        { retryable: true, details: { retryAfterMs: RETRY_MS } },
      );
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener("abort", gone);
        resolve();
      };
      const gone = (): void => {
        this.queue.splice(this.queue.indexOf(go), 1);
        reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", gone, { once: true });
      this.queue.push(go);
    });
  }

  private leave(): void {
    const next = this.queue.shift();
    if (next === undefined) this.running--;
    else next();
  }
}
