import type { PrismaClient } from "@/prisma/generated/client";
import { LeftOutTally } from "@/server/domain/instruments/broker-list";
import { type AppError, hasCode } from "@/server/domain/basics/errors";
import {
  keyOf,
  type Instrument,
  type InstrumentAlias,
  type ListedInstrument,
  type Segment,
} from "@/server/domain/instruments/instrument";
import type { Log } from "@/server/ports/observe";
import type { InstrumentStore } from "@/server/ports/stores";
import { reaching, rowsOf, type Database } from "./database";
import { planUpsert, type InstrumentPlan } from "./instrument-plan";

const CHUNK_ROWS = 2_000;

const INSTRUMENTS = `
  SELECT id, exchange, symbol, name, segment, decimals, tick_size, lot_size, to_char(expiry, 'YYYY-MM-DD'), strike FROM instruments ORDER BY id`;
const ALIASES = `
  SELECT instrument_id, vendor, token, symbol, wire_divisor, to_char(valid_from, 'YYYY-MM-DD'), to_char(valid_to, 'YYYY-MM-DD')
  FROM instrument_aliases`;

type InstrumentRow = [number, string, string, string, Segment, number, number, number, string | null, number | null];
type AliasRow = [number, string, number, string, number, string, string | null];

const toInstrument = ([
  id,
  exchange,
  symbol,
  name,
  segment,
  decimals,
  tickSize,
  lotSize,
  expiry,
  strike,
]: InstrumentRow): Instrument => ({
  id,
  key: keyOf(exchange, symbol),
  exchange,
  symbol,
  name,
  segment,
  decimals,
  tickSize,
  lotSize,
  expiry,
  strike,
});
const toAlias = ([
  instrumentId,
  vendor,
  token,
  symbol,
  wireDivisor,
  validFrom,
  validTo,
]: AliasRow): InstrumentAlias => ({
  instrumentId,
  vendor,
  token,
  symbol,
  wireDivisor,
  validFrom,
  validTo,
});

const DETAILS = `
  FROM jsonb_to_recordset($1::text::jsonb) AS listed (id int, exchange text, symbol text, name text, segment text, decimals smallint,
    "tickSize" bigint, "lotSize" int, expiry date, strike bigint)`;
const ADD = `
  INSERT INTO instruments (exchange, symbol, name, segment, decimals, tick_size, lot_size, expiry, strike)
  SELECT exchange, symbol, name, segment, decimals, "tickSize", "lotSize", expiry, strike ${DETAILS}
  ON CONFLICT (exchange, symbol) DO NOTHING`;
const CHANGE = `
  UPDATE instruments SET symbol = listed.symbol, name = listed.name, segment = listed.segment, tick_size = listed."tickSize",
    lot_size = listed."lotSize", expiry = listed.expiry, strike = listed.strike ${DETAILS}
  WHERE instruments.id = listed.id`;
/** Ends aliases; one that began on the same day was never in force. */
const END = `
  WITH ending AS (SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS alias (token bigint, "validFrom" date)),
  never AS (
    DELETE FROM instrument_aliases a USING ending e
    WHERE a.vendor = $2 AND a.token = e.token AND a.valid_from = e."validFrom" AND a.valid_from = $3::text::date)
  UPDATE instrument_aliases a SET valid_to = $3::text::date FROM ending e
  WHERE a.vendor = $2 AND a.token = e.token AND a.valid_from = e."validFrom" AND a.valid_from < $3::text::date`;
const BEGIN = `
  INSERT INTO instrument_aliases (vendor, token, valid_from, instrument_id, symbol, wire_divisor)
  SELECT $2::text, alias.token, $3::text::date, i.id, alias.symbol, alias."wireDivisor"
  FROM jsonb_to_recordset($1::text::jsonb) AS alias (exchange text, symbol text, token bigint, "wireDivisor" float8)
  JOIN instruments i ON i.exchange = alias.exchange AND i.symbol = alias.symbol
  ON CONFLICT (vendor, token, valid_from) DO UPDATE SET
    instrument_id = excluded.instrument_id, symbol = excluded.symbol, wire_divisor = excluded.wire_divisor, valid_to = NULL`;
