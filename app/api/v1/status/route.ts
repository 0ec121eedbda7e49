import { route } from "@/app/api/_lib/route";

/** What the status page shows: rates, queues, drops, latencies. */
export const GET = route("GET /status", (running) => ({ data: running.status.snapshot() }));
