import { optionalBody, route } from "@/app/api/_lib/route";
import { emptyBody } from "@/server/contract/rest";

/** Goes on with a job; of one that ended with failures these days are tried again. */
export const POST = route(
  emptyBody,
  async (running, _, { id }) => ({ data: await running.backfill.resume(id!), status: 202 }),
  optionalBody,
);
