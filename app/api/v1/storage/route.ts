import { route } from "@/app/api/_lib/route";

/** How much space the data use, how much a day adds, and the projection under the retention settings. */
export const GET = route("GET /storage", async (running) => ({ data: await running.storage.report() }));
