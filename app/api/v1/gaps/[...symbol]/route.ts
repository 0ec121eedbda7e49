import { route } from "@/app/api/_lib/route";

/** Gaps that affect an instrument: its own, and those of its collectors; with a timeframe, also its missing bars. */
export const GET = route("GET /gaps/{symbol}", ({ rest }, query, { symbol }, signal) =>
  rest.gapsOf(query, symbol!, signal),
);
