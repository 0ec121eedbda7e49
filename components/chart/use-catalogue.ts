import { useCallback, useEffect, useState } from "react";
import { fetchIndicators } from "@/components/client/api";
import type { IndicatorEntry } from "@/server/contract/answers";

export interface Catalogue {
  /** null until it has come. */
  entries: readonly IndicatorEntry[] | null;
  error: string | null;
  retry: () => void;
}

/** The server's indicators, fetched when first wanted. */
export const useCatalogue = (wanted: boolean): Catalogue => {
  const [entries, setEntries] = useState<readonly IndicatorEntry[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const missing = wanted && entries === null;
  useEffect(() => {
    if (!missing) return undefined;
    const abort = new AbortController();
    fetchIndicators({ signal: abort.signal }).then(
      (found) => {
        setEntries(found);
        setError(null);
      },
      (cause: unknown) => {
        if (!abort.signal.aborted) setError(cause instanceof Error ? cause.message : String(cause));
      },
    );
    return () => abort.abort();
  }, [missing, attempt]);
  const retry = useCallback(() => {
    setError(null);
    setAttempt((count) => count + 1);
  }, []);
  return { entries, error, retry };
};
