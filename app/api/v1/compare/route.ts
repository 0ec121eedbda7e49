import { compareBody, compareQuery } from "@/server/contract/quality";
import { compareAnswer, compareNow } from "@/app/api/_lib/quality";
import { jsonBody, route } from "@/app/api/_lib/route";

/** Days beside the broker's own bars: what differed, and what became of it. */
export const GET = route(compareQuery, (running, query) => compareAnswer(running, query));

/** Compares a day now; of a running one, what has passed of it. */
export const POST = route(compareBody, (running, body) => compareNow(running, body), jsonBody);
