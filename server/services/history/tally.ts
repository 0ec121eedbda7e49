import type { DayCounts, JobStatistics } from "@/server/domain/basics/job";
import type { JobDay, JobSums } from "@/server/ports/jobs";

/** Speed is measured over this many ms. */
const WINDOW_MS = 10_000;

/** What a job has done in all its runs, and the speed of the present run. */
export class JobTally {
  readonly counts: DayCounts;
  days: number;
  failed: number;
  detail = "";
  private requests = 0;
  private retries = 0;
  private lately: number[] = [];
  private began = 0;
  private daysBefore = 0;

  constructor({ days, failed, ...counts }: JobSums) {
    this.days = days;
    this.failed = failed;
    this.counts = counts;
  }

  /** A run begins: days that failed are tried again and do not count until they have been. */
  begin(done: readonly JobDay[], now: number): void {
    const filled = done.filter(({ failure }) => failure === null).length;
    this.days = filled;
    this.failed = 0;
    this.requests = 0;
    this.retries = 0;
    this.lately = [];
    this.began = now;
    this.daysBefore = filled;
  }

  request(now: number): void {
    this.requests++;
    this.lately.push(now);
  }
  retry(): void {
    this.retries++;
  }

  add(days: readonly JobDay[]): void {
    for (const day of days) {
      this.days++;
      if (day.failure !== null) this.failed++;
      for (const name of ["bars", "added", "unchanged", "kept", "corrected", "flagged"] as const)
        this.counts[name] += day[name];
    }
  }

  speed(
    now: number,
    total: number,
    running: boolean,
  ): Pick<JobStatistics, "requests" | "retries" | "requestsPerSecond" | "remainingSeconds"> {
    const { requests, retries } = this;
    if (!running) return { requests, retries, requestsPerSecond: 0, remainingSeconds: null };
    this.lately = this.lately.filter((at) => now - at < WINDOW_MS);
    const done = this.days - this.daysBefore;
    const seconds = Math.max(1, (now - this.began) / 1_000);
    return {
      requests,
      retries,
      requestsPerSecond: Math.round((this.lately.length / Math.min(WINDOW_MS / 1_000, seconds)) * 10) / 10,
      remainingSeconds: done === 0 ? null : Math.round(((total - this.days) * seconds) / done),
    };
  }
}
