import { readFile } from "node:fs/promises";
import path from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationsDir } from "@/server/testing/store-open";

describe("the table of calendar edits", () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create();
    await database.exec(await readFile(path.join(migrationsDir, "20261121010100_calendar/migration.sql"), "utf8"));
    await database.exec(
      "INSERT INTO calendar_edits (edit, at, who, note, after) VALUES (1, now(), 'api', 'for the test', '{}')",
    );
  });
  afterAll(() => database.close());

  it.each(["UPDATE calendar_edits SET note = 'something else'", "DELETE FROM calendar_edits"])(
    "refuses %s: an audit is only ever added to",
    async (statement) => {
      await expect(database.query(statement)).rejects.toThrow(/append-only/);
      expect((await database.query<{ note: string }>("SELECT note FROM calendar_edits")).rows).toEqual([
        { note: "for the test" },
      ]);
    },
  );
});
