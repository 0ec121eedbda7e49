import { AppError, hasCode } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";

export interface PaceOptions {
  signal: AbortSignal;
  /** Takes precedence over others: a gap in a visible chart comes before years of the past. */
  urgent?: boolean;
  /** Tries altogether, while the broker says "too fast" or does not answer. */
  attempts?: number;
  /** Called for each retry. */
  onRetry?(cause: unknown): void;
}

const LONGEST_PAUSE_MS = 30_000;
/** A broker may ask for more, but not for centuries. */
const LONGEST_TOLD_MS = 60_000;
const ATTEMPTS = 8;

interface Waiting {
  urgent: boolean;
  signal: AbortSignal;
  go(): void;
  leave(): void;
}

/**
 * Paces the requests of one login to a broker's history API, for all callers, because the broker counts by login. On
 * "too fast" or an outage all of them wait, longer each time.
 */
export class RequestPace {
  private readonly waiting: Waiting[] = [];
  private readonly watched = new WeakSet<AbortSignal>();
  private releasing = false;
  private nextAt = 0;
  private pausedUntil = 0;
  private failures = 0;
  /** What the broker said last, while it holds everybody back. */
  private refusal: Error | null = null;
  /** Questions that are waiting or under way. */
  asking = 0;

  constructor(
    private readonly clock: Clock,
    readonly requestsPerSecond: number,
  ) {}

  /** Resolves with the answer; rejects with the last refusal when patience is over, and at once with any other error. */
  async ask<T>(work: () => Promise<T>, options: PaceOptions): Promise<T> {
    this.asking++;
    try {
      return await this.answer(work, options);
    } finally {
      this.asking--;
    }
  }

  private async answer<T>(work: () => Promise<T>, options: PaceOptions): Promise<T> {
    const { signal, attempts = ATTEMPTS } = options;
    for (let attempt = 1; ; attempt++) {
      await this.turn(options.urgent ?? false, signal);
      try {
        const answer = await work();
        this.failures = 0;
        this.refusal = null;
        return answer;
      } catch (cause) {
        const busy = hasCode(cause, "rate_limited") || hasCode(cause, "broker_unreachable");
        if (busy) this.refusal = cause as Error;
        if (signal.aborted) throw this.reasonOf(signal, cause);
        if (!busy || attempt >= attempts) throw cause;
        this.pause(cause);
        options.onRetry?.(cause);
      }
    }
  }

  /** A caller with a time limit learns what delayed it; every other error is its own. */
  private reasonOf({ reason }: AbortSignal, cause: unknown): Error {
    if ((reason as Error | undefined)?.name !== "TimeoutError") return cause as Error;
    const why = this.refusal === null ? "other requests were ahead, or it is slow" : this.refusal.message;
    return new AppError("broker_unreachable", `The broker did not respond in time: ${why}`, {
      retryable: true,
      cause,
    });
  }

  /** Those that fail together were under way together: they make the pause longer once. */
  private pause(cause: unknown): void {
    const now = this.clock.now();
    if (now < this.pausedUntil) return;
    const told = (cause as { details?: { retryAfterMs?: unknown } }).details?.retryAfterMs;
    const own = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** this.failures++);
    this.pausedUntil = now + Math.max(own, typeof told === "number" && told > 0 ? Math.min(told, LONGEST_TOLD_MS) : 0);
  }

  private turn(urgent: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(this.reasonOf(signal, signal.reason));
        return;
      }
      this.watch(signal);
      const waiting: Waiting = {
        urgent,
        signal,
        go: resolve,
        leave: () => {
          reject(this.reasonOf(signal, signal.reason));
        },
      };
      const behind = urgent ? this.waiting.findIndex((each) => !each.urgent) : -1;
      if (behind === -1) this.waiting.push(waiting);
      else this.waiting.splice(behind, 0, waiting);
      void this.release();
    });
  }

  /** One listener for all that wait on a signal: Node takes many for a leak, and says so on the terminal. */
  private watch(signal: AbortSignal): void {
    if (this.watched.has(signal)) return;
    this.watched.add(signal);
    signal.addEventListener(
      "abort",
      () => {
        for (const waiting of this.waiting.filter((each) => each.signal === signal)) {
          this.waiting.splice(this.waiting.indexOf(waiting), 1);
          waiting.leave();
        }
      },
      { once: true },
    );
  }

  private async release(): Promise<void> {
    if (this.releasing) return;
    this.releasing = true;
    try {
      while (this.waiting.length > 0) {
        const wait = Math.max(this.nextAt, this.pausedUntil) - this.clock.now();
        if (wait > 0) {
          await this.clock.sleep(wait);
          continue;
        }
        this.nextAt = this.clock.now() + 1_000 / this.requestsPerSecond;
        this.waiting.shift()!.go();
      }
    } finally {
      this.releasing = false;
    }
  }
}

/** One pace per login, made when first asked for. A login is the object its collector was started with. */
export class RequestPaces {
  private readonly byLogin = new WeakMap<object, RequestPace>();

  constructor(private readonly clock: Clock) {}

  of(login: unknown, requestsPerSecond: number): RequestPace {
    const key = login as object;
    let pace = this.byLogin.get(key);
    if (pace === undefined) this.byLogin.set(key, (pace = new RequestPace(this.clock, requestsPerSecond)));
    return pace;
  }
}
