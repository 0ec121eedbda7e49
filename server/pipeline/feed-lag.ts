/** A window's smallest lag holds for one to two windows. */
const WINDOW_MS = 30_000;
const NO_LAG_MS = 2_000;
/** More than this is no clock's fault: a recording, or a feed that brings yesterday. */
const MOST_MS = 300_000;

/**
 * How far the exchange's stamps lie behind our clock at least: a clock of ours that runs ahead, or a broker that is
 * slow. Seconds are closed by the time the feed has reached, not by ours, or every tick would come too late.
 * Stamps of whole seconds give up to one second too much at times; the smallest of many counts.
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

  /** Our time less the lag. What the watermark covers anyway is no lag: stamps are whole seconds. */
  feedTime(now: number): number {
    const lag = Math.min(this.before, this.current);
    return lag > NO_LAG_MS && lag <= MOST_MS ? now - lag : now;
  }

  /** What has been seen, to go on from later. */
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
