-- More views in the shapes of earlier systems' tables: ticks, seconds and longer bars.

-- Table `md.tick_data` of Market Bridge. The feeds tell the day's volume: a quantity is what it grew by since the tick before, 0 where
-- none of that day is known before it. Quick when asked for a symbol; a span alone reads all of that symbol's days.
CREATE VIEW "compat_tick_data" AS
SELECT
  t.exchange,
  t.symbol,
  a.token AS instrument_token,
  t.time_ist AT TIME ZONE 'Asia/Kolkata' AS tick_timestamp,
  t.price::float8 AS price,
  greatest(t.day_volume - lag(t.day_volume) OVER (PARTITION BY t.exchange, t.symbol, t.time_ist::date ORDER BY t.sequence), 0) AS quantity,
  'unknown' AS trade_type,
  'live_tick' AS source,
  t.received_ist AT TIME ZONE 'Asia/Kolkata' AS created_at
FROM "ticks_in_rupees" t
JOIN instruments i ON i.exchange = t.exchange AND i.symbol = t.symbol
LEFT JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true;

-- Tables `candles_1s` and `candles_tf` of Trading System v1 and 1sOHLC: the exchange's own number, prices as integers of the smallest
-- unit. Of longer timeframes, in seconds, those that are stored: ask the server for the others.
CREATE VIEW "compat_candles_1s" AS
SELECT i.exchange, a.token / 256 AS token, b.ts, b.open, b.high, b.low, b.close, b.volume, b.ticks AS ticks_count
FROM instruments i
JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true
JOIN bars b ON b.instrument_id = i.id AND b.timeframe = 0;

CREATE VIEW "compat_candles_tf" AS
SELECT i.exchange, a.token / 256 AS token, t.seconds AS tf, b.ts, b.open, b.high, b.low, b.close, b.volume, b.ticks AS ticks_count
FROM instruments i
JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true
CROSS JOIN (VALUES (4::smallint, 60), (9::smallint, 900), (15::smallint, 86400)) AS t (number, seconds)
JOIN bars b ON b.instrument_id = i.id AND b.timeframe = t.number;

-- Under their old names too, where nothing of that name is there already and a schema may be made.
DO $names$
BEGIN
  IF to_regclass('candles_1s') IS NULL THEN
    CREATE VIEW "candles_1s" AS SELECT * FROM "compat_candles_1s";
  END IF;
  IF to_regclass('candles_tf') IS NULL THEN
    CREATE VIEW "candles_tf" AS SELECT * FROM "compat_candles_tf";
  END IF;
  IF to_regclass('md.tick_data') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS "md";
    CREATE VIEW "md"."tick_data" AS SELECT * FROM "compat_tick_data";
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'md.tick_data is left out: no right to create a schema';
END $names$;
