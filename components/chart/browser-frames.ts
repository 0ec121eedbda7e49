import type { DrawingTimes } from "./bar-router";
import type { FrameClock } from "./frame-clock";

/** Longest wait for an idle moment, ms: a chart that is always busy still gets its rebuild. */
const IDLE_TIMEOUT_MS = 500;
/** Wait in browsers without `requestIdleCallback`. */
const FALLBACK_MS = 50;

/** The router's moments in a browser: the chart's next frame, and an idle callback. */
export const browserFrames = (clock: FrameClock): DrawingTimes => ({
  frame: (run) => clock.request(run),
  idle(run) {
    if (typeof requestIdleCallback !== "function") {
      const timer = setTimeout(run, FALLBACK_MS);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(run, { timeout: IDLE_TIMEOUT_MS });
    return () => cancelIdleCallback(handle);
  },
});
