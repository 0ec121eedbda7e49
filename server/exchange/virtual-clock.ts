/** The exchange's clock: follows the machine's unless set. All times are epoch ms. */
export interface VirtualClock {
  now(): number;
  speed(): number;
  paused(): boolean;
  set(instant: number): void;
  setSpeed(factor: number): void;
  pause(on: boolean): void;
}

/** `real` is the machine's clock; `start` the instant shown first (default: the machine's). */
export const virtualClock = (real: () => number, start: number | null, factor: number): VirtualClock => {
  let speed = factor;
  let paused = false;
  let shown = start ?? real();
  let since = real();
  const now = (): number => (paused ? shown : shown + (real() - since) * speed);
  const anchor = (instant: number): void => {
    shown = instant;
    since = real();
  };
  return {
    now,
    speed: () => speed,
    paused: () => paused,
    set: anchor,
    setSpeed(next) {
      anchor(now());
      speed = next;
    },
    pause(on) {
      anchor(now());
      paused = on;
    },
  };
};
