import { emptyBody } from "@/server/contract/rest";
import { idOf, restGap } from "@/app/api/_lib/quality";
import { optionalBody, route } from "@/app/api/_lib/route";

/** Requests history for a gap now; returns the row at once while that runs. */
export const POST = route(
  emptyBody,
  async (running, _, params) => ({
    data: restGap(running, await running.quality.gaps.healNow(idOf(running, params))),
    status: 202,
  }),
  optionalBody,
);
