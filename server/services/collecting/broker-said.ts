/**
 * A broker's messages for display: each is reported once, counted while it repeats, and at most one is reported per
 * second.
 */
import type { FeedTruth } from "@/server/domain/ticks/collector";

/** A message repeated within this time is counted, not reported again. */
const SAID_AGAIN_MS = 60_000;
const APART_MS = 1_000;

/** The same but for its numbers: a count, a time, an id. */
const gist = (text: string): string => text.replaceAll(/\d+/g, "0");

export class BrokerSaid {
  /** The newest message. */
  last: FeedTruth["said"] = null;
  private toldAt = Number.NEGATIVE_INFINITY;

  /** True if the message should be shown. */
  hear(text: string, now: number): boolean {
    const { last } = this;
    if (last !== null && gist(last.text) === gist(text) && now - last.time < SAID_AGAIN_MS) {
      this.last = { time: now, text, count: last.count + 1 };
      return false;
    }
    this.last = { time: now, text, count: 1 };
    if (now >= this.toldAt && now - this.toldAt < APART_MS) return false;
    this.toldAt = now;
    return true;
  }
}
