import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** How much room the data take, what a day adds, and where that leads by what is kept. */
export const GET = route(z.unknown(), async (running) => ({ data: await running.storage.report() }));
