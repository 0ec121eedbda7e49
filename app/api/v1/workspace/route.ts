import { z } from "zod";
import { workspace } from "@/server/contract/rest";
import { jsonBody, route } from "@/app/api/_lib/route";

/** The chart as it was left; null before the first save, with the instrument a first chart shows in `meta`. */
export const GET = route(z.unknown(), async (running) => ({
  data: await running.workspace(),
  meta: { first: running.firstInstrument() },
}));

export const PUT = route(
  workspace,
  async (running, value) => {
    await running.store.settings.set("workspace", value);
    return { data: value };
  },
  jsonBody,
);
