import { durationText } from "@/server/domain/time/duration-text";
import type { FeedState } from "@/server/domain/ticks/collector";

/** Evidence for a collector's state. All times are epoch ms. */
export interface FeedEvidence {
  now: number;
  phase: "idle" | "connecting" | "live" | "reconnecting" | "stopping" | "failed";
  expired: boolean;
  reason: string;
  /** Message of a recording that has been played to its end; null before that. */
  ended: string | null;
  /** When the first of its exchanges began trading; null while none trades. */
  openSince: number | null;
  nextOpen: number | null;
  connectedAt: number | null;
  lastTick: number | null;
  /** Mean ms between ticks over the last five minutes; null before a minute has passed. */
  interval: number | null;
  /** p95 of receive time - exchange time, ms, less what whole-second stamps hide; NaN when unknown. */
  lagMs: number;
  /** Instruments it delivers, and how many it should deliver that the broker does not list. */
  subscribed: number;
  missing: { count: number; names: readonly string[] };
}

/** A socket that is up and says nothing for this long while the market is open is mute. */
const MUTE_MS = 5_000;
const SLOW_LAG_MS = 2_500;
/** Number of missing names in the sentence. */
const NAMED = 3;

/** Returns the state and a sentence with its evidence. It is derived from data, never from the socket alone. */
export const judge = (evidence: FeedEvidence): { state: FeedState; reason: string } => {
  const { state, reason } = lightOf(evidence);
  const { count, names } = evidence.missing;
  if (count === 0 || evidence.phase !== "live") return { state, reason };
  const shown = names.slice(0, NAMED).join(", ");
  return {
    state,
    reason: `${reason}; not in the broker's list: ${shown}${count > NAMED ? ` and ${count - NAMED} more` : ""}`,
  };
};

const lightOf = (evidence: FeedEvidence): { state: FeedState; reason: string } => {
  const { now, phase, lastTick, connectedAt } = evidence;
  if (evidence.expired) return { state: "AUTH_EXPIRED", reason: evidence.reason };
  if (phase === "idle" || phase === "stopping") return { state: "STOPPED", reason: evidence.reason || "not started" };
  if (phase === "failed") return { state: "DOWN", reason: evidence.reason };
  if (phase === "connecting") return { state: "STARTING", reason: evidence.reason };
  if (phase === "reconnecting") return { state: "RECONNECTING", reason: evidence.reason };
  if (evidence.ended !== null) return { state: "STOPPED", reason: evidence.ended };
  if (evidence.subscribed === 0)
    return { state: "DOWN", reason: "connected, but the broker lists none of the subscribed instruments" };
  if (evidence.openSince === null) return { state: "CLOSED", reason: "none of its exchanges is trading" };
  // The quiet before the open is none of the feed's.
  const silence = now - Math.max(lastTick ?? connectedAt ?? now, evidence.openSince);
  const patience = Math.max(MUTE_MS, 6 * (evidence.interval ?? 0));
  if (silence > patience) return { state: "MUTE", reason: `connected, but no tick for ${durationText(silence)}` };
  if (lastTick === null) return { state: "STARTING", reason: "connected, waiting for the first tick" };
  if (!Number.isNaN(evidence.lagMs) && evidence.lagMs > SLOW_LAG_MS)
    return {
      state: "SLOW",
      reason: `ticks arrive ${durationText(evidence.lagMs)} after their exchange time: the feed is slow, or this machine's clock is ahead`,
    };
  if (evidence.interval !== null && silence > Math.max(3_000, 3 * evidence.interval))
    return {
      state: "SLOW",
      reason: `last tick ${durationText(silence)} ago, usually every ${durationText(evidence.interval)}`,
    };
  return { state: "LIVE", reason: `last tick ${durationText(now - lastTick)} ago` };
};
