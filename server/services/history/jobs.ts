import { AppError, hasCode } from "@/server/domain/basics/errors";
import {
  type BackfillEstimate,
  type DayCounts,
  type JobProgress,
  type JobReport,
  type JobState,
  jobStates,
} from "@/server/domain/basics/job";
import type { GapStore } from "@/server/ports/gap-stores";
import type { HistoryLimits, HistorySource } from "@/server/ports/history-source";
import type { JobRow } from "@/server/ports/jobs";
import type { Log } from "@/server/ports/observe";
import { backfillOrder, faultOf, type Unreadable } from "@/server/ports/stored";
import { type BackfillOrder, type BackfillRequest, type Names, resolveOrder } from "./order";
import { jobReport } from "./report";
import { prepare, type PrepareParts } from "./prepare";
import { runBackfill, type RunParts } from "./run";
import { JobTally } from "./tally";
import type { RequestPace } from "./request-pace";

interface Parts extends RunParts, PrepareParts {
  names: Names;
  gaps: Pick<GapStore, "answered" | "answers" | "tally">;
  /** The request pace of a source's login; null if requests are not limited. */
  pace(source: HistorySource, limits: HistoryLimits): RequestPace | null;
  /** True if no other process can be running a job of this store. */
  isAlone(): boolean;
  /** Called when a job that added bars has ended, to close gaps it filled. */
  review(by: string): Promise<void>;
  log: Log;
  /** Called once for a stored job that is unreadable. */
  unreadable?: Unreadable | undefined;
}

interface Tracked {
  row: JobRow;
  tally: JobTally;
  /** This process runs it or will. */
  mine: boolean;
  /** Opened when it was ordered; null: to be opened. */
  source: HistorySource | null;
  notes: readonly string[];
  stop: AbortController | null;
}

/** Why a run was stopped from outside. */
class Stopped extends Error {
  constructor(readonly becomes: Extract<JobState, "paused" | "cancelled"> | null) {
    super("the job was stopped");
  }
}

const SHOWN = 20;
const BEAT_MS = 5_000;
/** A job without a heartbeat for this long continues in another process. */
const DEAD_MS = 30_000;
/** Measured on the embedded database: a bar with its place in the index. */
const BYTES_PER_BAR = 170;

/**
 * Backfills: long jobs that run one after the other and fill the past from a source of history. Each finished day is
 * recorded, so a job continues where it was after a pause, a stop or a crash.
 */
export class Backfill {
  private readonly tracked = new Map<number, Tracked>();
  private readonly named = new Set<number>();
  private working: Promise<void> | null = null;
  private stopBeat: (() => void) | null = null;
  private recovering = false;
  private ending = false;

  constructor(private readonly parts: Parts) {}

  /** Reads the latest jobs, so that they are shown. Nothing runs before `recover`. */
  async start(): Promise<void> {
    for (const row of await this.readable()) await this.track(row);
    this.stopBeat = this.parts.wall.every(BEAT_MS, () => void this.beat());
  }

  /** Goes on with what an earlier process left in the middle: once sources can be opened, and whenever one comes. */
  async recover(): Promise<void> {
    this.recovering = true;
    const now = this.parts.wall.now();
    for (const row of (await this.readable()).reverse()) {
      const known = this.tracked.get(row.id);
      if ((row.state !== "running" && row.state !== "queued") || known?.mine === true) continue;
      if (!this.parts.isAlone() && now - row.beatAt < DEAD_MS) continue;
      this.parts.log.info("an interrupted job continues", { job: row.id, title: row.title });
      await this.enqueue(known ?? (await this.track(row)));
    }
    this.work();
  }

  /** Stops at the next opportunity. Running jobs stay `running` in the store and continue after the next start. */
  async stop(): Promise<void> {
    this.ending = true;
    this.stopBeat?.();
    for (const { stop } of this.tracked.values()) stop?.abort(new Stopped(null));
    await this.working;
  }

