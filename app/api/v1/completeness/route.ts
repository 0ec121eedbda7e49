import { completenessQuery } from "@/server/contract/quality";
import { completenessAnswer } from "@/app/api/_lib/quality";
import { route } from "@/app/api/_lib/route";

/** What an instrument's trading days have of the bars they should have. */
export const GET = route(completenessQuery, (running, query, _, signal) => completenessAnswer(running, query, signal));
