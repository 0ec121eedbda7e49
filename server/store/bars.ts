import { AUCTION_BAR, barAt, type BarColumns, barColumns, barStates, FROM_HISTORY, noPassport } from "@/server/domain/bar";
import { badInput } from "@/server/domain/errors";
import { timeframe, timeframes } from "@/server/domain/timeframe";
import type { BarStore, BarWrite, StoredBar, StoredKind } from "@/server/ports/stores";
import { mergeBars, patchBars, replaceBars } from "./bar-sql";
import { reaching, rowsOf, type Database } from "./database";

const CHUNK_ROWS = 2_000;
/** The years a PostgreSQL timestamp and a JavaScript date both hold. */
const EARLIEST_MS = -6e13;
const LATEST_MS = 8.64e15;

const statements: Record<BarWrite, string> = { merge: mergeBars, patch: patchBars, replace: replaceBars };

const storedIndex = (name: StoredKind): number => {
  if (name === "auction") return AUCTION_BAR;
  const { stored, index } = timeframe(name);
  if (!stored) throw badInput("timeframe", name, [...timeframes.filter((each) => each.stored).map((each) => each.name), "auction"].join(", "));
  return index;
};

const instant = (ms: number): number => Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS);

/**
 * One statement cannot change a row twice, so the second bar of the same key goes to a second round, and so on:
 * the outcome is that of writing them one after the other.
 */
