import { gapsAnswer, lackingAnswer } from "@/app/api/_lib/quality";
import { inZone, keyOf } from "@/app/api/_lib/read";
import { route } from "@/app/api/_lib/route";
import { gapsOfQuery } from "@/server/contract/reads";

/** Gaps that affect an instrument: its own, and those of its collectors; with a timeframe, also its missing bars. */
export const GET = route(gapsOfQuery, async (running, { vendor, tz, timeframe, ...query }, { symbol }, signal) => {
  const instrument = keyOf(running, symbol!, vendor);
  const { data, meta } = await gapsAnswer(running, { ...query, instrument });
  const lacking =
    timeframe === undefined
      ? {}
      : await lackingAnswer(running, { instrument, timeframe, from: query.from, to: query.to }, signal);
  return inZone(tz, { data, meta: { ...meta, ...lacking } });
});
