import { barAt, type BarColumns, barColumns, noPassport } from "@/server/domain/bars/bar";
import { join } from "@/server/domain/bars/bar-rows";
import { storedBarsOf } from "@/server/domain/bars/stored-bars";
import { timeframe } from "@/server/domain/time/timeframe";
import type { BarRevision, BarStore, StoredBar, StoredKind } from "@/server/ports/stores";
import { asOneText, BAR_AS_TEXT, BAR_FIGURES, columnsOfNewestFirst, eachBar, epochMs, setRow } from "./bar-text";
import { BarStatements, storedIndex } from "./bar-write";
import { reaching, rowsOf, type Database } from "./database";

/** The years a PostgreSQL timestamp and a JavaScript date both hold. */
const EARLIEST_MS = -6e13;
const LATEST_MS = 8.64e15;

const instant = (ms: number): number => Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS);

/** Steps from one instrument to the next along the primary key: no pass over all bars. */
const INSTRUMENTS_WITH_BARS = `
  WITH RECURSIVE held AS (
    (SELECT instrument_id FROM bars ORDER BY instrument_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.instrument_id FROM bars b WHERE b.instrument_id > held.instrument_id ORDER BY b.instrument_id LIMIT 1)
    FROM held WHERE held.instrument_id IS NOT NULL
  )`;

/** The same with its passport. */
const WHOLE_AS_TEXT = `${BAR_AS_TEXT} || ',' || concat_ws(',', late, coalesce(first_ms, 0), coalesce(last_ms, 0), coalesce(first_sequence, 0), coalesce(last_sequence, 0), sources, coalesce(hash, 0))`;
const WHOLE_FIGURES = BAR_FIGURES + 7;
/** A revision with its span of life. */
const REVISION_AS_TEXT = `${BAR_AS_TEXT} || ',' || concat_ws(',', ${epochMs("written_at")}, ${epochMs("replaced_at")})`;

/** Rows of one text at most: some two milliseconds of reading, then whoever waits goes first. */
const PAGE_ROWS = 5_000;
/** An exchange trades a quarter of the day on five days of seven, holidays apart: its newest bars are spread over so much more time. */
const SPREAD = { intraday: 6.5, day: 1.6 } as const;
/** Weekends and holidays in a row. */
const CLOSED_MS = 7 * 86_400_000;

/**
 * How far back the newest `limit` bars reach, as a rule. A query over all time is planned with every chunk of two years,
 * which takes longer than reading 5,000 bars.
 */
const usualSpan = (kind: StoredKind, limit: number): number =>
  kind === "auction" || kind === "1d"
    ? CLOSED_MS + limit * 86_400_000 * SPREAD.day
    : CLOSED_MS + limit * timeframe(kind).lengthMs * SPREAD.intraday;

const SPAN = `WHERE instrument_id = $1 AND timeframe = $2 AND ts >= to_timestamp($3::float8 / 1000) AND ts < to_timestamp($4::float8 / 1000)`;
const KNOWN = "ts, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete";
/** Bars of the span as they were in force at an instant. */
const knownAt = (then: string): string => `SELECT ${KNOWN} FROM bars ${SPAN} AND written_at <= ${then}
  UNION ALL SELECT ${KNOWN} FROM bar_revisions ${SPAN} AND written_at <= ${then} AND replaced_at > ${then}`;

