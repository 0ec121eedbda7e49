import { optionalBody, route } from "@/app/api/_lib/route";
import { emptyBody } from "@/server/contract/rest";

/** Stops a job after its current step; finished days stay finished. */
export const POST = route(
  emptyBody,
  async (running, _, { id }) => ({ data: await running.backfill.pause(id!) }),
  optionalBody,
);
