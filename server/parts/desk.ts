/** What sockets and REST read from: the desk, and the indicators that run behind it. */
import { dayOfDate, istDay } from "@/server/domain/time/session";
import { readIndicators } from "@/server/config";
import { IndicatorService } from "@/server/services/indicators/service";
import { createDesk } from "@/server/services/reads/desk";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Series } from "./series";
import type { Writers } from "./writers";

/** Edits of days further away than this touch no bar that is open: the longest is a month. */
const NEAR_DAYS = 31;

export type DeskPart = ReturnType<typeof createDeskPart>;

export const createDeskPart = (
  base: Base,
  { table, calendar, instruments, feedNumbers }: Market,
  cores: Cores,
  { spoolEmptied }: Writers,
  { bars, sparks, lastPrices, derivedSeries }: Series,
  { collectors }: Collecting,
) => {
  const { config, clock, wall, log, metrics, events, eventLog, unreadable, store, ending } = base;
  const { live, derived } = cores;
  const indicators = new IndicatorService({
    running: cores.indicators,
    bars,
    live,
    calendar,
    clock,
    wall,
    log,
    meter: metrics,
    snapshots: store.snapshots,
    settings: store.settings,
    unreadable,
    liveInstruments: () => collectors.subscribed(),
    configuration: config.indicators,
    reread: () => readIndicators(config.root, config.development),
  });
  const desk = createDesk({
    instruments,
    collectors,
    feedAt: (collector) => feedNumbers.feedAt(collector),
    bars,
    sparks,
    lastPrices,
    live,
    store: base.barStore,
    calendar,
    clock,
    indicators: indicators.desk,
    derived,
    follow: (instrument, of) => derivedSeries.follow(instrument, of),
  });
  events.on("barsChanged", ({ instrument, from }) => indicators.changed(instrument, from));

  // Open bars were started with the day's old end; they are rebuilt from stored bars.
  events.on("calendarEdited", async ({ change, hours }) => {
    const { date } = (change.after ?? change.before)!;
    if (Math.abs(dayOfDate(date) - istDay(clock.now())) > NEAR_DAYS) return;
    const touched = new Set(hours);
    try {
      for (let index = 0; index < table.size && !ending.signal.aborted; index++) {
        if (!touched.has(table.hours(index)) || !desk.isWarm(index)) continue;
        await desk.warm(index);
        await sparks.renew(index);
      }
    } catch (cause) {
      if (ending.signal.aborted) return;
      eventLog.add("error", "calendar", `bars could not be rebuilt: ${(cause as Error).message}`);
      log.error("could not rebuild bars after a calendar edit", { cause: String(cause) });
    }
  });

  /**
   * A start is a recovery: today's stored bars go into the forming ones. Instruments that are not subscribed or listed
   * wait until a client asks.
   */
  const warmWatched = async (): Promise<void> => {
    try {
      await spoolEmptied();
      const wanted = collectors.subscribed();
      for (const { rows } of await store.watchlists.list())
        for (const { key } of rows) wanted.add(instruments.find(key));
      for (const index of wanted)
        if (index !== -1 && !ending.signal.aborted && !desk.isWarm(index)) await desk.warm(index);
    } catch (cause) {
      if (!ending.signal.aborted) log.error("could not load stored bars", { cause: String(cause) });
    }
  };
  events.on("instrumentsAdded", warmWatched);

  const lifecycle: Part[] = [{ name: "indicators", start: () => indicators.start(), stop: () => indicators.stop() }];
  return { indicators, desk, warmWatched, lifecycle };
};
