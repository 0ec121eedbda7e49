import { compareBody, compareQuery } from "@/server/contract/quality";
import { compareAnswer, compareNow } from "@/app/api/_lib/quality";
import { jsonBody, route } from "@/app/api/_lib/route";

/** Compares days with the broker's bars: differences, and what was decided. */
export const GET = route(compareQuery, (running, query) => compareAnswer(running, query));

/** Compares a day now; for the running day, its completed part. */
export const POST = route(compareBody, (running, body) => compareNow(running, body), jsonBody);
