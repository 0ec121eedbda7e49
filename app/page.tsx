"use client";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { fetchWorkspace } from "@/components/client/api";
import { Shell } from "@/components/shell/shell";
import { chartHref } from "@/components/watchlist/watchlist-row";

const FIRST_CHART = "/chart/SIM/RELIANCE?tf=1m";

/** The way in: the chart one left, or the first one. */
export default function HomePage() {
  const router = useRouter();
  useEffect(() => {
    const leaving = new AbortController();
    const go = (to: string): void => { if (!leaving.signal.aborted) router.replace(to + location.hash); };
    fetchWorkspace({ signal: leaving.signal }).then(
      (kept) => go(kept === null ? FIRST_CHART : `${chartHref(kept.key)}?tf=${kept.timeframe}`),
      () => go(FIRST_CHART),
    );
    return () => leaving.abort();
  }, [router]);
  return <Shell title="Candela" topBar={null}>{null}</Shell>;
}
