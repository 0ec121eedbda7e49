/** Bars as readers see them: stored, waiting and forming bars joined. */
import { Bars } from "@/server/services/bars/bars";
import { DerivedSeries } from "@/server/services/bars/derived-series";
import { LastPrices } from "@/server/services/bars/last-prices";
import { Sparks } from "@/server/services/bars/sparks";
import type { Base } from "./base";
import type { Cores } from "./cores";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Writers } from "./writers";

export type Series = ReturnType<typeof createSeries>;

export const createSeries = (
  { clock, wall, log, events, store, barStore }: Base,
  { calendar }: Market,
  { live, convention, derived }: Cores,
  { writer }: Writers,
) => {
  const bars = new Bars({ store: barStore, recent: writer, live, calendar, clock, convention });
  const lastPrices = new LastPrices({ store: store.bars, recent: writer, live, clock });
  const sparks = new Sparks({ bars, live, calendar, clock });
  const derivedSeries = new DerivedSeries({ followed: derived, bars, clock, wall, log });
  events.on("barsChanged", ({ instrument }) => {
    sparks
      .renew(instrument)
      .catch((cause: unknown) => log.warn("could not read a sparkline", { cause: String(cause) }));
  });
  const lifecycle: Part[] = [
    { name: "derived bars", start: () => derivedSeries.start(), stop: () => derivedSeries.stop() },
  ];
  return { bars, lastPrices, sparks, derivedSeries, lifecycle };
};
