import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";

/** States in which expected data are missing, most severe first, with what a person must do or what is happening. */
const silent: ReadonlyMap<FeedState, string> = new Map([
  ["AUTH_EXPIRED", "log in"],
  ["DOWN", "down"],
  ["MUTE", "mute"],
  ["RECONNECTING", "reconnecting"],
]);

/** Why nothing is received; null while any feed sends ticks, waits for its market, starts, or is on standby. */
export const notReceiving = (feeds: readonly Pick<FeedTruth, "state">[]): string | null => {
  if (!feeds.every(({ state }) => silent.has(state))) return null;
  return [...silent].find(([state]) => feeds.some((feed) => feed.state === state))?.[1] ?? null;
};
