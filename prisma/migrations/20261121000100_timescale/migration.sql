-- Bars become a hypertable where TimescaleDB is loaded; elsewhere this changes nothing. Safe to run again after a move
-- to TimescaleDB. No retention policy: timeframes share the table and are kept for different times, so the app prunes.
DO $ts$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb')
     OR position('timescaledb' in current_setting('shared_preload_libraries')) = 0 THEN
    RETURN;
  END IF;
  CREATE EXTENSION IF NOT EXISTS timescaledb;
  PERFORM create_hypertable('bars', by_range('ts', INTERVAL '7 days'),
    create_default_indexes => false, migrate_data => true, if_not_exists => true);
  -- Debian ships the Apache edition, which has no compression.
  IF current_setting('timescaledb.license', true) IS DISTINCT FROM 'timescale' THEN
    RETURN;
  END IF;
  ALTER TABLE bars SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'instrument_id, timeframe', timescaledb.compress_orderby = 'ts');
  PERFORM add_compression_policy('bars', INTERVAL '7 days', if_not_exists => true);
END $ts$;
