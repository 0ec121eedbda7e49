import { z } from "zod";
import { route } from "@/app/api/_lib/route";
import { jobQuery } from "@/server/contract/backfill";

/** A job with its statistics, the days that failed and the bars on which history and the store differed. */
export const GET = route(jobQuery, async (running, page, { id }) => ({
  data:
    running.status.jobs().find((job) => job.id === id && job.state === undefined) ??
    (await running.backfill.report(id!, page)),
  meta: page,
}));

/** Cancels a job; a finished one is deleted. */
export const DELETE = route(z.strictObject({}), async (running, _, { id }) => ({
  data: await running.backfill.remove(id!),
}));
