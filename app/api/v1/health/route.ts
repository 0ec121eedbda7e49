import { route } from "@/app/api/_lib/route";

/** 200 while its data can be relied on, 503 while they cannot: `causes` say why. Any answer at all means that the process lives. */
export const GET = route("GET /health", (running) => {
  const { ready, causes } = running.readiness();
  const { feeds, ticksPerSecond, job } = running.status.feed();
  return {
    data: {
      ready,
      causes,
      feeds,
      ticksPerSecond,
      job,
      store: running.status.storeOk(),
      instruments: running.instruments.size,
    },
    meta: { time: Math.round(running.clock.now()) },
    status: ready ? 200 : 503,
  };
});
