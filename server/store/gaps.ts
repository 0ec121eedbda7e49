import type { Gap as Row, Prisma } from "@/prisma/generated/client";
import { type Gap, type GapCause, gapCauses, type GapState, gapStates } from "@/server/domain/bars/gap";
import { DAY_MS, IST_OFFSET_MS, istDay, istMidnight } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import type { DayTally, GapChange, GapQuery, GapStore, NewGap } from "@/server/ports/gap-stores";
import type { Unreadable } from "@/server/ports/stored";
import { reaching, rowsOf, type Database } from "./database";

const date = (ms: number): Date => new Date(Math.round(ms));
const dateOrNull = (ms: number | null): Date | null => (ms === null ? null : date(ms));

/** An empty list says "all of the collector's", or "not counted yet": lists have no null of their own. */
const toGap = (row: Row): Gap => ({
  id: row.id,
  instrument: row.instrumentId,
  collector: row.collector,
  instruments: row.instruments.length === 0 ? null : row.instruments,
  from: row.fromTs.getTime(),
  to: row.toTs?.getTime() ?? null,
  cause: row.cause as GapCause,
  openedAt: row.openedAt.getTime(),
  state: row.state as GapState,
  closedAt: row.closedAt?.getTime() ?? null,
  healedBy: row.healedBy,
  note: row.note,
  missing: row.missing,
  filled: row.filled,
  remaining: row.remaining,
  remainingIn: row.remaining === null ? null : row.remainingIn,
});

/** False, with a report, for a row whose cause or state is unknown. */
const isKnown = ({ id, cause, state }: Row, unreadable: Unreadable): boolean => {
  const odd = !gapCauses.includes(cause as GapCause)
    ? `its cause ${JSON.stringify(cause)}`
    : !gapStates.includes(state as GapState)
      ? `its state ${JSON.stringify(state)}`
      : null;
  if (odd !== null) unreadable(`gap ${id}`, `${odd} is unknown`);
  return odd === null;
};

const toRow = (gap: NewGap): Prisma.GapCreateManyInput => ({
  instrumentId: gap.instrument,
  collector: gap.collector,
  instruments: [...(gap.instruments ?? [])],
  fromTs: date(gap.from),
  toTs: dateOrNull(gap.to),
  cause: gap.cause,
  openedAt: date(gap.openedAt),
  state: "open",
  note: gap.note,
  filled: 0,
});

/** Two rows of one identity are one gap. */
const identity = ({
  instrumentId,
  collector,
  fromTs,
  cause,
  openedAt,
  instruments,
}: Prisma.GapCreateManyInput | Row): string =>
  JSON.stringify([
    instrumentId ?? null,
    collector,
    new Date(fromTs).getTime(),
    cause,
    new Date(openedAt).getTime(),
    instruments ?? [],
  ]);

const toUpdate = ({ to, closedAt, remainingIn, ...rest }: GapChange): Prisma.GapUpdateInput => ({
  ...rest,
  ...(to === undefined ? {} : { toTs: dateOrNull(to) }),
  ...(closedAt === undefined ? {} : { closedAt: dateOrNull(closedAt) }),
  ...(remainingIn === undefined ? {} : { remainingIn: [...(remainingIn ?? [])] }),
});

const whereOf = ({ instrument, states, from, to }: GapQuery): Prisma.GapWhereInput => ({
  AND: [
    instrument === undefined
      ? {}
      : {
          OR: [
            { instrumentId: instrument.id },
            { instruments: { has: instrument.id } },
            { instrumentId: null, instruments: { isEmpty: true }, collector: { in: [...instrument.collectors] } },
          ],
        },
    states === undefined ? {} : { state: { in: [...states] } },
    from === undefined ? {} : { OR: [{ toTs: null }, { toTs: { gt: date(from) } }] },
    to === undefined ? {} : { fromTs: { lt: date(to) } },
  ],
});

/** The deleted row is joined with the inserted one in one statement, so no reader sees a state in between. */
const JOIN_ANSWER = `
  WITH touching AS (
    DELETE FROM history_answers
    WHERE instrument_id = $1 AND timeframe = $2 AND from_ts <= to_timestamp($4::float8 / 1000) AND to_ts >= to_timestamp($3::float8 / 1000)
    RETURNING from_ts, to_ts
  )
  INSERT INTO history_answers (instrument_id, timeframe, from_ts, to_ts)
  SELECT $1, $2, least(to_timestamp($3::float8 / 1000), min(from_ts)), greatest(to_timestamp($4::float8 / 1000), max(to_ts)) FROM touching`;

