import { z } from "zod";
import { route } from "@/app/api/_lib/route";

export const GET = route(z.unknown(), async (running, _, { name }) => {
  const list = await running.store.watchlists.get(name!);
  if (list === null) throw running.notFound("watchlist", name!);
  return { data: list };
});
