import { route } from "@/app/api/_lib/route";

/** What an instrument's trading days have of the bars they should have. */
export const GET = route("GET /completeness", ({ rest }, query, _, signal) => rest.completeness(query, signal));
