import { once } from "./store";

/**
 * The browser's clock, epoch ms with fractions: the wall's time and the monotonic counter. It follows the wall when that
 * was set or the machine slept. Spans and offsets below a millisecond need the fractions.
 */
export const browserClock: () => () => number = once(() => {
  let origin = Date.now() - performance.now();
  return () => {
    const wall = Date.now();
    if (Math.abs(wall - (origin + performance.now())) > 100) origin = wall - performance.now();
    return origin + performance.now();
  };
});
