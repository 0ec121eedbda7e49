import { route } from "@/app/api/_lib/route";

/** A job with its statistics, the days that failed and the bars on which history and the store differed. */
export const GET = route("GET /jobs/{id}", async (running, page, { id }) => ({
  data:
    running.status.jobs().find((job) => job.id === id && job.state === undefined) ??
    (await running.backfill.report(id!, page)),
  meta: page,
}));

/** Cancels a job; a finished one is deleted. */
export const DELETE = route("DELETE /jobs/{id}", async (running, _, { id }) => ({
  data: await running.backfill.remove(id!),
}));
