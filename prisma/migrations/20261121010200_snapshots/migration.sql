-- Kept states of the running indicators: one row a set, the last ten stay. `state` is compressed text.
CREATE TABLE "indicator_snapshots" (
    "id" SERIAL NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL,
    "instances" INTEGER NOT NULL,
    "state" BYTEA NOT NULL,
    CONSTRAINT "indicator_snapshots_pkey" PRIMARY KEY ("id")
);
-- It is compressed already: trying again costs time only.
ALTER TABLE "indicator_snapshots" ALTER COLUMN "state" SET STORAGE EXTERNAL;