  /** What an order would take, without doing anything. */
  async estimate(request: BackfillRequest, signal?: AbortSignal): Promise<BackfillEstimate> {
    const order = await resolveOrder(request, this.parts.names, this.parts.clock.now());
    const { source, plan, limits, lacking } = await prepare(this.parts, order, [], null, signal);
    return {
      source: source.name,
      timeframe: order.timeframe,
      instruments: order.instruments.length - lacking.length,
      leftOut: [...order.leftOut, ...lacking],
      days: plan.days,
      skipped: plan.skipped,
      unknown: plan.unknown,
      requests: plan.pages.length,
      bars: plan.bars,
      notes:
        plan.unknown === 0
          ? source.notes
          : [
              ...source.notes,
              `whether ${plan.unknown === 1 ? "one of the days was a trading day is" : `${plan.unknown} of the days were trading days is`} unknown, because no holiday list covers them; they are requested, and nothing counts as missing where history has no bar`,
            ],
      minutes: Number.isFinite(limits.requestsPerSecond)
        ? Math.round((plan.pages.length / limits.requestsPerSecond / 60) * 100) / 100
        : 0,
      diskMb: Math.round((plan.bars * (order.timeframe === "1m" ? 16 / 15 : 1) * BYTES_PER_BAR) / 10_000) / 100,
    };
  }

  /** Makes the job and puts it in line. */
  async order(request: BackfillRequest, signal?: AbortSignal): Promise<JobProgress> {
    const order = await resolveOrder(request, this.parts.names, this.parts.clock.now());
    // An unusable source is reported when the job is ordered, not later.
    const { plan, source } = await prepare(this.parts, order, [], null, signal);
    const now = Math.round(this.parts.wall.now());
    const tracked = await this.track(
      await this.parts.jobs.create({
        kind: "backfill",
        title: order.title,
        request: order,
        state: "queued",
        reason: "",
        total: plan.days,
        skipped: plan.skipped,
        createdAt: now,
        finishedAt: null,
        beatAt: now,
      }),
    );
    Object.assign(tracked, { mine: true, source, notes: source.notes });
    this.work();
    return this.view(tracked);
  }

  /** Newest first. */
  list(): JobProgress[] {
    return [...this.tracked.values()]
      .sort((a, b) => b.row.id - a.row.id)
      .slice(0, SHOWN)
      .map((each) => this.view(each));
  }

  async get(id: string): Promise<JobProgress> {
    return this.view(await this.find(id));
  }

  /** Days that could not be filled, and bars on which history and the store differed. */
  async report(id: string, page: { limit: number; offset: number }): Promise<JobReport> {
    const tracked = await this.find(id);
    const days = await this.parts.jobs.days(tracked.row.id);
    return jobReport(
      this.view(tracked),
      days,
      await this.parts.jobs.differences(tracked.row.id, page),
      (each) => this.parts.instrument(each).instrument,
      page,
    );
  }

  async pause(id: string): Promise<JobProgress> {
    const tracked = await this.find(id);
    if (tracked.row.state === "paused") return this.view(tracked);
    if (tracked.row.state !== "running" && tracked.row.state !== "queued")
      throw unfit(tracked.row, "paused", "a job that is running or waiting");
    return this.halt(tracked, "paused");
  }

  /** Continues with unfinished days; for a job that ended with failures, retries the failed days. */
  async resume(id: string): Promise<JobProgress> {
    const tracked = await this.find(id);
    const { state } = tracked.row;
    if (state === "done") throw unfit(tracked.row, "resumed", "a job that is paused, failed or cancelled");
    if (tracked.stop === null) await this.enqueue(tracked);
    this.work();
    return this.view(tracked);
  }

  /** Cancels a job; a finished job is deleted. */
  async remove(id: string): Promise<JobProgress> {
    const tracked = await this.find(id);
    const over = !["running", "queued", "paused"].includes(tracked.row.state);
    if (!over) return this.halt(tracked, "cancelled");
    this.tracked.delete(tracked.row.id);
    await this.parts.jobs.remove(tracked.row.id);
    return this.view(tracked);
  }

  /** Resolves when no job runs or waits. */
  async idle(): Promise<void> {
    await this.working;
  }

  private async halt(tracked: Tracked, becomes: "paused" | "cancelled"): Promise<JobProgress> {
    if (tracked.stop !== null) {
      tracked.stop.abort(new Stopped(becomes));
      while (tracked.stop !== null) await this.parts.wall.sleep(20);
    } else
      await this.change(tracked, {
        state: becomes,
        reason: "",
        ...(becomes === "cancelled" ? { finishedAt: this.parts.wall.now() } : {}),
      });
    return this.view(tracked);
  }

