import type { FeedTruth } from "@/server/domain/ticks/collector";

export interface Readiness {
  ready: boolean;
  /** Why it is not ready, one sentence per cause. */
  causes: string[];
}

/** Ready to answer with live data: the store takes bars and each started feed is not failing. */
export const readiness = (feeds: readonly FeedTruth[], store: { ok: boolean; detail: string }): Readiness => {
  const causes = feeds
    .filter((feed) => ["MUTE", "DOWN", "AUTH_EXPIRED", "RECONNECTING", "STARTING", "STOPPED"].includes(feed.state))
    .map((feed) => `${feed.collector} ${feed.state}: ${feed.reason}`);
  if (!store.ok) causes.push(`store: ${store.detail}`);
  return { ready: causes.length === 0, causes };
};
