/** The pipeline table, filled with the parts, and what runs it. */
import { memoryBus } from "@/server/bus/memory";
import { pipeline, run } from "@/server/pipeline";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { Doors } from "./doors";
import type { LatestPart } from "./latest";
import type { Part } from "./lifecycle";
import type { Rooms } from "./rooms";
import type { Series } from "./series";
import type { Writers } from "./writers";

export const createStages = (
  { clock }: Base,
  cores: Cores,
  { writer, recorder }: Writers,
  { publisher, pointPublisher }: LatestPart,
  { sparks }: Series,
  { collectors }: Collecting,
  { hub }: Rooms,
  { timed }: Doors,
) => {
  const stages = pipeline({
    ...cores,
    collectors: { open: (emit) => collectors.open(emit), close: () => collectors.close() },
    writer,
    recorder,
    latest: publisher,
    latestPoints: pointPublisher,
    readers: {
      ticks: { on: (ticks) => hub.onTicks(ticks) },
      bars: {
        on(batch) {
          sparks.onBars(batch);
          hub.onBars(batch);
        },
      },
      derived: { on: (batch) => hub.onBars(batch) },
      auctions: { on: (batch) => hub.onAuctions(batch) },
      points: { on: (points) => hub.onPoints(points) },
    },
  });
  let part: (() => void) | null = null;
  const lifecycle: Part[] = [
    {
      name: "pipeline",
      start() {
        part = run(stages, memoryBus(), clock, timed);
      },
      stop: () => part?.(),
    },
  ];
  return { lifecycle };
};