const rounds = (bars: readonly StoredBar[]): StoredBar[][] => {
  const seen = new Map<string, number>();
  const result: StoredBar[][] = [];
  for (const bar of bars) {
    const key = `${bar.instrumentId} ${bar.timeframe} ${bar.time}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (result[round] ??= []).push(bar);
  }
  return result;
};

/** A figure of the passport, where ticks made the bar. */
const made = (bar: StoredBar, figure: (passport: NonNullable<StoredBar["passport"]>) => number): number | string =>
  bar.passport === undefined || bar.passport.firstSequence === 0 ? "NULL" : figure(bar.passport);

/** Arrays as PostgreSQL writes them: lists of numbers, which Prisma looks at one by one, are written a third slower. */
const arrays = (bars: readonly StoredBar[]): string[] => {
  const column = (value: (bar: StoredBar) => number | string): string => `{${bars.map(value).join(",")}}`;
  return [
    column((bar) => bar.instrumentId), column((bar) => storedIndex(bar.timeframe)), column((bar) => bar.time),
    column((bar) => bar.open), column((bar) => bar.high), column((bar) => bar.low), column((bar) => bar.close),
    column((bar) => bar.volume), column((bar) => bar.value), column((bar) => bar.ticks),
    column((bar) => (bar.openInterest < 0 ? "NULL" : bar.openInterest)),
    column((bar) => bar.rev), column((bar) => barStates.indexOf(bar.state)), column((bar) => (bar.incomplete ? "t" : "f")),
    column((bar) => bar.passport?.late ?? 0),
    column((bar) => made(bar, (each) => Math.round(each.firstTime - bar.time))), column((bar) => made(bar, (each) => Math.round(each.lastTime - bar.time))),
    column((bar) => made(bar, (each) => each.firstSequence)), column((bar) => made(bar, (each) => each.lastSequence)),
    column((bar) => (bar.passport?.sources ?? 0) | (bar.state === "backfilled" || bar.state === "corrected" ? FROM_HISTORY : 0)),
    column((bar) => made(bar, (each) => each.hash)),
  ];
};

/** Steps from one instrument to the next along the primary key: no pass over all bars. */
const INSTRUMENTS_WITH_BARS = `
  WITH RECURSIVE held AS (
    (SELECT instrument_id FROM bars ORDER BY instrument_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.instrument_id FROM bars b WHERE b.instrument_id > held.instrument_id ORDER BY b.instrument_id LIMIT 1)
    FROM held WHERE held.instrument_id IS NOT NULL
  )`;

const epochMs = (time: string): string => `(date_part('epoch', ${time}) * 1000)::bigint`;

/**
 * A bar as one text of whole numbers: node-postgres spends its time on cells, so one cell a bar reads 1.5 to 2 times
 * faster than twelve.
 */
const BAR_AS_TEXT = `concat_ws(',', ${epochMs("ts")}, open, high, low, close, volume, value, ticks, coalesce(open_interest, -1), rev, state, incomplete::int)`;
const NUMBERS = 12;
/** The same with its passport. */
const WHOLE_AS_TEXT = `${BAR_AS_TEXT} || ',' || concat_ws(',', late, coalesce(first_ms, 0), coalesce(last_ms, 0), coalesce(first_sequence, 0), coalesce(last_sequence, 0), sources, coalesce(hash, 0))`;
const WHOLE_NUMBERS = NUMBERS + 7;
/** A revision with its span of life. */
const REVISION_AS_TEXT = `${BAR_AS_TEXT} || ',' || concat_ws(',', ${epochMs("written_at")}, ${epochMs("replaced_at")})`;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;

/** Numbers of a comma-separated text into `out`. */
const parseNumbers = (text: string, out: Float64Array): void => {
  let number = 0;
  let sign = 1;
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === COMMA) {
      out[at++] = sign * number;
      number = 0;
      sign = 1;
    } else if (code === MINUS) sign = -1;
    else number = number * 10 + (code - ZERO);
  }
  out[at] = sign * number;
};

const columnsFrom = (rows: readonly [string][], newestFirst: boolean): BarColumns => {
  const columns = barColumns(rows.length);
  columns.length = rows.length;
  const bar = new Float64Array(WHOLE_NUMBERS);
  rows.forEach(([text], at) => {
    parseNumbers(text, bar);
    const to = newestFirst ? rows.length - 1 - at : at;
    columns.time[to] = bar[0]!; columns.open[to] = bar[1]!; columns.high[to] = bar[2]!; columns.low[to] = bar[3]!;
    columns.close[to] = bar[4]!; columns.volume[to] = bar[5]!; columns.value[to] = bar[6]!; columns.ticks[to] = bar[7]!;
    columns.openInterest[to] = bar[8]!; columns.rev[to] = bar[9]!; columns.state[to] = bar[10]!; columns.incomplete[to] = bar[11]!;
  });
  return columns;
};

export const barStore = (database: () => Database): BarStore => ({
  async write(bars, how) {
    const { prisma } = database();
    const sql = statements[how];
    for (const round of rounds(bars)) {
      for (let from = 0; from < round.length; from += CHUNK_ROWS) {
        const values = arrays(round.slice(from, from + CHUNK_ROWS));
        await reaching(() => prisma.$executeRawUnsafe(sql, ...values));
      }
    }
  },

  async read({ instrumentId, timeframe: name, from, to, limit, asOf }) {
    const where = `WHERE instrument_id = $1 AND timeframe = $2
        AND ts >= to_timestamp($3::float8 / 1000) AND ts < to_timestamp($4::float8 / 1000)`;
    const parameters: number[] = [instrumentId, storedIndex(name), instant(from), instant(to)];
    const place = (value: number): string => `$${parameters.push(value)}`;
    let source = `FROM bars ${where}`;
    if (asOf !== undefined) {
      const then = `to_timestamp(${place(asOf)}::float8 / 1000)`;
      const known = "ts, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete";
      source = `FROM (SELECT ${known} FROM bars ${where} AND written_at <= ${then}
        UNION ALL SELECT ${known} FROM bar_revisions ${where} AND written_at <= ${then} AND replaced_at > ${then}) AS known`;
    }
    const rows = await reaching(() => rowsOf<[string]>(database().pool, `
      SELECT ${BAR_AS_TEXT} ${source} ORDER BY ts ${limit === undefined ? "" : `DESC LIMIT ${place(limit)}`}`, parameters));
    return columnsFrom(rows, limit !== undefined);
  },

  async readWhole({ instrumentId, timeframe: name, from, to }) {
    const rows = await reaching(() => rowsOf<[string]>(database().pool, `
      SELECT ${WHOLE_AS_TEXT} FROM bars
      WHERE instrument_id = $1 AND timeframe = $2 AND ts >= to_timestamp($3::float8 / 1000) AND ts < to_timestamp($4::float8 / 1000) ORDER BY ts`,
      [instrumentId, storedIndex(name), instant(from), instant(to)]));
    const columns = columnsFrom(rows, false);
    const figures = new Float64Array(WHOLE_NUMBERS);
    return rows.map(([text], row): StoredBar => {
      parseNumbers(text, figures);
      const [late, firstMs, lastMs, firstSequence, lastSequence, sources, hash] = figures.subarray(NUMBERS) as unknown as [number, number, number, number, number, number, number];
      const time = columns.time[row]!;
      const told = firstSequence === 0 ? { ...noPassport, sources } : { late, firstTime: time + firstMs, lastTime: time + lastMs, firstSequence, lastSequence, sources, hash };
      return { ...barAt(columns, row), instrumentId, timeframe: name, passport: told };
    });
  },

  async revisions(instrumentId, name, time) {
    const rows = await reaching(() => rowsOf<[string]>(database().pool, `
      SELECT ${REVISION_AS_TEXT} FROM bar_revisions
      WHERE instrument_id = $1 AND timeframe = $2 AND ts = to_timestamp($3::float8 / 1000) ORDER BY rev`,
      [instrumentId, storedIndex(name), instant(time)]));
    const columns = columnsFrom(rows, false);
    const figures = new Float64Array(NUMBERS + 2);
    return rows.map(([text], row) => {
      parseNumbers(text, figures);
      return { ...barAt(columns, row), knownAt: figures[NUMBERS]!, replacedAt: figures[NUMBERS + 1]! };
    });
  },

  async span(instrumentId, name) {
    const [row] = await reaching(() => rowsOf<[number | null, number | null]>(database().pool, `
      SELECT ${epochMs("min(ts)")}, ${epochMs("max(ts)")}
      FROM bars WHERE instrument_id = $1 AND timeframe = $2`, [instrumentId, storedIndex(name)]));
    const [first, last] = row!;
    return first === null || last === null ? null : { first, last };
  },

  async lastTimes(name) {
    const rows = await reaching(() => rowsOf<[number, number]>(database().pool, `
      ${INSTRUMENTS_WITH_BARS}
      SELECT held.instrument_id, ${epochMs("ts")}
      FROM held CROSS JOIN LATERAL (
        SELECT ts FROM bars b WHERE b.instrument_id = held.instrument_id AND b.timeframe = $1 ORDER BY ts DESC LIMIT 1
      ) newest`, [storedIndex(name)]));
    return new Map(rows);
  },

  async prune(name, before) {
    return reaching(() => database().prisma.$executeRawUnsafe(`
      ${INSTRUMENTS_WITH_BARS}
      DELETE FROM bars USING held
      WHERE bars.instrument_id = held.instrument_id AND timeframe = $1 AND ts < to_timestamp($2::float8 / 1000)`,
      storedIndex(name), instant(before)));
  },
});
