/** Retention and storage. */
import { keepAll, keepDays, Retention } from "@/server/services/upkeep/retention";
import { Storage } from "@/server/services/upkeep/storage";
import type { StoredKind } from "@/server/ports/stores";
import type { Base } from "./base";
import type { Part } from "./lifecycle";

export const createUpkeep = ({ config, clock, wall, log, metrics, store, keptBars, recording }: Base) => {
  const keep = recording === null ? keepDays(config.retention) : keepAll;
  const retention = new Retention({
    ticks: store.ticks,
    books: store.books,
    upkeep: {
      ...store.upkeep,
      async pruneBars(kind, before, signal) {
        try {
          return await store.upkeep.pruneBars(kind, before, signal);
        } finally {
          keptBars?.forget(kind as StoredKind);
        }
      },
    },
    settings: store.settings,
    clock,
    log,
    meter: metrics,
    keep,
  });
  const lifecycle: Part[] = [
    {
      name: "retention",
      // A recording is of years ago, and its database is thrown away at the end.
      start() {
        if (recording === null) retention.start();
      },
      stop: () => retention.stop(),
    },
  ];
  return { storage: new Storage({ upkeep: store.upkeep, keep, clock: wall }), lifecycle };
};
