import { route } from "@/app/api/_lib/route";

/** Jobs that run, wait, or are lately over: backfills and what history heals by itself. */
export const GET = route("GET /jobs", (running) => ({ data: running.status.jobs() }));
