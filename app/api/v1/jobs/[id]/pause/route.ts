import { route } from "@/app/api/_lib/route";

/** Stops a job after its current step; finished days stay finished. */
export const POST = route("POST /jobs/{id}/pause", async (running, _, { id }) => ({
  data: await running.backfill.pause(id!),
}));
