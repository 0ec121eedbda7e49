-- What a bar knows about its making, and what it was before it was changed.
ALTER TABLE "bars"
  ADD COLUMN "late" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "first_ms" INTEGER,
  ADD COLUMN "last_ms" INTEGER,
  ADD COLUMN "first_sequence" BIGINT,
  ADD COLUMN "last_sequence" BIGINT,
  ADD COLUMN "sources" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "hash" BIGINT,
  -- A constant: a hypertable that compresses takes no other default for a new column. Every write says its own time.
  ADD COLUMN "written_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '1970-01-01 00:00:00+00';

CREATE TABLE "bar_revisions" (
    "instrument_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "rev" INTEGER NOT NULL,
    "open" BIGINT NOT NULL,
    "high" BIGINT NOT NULL,
    "low" BIGINT NOT NULL,
    "close" BIGINT NOT NULL,
    "volume" BIGINT NOT NULL,
    "value" BIGINT NOT NULL,
    "ticks" INTEGER NOT NULL,
    "open_interest" BIGINT,
    "state" SMALLINT NOT NULL,
    "incomplete" BOOLEAN NOT NULL,
    "late" INTEGER NOT NULL,
    "sources" INTEGER NOT NULL,
    "hash" BIGINT,
    "written_at" TIMESTAMPTZ(3) NOT NULL,
    "replaced_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bar_revisions_pkey" PRIMARY KEY ("instrument_id","timeframe","ts","rev")
);

-- In the database and in the same transaction, so that no way of writing can forget it.
CREATE FUNCTION keep_bar_revision() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
  INSERT INTO bar_revisions (instrument_id, timeframe, ts, rev, open, high, low, close, volume, value, ticks, open_interest,
    state, incomplete, late, sources, hash, written_at, replaced_at)
  VALUES (OLD.instrument_id, OLD.timeframe, OLD.ts, OLD.rev, OLD.open, OLD.high, OLD.low, OLD.close, OLD.volume, OLD.value, OLD.ticks, OLD.open_interest,
    OLD.state, OLD.incomplete, OLD.late, OLD.sources, OLD.hash, OLD.written_at, NEW.written_at)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $f$;

CREATE TRIGGER bars_keep_revision AFTER UPDATE ON bars FOR EACH ROW EXECUTE FUNCTION keep_bar_revision();
