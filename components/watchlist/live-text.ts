import { feedOf } from "@/components/chart/feed-light";
import type { FeedTruth } from "@/server/domain/collector";

/** What a list's row says of its source. */
export interface LiveRow { live: boolean; simulated: boolean }

/** A feed in another state than LIVE brings nothing, or brings it late, and none of its rows is live. */
const words: Partial<Record<FeedTruth["state"], string>> = {
  SLOW: "slow", MUTE: "mute", AUTH_EXPIRED: "login expired", DOWN: "down", RECONNECTING: "reconnecting", STARTING: "starting", STOPPED: "stopped", CLOSED: "market closed",
};

/** `21 of 22 live`; in place of it what keeps every row from being live. "" before anything is known. */
export const liveText = (rows: readonly LiveRow[], total: number, feeds: readonly FeedTruth[] | null): string => {
  if (rows.length === 0) return "";
  const wanted = rows.filter((row) => row.live);
  const stateOf = (row: LiveRow): FeedTruth["state"] | undefined => (feeds === null ? "LIVE" : feedOf(feeds, row.simulated)?.state);
  const live = wanted.filter((row) => stateOf(row) === "LIVE").length;
  const kept = wanted.length === 0 ? undefined : words[stateOf(wanted[0]!) ?? "STOPPED"];
  return live === 0 && kept !== undefined ? kept : `${live} of ${total} live`;
};
