import type { Connection } from "@/components/client/live";
import { QUIET_MS, SILENCE_MS } from "@/components/client/silence";
import {
  ageText,
  countdownText,
  spanText,
  timeText,
  untilText,
  weekdayTimeText,
  waitText,
} from "@/components/format/times";
import type { PillState } from "@/components/ui/pill";
import type { FeedFrame, InstrumentView, SessionView } from "@/server/contract/live";
import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";
import { istDay } from "@/server/domain/time/session";

/** What the pill beside the name says about the chart's data, with its evidence. */
export interface FeedLight {
  state: PillState;
  detail: string;
  /** The last price is old and must not look live. */
  stale: boolean;
  feed: FeedTruth | null;
  /** Why the instrument itself is mute, while its feed is not; absent otherwise. */
  mute?: string;
}

/** An age of an hour or more is shown as a time or a date. */
const AGE_MS = 3_600_000;

/** True when nothing shown may look live: no connection, or one through which nothing comes. */
const lost = ({ status, lastDataAt, clockOffsetMs }: Connection, now: number): boolean =>
  status === "offline" || (lastDataAt !== null && now - (lastDataAt + clockOffsetMs) > SILENCE_MS);

const best: readonly FeedState[] = [
  "LIVE",
  "SLOW",
  "RECONNECTING",
  "STARTING",
  "MUTE",
  "AUTH_EXPIRED",
  "DOWN",
  "CLOSED",
  "STOPPED",
];

/** The feed an instrument's ticks come from: simulated ones from simulated feeds only; of several the healthiest. */
export const feedOf = (feeds: readonly FeedTruth[], simulated: boolean): FeedTruth | null =>
  feeds
    .filter((feed) => feed.simulated === simulated)
    .reduce<FeedTruth | null>(
      (found, feed) => (found === null || best.indexOf(feed.state) < best.indexOf(found.state) ? feed : found),
      null,
    );

/** How far a slow feed is behind: by its lag, or by the silence since its last tick, whichever is more. */
export const slowText = ({ lagMs, lastTick }: FeedTruth, now: number): string =>
  spanText(Math.max(lagMs ?? 0, lastTick === null ? 0 : now - lastTick));

/** The text below the last price: its age if it is old, otherwise the time left in the bar. */
export const priceNote = ({
  light,
  lastTick,
  lastBar,
  end,
  now,
}: {
  light: FeedLight;
  lastTick: number | null;
  lastBar: number | null;
  end: number | null;
  now: number;
}): string => {
  if (!light.stale) return end === null ? "" : countdownText(end - now);
  // Before its first tick the price is the last bar's.
  const at = lastTick ?? lastBar;
  if (at === null) return "";
  if (light.state === "OFFLINE") return untilText(at, now);
  const age = ageText(at, now);
  return now - at < AGE_MS ? `${age} ago` : age;
};

/** The session the server last sent for the instrument's exchange; before that, the subscription's own. */
export const sessionOf = (
  frame: FeedFrame | null,
  instrument: InstrumentView,
  known: SessionView | null,
): SessionView | null => frame?.markets.find((market) => market.exchange === instrument.exchange)?.session ?? known;

/** Session and last close of an exchange; indices keep their exchange's. */
export const marketOf = (
  markets: FeedFrame["markets"] | undefined,
  exchange: string,
): FeedFrame["markets"][number] | undefined =>
  markets?.find((market) => market.exchange === exchange) ??
  markets?.find((market) => market.exchange === exchange.replace(/_INDEX$/, ""));

/** `since 15:30`, of another day `since Fri 15:30`; "" where no close is known. */
export const sinceText = (closedSince: number | null, now: number): string =>
  closedSince === null
    ? ""
    : `since ${istDay(closedSince) === istDay(now) ? timeText(closedSince) : weekdayTimeText(closedSince)}`;

/** How long a mute instrument has been silent, in words. Its feed works; only the instrument is silent. */
export const muteText = (since: number, now: number): string =>
  `no tick for ${now - since < AGE_MS ? ageText(since, now) : waitText(now - since)}`;

export interface LightFacts {
  instrument: InstrumentView;
  historicalOnly: boolean;
  session: SessionView | null;
  /** Receive time of the instrument's last tick, epoch ms of the server. */
  lastTick: number | null;
  connection: Connection;
  frame: FeedFrame | null;
  now: number;
}

export const feedLight = ({
  instrument,
  historicalOnly,
  session,
  lastTick,
  connection,
  frame,
  now,
}: LightFacts): FeedLight => {
  const feed = frame === null ? null : feedOf(frame.feeds, instrument.simulated);
  const age = lastTick === null ? "" : ageText(lastTick, now);
  if (lost(connection, now)) {
    // Data until the last tick, not until the last frame: an old price does not grow younger by a frame without it.
    return { state: "OFFLINE", detail: lastTick === null ? "" : untilText(lastTick, now), stale: true, feed };
  }
  if (historicalOnly) return { state: "HISTORY", detail: "", stale: false, feed: null };
  const closed = session !== null && session.phase === "closed";
  if (feed?.state === "CLOSED" && session?.kind === "unknown")
    return { state: "CLOSED", detail: "no holiday list for today, trading unknown", stale: false, feed };
  if (closed || feed?.state === "CLOSED") {
    const opens = session?.until ?? null;
    const since = sinceText(marketOf(frame?.markets, instrument.exchange)?.closedSince ?? null, now);
    const next = opens === null || opens <= now ? "" : `opens ${weekdayTimeText(opens)}, in ${waitText(opens - now)}`;
    return { state: "CLOSED", detail: [since, next].filter(Boolean).join(" · "), stale: false, feed };
  }
  if (feed === null) return { state: "STARTING", detail: "", stale: false, feed };
  const mute = frame?.mute.find(({ key }) => key === instrument.key);
  if (mute !== undefined && (feed.state === "LIVE" || feed.state === "SLOW"))
    return { state: "MUTE", detail: muteText(mute.since, now), stale: true, feed, mute: mute.reason };
  switch (feed.state) {
    case "SLOW":
      return { state: "SLOW", detail: slowText(feed, now), stale: false, feed };
    case "LIVE":
      return {
        state: feed.state,
        detail: lastTick !== null && now - lastTick > QUIET_MS ? `last trade ${age} ago` : age,
        stale: false,
        feed,
      };
    case "RECONNECTING":
      return {
        state: "RECONNECTING",
        detail: `try ${feed.attempt}${feed.nextAttempt === null ? "" : ` in ${Math.max(0, Math.ceil((feed.nextAttempt - now) / 1_000))}s`}`,
        stale: true,
        feed,
      };
    case "STARTING":
      return { state: "STARTING", detail: "", stale: false, feed };
    default:
      return {
        state: feed.state,
        detail: feed.lastTick === null ? "" : ageText(feed.lastTick, now),
        stale: true,
        feed,
      };
  }
};
