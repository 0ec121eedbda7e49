import { emptyBody } from "@/server/contract/rest";
import { idOf, restGap } from "@/app/api/_lib/quality";
import { optionalBody, route } from "@/app/api/_lib/route";

/** Asks history for a gap now; answers at once, with the row as it is while that goes on. */
export const POST = route(
  emptyBody,
  async (running, _, params) => ({
    data: restGap(running, await running.quality.gaps.healNow(idOf(running, params))),
    status: 202,
  }),
  optionalBody,
);
