import { route } from "@/app/api/_lib/route";

/** Compares days with the broker's bars: differences, and what was decided. */
export const GET = route("GET /compare", ({ rest }, query) => rest.compare(query));

/** Compares a day now; for the running day, its completed part. */
export const POST = route("POST /compare", ({ rest }, body) => rest.compareNow(body));
