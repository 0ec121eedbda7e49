import { CircleX, Columns3, Copy, KeyRound, RotateCcw } from "lucide-react";
import Link from "next/link";
import { useFeed } from "@/components/client/feed";
import { dateText, spanText } from "@/components/format/times";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { NoticeStrip } from "@/components/ui/notice-strip";
import { Glyph } from "@/components/ui/glyph";
import { Late, Skeleton } from "@/components/ui/skeleton";
import type { InstrumentView } from "@/server/contract/live";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import type { FeedPhase } from "./bars-feed";
import { feedOf } from "./feed-light";
import { timeframeTitle } from "./timeframe-entry";

/** Candles in the shape of a chart to come; heights in percent, drawn once by hand. */
const shape = [
  58, 56, 60, 55, 52, 54, 50, 57, 61, 48, 44, 47, 41, 38, 40, 36, 42, 39, 35, 37, 33, 30, 34, 31, 28, 32, 29, 26, 22,
  18,
];

/** Blocks in the shape of a chart, shown after 120 ms so that a fast response never flickers. */
export function ChartSkeleton() {
  return (
    <Late>
      <div
        data-testid="chart-skeleton"
        aria-hidden
        className="pointer-events-none absolute inset-0 z-(--z-overlay) bg-bg"
      >
        <div className="absolute top-3 left-3 flex gap-2">
          {[72, 44, 44, 44].map((width, at) => (
            <span key={at} style={{ width }}>
              <Skeleton className="h-2.5" />
            </span>
          ))}
        </div>
        <div className="absolute inset-x-6 top-16 bottom-16 flex items-start justify-between">
          {shape.map((height, at) => (
            <span key={at} className="relative h-full w-2">
              <span
                aria-hidden
                className="absolute inset-x-0 h-[9%] rounded-xs bg-elevated"
                style={{ top: `${height}%` }}
              />
              <span
                aria-hidden
                className="absolute inset-x-0 bottom-0 rounded-xs bg-elevated/60"
                style={{ height: `${6 + ((at * 7) % 11)}%` }}
              />
            </span>
          ))}
        </div>
      </div>
    </Late>
  );
}

/** Nothing stored at this timeframe: one sentence, one fact, a way out. */
export function EmptyChart({
  instrument,
  timeframe,
  firstStored,
  onTimeframe,
}: {
  instrument: InstrumentView;
  timeframe: AnyTimeframeName;
  firstStored: number | null;
  onTimeframe: (timeframe: AnyTimeframeName) => void;
}) {
  const other: AnyTimeframeName = timeframe === "1m" ? "1d" : "1m";
  return (
    <div data-testid="chart-empty" className="absolute inset-0 z-(--z-overlay) flex items-center justify-center bg-bg">
      <EmptyState
        icon={Columns3}
        title={`No bars for ${instrument.symbol} on ${timeframe}`}
        detail={
          firstStored === null
            ? instrument.live
              ? "The first bar appears with the first tick."
              : "Nothing is stored, and no running collector subscribes to it."
            : `Stored data begins on ${dateText(firstStored)}.`
        }
        actions={
          <Button kind="primary" onClick={() => onTimeframe(other)}>
            Switch to {timeframeTitle(other)}
          </Button>
        }
      />
    </div>
  );
}

/** The chart could not be loaded; the rest of the page continues. */
export function ChartError({
  phase,
  symbol,
  onRetry,
  onSearch,
}: {
  phase: Extract<FeedPhase, { kind: "failed" }>;
  symbol: string;
  onRetry: () => void;
  onSearch: () => void;
}) {
  const requestId = phase.details.requestId;
  const unknown = phase.code === "unknown_instrument" || phase.code === "ambiguous";
  return (
    <div data-testid="chart-error" className="absolute inset-0 z-(--z-overlay) flex items-center justify-center bg-bg">
      <EmptyState
        icon={CircleX}
        tone="danger"
        title={unknown ? `No instrument ${symbol}` : "The chart could not be loaded"}
        detail={
          phase.code === "unknown_instrument"
            ? "No instrument has this name. Use search to find one."
            : `${phase.message}${/[.!?…]$/.test(phase.message) ? "" : "."}${unknown ? "" : " Other panels are not affected."}`
        }
        actions={
          <>
            {unknown && (
              <Button kind="primary" onClick={onSearch}>
                Search
              </Button>
            )}
            <Button icon={RotateCcw} onClick={onRetry}>
              Retry
            </Button>
            <Button
              kind="quiet"
              icon={Copy}
              onClick={() => void navigator.clipboard.writeText(JSON.stringify(phase, null, 2))}
            >
              Copy details
            </Button>
          </>
        }
        {...(unknown ? {} : { foot: `${phase.code}${typeof requestId === "string" ? ` · request ${requestId}` : ""}` })}
      />
    </div>
  );
}

const STRIP_AFTER_MS = 15_000;

/** A strip above the chart when its feed stays mute or cannot log in; never while the market is closed. */
export function FeedStrip({ instrument, open }: { instrument: InstrumentView; open: boolean }) {
  const frame = useFeed();
  const feed = frame === null ? null : feedOf(frame.feeds, instrument.simulated);
  if (frame === null || feed === null || !instrument.live) return null;
  if (feed.state === "AUTH_EXPIRED")
    return (
      <NoticeStrip
        tone="warn"
        icon={KeyRound}
        urgent
        action={
          <Link href="/status" className="shrink-0 text-link">
            Log in on the Status page
          </Link>
        }
      >
        <b className="font-semibold">{feed.collector}</b> · {feed.reason}
      </NoticeStrip>
    );
  const quiet = frame.serverTime - (feed.lastTick ?? feed.since);
  if ((feed.state !== "MUTE" && feed.state !== "DOWN") || !open || quiet < STRIP_AFTER_MS) return null;
  return (
    <NoticeStrip tone="danger" urgent>
      <Glyph shape="ring" className="mr-2 inline text-danger" />
      <b className="font-semibold">
        {feed.state} {spanText(quiet)}
      </b>{" "}
      · {feed.collector}: {feed.reason}
    </NoticeStrip>
  );
}
