import { z } from "zod";
import { activeIndicators } from "@/server/contract/rest";
import { jsonBody, route } from "@/app/api/_lib/route";

/** What runs on every live instrument, whoever looks at it. */
export const GET = route(z.unknown(), (running) => ({ data: running.indicators.active() }));

/** Another set, from now on and after the next start; what both have goes on undisturbed. */
const choose = route(
  activeIndicators,
  async (running, chosen) => ({ data: await running.indicators.choose(chosen) }),
  jsonBody,
);

export { choose as POST, choose as PUT };