  /** Takes jobs in order of their making until none waits. */
  private work(): void {
    if (this.working !== null || this.ending) return;
    this.working = (async () => {
      for (let next = this.next(); next !== undefined && !this.ending; next = this.next()) await this.run(next);
    })()
      .catch((cause: unknown) =>
        this.parts.log.error("jobs are on hold", { cause: cause instanceof Error ? cause.stack : String(cause) }),
      )
      .finally(() => {
        this.working = null;
      });
  }

  private next(): Tracked | undefined {
    return [...this.tracked.values()]
      .filter(({ row, mine }) => mine && row.state === "queued")
      .sort((a, b) => a.row.id - b.row.id)[0];
  }

  private async run(tracked: Tracked): Promise<void> {
    const { parts } = this;
    const { row, tally } = tracked;
    const order = row.request as BackfillOrder;
    const stop = new AbortController();
    tracked.stop = stop;
    try {
      await this.change(tracked, { state: "running", reason: "", beatAt: parts.wall.now() });
      const done = await parts.jobs.days(row.id);
      const { source, plan, limits } = await prepare(parts, order, done, tracked.source, stop.signal);
      tracked.notes = source.notes;
      tally.begin(done, parts.wall.now());
      await this.change(tracked, { total: tally.days + plan.days });
      await runBackfill(parts, {
        jobId: row.id,
        order,
        source,
        pages: plan.pages,
        pace: parts.pace(source, limits),
        signal: stop.signal,
        events: {
          request: () => tally.request(parts.wall.now()),
          retry: () => tally.retry(),
          began: (page) => {
            tally.detail = parts.instrument(page.instrumentId).instrument.key;
          },
          days: (days) => tally.add(days),
        },
      });
      await this.review(tracked);
      const failure =
        tally.failed === 0 ? null : (await parts.jobs.days(row.id)).find((day) => day.failure !== null)?.failure;
      await this.change(tracked, {
        state: tally.failed === 0 ? "done" : "failed",
        finishedAt: parts.wall.now(),
        beatAt: parts.wall.now(),
        reason: tally.failed === 0 ? "" : `${tally.failed} of ${tally.days} days could not be filled: ${failure}`,
      });
    } catch (cause) {
      await this.review(tracked);
      await this.broke(tracked, cause);
    } finally {
      tally.detail = "";
      tracked.stop = null;
      tracked.source = null;
      if (!this.ending) tracked.mine = false;
      parts.log.info("a job ended", {
        job: row.id,
        title: row.title,
        state: tracked.row.state,
        reason: tracked.row.reason,
        ...tally.counts,
      });
    }
  }

  private async review({ row, tally }: Tracked): Promise<void> {
    if (this.ending || tally.counts.added + tally.counts.corrected === 0) return;
    await this.parts
      .review(`backfill ${row.id}`)
      .catch((cause: unknown) =>
        this.parts.log.error("could not check gaps after a job", { job: row.id, cause: String(cause) }),
      );
  }

  private async broke(tracked: Tracked, cause: unknown): Promise<void> {
    const now = this.parts.wall.now();
    if (cause instanceof Stopped) {
      if (cause.becomes !== null)
        await this.change(tracked, {
          state: cause.becomes,
          reason: "",
          ...(cause.becomes === "cancelled" ? { finishedAt: now } : {}),
        });
      return;
    }
    const reason = (cause as Error).message;
    // The broker does not respond or the login has expired: the rest is not tried and stays for a resume.
    if (!hasCode(cause, "login_expired") && !hasCode(cause, "broker_unreachable"))
      this.parts.log.error("a job failed", {
        job: tracked.row.id,
        cause: cause instanceof Error ? cause.stack : String(cause),
      });
    await this.change(tracked, { state: "failed", reason, finishedAt: now });
  }

  /** Stored jobs, newest first. Unreadable ones are named and skipped; the others are shown and continue. */
  private async readable(): Promise<JobRow[]> {
    return (await this.parts.jobs.list(SHOWN)).filter((row) => {
      const fault = rowFault(row);
      if (fault !== null && !this.named.has(row.id)) {
        this.named.add(row.id);
        this.parts.unreadable?.(`job backfill-${row.id}`, fault);
      }
      return fault === null;
    });
  }

