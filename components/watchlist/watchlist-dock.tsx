"use client";
/**
 * `<WatchlistDock current="SIM:RELIANCE" onPick={(key) => …} />`: a list with live prices.
 *   current   key of the chart in view: its row is marked
 *   onPick    called on click, Enter and, a moment after, on arrow keys
 *   list      name of the list to open first; `onList` hears of another choice
 */
import { List, Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useConnection } from "@/components/client/connection";
import { useFeed } from "@/components/client/feed";
import { wantQuotes } from "@/components/client/quotes";
import { openPalette, registerCommands } from "@/components/palette/palette-store";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Icon } from "@/components/ui/icon";
import { Late, Skeleton } from "@/components/ui/skeleton";
import { ListHead } from "./list-head";
import { useWatchlist } from "./use-watchlist";
import { WatchlistRow } from "./watchlist-row";

export interface WatchlistDockProps {
  current: string | null;
  onPick: (key: string) => void;
  list?: string;
  onList?: (name: string) => void;
}

/** Arrow keys held down pass over rows; the chart follows where they stop. */
const FOLLOW_MS = 160;
const silent = ["MUTE", "DOWN", "RECONNECTING", "AUTH_EXPIRED", "STOPPED"];

export function WatchlistDock({ current, onPick, list, onList }: WatchlistDockProps) {
  const { heads, watchlist, error, choose, retry } = useWatchlist(list);
  const { status } = useConnection();
  const feeds = useFeed()?.feeds;
  const follow = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [focused, setFocused] = useState<string | null>(null);
  const rows = watchlist?.rows;
  const keys = useMemo(() => rows?.map((row) => row.key) ?? [], [rows]);
  useEffect(() => wantQuotes(keys), [keys]);
  useEffect(() => () => clearTimeout(follow.current), []);
  useEffect(
    () =>
      registerCommands(
        heads.map((head) => ({
          id: `list ${head.name}`,
          title: head.title,
          group: "list",
          icon: List,
          run: () => choose(head.name),
        })),
      ),
    [heads, choose],
  );
  const stale =
    status === "offline" ||
    (feeds !== undefined && feeds.length > 0 && feeds.every((feed) => silent.includes(feed.state)));
  const entry =
    focused !== null && keys.includes(focused)
      ? focused
      : current !== null && keys.includes(current)
        ? current
        : keys[0];

  const move = (event: KeyboardEvent<HTMLDivElement>): void => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>("a[data-key]")];
    const to =
      by === 0
        ? event.key === "Home"
          ? links[0]
          : event.key === "End"
            ? links.at(-1)
            : undefined
        : links[links.indexOf(document.activeElement as HTMLAnchorElement) + by];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
    clearTimeout(follow.current);
    follow.current = setTimeout(() => onPick(to.dataset.key!), FOLLOW_MS);
  };

  return (
    <section aria-label="Watchlist" className="wl-list flex min-h-0 flex-1 flex-col" data-testid="watchlist">
      <ListHead
        heads={heads}
        watchlist={watchlist}
        keys={keys}
        onChoose={(name) => {
          choose(name);
          onList?.(name);
        }}
      />
      <button
        type="button"
        onClick={() => openPalette()}
        className="mx-4 mb-3 flex h-10 items-center gap-2 rounded-sm border border-line-strong bg-panel px-3 text-14 text-muted md:hidden"
      >
        <Icon of={Search} />
        Search symbols
      </button>
      <div aria-hidden className="wl-head h-6 shrink-0 text-11 text-faint max-md:hidden">
        <span>Symbol</span>
        <span className="wl-head-spark">Today</span>
        <span className="text-right">LTP</span>
        <span className="text-right">Chg %</span>
      </div>
      <div
        onKeyDown={move}
        onFocus={(event) =>
          setFocused((event.target as HTMLElement).closest<HTMLElement>("[data-key]")?.dataset.key ?? null)
        }
        className={`min-h-0 flex-1 overflow-y-auto overscroll-contain max-md:border-t max-md:border-line ${stale ? "wl-stale" : ""}`}
      >
        {watchlist === null && error === null && (
          <Late>
            <Rows />
          </Late>
        )}
        {error !== null && (
          <EmptyState
            tone="danger"
            title="The watchlist could not be loaded"
            detail={error}
            actions={<Button onClick={retry}>Retry</Button>}
          />
        )}
        {rows?.length === 0 && <EmptyState title="This watchlist is empty" detail="Choose another watchlist above." />}
        {rows?.map((row, index) => {
          const heading = row.section !== "" && row.section !== rows[index - 1]?.section ? row.section : null;
          return [
            heading !== null && (
              <h2
                key={`section ${heading}`}
                className="flex h-6 items-center border-t border-line-subtle px-3 text-11 text-muted max-md:h-7 max-md:border-t-0 max-md:border-b max-md:bg-sunken max-md:px-4"
              >
                {heading}
              </h2>
            ),
            <WatchlistRow
              key={row.key}
              instrument={row.key}
              current={row.key === current}
              focusable={row.key === entry}
              onPick={onPick}
            />,
          ];
        })}
      </div>
    </section>
  );
}

/** Rows to come. */
function Rows() {
  return Array.from({ length: 14 }, (_, index) => (
    <div key={index} className="flex h-7 items-center justify-between px-3 max-md:h-12 max-md:px-4">
      <Skeleton className={index % 3 === 0 ? "h-2 w-20" : index % 3 === 1 ? "h-2 w-14" : "h-2 w-24"} />
      <Skeleton className="h-2 w-16" />
    </div>
  ));
}
