import { route } from "@/app/api/_lib/route";
import { sessionsQuery } from "@/server/contract/calendar";

/** Trading days of an exchange, as `candela sessions --json` prints them; days without trading are left out. */
export const GET = route(sessionsQuery, (running, question) => ({ data: running.calendar.sessions(question) }));
