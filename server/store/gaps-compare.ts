import type { CompareDifference, CompareRun as Row } from "@/prisma/generated/client";
import { DAY_MS, istDay } from "@/server/domain/time/session";
import { timeframe, type TimeframeName } from "@/server/domain/time/timeframe";
import type { CompareRun, CompareStore, Decision, Difference } from "@/server/ports/gap-stores";
import type { Unreadable } from "@/server/ports/stored";
import { reaching, type Database } from "./database";
import { withTimeframe } from "./timeframe-numbers";

/** A date column holds the day, whatever the zone of whoever reads it. */
const dateOf = (day: number): Date => new Date(day * DAY_MS);

const toRun = ({ instrumentId, day, at, ...counts }: Row): CompareRun => ({
  ...counts,
  instrument: instrumentId,
  day: Math.round(day.getTime() / DAY_MS),
  at: at.getTime(),
});

const toDifference = (
  { ts, field, ours, theirs, decision, why }: CompareDifference,
  name: TimeframeName,
): Difference => ({
  timeframe: name,
  time: ts.getTime(),
  field: field as Difference["field"],
  ours: ours === null ? null : Number(ours),
  theirs: theirs === null ? null : Number(theirs),
  decision: decision as Decision,
  why,
});

/** Comparisons of days with the broker's own bars: every one is kept, with what differed. */
export const compareStore = (database: () => Database, unreadable: Unreadable): CompareStore => ({
  save: ({ instrument, day, at, ...counts }, differences) =>
    reaching(() =>
      database().prisma.$transaction(async (tables) => {
        const row = await tables.compareRun.create({
          data: { ...counts, instrumentId: instrument, day: dateOf(day), at: new Date(Math.round(at)) },
        });
        await tables.compareDifference.createMany({
          data: differences.map(({ timeframe: name, time, ...rest }) => ({
            ...rest,
            runId: row.id,
            timeframe: timeframe(name).index,
            ts: new Date(time),
          })),
        });
        return toRun(row);
      }),
    ),
  async list({ instrument, fromDay, toDay, limit }) {
    const rows = await reaching(() =>
      database().prisma.compareRun.findMany({
        where: {
          ...(instrument === undefined ? {} : { instrumentId: instrument }),
          day: {
            ...(fromDay === undefined ? {} : { gte: dateOf(fromDay) }),
            ...(toDay === undefined ? {} : { lte: dateOf(toDay) }),
          },
        },
        orderBy: { id: "desc" },
        ...(limit === undefined ? {} : { take: limit }),
      }),
    );
    return rows.map(toRun);
  },
  async differences(run) {
    const rows = await reaching(() =>
      database().prisma.compareDifference.findMany({
        where: { runId: run },
        orderBy: [{ timeframe: "asc" }, { ts: "asc" }, { field: "asc" }],
      }),
    );
    return withTimeframe(`differences of comparison ${run}`, rows, (row) => row.timeframe, unreadable, toDifference);
  },
  async about(instrument, name, time) {
    const { prisma } = database();
    const runs = await reaching(() =>
      prisma.compareRun.findMany({
        where: { instrumentId: instrument, day: dateOf(istDay(time)) },
        select: { id: true },
      }),
    );
    if (runs.length === 0) return [];
    const rows = await reaching(() =>
      prisma.compareDifference.findMany({
        where: { runId: { in: runs.map(({ id }) => id) }, timeframe: timeframe(name).index, ts: new Date(time) },
        orderBy: [{ runId: "asc" }, { field: "asc" }],
      }),
    );
    return withTimeframe(
      `differences of instrument ${instrument}`,
      rows,
      (row) => row.timeframe,
      unreadable,
      toDifference,
    );
  },
});
