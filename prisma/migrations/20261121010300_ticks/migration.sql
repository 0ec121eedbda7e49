-- Ticks in two places: what has just come, one row a flush, and what is older than a minute, one row per instrument and
-- minute. Both hold runs of bytes (server/store/ticks-codec.ts); the view unpacks them.
CREATE TABLE "tick_journal" (
    "id" BIGSERIAL NOT NULL,
    "written_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "instruments" INTEGER[],
    "counts" INTEGER[],
    "starts" INTEGER[],
    "lengths" INTEGER[],
    "packed" BYTEA NOT NULL,

    CONSTRAINT "tick_journal_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "tick_blocks" (
    "instrument_id" INTEGER NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "first_time" TIMESTAMPTZ(3) NOT NULL,
    "first_sequence" BIGINT NOT NULL,
    "last_time" TIMESTAMPTZ(3) NOT NULL,
    "last_sequence" BIGINT NOT NULL,
    "ticks" INTEGER NOT NULL,
    "packed" BYTEA NOT NULL,

    -- `first_time` is in the key so that a search by time is answered from the index alone.
    CONSTRAINT "tick_blocks_pkey" PRIMARY KEY ("instrument_id","ts","first_time","first_sequence")
);

-- Dense already: a second compression costs time and gains nothing.
ALTER TABLE "tick_journal" ALTER "packed" SET STORAGE EXTERNAL;
ALTER TABLE "tick_blocks" ALTER "packed" SET STORAGE EXTERNAL;

-- A run of ticks as rows, times in epoch ms. The format is told in server/store/ticks-codec.ts.
CREATE FUNCTION "unpack_ticks"("run" BYTEA, "count" INTEGER)
RETURNS TABLE ("sequence" BIGINT, "received_ms" BIGINT, "time_ms" BIGINT, "price" BIGINT, "volume" BIGINT, "open_interest" BIGINT, "flags" INTEGER)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 100 AS $f$
DECLARE
  bytes BYTEA := substring(run FROM 1); -- fetched once, not at every byte
  at INTEGER := 0;
  tag INTEGER;
  byte INTEGER;
  shift INTEGER;
  value BIGINT;
  signed BIGINT;
BEGIN
  sequence := 0; received_ms := 0; time_ms := 0; price := 0; volume := -1; open_interest := -1;
  FOR tick IN 1 .. "count" LOOP
    tag := get_byte(bytes, at);
    at := at + 1;
    flags := tag & 15;
    IF flags = 15 THEN
      flags := get_byte(bytes, at);
      at := at + 1;
    END IF;
    FOR field IN 0 .. 5 LOOP
      CONTINUE WHEN (field = 2 AND tag & 128 = 0) OR (field = 3 AND tag & 16 = 0) OR (field = 4 AND tag & 32 = 0) OR (field = 5 AND tag & 64 = 0);
      value := 0;
      shift := 0;
      LOOP
        byte := get_byte(bytes, at);
        at := at + 1;
        value := value | ((byte & 127)::BIGINT << shift);
        EXIT WHEN byte < 128;
        shift := shift + 7;
      END LOOP;
      signed := CASE WHEN value & 1 = 0 THEN value >> 1 ELSE -((value + 1) >> 1) END;
      IF field = 0 THEN sequence := sequence + value;
      ELSIF field = 1 THEN
        received_ms := received_ms + signed;
        IF flags & 4 = 0 THEN time_ms := received_ms; END IF;
      ELSIF field = 2 THEN
        signed := CASE WHEN (value >> 1) & 1 = 0 THEN value >> 2 ELSE -(((value >> 1) + 1) >> 1) END;
        time_ms := time_ms + CASE WHEN value & 1 = 0 THEN signed * 1000 ELSE signed END;
      ELSIF field = 3 THEN price := price + signed;
      ELSIF field = 4 THEN volume := volume + signed;
      ELSE open_interest := open_interest + signed;
      END IF;
    END LOOP;
    RETURN NEXT;
  END LOOP;
END $f$;

-- For people with a SQL client: ticks in rupees, times in IST. `stored_until` is the block's own time and uses the index:
-- ask for symbol and stored_until (a minute after the last tick you want) and the rest is quick.
CREATE VIEW "ticks_in_rupees" AS
SELECT
  i.exchange,
  i.symbol,
  ('epoch'::timestamptz + t.time_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS time_ist,
  ('epoch'::timestamptz + t.received_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS received_ist,
  round(t.price / 10::numeric ^ i.decimals, i.decimals) AS price,
  nullif(t.volume, -1) AS day_volume,
  nullif(t.open_interest, -1) AS open_interest,
  t.flags & 1 = 1 AS is_trade,
  t.flags & 2 = 2 AS in_auction,
  t.flags & 4 = 4 AS by_exchange_clock,
  t.flags & 8 = 8 AS first_after_connect,
  t.sequence,
  b.stored_until
FROM (
  SELECT instrument_id, ts AS stored_until, ticks AS count, packed AS run FROM tick_blocks
  UNION ALL
  SELECT r.instrument_id, j.written_at, r.count, substring(j.packed FROM r.start + 1 FOR r.length)
  FROM tick_journal j, unnest(j.instruments, j.counts, j.starts, j.lengths) AS r (instrument_id, count, start, length)
) b
JOIN instruments i ON i.id = b.instrument_id
CROSS JOIN LATERAL unpack_ticks(b.run, b.count) t;

-- A hypertable where TimescaleDB is loaded; elsewhere this changes nothing. Safe to run again after a move to TimescaleDB.
-- No compression policy: a block is already a sixteenth of its rows. No retention policy: the app drops whole chunks on
-- every edition, by TICK_RETENTION_DAYS.
DO $ts$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb')
     OR position('timescaledb' in current_setting('shared_preload_libraries')) = 0 THEN
    RETURN;
  END IF;
  CREATE EXTENSION IF NOT EXISTS timescaledb;
  PERFORM create_hypertable('tick_blocks', by_range('ts', INTERVAL '1 day'),
    create_default_indexes => false, migrate_data => true, if_not_exists => true);
END $ts$;
