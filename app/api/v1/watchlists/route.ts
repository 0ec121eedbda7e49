import { route } from "@/app/api/_lib/route";

/** The heads of all lists. */
export const GET = route("GET /watchlists", ({ rest }) => rest.watchlists());
