import { z } from "zod";
import { jsonBody, route } from "@/app/api/_lib/route";
import { editBody, withdrawQuery } from "@/server/contract/calendar";

/** What has been added to the dated data and is in force. */
export const GET = route(z.strictObject({}), (running) => ({ data: running.calendar.edits() }));

/** Adds a closed day, hours of a day's own or a halt, or replaces one; answers the days as they are now. */
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