/** `now`: the real time, epoch ms. */
export const barStore = (database: () => Database, now: () => number): BarStore => {
  const writer = new BarStatements(now());
  return {
    write: async (bars, how) => writer.write(database().prisma, storedBarsOf(bars), how),
    writeRows: async (rows, how) => writer.write(database().prisma, rows, how),

    async read({ instrumentId, timeframe: name, from, to, limit, asOf, signal }) {
      const index = storedIndex(name);
      const page = async (start: number, end: number, rows: number): Promise<BarColumns> => {
        const source = asOf === undefined ? `bars ${SPAN}` : `(${knownAt("to_timestamp($6::float8 / 1000)")}) AS known`;
        const [told] = await reaching(() =>
          rowsOf<[number, string | null]>(
            database().pool,
            asOneText(`SELECT ${BAR_AS_TEXT} AS bar FROM ${source} ORDER BY ts DESC LIMIT $5`),
            [instrumentId, index, instant(start), instant(end), rows, ...(asOf === undefined ? [] : [asOf])],
          ),
        );
        return columnsOfNewestFirst(told![0], told![1] ?? "");
      };
      const parts: BarColumns[] = [];
      let left = limit ?? Number.POSITIVE_INFINITY;
      let end = to;
      let start = limit === undefined ? from : Math.max(from, Math.min(to, now()) - usualSpan(name, limit));
      while (left > 0 && start < end) {
        signal?.throwIfAborted();
        const wanted = Math.min(left, PAGE_ROWS);
        const rows = await page(start, end, wanted);
        parts.unshift(rows);
        left -= rows.length;
        if (rows.length === wanted) end = rows.time[0]!;
        else [start, end] = [from, start];
      }
      return join(parts);
    },

    async readWhole({ instrumentId, timeframe: name, from, to }) {
      const [told] = await reaching(() =>
        rowsOf<[number, string | null]>(
          database().pool,
          asOneText(`SELECT ${WHOLE_AS_TEXT} AS bar FROM bars ${SPAN} ORDER BY ts`),
          [instrumentId, storedIndex(name), instant(from), instant(to)],
        ),
      );
      const figures = new Float64Array(WHOLE_FIGURES);
      const columns = barColumns(1);
      const bars: StoredBar[] = [];
      eachBar(told![1] ?? "", figures, () => {
        setRow(columns, 0, figures);
        const [late, firstMs, lastMs, firstSequence, lastSequence, sources, hash] = figures.subarray(
          BAR_FIGURES,
        ) as unknown as [number, number, number, number, number, number, number];
        const time = columns.time[0]!;
        const passport =
          firstSequence === 0
            ? { ...noPassport, sources }
            : { late, firstTime: time + firstMs, lastTime: time + lastMs, firstSequence, lastSequence, sources, hash };
        bars.push({ ...barAt(columns, 0), instrumentId, timeframe: name, passport });
      });
      return bars;
    },

    async revisions(instrumentId, name, time) {
      const [told] = await reaching(() =>
        rowsOf<[number, string | null]>(
          database().pool,
          asOneText(`SELECT ${REVISION_AS_TEXT} AS bar FROM bar_revisions
        WHERE instrument_id = $1 AND timeframe = $2 AND ts = to_timestamp($3::float8 / 1000) ORDER BY rev`),
          [instrumentId, storedIndex(name), instant(time)],
        ),
      );
      const figures = new Float64Array(BAR_FIGURES + 2);
      const columns = barColumns(1);
      const revisions: BarRevision[] = [];
      eachBar(told![1] ?? "", figures, () => {
        setRow(columns, 0, figures);
        revisions.push({ ...barAt(columns, 0), knownAt: figures[BAR_FIGURES]!, replacedAt: figures[BAR_FIGURES + 1]! });
      });
      return revisions;
    },

    async span(instrumentId, name) {
      const [row] = await reaching(() =>
        rowsOf<[number | null, number | null]>(
          database().pool,
          `
        SELECT ${epochMs("min(ts)")}, ${epochMs("max(ts)")}
        FROM bars WHERE instrument_id = $1 AND timeframe = $2`,
          [instrumentId, storedIndex(name)],
        ),
      );
      const [first, last] = row!;
      return first === null || last === null ? null : { first, last };
    },

    async lastTimes(name) {
      const rows = await reaching(() =>
        rowsOf<[number, number]>(
          database().pool,
          `
        ${INSTRUMENTS_WITH_BARS}
        SELECT held.instrument_id, ${epochMs("ts")}
        FROM held CROSS JOIN LATERAL (
          SELECT ts FROM bars b WHERE b.instrument_id = held.instrument_id AND b.timeframe = $1 ORDER BY ts DESC LIMIT 1
        ) newest`,
          [storedIndex(name)],
        ),
      );
      return new Map(rows);
    },

    async lastCloses(name, instrumentIds) {
      const rows = await reaching(() =>
        rowsOf<[number, number, number]>(
          database().pool,
          `
        SELECT asked.id, ${epochMs("ts")}, close
        FROM unnest($2::int[]) AS asked (id) CROSS JOIN LATERAL (
          SELECT ts, close FROM bars b WHERE b.instrument_id = asked.id AND b.timeframe = $1 ORDER BY ts DESC LIMIT 1
        ) newest`,
          [storedIndex(name), [...instrumentIds]],
        ),
      );
      return new Map(rows.map(([id, time, close]) => [id, { time: Number(time), close: Number(close) }]));
    },

    async prune(name, before) {
      return reaching(() =>
        database().prisma.$executeRawUnsafe(
          `
        ${INSTRUMENTS_WITH_BARS}
        DELETE FROM bars USING held
        WHERE bars.instrument_id = held.instrument_id AND timeframe = $1 AND ts < to_timestamp($2::float8 / 1000)`,
          storedIndex(name),
          instant(before),
        ),
      );
    },
  };
};
