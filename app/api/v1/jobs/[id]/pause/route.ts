import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** Stops a job after what it is at; days done stay done. */
export const POST = route(z.strictObject({}), async (running, _, { id }) => ({ data: await running.backfill.pause(id!) }));
