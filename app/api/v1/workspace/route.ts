import { route } from "@/app/api/_lib/route";

/** The chart as it was left; null before the first save, with the instrument a first chart shows in `meta`. */
export const GET = route("GET /workspace", async (running) => ({
  data: await running.workspace(),
  meta: { first: running.firstInstrument() },
}));

export const PUT = route("PUT /workspace", ({ rest }, workspace) => rest.saveWorkspace(workspace));