const ANSWERS = `
  SELECT instrument_id, (extract(epoch FROM from_ts) * 1000)::float8, (extract(epoch FROM to_ts) * 1000)::float8 FROM history_answers
  WHERE timeframe = $1 AND instrument_id = ANY($2::int[]) AND to_ts > to_timestamp($3::float8 / 1000) AND from_ts < to_timestamp($4::float8 / 1000)
  ORDER BY instrument_id, from_ts`;

const IN_SPAN = "ts >= to_timestamp($3::float8 / 1000) AND ts < to_timestamp($4::float8 / 1000)";
const TALLY = `
  SELECT instrument_id, floor((extract(epoch FROM ts) * 1000 + ${IST_OFFSET_MS}) / ${DAY_MS})::int AS day,
    count(*) FILTER (WHERE ${IN_SPAN} AND NOT incomplete)::int, count(*) FILTER (WHERE ${IN_SPAN} AND incomplete)::int,
    count(*)::int, count(*) FILTER (WHERE ticks > 0)::int
  FROM bars
  WHERE instrument_id = ANY($2::int[]) AND timeframe = $1 AND ts >= to_timestamp($5::float8 / 1000) AND ts < to_timestamp($6::float8 / 1000)
  GROUP BY instrument_id, day`;

const CUT = `
  SELECT instrument_id, (extract(epoch FROM ts) * 1000)::float8 FROM bars
  WHERE instrument_id = ANY($2::int[]) AND timeframe = $1 AND ${IN_SPAN} AND incomplete ORDER BY ts, instrument_id`;

/** The gap ledger. Counting is done where the bars are: a row an instrument and day comes out, not a row a bar. */
export const gapStore = (database: () => Database, unreadable: Unreadable): GapStore => ({
  async open(gaps) {
    // A caller that did not learn of its commit (the database became unavailable) asks again; the existing row is the
    // result.
    const rows = await reaching(() =>
      database().prisma.$transaction(async (work) => {
        const data = gaps.map(toRow);
        const same =
          data.length === 0
            ? []
            : await work.gap.findMany({
                where: {
                  OR: data.map(({ instrumentId, collector, fromTs, cause, openedAt }) => ({
                    instrumentId,
                    collector,
                    fromTs,
                    cause,
                    openedAt,
                  })),
                },
                orderBy: { id: "asc" },
              });
        const known = new Map(same.map((row) => [identity(row), row]));
        const missing = data.filter((row) => !known.has(identity(row)));
        for (const row of missing.length === 0 ? [] : await work.gap.createManyAndReturn({ data: missing }))
          known.set(identity(row), row);
        return data.map((row) => known.get(identity(row))!);
      }),
    );
    return rows.map(toGap);
  },
  async change(id, change) {
    const [row] = await reaching(() =>
      database().prisma.gap.updateManyAndReturn({ where: { id }, data: toUpdate(change) }),
    );
    return row === undefined ? null : toGap(row);
  },
  async get(id) {
    const row = await reaching(() => database().prisma.gap.findUnique({ where: { id } }));
    return row === null || !isKnown(row, unreadable) ? null : toGap(row);
  },
  async list(query) {
    const rows = await reaching(() =>
      database().prisma.gap.findMany({
        where: whereOf(query),
        orderBy: [{ fromTs: "desc" }, { id: "desc" }],
        ...(query.limit === undefined ? {} : { take: query.limit }),
      }),
    );
    return rows.filter((row) => isKnown(row, unreadable)).map(toGap);
  },
  async answered(name, { instrument, from, to }) {
    await reaching(() => database().pool.query(JOIN_ANSWER, [instrument, timeframe(name).index, from, to]));
  },
  async answers(name, instruments, from, to) {
    const rows = await reaching(() =>
      rowsOf<[number, number, number]>(database().pool, ANSWERS, [timeframe(name).index, [...instruments], from, to]),
    );
    return rows.map(([instrument, start, end]) => ({ instrument, from: Math.round(start), to: Math.round(end) }));
  },
  async tally(name, instruments, from, to) {
    const [first, last] = [istMidnight(istDay(from)), istMidnight(istDay(to - 1) + 1)];
    const rows = await reaching(() =>
      rowsOf<[number, number, number, number, number, number]>(database().pool, TALLY, [
        timeframe(name).index,
        [...instruments],
        from,
        to,
        first,
        last,
      ]),
    );
    return rows.map(([instrument, day, whole, incomplete, all, streamed]): DayTally => ({
      instrument,
      day,
      whole,
      incomplete,
      all,
      streamed,
    }));
  },
  async cut(name, instruments, from, to) {
    const rows = await reaching(() =>
      rowsOf<[number, number]>(database().pool, CUT, [timeframe(name).index, [...instruments], from, to]),
    );
    return rows.map(([instrument, time]) => ({ instrument, time: Math.round(time) }));
  },
});
