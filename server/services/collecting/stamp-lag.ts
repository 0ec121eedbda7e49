import type { RawBatch } from "@/server/domain/ticks/tick";

/** What the exchange's stamps say of the time between them and us. */
export interface StampReading {
  /** A tick comes at least so long after its stamp, in 19 of 20 frames; never more than it is. */
  lagMs: number;
  /** Exchange's clock less ours, the way here included, and how far off the figure may be: stamps of whole seconds hide up to one. */
  skewMs: number;
  errorMs: number;
}

const SAMPLES = 256;
const EVERY_MS = 100;
const WINDOW_MS = 30_000;
const FEWEST = 5;
/** After a connect come the last packets known, maybe of yesterday. */
const SETTLING_MS = 1_500;
/** More is no lag: a recording, or a market that has closed. */
const MOST_MS = 3_600_000;
const WHOLE_SECOND_MS = 1_000;

/**
 * Receive time minus exchange time, one sample per frame from its newest timestamp. Timestamps are whole seconds, so a
 * sample is the lag plus the elapsed part of the second: it bounds the lag from above, and minus one second from below.
 */
export class StampLag {
  private readonly received = new Float64Array(SAMPLES);
  private readonly late = new Float64Array(SAMPLES);
  private readonly sorted = new Float64Array(SAMPLES);
  private count = 0;
  private last = Number.NEGATIVE_INFINITY;
  private from = Number.NEGATIVE_INFINITY;
  private isFine = false;

  connected(now: number): void {
    this.from = now + SETTLING_MS;
    this.count = 0;
  }

  saw({ receivedTime, length, exchangeTime }: Pick<RawBatch, "receivedTime" | "length" | "exchangeTime">): void {
    if (receivedTime - this.last < EVERY_MS || receivedTime < this.from) return;
    let newest = 0;
    for (let row = 0; row < length; row++) if (exchangeTime[row]! > newest) newest = exchangeTime[row]!;
    const late = receivedTime - newest;
    if (newest === 0 || Math.abs(late) > MOST_MS) return;
    this.last = receivedTime;
    if (newest % WHOLE_SECOND_MS !== 0) this.isFine = true;
    const place = this.count++ % SAMPLES;
    this.received[place] = receivedTime;
    this.late[place] = late;
  }

  /** Null while too little has come lately. */
  read(now: number): StampReading | null {
    let length = 0;
    for (let place = 0; place < Math.min(this.count, SAMPLES); place++)
      if (now - this.received[place]! <= WINDOW_MS) this.sorted[length++] = this.late[place]!;
    if (length < FEWEST) return null;
    const sorted = this.sorted.subarray(0, length).sort();
    const hidden = this.isFine ? 0 : WHOLE_SECOND_MS;
    const at = (share: number): number => sorted[Math.min(length - 1, Math.floor(share * length))]!;
    const lagMs = at(0.95) - hidden;
    const above = sorted[0]!;
    const below = Math.min(above, lagMs);
    return { lagMs, skewMs: -(above + below) / 2, errorMs: (above - below) / 2 };
  }
}
