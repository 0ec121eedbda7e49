import { ignoreBody } from "@/server/contract/quality";
import { idOf, restGap } from "@/app/api/_lib/quality";
import { jsonBody, route } from "@/app/api/_lib/route";

/** Closes a gap as it is, saying why. */
export const POST = route(
  ignoreBody,
  async (running, { by, note }, params) => ({
    data: restGap(running, await running.quality.gaps.ignore(idOf(running, params), by, note)),
  }),
  jsonBody,
);
