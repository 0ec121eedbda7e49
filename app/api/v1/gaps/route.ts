import { route } from "@/app/api/_lib/route";

/**
 * The gap ledger: when a feed or one of its instruments sent nothing while its market traded, why, and what was done.
 */
export const GET = route("GET /gaps", ({ rest }, query) => rest.gaps(query));
