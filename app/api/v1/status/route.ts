import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** What the status page shows: rates, queues, drops, latencies. */
export const GET = route(z.unknown(), (running) => ({ data: running.status.snapshot() }));
