import { z } from "zod";
import { route } from "@/app/api/_lib/route";

/** 200 while the process answers; `ready` and `causes` say whether its data can be relied on. */
export const GET = route(z.unknown(), (running) => {
  const { ready, causes } = running.readiness();
  const { feeds, ticksPerSecond, job } = running.status.feed();
  return { data: { ready, causes, feeds, ticksPerSecond, job, store: running.status.storeOk(), instruments: running.instruments.size }, meta: { time: Math.round(running.clock.now()) } };
});
