import { route } from "@/app/api/_lib/route";

/**
 * Starts a backfill: 202 with the job, whose progress is in `/api/v1/jobs/{id}` and on the socket; with `dryRun`
 * returns the estimate.
 */
export const POST = route("POST /backfill", async (running, { dryRun, ...request }, _, signal) =>
  dryRun
    ? { data: await running.heavy.run(() => running.backfill.estimate(request, signal), signal) }
    : { data: await running.backfill.order(request, signal), status: 202 },
);
