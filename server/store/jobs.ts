import type { Job } from "@/prisma/generated/client";
import type { Prisma } from "@/prisma/generated/client";
import type { JobState } from "@/server/domain/basics/job";
import { dayOfDate, istDate } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import type { BarDifference, Figures, JobDay, JobRow, JobStore, JobSums } from "@/server/ports/jobs";
import type { Unreadable } from "@/server/ports/stored";
import { reaching, rowsOf, type Database } from "./database";
import { withTimeframe } from "./timeframe-numbers";

const CHUNK_ROWS = 2_000;

const toRow = (job: Job): JobRow => ({
  id: job.id,
  kind: "backfill",
  title: job.title,
  request: job.request,
  state: job.state as JobState,
  reason: job.reason,
  total: job.total,
  skipped: job.skipped,
  createdAt: job.createdAt.getTime(),
  finishedAt: job.finishedAt?.getTime() ?? null,
  beatAt: job.beatAt.getTime(),
});

const instant = (ms: number): Date => new Date(Math.round(ms));

const SAVE_DAYS = `
  INSERT INTO job_days (job_id, instrument_id, timeframe, day, bars, added, unchanged, kept, corrected, flagged, failure)
  SELECT job, instrument, timeframe, day::date, bars, added, unchanged, kept, corrected, flagged, failure
  FROM jsonb_to_recordset($1::text::jsonb) AS saved (job int, instrument int, timeframe smallint, day text, bars int, added int, unchanged int, kept int, corrected int, flagged int, failure text)
  ON CONFLICT (job_id, instrument_id, day) DO UPDATE SET bars = excluded.bars, added = excluded.added, unchanged = excluded.unchanged, kept = excluded.kept,
    corrected = excluded.corrected, flagged = excluded.flagged, failure = excluded.failure`;

const SAVE_DIFFERENCES = `
  INSERT INTO bar_differences (job_id, instrument_id, timeframe, ts, verdict, rule, stored, history)
  SELECT job, instrument, timeframe, to_timestamp(ms / 1000.0), verdict, rule, stored, history
  FROM jsonb_to_recordset($1::text::jsonb) AS saved (job int, instrument int, timeframe smallint, ms bigint, verdict text, rule text, stored bigint[], history bigint[])
  ON CONFLICT (job_id, instrument_id, timeframe, ts) DO UPDATE SET verdict = excluded.verdict, rule = excluded.rule, stored = excluded.stored, history = excluded.history`;

const SUMS = "count(*), count(failure), sum(bars), sum(added), sum(unchanged), sum(kept), sum(corrected), sum(flagged)";

const figures = (list: string[]): Figures | null =>
  list.length === 0 ? null : (list.map(Number) as unknown as Figures);

/** Jobs, their checkpoints and the differences they found. */
export const jobStore = (database: () => Database, unreadable: Unreadable): JobStore => {
  const save = async (sql: string, rows: readonly unknown[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      await reaching(() =>
        database().prisma.$executeRawUnsafe(sql, JSON.stringify(rows.slice(from, from + CHUNK_ROWS))),
      );
    }
  };
  return {
    async create({ request, createdAt, finishedAt, beatAt, ...job }) {
      const data = {
        ...job,
        request: request as Prisma.InputJsonValue,
        createdAt: instant(createdAt),
        finishedAt: finishedAt === null ? null : instant(finishedAt),
        beatAt: instant(beatAt),
      };
      return toRow(await reaching(() => database().prisma.job.create({ data })));
    },
    async update(id, { finishedAt, beatAt, ...changes }) {
      const data = {
        ...changes,
        ...(finishedAt === undefined ? {} : { finishedAt: finishedAt === null ? null : instant(finishedAt) }),
        ...(beatAt === undefined ? {} : { beatAt: instant(beatAt) }),
      };
      await reaching(() => database().prisma.job.updateMany({ where: { id }, data }));
    },
    async list(limit) {
      return (await reaching(() => database().prisma.job.findMany({ orderBy: { id: "desc" }, take: limit }))).map(
        toRow,
      );
    },
    async get(id) {
      const job = await reaching(() => database().prisma.job.findUnique({ where: { id } }));
      return job === null ? null : toRow(job);
    },
    async remove(id) {
      const { prisma } = database();
      await reaching(() =>
        prisma.$transaction([
          prisma.jobDay.deleteMany({ where: { jobId: id } }),
          prisma.barDifference.deleteMany({ where: { jobId: id } }),
          prisma.job.deleteMany({ where: { id } }),
        ]),
      );
    },
    saveDays: (days) =>
      save(
        SAVE_DAYS,
        days.map(({ jobId, instrumentId, timeframe: name, day, ...rest }) => ({
          job: jobId,
          instrument: instrumentId,
          timeframe: timeframe(name).index,
          day: istDate(day),
          ...rest,
        })),
      ),
    async days(jobId) {
      const rows = await reaching(() =>
        rowsOf<[number, number, string, number, number, number, number, number, number, string | null]>(
          database().pool,
          `
        SELECT instrument_id, timeframe, to_char(day, 'YYYY-MM-DD'), bars, added, unchanged, kept, corrected, flagged, failure
        FROM job_days WHERE job_id = $1 ORDER BY instrument_id, day`,
          [jobId],
        ),
      );
      return withTimeframe(
        `days of job ${jobId}`,
        rows,
        ([, index]) => index,
        unreadable,
        ([instrumentId, , date, bars, added, unchanged, kept, corrected, flagged, failure], name): JobDay => ({
          jobId,
          instrumentId,
          timeframe: name,
          day: dayOfDate(date),
          bars,
          added,
          unchanged,
          kept,
          corrected,
          flagged,
          failure,
        }),
      );
    },
    async sums(jobId) {
      const [row] = await reaching(() =>
        rowsOf<(number | null)[]>(database().pool, `SELECT ${SUMS} FROM job_days WHERE job_id = $1`, [jobId]),
      );
      const [days, failed, bars, added, unchanged, kept, corrected, flagged] = row!.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return { days, failed, bars, added, unchanged, kept, corrected, flagged } satisfies JobSums;
    },
    saveDifferences: (differences) =>
      save(
        SAVE_DIFFERENCES,
        differences.map(({ jobId, instrumentId, timeframe: name, time, stored, history, ...rest }) => ({
          job: jobId,
          instrument: instrumentId,
          timeframe: timeframe(name).index,
          ms: time,
          stored: stored ?? [],
          history: history ?? [],
          ...rest,
        })),
      ),
    async differences(jobId, { limit, offset }) {
      const rows = await reaching(() =>
        rowsOf<[number, number, number, BarDifference["verdict"], string, string[], string[]]>(
          database().pool,
          `
        SELECT instrument_id, timeframe, (extract(epoch FROM ts) * 1000)::bigint, verdict, rule, stored, history
        FROM bar_differences WHERE job_id = $1 ORDER BY ts, instrument_id LIMIT $2 OFFSET $3`,
          [jobId, limit, offset],
        ),
      );
      return withTimeframe(
        `differences of job ${jobId}`,
        rows,
        ([, index]) => index,
        unreadable,
        ([instrumentId, , time, verdict, rule, stored, history], name): BarDifference => ({
          jobId,
          instrumentId,
          timeframe: name,
          time,
          verdict,
          rule,
          stored: figures(stored),
          history: figures(history),
        }),
      );
    },
  };
};
