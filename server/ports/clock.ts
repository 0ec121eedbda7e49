/** Time is an argument: whoever needs the present or a timer is handed this. */
export interface Clock {
  /** Epoch ms UTC, with fractions where the platform has them. */
  now(): number;
  /** Calls back after a delay; the returned function cancels. Does not keep the process alive by itself. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls back every interval; the returned function stops it. */
  every(intervalMs: number, run: () => void): () => void;
  /** Resolves after the delay, or at once (rejecting with the reason) when the signal aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
