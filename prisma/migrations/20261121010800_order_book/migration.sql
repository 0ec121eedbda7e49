-- The past of the order book: one row per instrument and about fifteen seconds, books as a run of bytes
-- (server/store/books-codec.ts); the view unpacks them.
CREATE TABLE "order_book" (
    "instrument_id" INTEGER NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "first_time" TIMESTAMPTZ(3) NOT NULL,
    "first_received" TIMESTAMPTZ(3) NOT NULL,
    "books" INTEGER NOT NULL,
    "packed" BYTEA NOT NULL,

    CONSTRAINT "order_book_pkey" PRIMARY KEY ("instrument_id","ts","first_time","first_received")
);

-- Dense already: a second compression costs time and gains nothing.
ALTER TABLE "order_book" ALTER "packed" SET STORAGE EXTERNAL;

-- A run of books as rows: times in epoch ms, prices in minor units, levels best first, zeros where there are no orders.
-- The format is told in server/store/books-codec.ts.
CREATE FUNCTION "unpack_books"("run" BYTEA, "count" INTEGER)
RETURNS TABLE ("received_ms" BIGINT, "time_ms" BIGINT, "last_price" BIGINT, "buy_quantity" BIGINT, "sell_quantity" BIGINT,
  "bid_price" BIGINT[], "bid_quantity" BIGINT[], "bid_orders" BIGINT[], "ask_price" BIGINT[], "ask_quantity" BIGINT[], "ask_orders" BIGINT[])
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 15 AS $f$
DECLARE
  bytes BYTEA := substring(run FROM 1); -- fetched once, not at every byte
  at INTEGER := 0;
  mask BIGINT;
  byte INTEGER;
  shift INTEGER;
  value BIGINT;
  told BIGINT[] := array_fill(0::BIGINT, ARRAY[33], ARRAY[0]);
  bid BIGINT;
  ask BIGINT;
BEGIN
  received_ms := 0; time_ms := 0;
  FOR book IN 1 .. "count" LOOP
    -- Fields -2 and -1 are the times; the mask stands between them and the numbers.
    mask := 0;
    FOR field IN -2 .. 32 LOOP
      IF field = 0 THEN
        FOR each IN 0 .. 4 LOOP
          mask := mask | (get_byte(bytes, at)::BIGINT << (8 * each));
          at := at + 1;
        END LOOP;
      END IF;
      CONTINUE WHEN field >= 0 AND (mask >> field) & 1 = 0;
      value := 0;
      shift := 0;
      LOOP
        byte := get_byte(bytes, at);
        at := at + 1;
        value := value | ((byte & 127)::BIGINT << shift);
        EXIT WHEN byte < 128;
        shift := shift + 7;
      END LOOP;
      value := CASE WHEN value & 1 = 0 THEN value >> 1 ELSE -((value + 1) >> 1) END;
      IF field = -2 THEN received_ms := received_ms + value;
      ELSIF field = -1 THEN time_ms := time_ms + value;
      ELSE told[field] := told[field] + value;
      END IF;
    END LOOP;
    bid := told[3];
    ask := told[3] + told[18];
    last_price := told[3] + told[0];
    buy_quantity := told[1];
    sell_quantity := told[2];
    bid_price := ARRAY[bid]; bid_quantity := ARRAY[told[4]]; bid_orders := ARRAY[told[5]];
    ask_price := ARRAY[ask]; ask_quantity := ARRAY[told[19]]; ask_orders := ARRAY[told[20]];
    FOR level IN 1 .. 4 LOOP
      bid := bid + told[3 + 3 * level];
      ask := ask + told[18 + 3 * level];
      bid_price := bid_price || bid; bid_quantity := bid_quantity || told[4 + 3 * level]; bid_orders := bid_orders || told[5 + 3 * level];
      ask_price := ask_price || ask; ask_quantity := ask_quantity || told[19 + 3 * level]; ask_orders := ask_orders || told[20 + 3 * level];
    END LOOP;
    RETURN NEXT;
  END LOOP;
END $f$;

