import { route } from "@/app/api/_lib/route";

/** What runs on every live instrument, whoever looks at it. */
export const GET = route("GET /indicators/active", (running) => ({ data: running.indicators.active() }));

/** Sets another set of indicators from now on and after the next start; indicators in both continue undisturbed. */
const choose = route("PUT /indicators/active", async (running, chosen) => ({
  data: await running.indicators.choose(chosen),
}));

export { choose as POST, choose as PUT };
