-- For people with a SQL client, and for programs written for the tables of earlier systems. Only what is stored: every
-- other timeframe is derived by the server, whose grid SQL cannot know (sessions change by date).

-- Auctions by name, and what a bar knows about its making.
CREATE OR REPLACE VIEW "bars_in_rupees" AS
SELECT
  i.exchange,
  i.symbol,
  coalesce((ARRAY['1s','5s','15s','30s','1m','2m','3m','5m','10m','15m','30m','1h','75m','2h','125m','1d','1W','1M'])[b.timeframe + 1],
    CASE b.timeframe WHEN 100 THEN 'auction' END) AS timeframe,
  b.ts AT TIME ZONE 'Asia/Kolkata' AS time_ist,
  round(b.open / 10::numeric ^ i.decimals, i.decimals) AS open,
  round(b.high / 10::numeric ^ i.decimals, i.decimals) AS high,
  round(b.low / 10::numeric ^ i.decimals, i.decimals) AS low,
  round(b.close / 10::numeric ^ i.decimals, i.decimals) AS close,
  b.volume,
  CASE WHEN b.volume > 0 AND b.value > 0
    THEN round(b.value / b.volume::numeric / 10::numeric ^ i.decimals, i.decimals + 2) END AS vwap,
  b.ticks,
  b.open_interest,
  (ARRAY['forming','closed','patched','backfilled','corrected'])[b.state + 1] AS state,
  b.incomplete,
  b.rev,
  b.late AS late_ticks,
  (b.ts + b.first_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS first_tick_ist,
  (b.ts + b.last_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS last_tick_ist,
  b.sources & 2 = 2 AS from_history,
  lpad(to_hex(b.hash), 12, '0') AS hash,
  b.written_at AT TIME ZONE 'Asia/Kolkata' AS known_since_ist
FROM bars b
JOIN instruments i ON i.id = b.instrument_id;

-- What bars were before they were changed.
CREATE VIEW "bar_revisions_in_rupees" AS
SELECT
  i.exchange,
  i.symbol,
  coalesce((ARRAY['1s','5s','15s','30s','1m','2m','3m','5m','10m','15m','30m','1h','75m','2h','125m','1d','1W','1M'])[r.timeframe + 1],
    CASE r.timeframe WHEN 100 THEN 'auction' END) AS timeframe,
  r.ts AT TIME ZONE 'Asia/Kolkata' AS time_ist,
  r.rev,
  round(r.open / 10::numeric ^ i.decimals, i.decimals) AS open,
  round(r.high / 10::numeric ^ i.decimals, i.decimals) AS high,
  round(r.low / 10::numeric ^ i.decimals, i.decimals) AS low,
  round(r.close / 10::numeric ^ i.decimals, i.decimals) AS close,
  r.volume,
  r.ticks,
  (ARRAY['forming','closed','patched','backfilled','corrected'])[r.state + 1] AS state,
  r.incomplete,
  r.written_at AT TIME ZONE 'Asia/Kolkata' AS known_since_ist,
  r.replaced_at AT TIME ZONE 'Asia/Kolkata' AS replaced_ist
FROM bar_revisions r
JOIN instruments i ON i.id = r.instrument_id;

-- Table `candles` of Odin Streamer: minutes by the exchange's own number (Kite's token has it above its low byte).
CREATE VIEW "compat_candles" AS
SELECT
  a.token / 256 AS scrip_token,
  CASE i.exchange WHEN 'NSE' THEN 'NSE_EQ' WHEN 'BSE' THEN 'BSE_EQ' WHEN 'NFO' THEN 'NSE_FO' WHEN 'BFO' THEN 'BSE_FO' WHEN 'CDS' THEN 'NSE_CD'
    WHEN 'BCD' THEN 'BSE_CD' WHEN 'MCX' THEN 'MCX_FO' ELSE i.exchange END AS exchange,
  b.ts AS minute_ts,
  (b.open / 10::numeric ^ i.decimals)::numeric(10, 2) AS open,
  (b.high / 10::numeric ^ i.decimals)::numeric(10, 2) AS high,
  (b.low / 10::numeric ^ i.decimals)::numeric(10, 2) AS low,
  (b.close / 10::numeric ^ i.decimals)::numeric(10, 2) AS close,
  b.volume,
  CASE WHEN b.state >= 3 THEN 'history' ELSE 'live_tick' END AS source,
  b.written_at AS created_at
FROM instruments i
JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true
JOIN bars b ON b.instrument_id = i.id AND b.timeframe = 4;

-- Table `md.intraday_bars` of Market Bridge. Its 5m and 1h are not stored here: ask the server for them.
CREATE VIEW "compat_intraday_bars" AS
SELECT
  i.exchange,
  i.symbol,
  a.token AS instrument_token,
  b.ts AS bar_timestamp,
  t.name AS timeframe,
  (b.open / 10::numeric ^ i.decimals)::float8 AS open,
  (b.high / 10::numeric ^ i.decimals)::float8 AS high,
  (b.low / 10::numeric ^ i.decimals)::float8 AS low,
  (b.close / 10::numeric ^ i.decimals)::float8 AS close,
  b.volume,
  b.ticks AS trades_count,
  CASE WHEN b.volume > 0 AND b.value > 0 THEN round(b.value / b.volume::numeric / 10::numeric ^ i.decimals, i.decimals + 2)::float8 END AS vwap,
  b.open_interest AS oi,
  CASE WHEN b.state >= 3 THEN 'zerodha' ELSE 'live_tick' END AS source,
  b.written_at AS created_at
FROM instruments i
LEFT JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true
CROSS JOIN (VALUES (0::smallint, '1s'), (4::smallint, '1m'), (9::smallint, '15m'), (15::smallint, 'day')) AS t (number, name)
JOIN bars b ON b.instrument_id = i.id AND b.timeframe = t.number;

-- Table `candles_1m` of the NIFTY 50 system: one row a symbol and minute, of NSE; of the simulated exchange where NSE has no such symbol.
CREATE VIEW "compat_candles_1m" AS
SELECT
  b.ts AS time,
  i.symbol,
  (b.open / 10::numeric ^ i.decimals)::float8 AS open,
  (b.high / 10::numeric ^ i.decimals)::float8 AS high,
  (b.low / 10::numeric ^ i.decimals)::float8 AS low,
  (b.close / 10::numeric ^ i.decimals)::float8 AS close,
  b.volume,
  b.ticks AS trades,
  CASE WHEN b.volume > 0 AND b.value > 0 THEN round(b.value / b.volume::numeric / 10::numeric ^ i.decimals, i.decimals + 2)::float8 END AS vwap
FROM instruments i
JOIN bars b ON b.instrument_id = i.id AND b.timeframe = 4
WHERE i.exchange IN ('NSE', 'NSE_INDEX')
   OR (i.exchange = 'SIM' AND NOT EXISTS (SELECT 1 FROM instruments n WHERE n.exchange IN ('NSE', 'NSE_INDEX') AND n.symbol = i.symbol));

-- The last two under their old names too, where nothing of that name is there already and a schema may be made.
DO $names$
BEGIN
  IF to_regclass('candles_1m') IS NULL THEN
    CREATE VIEW "candles_1m" AS SELECT * FROM "compat_candles_1m";
  END IF;
  IF to_regclass('md.intraday_bars') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS "md";
    CREATE VIEW "md"."intraday_bars" AS SELECT * FROM "compat_intraday_bars";
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'md.intraday_bars is left out: no right to create a schema';
END $names$;
