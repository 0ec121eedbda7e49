import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** Reads the environment and .env again and runs the indicators they name; a set put by hand is forgotten. */
export const POST = route(z.unknown(), async (running) => ({ data: await running.indicators.reload() }));
