import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";

/** States in which nothing comes that should, the gravest first, and what a person has to do or is being done. */
const silent: ReadonlyMap<FeedState, string> = new Map([
  ["AUTH_EXPIRED", "log in"],
  ["DOWN", "down"],
  ["MUTE", "mute"],
  ["RECONNECTING", "reconnecting"],
]);

/** Why nothing is received: null while any feed brings ticks, rests with its market, begins, or stands by. */
export const notReceiving = (feeds: readonly Pick<FeedTruth, "state">[]): string | null => {
  if (!feeds.every(({ state }) => silent.has(state))) return null;
  return [...silent].find(([state]) => feeds.some((feed) => feed.state === state))?.[1] ?? null;
};
