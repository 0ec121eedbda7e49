import { route } from "@/app/api/_lib/route";

/** Continues a job; for one that ended with failures, retries the failed days. */
export const POST = route("POST /jobs/{id}/resume", async (running, _, { id }) => ({
  data: await running.backfill.resume(id!),
  status: 202,
}));
