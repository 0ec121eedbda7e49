-- Who works for whom: one instance at a time holds a broker login. Times are the database's own clock.
CREATE TABLE "leases" (
    "name" TEXT NOT NULL,
    "instance" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "started" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);
