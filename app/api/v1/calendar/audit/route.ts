import { route } from "@/app/api/_lib/route";
import { auditQuery } from "@/server/contract/calendar";

/** Who changed what, when and why: every change there ever was, the newest first. */
export const GET = route(auditQuery, (running, page) => ({ data: running.calendar.audit(page) }));
