import { route } from "@/app/api/_lib/route";

/** Bars rebuilt from stored ticks compared with stored ones; differences are in rupees, stored and rebuilt. */
export const GET = route("GET /verify/{key}", async (running, query, { key }, signal) => ({
  data: await running.heavy.run(() => running.verify.ask({ key: key!, ...query }, signal), signal),
}));
