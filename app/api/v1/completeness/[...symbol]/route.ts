import { route } from "@/app/api/_lib/route";

/** What an instrument's trading days have of the bars they should have. */
export const GET = route("GET /completeness/{symbol}", ({ rest }, query, { symbol }, signal) =>
  rest.completenessOf(query, symbol!, signal),
);
