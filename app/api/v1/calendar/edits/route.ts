import { route } from "@/app/api/_lib/route";

/** Edits added to the built-in calendar and in force. */
export const GET = route("GET /calendar/edits", (running) => ({ data: running.calendar.edits() }));

/** Adds or replaces a closed day, special hours or a halt; returns the resulting days. */
export const POST = route("POST /calendar/edits", async (running, { by, note, ...edit }) => ({
  data: await running.calendar.save(edit, { by, note }),
  status: edit.replaces === undefined ? 201 : 200,
}));

/** Takes an edit back. */
export const DELETE = route("DELETE /calendar/edits", async (running, { id, by, note }) => ({
  data: await running.calendar.withdraw(id, { by, note }),
}));
