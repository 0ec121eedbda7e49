-- CreateTable
CREATE TABLE "instruments" (
    "id" SERIAL NOT NULL,
    "exchange" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "segment" TEXT NOT NULL,
    "decimals" SMALLINT NOT NULL,
    "tick_size" BIGINT NOT NULL,
    "lot_size" INTEGER NOT NULL,
    "expiry" DATE,
    "strike" BIGINT,

    CONSTRAINT "instruments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instrument_aliases" (
    "vendor" TEXT NOT NULL,
    "token" BIGINT NOT NULL,
    "valid_from" DATE NOT NULL,
    "valid_to" DATE,
    "instrument_id" INTEGER NOT NULL,
    "symbol" TEXT NOT NULL,
    "wire_divisor" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "instrument_aliases_pkey" PRIMARY KEY ("vendor","token","valid_from")
);

-- CreateTable
CREATE TABLE "bars" (
    "instrument_id" INTEGER NOT NULL,
    "timeframe" SMALLINT NOT NULL,
    "ts" TIMESTAMPTZ(3) NOT NULL,
    "open" BIGINT NOT NULL,
    "high" BIGINT NOT NULL,
    "low" BIGINT NOT NULL,
    "close" BIGINT NOT NULL,
    "volume" BIGINT NOT NULL,
    "value" BIGINT NOT NULL,
    "ticks" INTEGER NOT NULL,
    "open_interest" BIGINT,
    "rev" INTEGER NOT NULL,
    "state" SMALLINT NOT NULL,
    "incomplete" BOOLEAN NOT NULL,

    CONSTRAINT "bars_pkey" PRIMARY KEY ("instrument_id","timeframe","ts")
);

-- CreateTable
CREATE TABLE "collectors" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "feed" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "auto_start" BOOLEAN NOT NULL,
    "subscriptions" JSONB NOT NULL,
    "login" BYTEA NOT NULL,

    CONSTRAINT "collectors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "watchlists" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "read_only" BOOLEAN NOT NULL,
    "rows" JSONB NOT NULL,

    CONSTRAINT "watchlists_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "settings" (
    "name" TEXT NOT NULL,
    "value" JSONB NOT NULL,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "instruments_exchange_symbol_key" ON "instruments"("exchange", "symbol");

-- CreateIndex
CREATE INDEX "instrument_aliases_instrument_id_idx" ON "instrument_aliases"("instrument_id");

-- CreateIndex
CREATE UNIQUE INDEX "collectors_name_key" ON "collectors"("name");

-- CreateIndex
CREATE UNIQUE INDEX "watchlists_name_key" ON "watchlists"("name");

-- AddForeignKey
ALTER TABLE "instrument_aliases" ADD CONSTRAINT "instrument_aliases_instrument_id_fkey" FOREIGN KEY ("instrument_id") REFERENCES "instruments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
