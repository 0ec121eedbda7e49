import { indicatorValuesQuery } from "@/server/contract/rest";
import { indicatorValuesAnswer } from "@/app/api/_lib/indicators";
import { route } from "@/app/api/_lib/route";

/** Values of one indicator over the newest closed bars, and on what forms. */
export const GET = route(indicatorValuesQuery, (running, query, _, signal) =>
  indicatorValuesAnswer(running, query, signal),
);
