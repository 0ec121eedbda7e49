import type { DayCounts, JobState } from "@/server/domain/basics/job";
import type { TimeframeName } from "@/server/domain/time/timeframe";

export interface JobRow {
  id: number;
  kind: "backfill";
  title: string;
  /** The resolved request, sufficient to continue after a restart. */
  request: unknown;
  state: JobState;
  /** Why it is in that state, one sentence, or "". */
  reason: string;
  /** Days of instruments there were to do, and those found complete before. */
  total: number;
  skipped: number;
  /** Epoch ms. */
  createdAt: number;
  finishedAt: number | null;
  /** Last sign of life of the process that runs it. */
  beatAt: number;
}

/** A day of an instrument as a job left it: its checkpoint. */
export interface JobDay extends DayCounts {
  jobId: number;
  instrumentId: number;
  timeframe: TimeframeName;
  /** IST day number. */
  day: number;
  /** Why it could not be filled; null when it was. */
  failure: string | null;
}

/** Open, high, low, close, volume; prices in minor units. */
export type Figures = readonly [open: number, high: number, low: number, close: number, volume: number];

/** A bar on which history and the store disagreed, and the decision. */
export interface BarDifference {
  jobId: number;
  instrumentId: number;
  timeframe: TimeframeName;
  /** Epoch ms of the bar's start. */
  time: number;
  verdict: "kept" | "corrected" | "flagged";
  /** The rule that decided, in words. */
  rule: string;
  /** Null where there was no such bar. */
  stored: Figures | null;
  history: Figures | null;
}

/** Sums over the days a job has done. */
export interface JobSums extends DayCounts {
  days: number;
  failed: number;
}

export interface JobStore {
  create(job: Omit<JobRow, "id">): Promise<JobRow>;
  /** Changes the given fields; does nothing if the job was deleted. */
  update(
    id: number,
    changes: Partial<Pick<JobRow, "state" | "reason" | "total" | "skipped" | "finishedAt" | "beatAt">>,
  ): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<JobRow[]>;
  get(id: number): Promise<JobRow | null>;
  /** Forgets a job, its days and differences. */
  remove(id: number): Promise<void>;
  /** Upserts by job, instrument and day; resolves after commit. */
  saveDays(days: readonly JobDay[]): Promise<void>;
  /** Days a job has done, with those that failed. */
  days(jobId: number): Promise<JobDay[]>;
  sums(jobId: number): Promise<JobSums>;
  /** Upserts by job and bar. */
  saveDifferences(differences: readonly BarDifference[]): Promise<void>;
  /** Differences a job found, oldest bar first. */
  differences(jobId: number, page: { limit: number; offset: number }): Promise<BarDifference[]>;
}