  private async track(row: JobRow): Promise<Tracked> {
    const tally = new JobTally(await this.parts.jobs.sums(row.id));
    const tracked: Tracked = { row, tally, mine: false, source: null, notes: [], stop: null };
    this.tracked.set(row.id, tracked);
    return tracked;
  }

  private async find(id: string): Promise<Tracked> {
    const number = /^backfill-(\d{1,9})$/.exec(id)?.[1];
    const known = number === undefined ? undefined : this.tracked.get(Number(number));
    if (known !== undefined) return known;
    const row = number === undefined ? null : await this.parts.jobs.get(Number(number));
    if (row === null && id.startsWith("history-"))
      throw new AppError("unsupported", `job ${id} runs inside another process: it can only be viewed`, {
        details: { field: "id", value: id, accepted: "a backfill job" },
      });
    if (row === null)
      throw new AppError("not_found", `no job ${JSON.stringify(id)}`, {
        details: {
          field: "id",
          value: id,
          accepted:
            this.list()
              .map((job) => job.id)
              .join(", ") || "no backfill job exists yet",
        },
      });
    const fault = rowFault(row);
    if (fault !== null)
      throw new AppError("unsupported", `job ${id} cannot be read: ${fault}`, {
        details: {
          field: "id",
          value: id,
          accepted:
            this.list()
              .map((job) => job.id)
              .join(", ") || "no other job exists",
        },
      });
    return this.track(row);
  }

  private async enqueue(tracked: Tracked): Promise<void> {
    tracked.mine = true;
    await this.change(tracked, { state: "queued", reason: "", finishedAt: null, beatAt: this.parts.wall.now() });
  }

  private async change(
    tracked: Tracked,
    changes: Partial<Omit<JobRow, "id" | "kind" | "title" | "request" | "createdAt">>,
  ): Promise<void> {
    const { finishedAt } = changes;
    const whole =
      finishedAt === undefined || finishedAt === null ? changes : { ...changes, finishedAt: Math.round(finishedAt) };
    tracked.row = { ...tracked.row, ...whole };
    await this.parts.jobs.update(tracked.row.id, whole);
  }

  private async beat(): Promise<void> {
    try {
      for (const tracked of this.tracked.values())
        if (tracked.mine) await this.change(tracked, { beatAt: this.parts.wall.now() });
      if (this.recovering && this.working === null && !this.parts.isAlone()) await this.recover();
    } catch (cause) {
      this.parts.log.warn("could not record a job's heartbeat", { cause: String(cause) });
    }
  }

  private view({ row, tally, stop, notes, mine }: Tracked): JobProgress {
    const waits = row.state === "running" && !mine;
    const counts: DayCounts = tally.counts;
    const total = Math.max(row.total, tally.days);
    return {
      id: `backfill-${row.id}`,
      title: row.title,
      done: tally.days,
      total,
      detail: tally.detail,
      failed: tally.failed,
      finished: row.state === "done" || row.state === "failed" || row.state === "cancelled",
      state: waits ? "queued" : row.state,
      reason: waits ? "interrupted; it continues when its source is available" : row.reason,
      createdAt: row.createdAt,
      finishedAt: row.finishedAt,
      notes: [
        ...(row.request as BackfillOrder).leftOut.map(({ name, reason }) => `${name} is skipped: ${reason}`),
        ...notes,
      ],
      statistics: {
        ...counts,
        days: tally.days,
        failed: tally.failed,
        skipped: row.skipped,
        ...tally.speed(this.parts.wall.now(), total, stop !== null),
      },
    };
  }
}

/** Why a stored row is no job; null when it is one. */
const rowFault = ({ request, state }: JobRow): string | null => {
  if (!jobStates.includes(state)) return `its state ${JSON.stringify(state)} is not one of ${jobStates.join(", ")}`;
  const parsed = backfillOrder.safeParse(request);
  return parsed.success ? null : `the request: ${faultOf(parsed.error)}`;
};

const unfit = (row: JobRow, what: string, accepted: string): AppError =>
  new AppError("unsupported", `job backfill-${row.id} is ${row.state}: it cannot be ${what}`, {
    details: { field: "id", value: `backfill-${row.id}`, accepted },
  });
