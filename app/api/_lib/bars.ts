import type { z } from "zod";
import type { barsQuery, RestBar } from "@/server/contract/rest";
import type { container } from "@/server/runtime";

const STATES = ["forming", "closed", "patched", "backfilled", "corrected"];

/** Stored and forming bars as REST says them: rupees, epoch ms, and how old the newest data are. */
export const barsAnswer = async (running: ReturnType<typeof container>, key: string, query: z.output<typeof barsQuery>): Promise<{ data: RestBar[]; meta: Record<string, unknown> }> => {
  const { desk, clock } = running;
  const instrument = desk.resolve(key);
  const { decimals, key: canonical } = desk.instrument(instrument);
  const { from, to, limit } = query;
  const timeframe = running.timeframe(query.timeframe);
  if (from !== undefined && to !== undefined && from >= to) throw running.badInput("from", from, "an instant before `to`");
  const { closed, forming } = await desk.bars({ instrument, timeframe, limit, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
  const scale = 10 ** decimals;
  const data = [closed, forming].flatMap((bars) => Array.from({ length: bars.length }, (_, row): RestBar => ({
    time: bars.time[row]!, open: bars.open[row]! / scale, high: bars.high[row]! / scale, low: bars.low[row]! / scale, close: bars.close[row]! / scale,
    volume: bars.volume[row]!, ticks: bars.ticks[row]!, state: STATES[bars.state[row]!] ?? "closed", rev: bars.rev[row]!, incomplete: bars.incomplete[row] === 1,
  }))).slice(-limit);
  const quote = desk.quote(instrument);
  const last = data[data.length - 1];
  return { data, meta: { key: canonical, timeframe: timeframe.name, count: data.length, dataAgeMs: quote === null ? null : Math.max(0, Math.round(clock.now() - quote.received)), lastBar: last?.time ?? null } };
};
