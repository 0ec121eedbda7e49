import type { z } from "zod";
import { route } from "@/app/api/_lib/route";
import type { activeIndicators, reloadBody } from "@/server/contract/rest";

const isChosen = (body: z.output<typeof reloadBody>): body is z.output<typeof activeIndicators> => "indicators" in body;

/**
 * Without a body: reads the environment and .env again and runs the indicators they name; a set put by hand is forgotten.
 * With one (`{ indicators, timeframes }`): runs that set, as `PUT /api/v1/indicators/active` does.
 */
export const POST = route("POST /indicators/reload", async (running, chosen) => ({
  data: isChosen(chosen) ? await running.indicators.choose(chosen) : await running.indicators.reload(),
}));
