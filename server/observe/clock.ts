import { setMaxListeners } from "node:events";
import type { Clock } from "@/server/ports/clock";

/** The machine's clock: wall time at start plus the monotonic counter, so that it has fractions and never jumps back. */
export const systemClock = (): Clock => {
  let origin = Date.now() - performance.now();
  return {
    now() {
      const now = origin + performance.now();
      // The wall clock was set (NTP, sleep): follow it when it has moved by more than a tenth of a second.
      const wall = Date.now();
      if (Math.abs(wall - now) > 100) origin = wall - performance.now();
      return origin + performance.now();
    },
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
    every(intervalMs, run) {
      const timer = setInterval(run, intervalMs);
      timer.unref();
      return () => clearInterval(timer);
    },
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        // Many sleep on the signal of what they are a part of: no leak, of which Node would warn.
        if (signal !== undefined) setMaxListeners(0, signal);
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", stop);
          resolve();
        }, delayMs);
        const stop = (): void => {
          clearTimeout(timer);
          reject(signal!.reason as Error);
        };
        signal?.addEventListener("abort", stop, { once: true });
      }),
  };
};

/** Shortest interval of a clock that runs fast. */
const SHORTEST_MS = 10;

/** Tests: `base` as if it had said `shown` when it said `real`, and ran so many times as fast; its delays pass as fast. */
export const shiftedClock = (
  base: Clock,
  { real, shown, speed }: { real: number; shown: number; speed: number },
): Clock => ({
  now: () => shown + (base.now() - real) * speed,
  after: (delayMs, run) => base.after(delayMs / speed, run),
  every: (intervalMs, run) => base.every(Math.max(SHORTEST_MS, intervalMs / speed), run),
  sleep: (delayMs, signal) => base.sleep(delayMs / speed, signal),
});
