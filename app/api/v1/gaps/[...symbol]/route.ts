import { gapsAnswer } from "@/app/api/_lib/quality";
import { inZone, keyOf } from "@/app/api/_lib/read";
import { route } from "@/app/api/_lib/route";
import { gapsOfQuery } from "@/server/contract/reads";

/** Gaps that touch an instrument: its own, and those of the collectors that bring it. */
export const GET = route(gapsOfQuery, async (running, { vendor, tz, ...query }, { symbol }) =>
  inZone(tz, await gapsAnswer(running, { ...query, instrument: keyOf(running, symbol!, vendor) })));
