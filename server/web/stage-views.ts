import type { StageView } from "@/server/contract/live";
import type { Percentiles } from "@/server/contract/live";
import { counted } from "@/server/domain/basics/counted";

interface Measures {
  percentiles(name: string): Percentiles;
}
interface Facts {
  waiting: number;
  publishing: number;
  forming: number;
  instances: number;
  clients: number;
  rooms: number;
}

/** The pipeline table as the status page draws it, with what each stage does now. */
export const stageViews = (
  now: number,
  rates: ReadonlyMap<string, { perSecond(now: number): number }>,
  measures: Measures,
  facts: Facts,
): StageView[] => {
  const view = (
    name: string,
    from: string | null,
    to: string | null,
    queue: StageView["queue"],
    detail: string,
  ): StageView => {
    const { p50, p95 } = measures.percentiles(`stage.${name}`);
    return { name, from, to, rate: rates.get(name)?.perSecond(now) ?? 0, p50, p95, queue, detail };
  };
  return [
    view("collect", null, "raw", null, "one batch per frame"),
    view("normalise", "raw", "ticks", null, "synchronous"),
    view("aggregate", "ticks", "bars.base", null, "seconds, watermark 2 s"),
    view("resample", "bars.base", "bars", null, counted(facts.forming, "instrument")),
    view("indicate", "bars", "points", null, `${facts.instances} instances`),
    view("persist", "bars", null, { used: facts.waiting, size: 2_000, overflow: "wait" }, "batch 2,000 or 200 ms"),
    view(
      "publish",
      "bars",
      null,
      { used: facts.publishing, size: 60_000, overflow: "drop-oldest" },
      "newest bars and ticks",
    ),
    view(
      "broadcast",
      "bars",
      null,
      { used: facts.rooms, size: facts.rooms, overflow: "latest" },
      `${facts.clients} ${facts.clients === 1 ? "client" : "clients"}`,
    ),
  ];
};
