/** Long-running work that outlives a process, as shown to people. */

/**
 * `queued` behind another, `running`, `paused` by a person, `done`, `failed`: ended with days that could not be filled
 * (resuming retries them), `cancelled`. A job found `running` without a process was interrupted and continues.
 */
export const jobStates = ["queued", "running", "paused", "done", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

/** What happened to history's bars. */
export interface DayCounts {
  /** Bars received from history. */
  bars: number;
  added: number;
  unchanged: number;
  /** Different, and ours stays. */
  kept: number;
  corrected: number;
  /** Different in a way no rule decides: ours stays until a person has looked. */
  flagged: number;
}

/** Counts are of this job, over all its runs; requests of the present run. */
export interface JobStatistics extends DayCounts {
  /** Days of instruments done, those that failed included. */
  days: number;
  failed: number;
  /** Days that were complete before. */
  skipped: number;
  requests: number;
  /** Requests made again because the broker was busy or away. */
  retries: number;
  /** Over the last seconds. */
  requestsPerSecond: number;
  /** At the present speed; null when that is not known. */
  remainingSeconds: number | null;
}

export interface JobProgress {
  id: string;
  title: string;
  /** Days of instruments. */
  done: number;
  total: number;
  /** What is being done now. */
  detail: string;
  finished: boolean;
  failed: number;
  state: JobState;
  /** Why it is in that state, or "". */
  reason: string;
  /** Epoch ms. */
  createdAt: number;
  finishedAt: number | null;
  /** Notes for people: what is skipped, how a file was read. */
  notes: readonly string[];
  statistics: JobStatistics;
}

/** What a backfill would ask for, before it is ordered. */
export interface BackfillEstimate {
  source: string;
  timeframe: string;
  instruments: number;
  /** Keys or symbols that are left out, each with why. */
  leftOut: { name: string; reason: string }[];
  /** Days of instruments to fetch, and those that are complete. */
  days: number;
  skipped: number;
  /** Days to fetch that no holiday list covers. */
  unknown: number;
  requests: number;
  /** The maximum the sessions can have. */
  bars: number;
  /** At the rate the source allows; 0 where it has none. */
  minutes: number;
  /** Database size, including indexes. */
  diskMb: number;
  /** What a person should know of the source. */
  notes: readonly string[];
}

export interface BarFigures {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** A job with its failures and findings. Prices in rupees, times epoch ms. */
export interface JobReport extends JobProgress {
  failures: { instrument: string; date: string; reason: string }[];
  /** Bars on which history and the store did not agree; null where there was no such bar. */
  differences: {
    instrument: string;
    timeframe: string;
    time: number;
    verdict: "kept" | "corrected" | "flagged";
    rule: string;
    stored: BarFigures | null;
    history: BarFigures | null;
  }[];
}
