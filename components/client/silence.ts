/** The server speaks every second: this long without a word, and the line is dead, whatever the socket says. */
export const SILENCE_MS = 5_000;

/** An instrument without a tick for longer than this says so, in the list and beside the chart alike. */
export const QUIET_MS = 10_000;

export interface SilenceWatch {
  heard(now: number): void;
  /** Asked once a second: true when the line has fallen silent. A tab that slept finds its frames waiting: it is asked twice. */
  look(now: number): boolean;
}

export const silenceWatch = (): SilenceWatch => {
  let last: number | null = null;
  let doubted = false;
  return {
    heard(now) {
      last = now;
      doubted = false;
    },
    look(now) {
      const silent = last !== null && now - last > SILENCE_MS;
      const sure = silent && doubted;
      doubted = silent;
      return sure;
    },
  };
};
