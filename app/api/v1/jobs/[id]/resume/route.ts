import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** Goes on with a job; of one that ended with failures these days are tried again. */
export const POST = route(z.strictObject({}), async (running, _, { id }) => ({ data: await running.backfill.resume(id!), status: 202 }));
