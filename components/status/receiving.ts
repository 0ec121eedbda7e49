import type { FeedState, FeedTruth } from "@/server/domain/collector";

/** States in which nothing comes that should, and what is to be done or is being done. */
const words: Partial<Record<FeedState, string>> = { AUTH_EXPIRED: "log in", DOWN: "down", MUTE: "mute", RECONNECTING: "reconnecting" };
const order = ["AUTH_EXPIRED", "DOWN", "MUTE", "RECONNECTING"] as const;

/** Why nothing is received: null while any feed brings ticks, rests with its market, begins, or stands by. */
export const notReceiving = (feeds: readonly Pick<FeedTruth, "state">[]): string | null => {
  if (feeds.length === 0 || feeds.some(({ state }) => words[state] === undefined)) return null;
  return words[order.find((state) => feeds.some((feed) => feed.state === state))!]!;
};
