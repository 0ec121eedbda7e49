import { feedOf } from "@/components/chart/feed-light";
import type { FeedTruth } from "@/server/domain/ticks/collector";

/** What a list's row says of its source. */
export interface LiveRow {
  live: boolean;
  simulated: boolean;
  /** `since 15:30` while its market is closed, "" where no close is known; null while it is not. */
  closed: string | null;
  /** It is silent while its feed sends others. */
  mute: boolean;
}

/** A feed in a state other than LIVE sends nothing, or sends it late, so none of its rows is live. */
const words: Partial<Record<FeedTruth["state"], string>> = {
  SLOW: "slow",
  MUTE: "mute",
  AUTH_EXPIRED: "login expired",
  DOWN: "down",
  RECONNECTING: "reconnecting",
  STARTING: "starting",
  STOPPED: "stopped",
  CLOSED: "market closed",
};

/** `21 of 22 live`, or why no row is live. "" before anything is known. */
export const liveText = (rows: readonly LiveRow[], total: number, feeds: readonly FeedTruth[] | null): string => {
  if (rows.length === 0) return "";
  const wanted = rows.filter((row) => row.live);
  const stateOf = (row: LiveRow): FeedTruth["state"] | undefined =>
    feeds === null ? "LIVE" : feedOf(feeds, row.simulated)?.state;
  const closed = rows.filter((row) => row.closed !== null);
  // One text for the whole list if it applies to every row.
  const state = rows[0] === undefined ? undefined : stateOf(rows[0]);
  if (
    closed.length === rows.length &&
    (state === undefined || state === "LIVE" || state === "SLOW" || state === "CLOSED")
  )
    return ["market closed", new Set(closed.map((row) => row.closed)).size === 1 ? closed[0]!.closed : ""]
      .filter(Boolean)
      .join(" ");
  const live = wanted.filter((row) => row.closed === null && !row.mute && stateOf(row) === "LIVE").length;
  const kept = wanted.length === 0 ? undefined : words[stateOf(wanted[0]!) ?? "STOPPED"];
  return live === 0 && kept !== undefined
    ? kept
    : `${live} of ${total} live${closed.length === 0 ? "" : `, ${closed.length} closed`}`;
};
