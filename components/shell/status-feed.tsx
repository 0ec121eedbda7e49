import Link from "next/link";
import { slowText } from "@/components/chart/feed-light";
import { useConnection } from "@/components/client/connection";
import { useFeed } from "@/components/client/feed";
import { useNow } from "@/components/client/now";
import { countText, millisecondsText } from "@/components/format/numbers";
import { ageText, clockText, spanText, untilText } from "@/components/format/times";
import { Pill } from "@/components/ui/pill";
import { Popover } from "@/components/ui/popover";
import type { FeedTruth } from "@/server/domain/ticks/collector";
import { shownUntil } from "./shown-until";
import { statusItem } from "./status-item";
import { worstFeed } from "./worst-feed";

/** Frames arrive once a second. If they stop, the age continues by our own clock. */
const FRAME_MS = 3_000;

const frameTime = (serverTime: number, now: number): number => (now - serverTime > FRAME_MS ? now : serverTime);
/** Age of a feed's last tick according to the newest frame. */
const tickAge = (feed: FeedTruth, serverTime: number, now: number): string => {
  if (feed.lastTick === null) return "";
  return ageText(feed.lastTick, frameTime(serverTime, now));
};

function Evidence({ feed, serverTime, now }: { feed: FeedTruth; serverTime: number; now: number }) {
  const rows: [string, string][] = [
    [
      "Last tick",
      feed.lastTick === null ? "none yet" : `${clockText(feed.lastTick)} · ${tickAge(feed, serverTime, now)} ago`,
    ],
    ["Last minute", `${countText(feed.ticksLastMinute)} ticks`],
    ["Expected", feed.expectedPerMinute === null ? "not known yet" : `${countText(feed.expectedPerMinute)} a minute`],
    ["Instruments", countText(feed.subscribed)],
    ...(feed.lagMs === null
      ? []
      : [["Delay", `${millisecondsText(feed.lagMs)} ms behind exchange time`] as [string, string]]),
    ...(feed.missing.count === 0 ? [] : [["Not in broker's list", feed.missing.names.join(", ")] as [string, string]]),
    ...(feed.said === null
      ? []
      : [
          [
            "Broker said",
            `${clockText(feed.said.time)} · ${feed.said.text}${feed.said.count > 1 ? ` (${feed.said.count} ×)` : ""}`,
          ] as [string, string],
        ]),
    ["Reconnected", feed.reconnects === 0 ? "never" : `${countText(feed.reconnects)} ×`],
    ["Current state", `since ${clockText(feed.since)}`],
  ];
  return (
    <section className="not-first:mt-3 not-first:border-t not-first:border-line not-first:pt-3">
      <div className="flex items-center gap-2">
        <h2 className="text-13 font-semibold">{feed.collector}</h2>
        <Pill
          state={feed.state}
          detail={feed.nextAttempt === null ? undefined : `try ${feed.attempt} in ${spanText(feed.nextAttempt - now)}`}
        />
        {feed.simulated && <Pill state="SIM" />}
      </div>
      <p className="mt-1 text-muted">{feed.reason}</p>
      {feed.state === "AUTH_EXPIRED" && (
        <p className="mt-1">
          <Link href="/status" className="text-link">
            Enter today's access token on the Status page
          </Link>
        </p>
      )}
      <dl className="mt-2 grid grid-cols-[96px_1fr] gap-y-0.5">
        {rows.map(([name, value]) => [
          <dt key={name} className="text-muted">
            {name}
          </dt>,
          <dd key={`${name} value`} className="text-right">
            {value}
          </dd>,
        ])}
      </dl>
    </section>
  );
}

/** The feed's state, and its evidence. */
export function FeedItem() {
  const connection = useConnection();
  const frame = useFeed();
  const now = useNow(1_000) ?? 0;
  const worst = frame === null ? null : worstFeed(frame.feeds);
  const offline = connection.status === "offline";
  const state = offline ? "OFFLINE" : (worst?.state ?? "STARTING");
  const name = offline ? "disconnected" : frame === null ? "connecting" : (worst?.collector ?? "none configured");
  const until = shownUntil(frame, connection);
  const age = offline
    ? until === null
      ? ""
      : untilText(until, now)
    : worst === null || frame === null
      ? ""
      : worst.state === "SLOW"
        ? slowText(worst, frameTime(frame.serverTime, now))
        : tickAge(worst, frame.serverTime, now);
  return (
    <Popover
      label="Feed"
      width={300}
      side="top"
      trigger={
        <button type="button" data-testid="feed-pill" className={`${statusItem} border-r`}>
          <span className="sr-only">Feed</span>
          <Pill state={state} label={frame !== null && frame.feeds.length === 0 ? "NO FEED" : undefined} />
          <span className="text-text-2">{name}</span>
          {age !== "" && <span>{age}</span>}
        </button>
      }
    >
      {offline && (
        <p className="text-warn not-only:mb-3">
          Connection to the server lost. The values below are the last ones received.
        </p>
      )}
      {frame === null || frame.feeds.length === 0 ? (
        <p className="text-muted">
          {frame === null ? "Waiting for the first data from the server." : "No collector is running."}
        </p>
      ) : (
        frame.feeds.map((feed) => <Evidence key={feed.collector} feed={feed} serverTime={frame.serverTime} now={now} />)
      )}
      <p className="mt-3 border-t border-line pt-2">
        <Link href="/status" className="text-link">
          Details on the Status page
        </Link>
      </p>
    </Popover>
  );
}
