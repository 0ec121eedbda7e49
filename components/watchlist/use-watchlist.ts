import { useCallback, useEffect, useState } from "react";
import { fetchWatchlist, fetchWatchlists, type WatchlistHead } from "@/components/client/api";
import { live } from "@/components/client/live";
import type { Watchlist } from "@/server/domain/instruments/watchlist";

const LIST_KEY = "candela.watchlist";

export interface ChosenWatchlist {
  heads: readonly WatchlistHead[];
  watchlist: Watchlist | null;
  /** Why nothing is shown. */
  error: string | null;
  choose(name: string): void;
  retry(): void;
}

/** The list to open first: the given one, or the last one chosen in this browser, or the first. */
export const firstList = (heads: readonly WatchlistHead[], given?: string): string | null =>
  [given, localStorage.getItem(LIST_KEY)].find((candidate) => heads.some((head) => head.name === candidate)) ??
  heads[0]?.name ??
  null;

/** All lists and the visible one: the given one, or the last one chosen in this browser, or the first. */
export const useWatchlist = (first?: string): ChosenWatchlist => {
  const [heads, setHeads] = useState<readonly WatchlistHead[]>([]);
  const [name, setName] = useState<string | null>(null);
  const [watchlist, setWatchlist] = useState<Watchlist | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => {
    setError(null);
    setAttempt((before) => before + 1);
  }, []);

  useEffect(() => {
    const leaving = new AbortController();
    fetchWatchlists({ signal: leaving.signal }).then(
      (found) => {
        setHeads(found);
        setName((before) => before ?? firstList(found, first));
        if (found.length === 0) setError("The server has no watchlists yet.");
      },
      (cause: Error) => {
        if (!leaving.signal.aborted) setError(cause.message);
      },
    );
    return () => leaving.abort();
  }, [first, attempt]);

  useEffect(() => {
    if (name === null) return undefined;
    const leaving = new AbortController();
    fetchWatchlist(name, { signal: leaving.signal }).then(
      (found) => {
        setWatchlist(found);
        setError(null);
      },
      (cause: Error) => {
        if (!leaving.signal.aborted) setError(cause.message);
      },
    );
    return () => leaving.abort();
  }, [name, attempt]);

  // A server that was away when the page came up: ask again once it is back.
  useEffect(
    () =>
      error === null
        ? undefined
        : live().onConnect((again) => {
            if (again) retry();
          }),
    [error, retry],
  );

  const choose = useCallback((next: string) => {
    localStorage.setItem(LIST_KEY, next);
    setName(next);
  }, []);
  return { heads, watchlist, error, choose, retry };
};
