import { z } from "zod";
import { jsonBody, route } from "@/app/api/_lib/route";
import { editBody, withdrawQuery } from "@/server/contract/calendar";

/** Edits added to the built-in calendar and in force. */
export const GET = route(z.strictObject({}), (running) => ({ data: running.calendar.edits() }));

/** Adds or replaces a closed day, special hours or a halt; returns the resulting days. */
export const POST = route(
  editBody,
  async (running, { by, note, ...edit }) => ({
    data: await running.calendar.save(edit, { by, note }),
    status: edit.replaces === undefined ? 201 : 200,
  }),
  jsonBody,
);

/** Takes an edit back. */
export const DELETE = route(withdrawQuery, async (running, { id, by, note }) => ({
  data: await running.calendar.withdraw(id, { by, note }),
}));
