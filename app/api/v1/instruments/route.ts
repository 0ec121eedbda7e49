import { route } from "@/app/api/_lib/route";

/** Instruments by anything a person may type, best first; or those of given keys. */
export const GET = route("GET /instruments", ({ rest }, query, _, signal) => rest.instruments(query, signal));
