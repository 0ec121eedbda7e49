import type { Completeness } from "@/server/domain/bars/completeness";
import type { Gap } from "@/server/domain/bars/gap";
import type { FeedState } from "@/server/domain/ticks/collector";
import type { Session } from "@/server/domain/time/session";
import type { Timeframe } from "@/server/domain/time/timeframe";
import type { CompareRun, CompareStore, Difference, GapQuery } from "./gap-stores";

/** What the data say about one instrument of a feed, with the evidence it rests on. Times epoch ms. */
export interface InstrumentTruth {
  /** The collector that delivers it; null if none does. */
  collector: string | null;
  state: FeedState;
  /** One sentence. */
  reason: string;
  /** When it became so, as far as observed. */
  since: number | null;
  /** Receipt of the last packet; null before the first. */
  lastTick: number | null;
  /** Ticks a minute to expect, from its last ticks; null before enough have come. */
  expectedPerMinute: number | null;
  /** Its longest usual silence, and the silence after which it counts as mute; null until enough is known. */
  longestMs: number | null;
  patienceMs: number | null;
}

export interface DayCompleteness extends Completeness {
  date: string;
  session: Session;
  timeframe: Timeframe;
  /** Share of expected bars that are there whole or had no trade; null when none was expected yet. */
  share: number | null;
  quality: string;
}

/** What the REST door asks about the quality of the data. */
export interface QualityReads {
  gaps: {
    readonly open: number;
    list(query: GapQuery): Promise<Gap[]>;
    healNow(id: number): Promise<Gap>;
    ignore(id: number, by: string, note: string): Promise<Gap>;
    review(by: string): Promise<void>;
  };
  truths: { of(instrument: number): InstrumentTruth };
  completeness: {
    days(
      instrument: number,
      timeframe: Timeframe,
      fromDay: number,
      toDay: number,
      signal?: AbortSignal,
    ): Promise<DayCompleteness[]>;
  };
  compare: {
    day(instrument: number, day: number, by: string, signal: AbortSignal): Promise<CompareRun>;
    list(query: Parameters<CompareStore["list"]>[0]): Promise<CompareRun[]>;
    differences(run: number): Promise<Difference[]>;
  };
  /** Names of the collectors that bring an instrument (its dense number). */
  collectorsOf(instrument: number): readonly string[];
  /** Takes the store id of an instrument, listed or not. */
  keyOf(id: number): string;
  decimalsOf(id: number): number;
  /** IST day number of now, of an instant, and a date's text. */
  today(): number;
  dayOf(instant: number): number;
  dateOf(day: number): string;
}
