import { optionalBody, route } from "@/app/api/_lib/route";
import { emptyBody } from "@/server/contract/rest";

/** Continues a job; for one that ended with failures, retries the failed days. */
export const POST = route(
  emptyBody,
  async (running, _, { id }) => ({ data: await running.backfill.resume(id!), status: 202 }),
  optionalBody,
);
