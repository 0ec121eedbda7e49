-- Changes of the exchange calendar: what is in force follows from all of them, and all of them stay.
CREATE TABLE "calendar_edits" (
    "id" SERIAL NOT NULL,
    "edit" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "who" TEXT NOT NULL,
    "note" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,

    CONSTRAINT "calendar_edits_pkey" PRIMARY KEY ("id")
);

-- The table is its own audit: rows are added, never altered or removed.
CREATE FUNCTION "calendar_edits_are_kept"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'calendar_edits is append-only: % is refused', TG_OP;
END
$$;

CREATE TRIGGER "calendar_edits_are_kept" BEFORE UPDATE OR DELETE ON "calendar_edits"
    FOR EACH ROW EXECUTE FUNCTION "calendar_edits_are_kept"();
