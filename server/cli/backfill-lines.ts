/** Describes a backfill: its estimate, its progress, its result. */
import type { BackfillEstimate, JobProgress, JobReport } from "@/server/domain/basics/job";

const count = (value: number): string => value.toLocaleString("en-IN");
const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** `1:05:09`, `04:12`. */
const clockText = (seconds: number): string => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, Math.floor(seconds % 60)];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
};

export const estimateLines = (estimate: BackfillEstimate): string[] => [
  `Source       ${estimate.source}, ${estimate.timeframe}`,
  `Instruments  ${count(estimate.instruments)}${estimate.leftOut.length === 0 ? "" : `, ${count(estimate.leftOut.length)} skipped`}`,
  `Days         ${count(estimate.days)} to fetch, ${count(estimate.skipped)} complete`,
  `Requests     ${count(estimate.requests)}`,
  `Bars         up to ${count(estimate.bars)}`,
  `Time         ${estimate.days === 0 ? "none, nothing to fetch" : estimate.minutes === 0 ? "limited by reading the file" : estimate.minutes < 1 ? `${Math.max(1, Math.round(estimate.minutes * 60))} seconds at the broker's rate` : `${estimate.minutes.toFixed(1)} minutes at the broker's rate`}`,
  `Disk         ${estimate.diskMb.toFixed(1)} MB`,
  ...estimate.leftOut.map(({ name, reason }) => `Skipped      ${name}: ${reason}`),
  ...estimate.notes.map((note) => `Note         ${note}`),
];

const speed = ({ statistics }: JobProgress): string =>
  [
    plural(statistics.bars, "bar"),
    ...(statistics.failed > 0 ? [`${count(statistics.failed)} failed`] : []),
    ...(statistics.retries > 0 ? [plural(statistics.retries, "retry").replace("retrys", "retries")] : []),
    ...(statistics.requestsPerSecond > 0 ? [`${statistics.requestsPerSecond.toFixed(1)} requests/s`] : []),
    ...(statistics.remainingSeconds === null ? [] : [`${clockText(statistics.remainingSeconds)} left`]),
  ].join(" · ");

const percent = ({ done, total }: JobProgress): number => (total === 0 ? 100 : Math.floor((done / total) * 100));

/** One line of at most `width` characters, with a bar. */
export const progressBar = (job: JobProgress, width: number): string => {
  const cells = 24;
  const full = job.total === 0 ? cells : Math.floor((job.done / job.total) * cells);
  return `${"█".repeat(full)}${"░".repeat(cells - full)} ${String(percent(job)).padStart(3)}%  ${count(job.done)}/${count(job.total)} days · ${speed(job)}${job.detail === "" ? "" : `  ${job.detail}`}`.slice(
    0,
    width,
  );
};

/** The same for a log. */
export const progressLine = (job: JobProgress): string =>
  `${percent(job)}% ${count(job.done)}/${count(job.total)} days · ${speed(job)}`;

/** What became of a job, when it has ended or was stopped. */
export const summaryLines = (job: JobReport): string[] => {
  const { statistics } = job;
  const state =
    job.state === "done"
      ? "Done"
      : job.state === "failed"
        ? "Finished with failures"
        : job.state === "paused"
          ? "Interrupted"
          : "Cancelled";
  return [
    `${state}: ${job.title}`,
    `Days         ${count(statistics.days)} of ${count(job.total)}${statistics.skipped > 0 ? `, ${count(statistics.skipped)} already complete` : ""}${statistics.failed > 0 ? `, ${count(statistics.failed)} failed` : ""}`,
    `Bars         ${count(statistics.bars)}: ${count(statistics.added)} added, ${count(statistics.unchanged)} unchanged, ${count(statistics.corrected)} corrected, ${count(statistics.kept)} kept, ${count(statistics.flagged)} flagged`,
    `Requests     ${count(statistics.requests)}${statistics.retries > 0 ? `, ${count(statistics.retries)} of them retries` : ""}`,
  ];
};

/** What prevents it, and how to continue. */
export const troubleLines = (job: JobReport): string[] => [
  ...job.failures.map(({ instrument, date, reason }) => `${instrument} ${date}: ${reason}`),
  ...(job.statistics.failed > job.failures.length
    ? [`… and ${count(job.statistics.failed - job.failures.length)} more days`]
    : []),
  ...(job.failures.length === 0 && job.reason !== "" ? [job.reason] : []),
  ...(job.statistics.flagged > 0
    ? [`${plural(job.statistics.flagged, "bar")} differ in a way no rule resolves: see GET /api/v1/jobs/${job.id}`]
    : []),
  ...(job.state === "failed" || job.state === "paused" ? [`Continue with: candela backfill --resume ${job.id}`] : []),
];
