/** The newest values for other programs, in Redis where there is one. */
import { createLatest } from "@/server/latest";
import { PointPublisher } from "@/server/latest/point-publisher";
import { LatestPublisher } from "@/server/latest/publisher";
import type { Base } from "./base";
import type { Cores } from "./cores";
import type { Part } from "./lifecycle";

export type LatestPart = ReturnType<typeof createLatestPart>;

export const createLatestPart = ({ config, wall, log, metrics }: Base, { live, indicators }: Cores) => {
  const latest = createLatest({
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
    prefix: config.redisPrefix,
    ...(config.redisStreamLength === undefined ? {} : { streamLength: config.redisStreamLength }),
    clock: wall,
    log,
    meter: metrics,
  });
  const publisher = new LatestPublisher({ latest, table: live.table, board: live.board, clock: wall });
  const pointPublisher = new PointPublisher({
    latest,
    table: live.table,
    clock: wall,
    source(instance) {
      const resolved = indicators.get(instance)?.resolved;
      return resolved === undefined
        ? null
        : { name: resolved.label.replaceAll(/[^\w.-]+/g, "_"), plots: resolved.definition.plots };
    },
  });
  const lifecycle: Part[] = [
    { name: "latest values", start: (signal) => latest.start(signal), stop: () => latest.stop() },
    {
      name: "publishers",
      start: () => publisher.start(),
      stop() {
        publisher.stop();
        pointPublisher.stop();
      },
    },
  ];
  return { latest, publisher, pointPublisher, lifecycle };
};
