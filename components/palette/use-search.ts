import { useEffect, useState } from "react";
import { searchInstruments } from "@/components/client/api";
import { useOnline } from "@/components/client/connection";
import type { InstrumentHit } from "@/server/contract/answers";
import type { Typed } from "./matching";

export interface SearchResult {
  hits: readonly InstrumentHit[];
  /** The text these results belong to; if the box has another text, the response is still pending. */
  answerTo: string;
  searched: number | null;
  tookMs: number | null;
  error: string | null;
}

const nothing: SearchResult = { hits: [], answerTo: "", searched: null, tookMs: null, error: null };
const SHOWN = 12;
/** One exchange is filtered from a longer answer. */
const FILTERED = 200;

/** The name a search and its answer go by. */
export const questionOf = (typed: Typed): string =>
  typed.scope === "all" || typed.scope === "exchange" ? `${typed.exchange}|${typed.text}` : "";

/** Asks the server at each letter, and again when the server is back from an absence in which it did not answer; drops answers that come too late and shows the last answer until the next is there. */
export const useSearch = (typed: Typed): SearchResult => {
  const [result, setResult] = useState<SearchResult>(nothing);
  const [attempt, setAttempt] = useState(0);
  const online = useOnline();
  const failed = result.error !== null;
  useEffect(() => {
    if (online && failed) setAttempt((before) => before + 1);
  }, [online, failed]);
  const question = questionOf(typed);
  const { text, exchange } = typed;
  useEffect(() => {
    if (text === "" && exchange === "") {
      setResult(nothing);
      return undefined;
    }
    const leaving = new AbortController();
    const started = performance.now();
    searchInstruments(text, exchange === "" ? SHOWN : FILTERED, { signal: leaving.signal }).then(
      ({ hits, searched }) => {
        if (leaving.signal.aborted) return;
        const kept = exchange === "" ? hits : hits.filter((hit) => hit.exchange.startsWith(exchange)).slice(0, SHOWN);
        setResult({ hits: kept, answerTo: question, searched, tookMs: performance.now() - started, error: null });
      },
      (cause: Error) => {
        if (!leaving.signal.aborted) setResult({ ...nothing, answerTo: question, error: cause.message });
      },
    );
    return () => leaving.abort();
  }, [question, text, exchange, attempt]);
  return result;
};
