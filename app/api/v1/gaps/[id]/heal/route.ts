import { healBody } from "@/server/contract/quality";
import { idOf, restGap } from "@/app/api/_lib/quality";
import { route } from "@/app/api/_lib/route";

/** Asks history for a gap now; answers at once, with the row as it is while that goes on. */
export const POST = route(healBody, async (running, _, params) => ({ data: restGap(running, await running.quality.gaps.healNow(idOf(running, params))), status: 202 }));
