import { route } from "@/app/api/_lib/route";

/**
 * Trading days of an exchange, as `candela sessions --json` prints them; days without trading are left out, weekdays that no
 * holiday list covers are of kind `unknown`. `meta.covered`: the dates the lists speak for, null where there is no end.
 */
export const GET = route("GET /calendar", async (running, question, _, signal) => {
  const data = await running.calendar.sessions(question, signal);
  return {
    data,
    meta: {
      count: data.length,
      unknown: data.filter(({ kind }) => kind === "unknown").length,
      covered: running.calendar.covered(question),
    },
  };
});
