import type { ClientBase } from "pg";
import { keyOf, type Instrument, type InstrumentAlias, type Segment } from "@/server/domain/instrument";
import type { Log } from "@/server/ports/observe";
import type { InstrumentStore } from "@/server/ports/stores";
import { inTransaction, reaching, rowsOf, type Database } from "./database";
import { planUpsert, type InstrumentPlan } from "./instrument-plan";

const CHUNK_ROWS = 2_000;
/** Advisory lock of `upsert`: two lists at once would both add what is new. */
const UPSERT_LOCK = 72707401;

const INSTRUMENTS = `
  SELECT id, exchange, symbol, name, segment, decimals, tick_size, lot_size, to_char(expiry, 'YYYY-MM-DD'), strike FROM instruments ORDER BY id`;
const ALIASES = `
  SELECT instrument_id, vendor, token, symbol, wire_divisor, to_char(valid_from, 'YYYY-MM-DD'), to_char(valid_to, 'YYYY-MM-DD')
  FROM instrument_aliases`;

type InstrumentRow = [number, string, string, string, Segment, number, number, number, string | null, number | null];
type AliasRow = [number, string, number, string, number, string, string | null];

const toInstrument = ([id, exchange, symbol, name, segment, decimals, tickSize, lotSize, expiry, strike]: InstrumentRow): Instrument => ({
  id, key: keyOf(exchange, symbol), exchange, symbol, name, segment, decimals, tickSize, lotSize, expiry, strike,
});
const toAlias = ([instrumentId, vendor, token, symbol, wireDivisor, validFrom, validTo]: AliasRow): InstrumentAlias => ({
  instrumentId, vendor, token, symbol, wireDivisor, validFrom, validTo,
});

const DETAILS = `
  FROM jsonb_to_recordset($1::jsonb) AS listed (id int, exchange text, symbol text, name text, segment text, decimals smallint,
    "tickSize" bigint, "lotSize" int, expiry date, strike bigint)`;
const ADD = `
  INSERT INTO instruments (exchange, symbol, name, segment, decimals, tick_size, lot_size, expiry, strike)
  SELECT exchange, symbol, name, segment, decimals, "tickSize", "lotSize", expiry, strike ${DETAILS}
  ON CONFLICT (exchange, symbol) DO NOTHING`;
const CHANGE = `
  UPDATE instruments SET symbol = listed.symbol, name = listed.name, segment = listed.segment, tick_size = listed."tickSize",
    lot_size = listed."lotSize", expiry = listed.expiry, strike = listed.strike ${DETAILS}
  WHERE instruments.id = listed.id`;
/** Ends aliases; one that began on the same day never was in force. */
const END = `
  WITH ending AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS alias (token bigint, "validFrom" date)),
  never AS (
    DELETE FROM instrument_aliases a USING ending e
    WHERE a.vendor = $2 AND a.token = e.token AND a.valid_from = e."validFrom" AND a.valid_from = $3::date)
  UPDATE instrument_aliases a SET valid_to = $3::date FROM ending e
  WHERE a.vendor = $2 AND a.token = e.token AND a.valid_from = e."validFrom" AND a.valid_from < $3::date`;
const BEGIN = `
  INSERT INTO instrument_aliases (vendor, token, valid_from, instrument_id, symbol, wire_divisor)
  SELECT $2, alias.token, $3::date, i.id, alias.symbol, alias."wireDivisor"
  FROM jsonb_to_recordset($1::jsonb) AS alias (exchange text, symbol text, token bigint, "wireDivisor" float8)
  JOIN instruments i ON i.exchange = alias.exchange AND i.symbol = alias.symbol
  ON CONFLICT (vendor, token, valid_from) DO UPDATE SET
    instrument_id = excluded.instrument_id, symbol = excluded.symbol, wire_divisor = excluded.wire_divisor, valid_to = NULL`;
/** Moves the beginning back, as far as the token did not mean something else. */
const EARLIER = `
  UPDATE instrument_aliases a SET valid_from = $3::date
  FROM jsonb_to_recordset($1::jsonb) AS alias (token bigint, "validFrom" date)
  WHERE a.vendor = $2 AND a.token = alias.token AND a.valid_from = alias."validFrom"
    AND NOT EXISTS (SELECT 1 FROM instrument_aliases b WHERE b.vendor = a.vendor AND b.token = a.token AND b.valid_to > $3::date)`;

const inChunks = async (rows: readonly unknown[], write: (json: string) => Promise<unknown>): Promise<void> => {
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) await write(JSON.stringify(rows.slice(from, from + CHUNK_ROWS)));
};

const apply = async (client: ClientBase, plan: InstrumentPlan, vendor: string, date: string): Promise<void> => {
  await inChunks(plan.change, (json) => client.query(CHANGE, [json]));
  await inChunks(plan.add, (json) => client.query(ADD, [json]));
  await inChunks(plan.end, (json) => client.query(END, [json, vendor, date]));
  await inChunks(plan.begin, (json) => client.query(BEGIN, [json, vendor, date]));
  await inChunks(plan.earlier, (json) => client.query(EARLIER, [json, vendor, date]));
};

export const instrumentStore = (database: () => Database, log: Log): InstrumentStore => ({
  async load(date) {
    const { pool } = database();
    const instruments = await reaching(() => rowsOf<InstrumentRow>(pool, INSTRUMENTS));
    const aliases = await reaching(() => rowsOf<AliasRow>(pool,
      `${ALIASES} WHERE valid_from <= $1::date AND (valid_to IS NULL OR valid_to > $1::date) ORDER BY vendor, token`, [date]));
    return { instruments: instruments.map(toInstrument), aliases: aliases.map(toAlias) };
  },

  async upsert(vendor, date, listed) {
    const refused = await reaching(() => inTransaction(database().pool, async (client) => {
      await client.query("SELECT pg_advisory_xact_lock($1)", [UPSERT_LOCK]);
      const held = {
        instruments: (await rowsOf<InstrumentRow>(client, INSTRUMENTS)).map(toInstrument),
        aliases: (await rowsOf<AliasRow>(client, `${ALIASES} WHERE vendor = $1 AND valid_to IS NULL`, [vendor])).map(toAlias),
      };
      const plan = planUpsert(held, listed, date);
      await apply(client, plan, vendor, date);
      return plan.refused;
    }));
    if (refused.length > 0) {
      log.warn("Instruments of a broker's list were left out", { vendor, count: refused.length, first: refused.slice(0, 5) });
    }
  },
});
