import { route } from "@/app/api/_lib/route";

/** Values of one indicator over the newest closed bars, and on what forms. */
export const GET = route("GET /indicators/values", ({ rest }, query, _, signal) => rest.indicatorValues(query, signal));
