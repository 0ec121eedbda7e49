import type { Gap, GapState } from "@/server/domain/bars/gap";
import type { TimeframeName } from "@/server/domain/time/timeframe";

/** A new gap's fields; the rest starts empty. */
export type NewGap = Pick<
  Gap,
  "instrument" | "collector" | "instruments" | "from" | "to" | "cause" | "openedAt" | "note"
>;
/** Its mutable fields. */
export type GapChange = Partial<
  Pick<Gap, "to" | "state" | "closedAt" | "healedBy" | "note" | "missing" | "filled" | "remaining" | "remainingIn">
>;

export interface GapQuery {
  /** Gaps of this instrument (store id): its own, and those of the collectors named. */
  instrument?: { id: number; collectors: readonly string[] };
  states?: readonly GapState[];
  /** Gaps that overlap [from, to), epoch ms; an open gap overlaps everything after its start. */
  from?: number;
  to?: number;
  /** The newest so many. */
  limit?: number;
}

/** A span that a broker's history has answered for. Epoch ms, `to` exclusive. */
export interface AnsweredSpan {
  instrument: number;
  from: number;
  to: number;
}

/** Stored bars of one instrument on one IST day. */
export interface DayTally {
  instrument: number;
  /** IST day number. */
  day: number;
  /** Bars in the span asked for: those without and those with a hole. */
  whole: number;
  incomplete: number;
  /** Bars of the whole day, and those that ticks of ours made. */
  all: number;
  streamed: number;
}

export interface GapStore {
  /** Opens gaps; answers them with their ids, in order. Resolves after commit. */
  open(gaps: readonly NewGap[]): Promise<Gap[]>;
  /** Returns the updated gap; null if the id does not exist. */
  change(id: number, change: GapChange): Promise<Gap | null>;
  get(id: number): Promise<Gap | null>;
  /** By start time, newest first. */
  list(query: GapQuery): Promise<Gap[]>;
  /** Records a span that history has covered, merged with adjacent and overlapping ones. Idempotent. */
  answered(timeframe: TimeframeName, span: AnsweredSpan): Promise<void>;
  /** Spans of these instruments that touch [from, to), by instrument and time. */
  answers(timeframe: TimeframeName, instruments: readonly number[], from: number, to: number): Promise<AnsweredSpan[]>;
  /** Counts stored bars by instrument and day in one query; days without a bar have no row. Days are those [from, to) touches. */
  tally(timeframe: TimeframeName, instruments: readonly number[], from: number, to: number): Promise<DayTally[]>;
  /** Stored bars that begin in [from, to) and have a hole, by time. */
  cut(
    timeframe: TimeframeName,
    instruments: readonly number[],
    from: number,
    to: number,
  ): Promise<{ instrument: number; time: number }[]>;
}

export const decisions = ["kept", "corrected", "flagged"] as const;
/**
 * `corrected`: the exchange's bar replaced ours. `kept`: ours stays and the difference is explained. `flagged`: ours
 * stays and needs review.
 */
export type Decision = (typeof decisions)[number];

/** One figure of one bar that differs. */
export interface Difference {
  timeframe: TimeframeName;
  time: number;
  field: "open" | "high" | "low" | "close" | "volume";
  /** Minor units, or quantity; null where there is no such bar. */
  ours: number | null;
  theirs: number | null;
  decision: Decision;
  why: string;
}

/** An instrument's day beside the broker's own bars. Counts are of bars. */
export interface CompareRun {
  id: number;
  instrument: number;
  day: number;
  at: number;
  by: string;
  /** Bars that either side has. */
  bars: number;
  equal: number;
  kept: number;
  corrected: number;
  flagged: number;
}

export interface CompareStore {
  /** Keeps a comparison with its differences, all or nothing. */
  save(run: Omit<CompareRun, "id">, differences: readonly Difference[]): Promise<CompareRun>;
  /** Newest first. */
  list(query: { instrument?: number; fromDay?: number; toDay?: number; limit?: number }): Promise<CompareRun[]>;
  differences(run: number): Promise<Difference[]>;
  /** Results of comparisons for one bar, oldest first. */
  about(instrument: number, timeframe: TimeframeName, time: number): Promise<Difference[]>;
}
