import { barsQuery } from "@/server/contract/rest";
import { route } from "@/app/api/_lib/route";
import { barsAnswer } from "@/app/api/_lib/bars";

/** Bars of any timeframe and range; the last one may be forming. */
export const GET = route(barsQuery, (running, query, { key }) => barsAnswer(running, key!, query));
