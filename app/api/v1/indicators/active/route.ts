import { z } from "zod";
import { activeIndicators } from "@/server/contract/rest";
import { jsonBody, route } from "@/app/api/_lib/route";

/** What runs on every live instrument, whoever looks at it. */
export const GET = route(z.unknown(), (running) => ({ data: running.indicators.active() }));

/** Sets another set of indicators from now on and after the next start; indicators in both continue undisturbed. */
const choose = route(
  activeIndicators,
  async (running, chosen) => ({ data: await running.indicators.choose(chosen) }),
  jsonBody,
);

export { choose as POST, choose as PUT };
