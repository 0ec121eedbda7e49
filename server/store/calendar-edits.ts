import type { CalendarEdit as Row } from "@/prisma/generated/client";
import type { CalendarChange, DayEdit } from "@/server/domain/calendar/calendar-edits";
import { dayEdit, editor, readStored, type Unreadable } from "@/server/ports/stored";
import type { CalendarEditStore } from "@/server/ports/stores";
import { reaching, type Database } from "./database";

/** A change with an unreadable side is skipped; what was in force before stays in force. */
const toChange = (row: Row, unreadable: Unreadable): CalendarChange[] => {
  const side = (name: "before" | "after"): DayEdit | null =>
    readStored(`change ${row.id} of the calendar, ${name}`, row[name], dayEdit, unreadable);
  const [before, after] = [side("before"), side("after")];
  const isWhole = (before !== null || row.before === null) && (after !== null || row.after === null);
  return isWhole
    ? [
        {
          id: row.id,
          edit: row.edit,
          time: row.at.getTime(),
          who: editor.catch("api").parse(row.who),
          note: row.note,
          before,
          after,
        },
      ]
    : [];
};

/** A change that adds an edit is the first of its kind: the edit takes the change's own id. One statement, so no gap can be seen. */
const APPEND = `
WITH next AS (SELECT nextval(pg_get_serial_sequence('calendar_edits', 'id'))::int AS id)
INSERT INTO calendar_edits (id, edit, at, who, note, before, after)
SELECT id, COALESCE($1::int, id), to_timestamp($2::double precision / 1000), $3, $4, $5::jsonb, $6::jsonb FROM next
RETURNING id, edit`;

const json = (edit: DayEdit | null): string | null => (edit === null ? null : JSON.stringify(edit));

/** Changes are only ever appended: the table itself refuses to alter or remove a row (the migration's trigger). */
export const calendarEditStore = (database: () => Database, unreadable: Unreadable): CalendarEditStore => ({
  async list() {
    return (await reaching(() => database().prisma.calendarEdit.findMany({ orderBy: { id: "asc" } }))).flatMap((row) =>
      toChange(row, unreadable),
    );
  },
  async append({ edit, time, who, note, before, after }) {
    const { rows } = await reaching(() =>
      database().pool.query<{ id: number; edit: number }>(APPEND, [edit, time, who, note, json(before), json(after)]),
    );
    const row = rows[0]!;
    return { id: row.id, edit: row.edit, time, who, note, before, after };
  },
});
