-- The gap ledger: every time a feed, or one instrument of it, brought nothing while its market traded.
CREATE TABLE "gaps" (
    "id" SERIAL NOT NULL,
    "instrument_id" INTEGER,
    "collector" TEXT,
    "instruments" INTEGER[],
    "from_ts" TIMESTAMPTZ(3) NOT NULL,
    "to_ts" TIMESTAMPTZ(3),
    "cause" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "healed_by" TEXT,
    "note" TEXT NOT NULL,
    "missing" INTEGER,
    "filled" INTEGER NOT NULL,
    "remaining" INTEGER,
    "remaining_in" INTEGER[],

    CONSTRAINT "gaps_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "gaps_have_an_owner" CHECK ("instrument_id" IS NOT NULL OR "collector" IS NOT NULL)
);
CREATE INDEX "gaps_state_idx" ON "gaps"("state");
CREATE INDEX "gaps_from_ts_idx" ON "gaps"("from_ts");
CREATE INDEX "gaps_instrument_id_from_ts_idx" ON "gaps"("instrument_id", "from_ts");

-- Spans a broker's history has answered for, joined where they touch: where it has no bar, nothing traded.
CREATE TABLE "history_answers" (
    "instrument_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "from_ts" TIMESTAMPTZ(3) NOT NULL,
    "to_ts" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "history_answers_pkey" PRIMARY KEY ("instrument_id", "timeframe", "from_ts")
);

-- A day's bars beside the broker's own, a row a comparison.
CREATE TABLE "compare_runs" (
    "id" SERIAL NOT NULL,
    "instrument_id" INTEGER NOT NULL,
    "day" DATE NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "by" TEXT NOT NULL,
    "bars" INTEGER NOT NULL,
    "equal" INTEGER NOT NULL,
    "kept" INTEGER NOT NULL,
    "corrected" INTEGER NOT NULL,
    "flagged" INTEGER NOT NULL,

    CONSTRAINT "compare_runs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "compare_runs_instrument_id_day_idx" ON "compare_runs"("instrument_id", "day");
CREATE INDEX "compare_runs_day_idx" ON "compare_runs"("day");

-- Where they differed, a row a figure; null where there was no such bar.
CREATE TABLE "compare_differences" (
    "run_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "field" TEXT NOT NULL,
    "ours" BIGINT,
    "theirs" BIGINT,
    "decision" TEXT NOT NULL,
    "why" TEXT NOT NULL,

    CONSTRAINT "compare_differences_pkey" PRIMARY KEY ("run_id", "timeframe", "ts", "field")
);
