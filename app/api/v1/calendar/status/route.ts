import { route } from "@/app/api/_lib/route";
import { statusQuery } from "@/server/contract/calendar";

/** The phase of an exchange at an instant, when it ends, the next open and the next close. */
export const GET = route(statusQuery, (running, question) => ({ data: running.calendar.status(question) }));
