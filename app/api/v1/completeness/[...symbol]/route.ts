import { completenessAnswer } from "@/app/api/_lib/quality";
import { inZone, keyOf } from "@/app/api/_lib/read";
import { route } from "@/app/api/_lib/route";
import { completenessOfQuery } from "@/server/contract/reads";

/** What an instrument's trading days have of the bars they should have. */
export const GET = route(completenessOfQuery, async (running, { vendor, tz, ...query }, { symbol }, signal) =>
  inZone(tz, await completenessAnswer(running, { ...query, instrument: keyOf(running, symbol!, vendor) }, signal)),
);
