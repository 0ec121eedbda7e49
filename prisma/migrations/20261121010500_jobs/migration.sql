-- Long works that outlive a process (backfills), a row a day and instrument they have done, and where history and we differed.
CREATE TABLE "jobs" (
    "id" SERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "total" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "beat_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "job_days" (
    "job_id" INTEGER NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "day" DATE NOT NULL,
    "bars" INTEGER NOT NULL,
    "added" INTEGER NOT NULL,
    "unchanged" INTEGER NOT NULL,
    "kept" INTEGER NOT NULL,
    "corrected" INTEGER NOT NULL,
    "flagged" INTEGER NOT NULL,
    "failure" TEXT,

    CONSTRAINT "job_days_pkey" PRIMARY KEY ("job_id","instrument_id","day")
);

-- What was stored and what history said, as open, high, low, close, volume; empty where there was no such bar.
CREATE TABLE "bar_differences" (
    "job_id" INTEGER NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "verdict" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "stored" BIGINT[],
    "history" BIGINT[],

    CONSTRAINT "bar_differences_pkey" PRIMARY KEY ("job_id","instrument_id","timeframe","ts")
);