-- For people with a SQL client: books in rupees, times in IST, levels best first. `stored_until` is the block's own time and
-- uses the index: ask for symbol and stored_until (half a minute after the last book you want) and the rest is quick.
CREATE VIEW "order_book_in_rupees" AS
SELECT
  i.exchange,
  i.symbol,
  ('epoch'::timestamptz + o.time_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS time_ist,
  ('epoch'::timestamptz + o.received_ms * interval '1 millisecond') AT TIME ZONE 'Asia/Kolkata' AS received_ist,
  round(o.last_price / 10::numeric ^ i.decimals, i.decimals) AS last_price,
  (SELECT array_agg(round(p / 10::numeric ^ i.decimals, i.decimals) ORDER BY n) FROM unnest(o.bid_price) WITH ORDINALITY AS l (p, n)) AS bid_price,
  o.bid_quantity,
  o.bid_orders,
  (SELECT array_agg(round(p / 10::numeric ^ i.decimals, i.decimals) ORDER BY n) FROM unnest(o.ask_price) WITH ORDINALITY AS l (p, n)) AS ask_price,
  o.ask_quantity,
  o.ask_orders,
  o.buy_quantity,
  o.sell_quantity,
  b.ts AS stored_until
FROM order_book b
JOIN instruments i ON i.id = b.instrument_id
CROSS JOIN LATERAL unpack_books(b.packed, b.books) o;

-- Table `md.order_book` of Market Bridge: levels as JSON, those without orders left out.
CREATE VIEW "compat_order_book" AS
SELECT
  i.exchange,
  i.symbol,
  a.token AS instrument_token,
  'epoch'::timestamptz + o.time_ms * interval '1 millisecond' AS snapshot_timestamp,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('price', (p / 10::numeric ^ i.decimals)::float8, 'quantity', q, 'orders', c) ORDER BY n), '[]')
    FROM unnest(o.bid_price, o.bid_quantity, o.bid_orders) WITH ORDINALITY AS l (p, q, c, n) WHERE q > 0) AS bids,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('price', (p / 10::numeric ^ i.decimals)::float8, 'quantity', q, 'orders', c) ORDER BY n), '[]')
    FROM unnest(o.ask_price, o.ask_quantity, o.ask_orders) WITH ORDINALITY AS l (p, q, c, n) WHERE q > 0) AS asks,
  o.buy_quantity AS bid_quantity,
  o.sell_quantity AS ask_quantity,
  CASE WHEN o.bid_quantity[1] > 0 AND o.ask_quantity[1] > 0 THEN ((o.ask_price[1] - o.bid_price[1]) / 10::numeric ^ i.decimals)::float8 END AS spread,
  'live_tick' AS source,
  'epoch'::timestamptz + o.received_ms * interval '1 millisecond' AS created_at
FROM order_book b
JOIN instruments i ON i.id = b.instrument_id
LEFT JOIN LATERAL (SELECT token FROM instrument_aliases WHERE instrument_id = i.id AND vendor = 'kite' ORDER BY valid_from DESC LIMIT 1) a ON true
CROSS JOIN LATERAL unpack_books(b.packed, b.books) o;

-- Under its old name too, where nothing of that name is there already and a schema may be made.
DO $names$
BEGIN
  IF to_regclass('md.order_book') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS "md";
    CREATE VIEW "md"."order_book" AS SELECT * FROM "compat_order_book";
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'md.order_book is left out: no right to create a schema';
END $names$;

-- A hypertable where TimescaleDB is loaded; elsewhere this changes nothing. Safe to run again after a move to TimescaleDB.
-- No compression policy: a block is dense already. No retention policy: the app drops whole chunks on every edition, by
-- DEPTH_RETENTION_DAYS.
DO $ts$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb')
     OR position('timescaledb' in current_setting('shared_preload_libraries')) = 0 THEN
    RETURN;
  END IF;
  CREATE EXTENSION IF NOT EXISTS timescaledb;
  PERFORM create_hypertable('order_book', by_range('ts', INTERVAL '1 day'),
    create_default_indexes => false, migrate_data => true, if_not_exists => true);
END $ts$;
