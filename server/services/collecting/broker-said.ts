/** A broker's words, for people: told once, counted while it repeats itself, and never more than one a second. */
import type { FeedTruth } from "@/server/domain/ticks/collector";

/** What a broker says again within this time is counted, not told again. */
const SAID_AGAIN_MS = 60_000;
const APART_MS = 1_000;

/** The same but for its numbers: a count, a time, an id. */
const gist = (text: string): string => text.replaceAll(/\d+/g, "0");

export class BrokerSaid {
  /** The newest of them. */
  last: FeedTruth["said"] = null;
  private toldAt = Number.NEGATIVE_INFINITY;

  /** True when people should be told. */
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
