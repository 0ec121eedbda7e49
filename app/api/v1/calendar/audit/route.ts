import { route } from "@/app/api/_lib/route";

/** Who changed what, when and why: every change there ever was, the newest first. */
export const GET = route("GET /calendar/audit", (running, page) => ({ data: running.calendar.audit(page) }));
