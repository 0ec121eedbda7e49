import type { Clock } from "@/server/ports/clock";

interface Timer {
  at: number;
  every: number;
  run(): void;
}

/** A clock that advances only when moved, and then runs due callbacks in order; a repeating one once per move. */
export class VirtualTime implements Clock {
  private readonly timers = new Set<Timer>();
  constructor(private shown: number) {}

  now(): number {
    return this.shown;
  }
  after(delayMs: number, run: () => void): () => void {
    return this.add(delayMs, 0, run);
  }
  every(intervalMs: number, run: () => void): () => void {
    return this.add(intervalMs, intervalMs, run);
  }
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        cancel();
        reject(signal!.reason as Error);
      };
      const cancel = this.add(delayMs, 0, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Shows an instant; nothing is called back. */
  show(instant: number): void {
    this.shown = Math.max(this.shown, instant);
  }

  /** Runs due callbacks. */
  turn(): void {
    const due = [...this.timers].filter(({ at }) => at <= this.shown).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      if (!this.timers.has(timer)) continue;
      if (timer.every === 0) this.timers.delete(timer);
      else timer.at = this.shown + timer.every;
      timer.run();
    }
  }

  private add(delayMs: number, every: number, run: () => void): () => void {
    const timer: Timer = { at: this.shown + Math.max(0, delayMs), every, run };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }
}
