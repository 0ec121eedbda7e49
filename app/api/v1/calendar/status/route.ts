import { route } from "@/app/api/_lib/route";

/** The phase of an exchange at an instant, when it ends, the next open and the next close. */
export const GET = route("GET /calendar/status", (running, question) => ({ data: running.calendar.status(question) }));
