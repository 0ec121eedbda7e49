/** What the server knows of the quality of its data, and backfills, which close its gaps. */
import { TickReplay } from "@/server/pipeline/rebuild";
import { createQualityDesk } from "@/server/services/quality/quality-desk";
import { Verify } from "@/server/services/quality/verify";
import { createBackfill } from "./backfill";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { DeskPart } from "./desk";
import type { HistoryPart } from "./history";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Series } from "./series";
import type { Writers } from "./writers";

/** Bars that end within this time are in what forms now, which is loaded again when they change. */
const WARM_MS = 2 * 86_400_000;

export type Quality = ReturnType<typeof createQuality>;

export const createQuality = (
  { clock, wall, log, metrics, events, eventLog, unreadable, store }: Base,
  { table, calendar, instruments }: Market,
  { live }: Cores,
  { writer, recorder }: Writers,
  { bars }: Series,
  { collectors, access }: Collecting,
  { desk }: DeskPart,
  { history, paces, away, refused, barsChanged }: HistoryPart,
) => {
  const quality = createQualityDesk({
    store,
    recent: writer,
    bars,
    live,
    calendar,
    clock,
    log,
    meter: metrics,
    events: eventLog,
    collectors,
    history,
    access: (name) => access.get(name),
    away,
    warm: (instrument) => desk.warm(instrument),
    changed: barsChanged,
    unreadable,
  });
  const { gaps } = quality;
  events.on("feedLost", ({ collector, from, cause, reason }) => gaps.lost(collector, from, cause, reason));
  events.on("feedBack", ({ collector, to }) => gaps.back(collector, to));
  events.on("feedStarted", ({ collector, at }) => gaps.firstTick(collector, at));
  events.on("historyAnswered", ({ instrument, timeframe, from, to, bars: answered }) =>
    gaps.answered(instrument, timeframe, from, to, answered),
  );

  const backfill = createBackfill({
    store,
    recent: writer,
    table,
    instruments,
    calendar,
    clock,
    wall,
    log,
    paces,
    login: (feed) =>
      access.get(collectors.truth().find((each) => each.feed === feed && access.has(each.collector))?.collector ?? ""),
    async changed(instrument, from, to) {
      if (to > clock.now() - WARM_MS) await desk.warm(instrument);
      barsChanged(instrument, from, to);
    },
    review: (by) => gaps.review(by),
    away,
    refused,
    unreadable,
  });
  const verify = new Verify({
    bars: store.bars,
    ticks: store.ticks,
    calendar,
    clock,
    rebuild: (request) => new TickReplay(calendar, request),
    find: (key) => {
      const index = instruments.resolve(key);
      return { instrument: table.at(index), hours: table.hours(index) };
    },
    async settle() {
      await recorder?.settle();
      if (writer.failingSince === null) await writer.settled();
    },
  });
  const lifecycle: Part[] = [
    { name: "quality", start: () => quality.start(), stop: () => quality.stop() },
    { name: "backfills", start: () => backfill.start(), stop: () => backfill.stop() },
  ];
  return { quality, backfill, verify, lifecycle };
};
