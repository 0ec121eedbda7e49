/** A window's smallest lag holds for one to two windows. */
const WINDOW_MS = 30_000;
const NO_LAG_MS = 2_000;
/** A larger lag is not a wrong clock: it is a recording, or a feed that sends old data. */
const MOST_MS = 300_000;

/**
 * Minimum lag of the exchange's timestamps behind our clock: our clock is ahead, or the broker is slow. Seconds close
 * by the time the feed has reached, not by our clock, or every tick would be late. Whole-second timestamps sometimes
 * give up to one second too much, so the minimum of many counts.
 */
export class FeedLag {
  private before = Number.POSITIVE_INFINITY;
  private current = Number.POSITIVE_INFINITY;
  private began = 0;

  /** A row with an exchange stamp came. */
  saw(received: number, time: number): void {
    if (received - this.began > WINDOW_MS || received < this.began) {
      this.before = received - this.began > 2 * WINDOW_MS ? Number.POSITIVE_INFINITY : this.current;
      this.current = Number.POSITIVE_INFINITY;
      this.began = received;
    }
    const lag = received - time;
    if (lag < this.current) this.current = lag;
  }

  /** Our time minus the lag. A lag within the watermark is ignored, because timestamps are whole seconds. */
  feedTime(now: number): number {
    const lag = Math.min(this.before, this.current);
    return lag > NO_LAG_MS && lag <= MOST_MS ? now - lag : now;
  }

  /** The observed state, to continue from later. */
  snapshot(): FeedLagSnapshot {
    return { before: this.before, current: this.current, began: this.began };
  }
  restore(snapshot: FeedLagSnapshot): void {
    this.before = snapshot.before;
    this.current = snapshot.current;
    this.began = snapshot.began;
  }
}

/** Smallest lags of the window before and of this one, infinite while nothing came, and when this one began (epoch ms). */
export interface FeedLagSnapshot {
  before: number;
  current: number;
  began: number;
}
