import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";

/** From the most to the least severe. */
const order: readonly FeedState[] = [
  "AUTH_EXPIRED",
  "DOWN",
  "MUTE",
  "RECONNECTING",
  "SLOW",
  "STARTING",
  "LIVE",
  "CLOSED",
  "STOPPED",
];

/** The feed the one light of the status bar speaks for; null when there is none. */
export const worstFeed = (feeds: readonly FeedTruth[]): FeedTruth | null =>
  feeds.reduce<FeedTruth | null>(
    (worst, feed) => (worst === null || order.indexOf(feed.state) < order.indexOf(worst.state) ? feed : worst),
    null,
  );
