import { useEffect, useState } from "react";
import { fetchInstruments, fetchWatchlist, fetchWatchlists } from "@/components/client/api";
import { firstList } from "@/components/watchlist/use-watchlist";
import type { InstrumentHit } from "@/server/contract/answers";

const SUGGESTED = 8;

const readSuggested = async (signal: AbortSignal): Promise<InstrumentHit[]> => {
  const name = firstList(await fetchWatchlists({ signal }));
  if (name === null) return [];
  const { rows } = await fetchWatchlist(name, { signal });
  return fetchInstruments(
    rows.slice(0, SUGGESTED).map(({ key }) => key),
    { signal },
  );
};

/** Suggestions before anything was typed or opened: the start of the watchlist. Null while it is loading. */
export const useSuggested = (wanted: boolean): readonly InstrumentHit[] | null => {
  const [hits, setHits] = useState<readonly InstrumentHit[] | null>(null);
  useEffect(() => {
    if (!wanted) return undefined;
    const leaving = new AbortController();
    // Without suggestions the commands are left.
    readSuggested(leaving.signal).then(setHits, () => {
      if (!leaving.signal.aborted) setHits([]);
    });
    return () => leaving.abort();
  }, [wanted]);
  return hits;
};
