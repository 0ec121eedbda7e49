import { z } from "zod";
import { route } from "@/app/api/_lib/route";

export const GET = route(z.unknown(), async (running) => ({
  data: (await running.store.watchlists.list()).map(({ name, title, category, readOnly, rows }) => ({
    name,
    title,
    category,
    readOnly,
    count: rows.length,
  })),
}));