/** Moves the start back, unless the token meant something else then. */
const EARLIER = `
  UPDATE instrument_aliases a SET valid_from = $3::text::date
  FROM jsonb_to_recordset($1::text::jsonb) AS alias (token bigint, "validFrom" date)
  WHERE a.vendor = $2 AND a.token = alias.token AND a.valid_from = alias."validFrom"
    AND NOT EXISTS (SELECT 1 FROM instrument_aliases b WHERE b.vendor = a.vendor AND b.token = a.token AND b.valid_to > $3::text::date)`;

const FORMER = `
  SELECT DISTINCT ON (i.exchange, a.symbol) a.instrument_id, a.symbol FROM instrument_aliases a JOIN instruments i ON i.id = a.instrument_id
  WHERE a.symbol <> i.symbol AND a.valid_to IS NOT NULL ORDER BY i.exchange, a.symbol, a.valid_to DESC`;

const WHY: Record<InstrumentPlan["refused"][number]["reason"], string> = {
  listed_twice: "the same token or symbol is listed twice",
  other_decimals: "its decimals differ from those of its stored bars",
};

/**
 * The order is safe if a crash interrupts it: the next list of the day finishes the work. It is not one transaction,
 * because a broker's hundred thousand rows would block bars and readers for seconds. A row the database rejects is
 * passed to `refused` and skipped: its chunk is halved until the row is alone.
 */
const apply = async (
  prisma: PrismaClient,
  plan: InstrumentPlan,
  vendor: string,
  date: string,
  refused: (row: unknown, cause: AppError) => void,
): Promise<void> => {
  const chunk = async (sql: string, rows: readonly unknown[], rest: readonly string[]): Promise<void> => {
    try {
      await reaching(() => prisma.$executeRawUnsafe(sql, JSON.stringify(rows), ...rest));
    } catch (cause) {
      if (!hasCode(cause, "store_refused")) throw cause;
      if (rows.length === 1) return refused(rows[0], cause as AppError);
      const half = rows.length >> 1;
      await chunk(sql, rows.slice(0, half), rest);
      await chunk(sql, rows.slice(half), rest);
    }
  };
  const run = async (sql: string, rows: readonly unknown[], ...rest: string[]): Promise<void> => {
    for (let from = 0; from < rows.length; from += CHUNK_ROWS)
      await chunk(sql, rows.slice(from, from + CHUNK_ROWS), rest);
  };
  await run(CHANGE, plan.change);
  await run(ADD, plan.add);
  await run(END, plan.end, vendor, date);
  await run(BEGIN, plan.begin, vendor, date);
  await run(EARLIER, plan.earlier, vendor, date);
};

export const instrumentStore = (database: () => Database, log: Log): InstrumentStore => ({
  async load(date) {
    const { pool } = database();
    const instruments = await reaching(() => rowsOf<InstrumentRow>(pool, INSTRUMENTS));
    const aliases = await reaching(() =>
      rowsOf<AliasRow>(
        pool,
        `${ALIASES} WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date) ORDER BY vendor, token`,
        [date],
      ),
    );
    const former = await reaching(() => rowsOf<[number, string]>(pool, FORMER));
    return {
      instruments: instruments.map(toInstrument),
      aliases: aliases.map(toAlias),
      former: former.map(([instrumentId, symbol]) => ({ instrumentId, symbol })),
    };
  },

  async upsert(vendor, date, listed) {
    const { pool, prisma } = database();
    const held = {
      instruments: (await reaching(() => rowsOf<InstrumentRow>(pool, INSTRUMENTS))).map(toInstrument),
      aliases: (
        await reaching(() => rowsOf<AliasRow>(pool, `${ALIASES} WHERE vendor = $1 AND valid_to IS NULL`, [vendor]))
      ).map(toAlias),
    };
    const plan = planUpsert(held, listed, date);
    const leftOut = new LeftOutTally();
    for (const { key, reason } of plan.refused) leftOut.add(key, WHY[reason]);
    await apply(prisma, plan, vendor, date, (row, { message }) => {
      const { exchange, symbol, token } = row as Partial<ListedInstrument>;
      leftOut.add(exchange === undefined ? `token ${token}` : `${exchange}:${symbol}`, message);
    });
    const told = leftOut.list();
    if (told.length > 0) log.warn("Some instruments of a broker's list were skipped", { vendor, leftOut: told });
    return { leftOut: told, renamed: plan.renamed };
  },
});
