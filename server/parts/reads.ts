/** The services behind REST, and the gates at which long answers wait. */
import { Gate } from "@/server/domain/basics/gate";
import { Movers } from "@/server/services/bars/movers";
import { Passports } from "@/server/services/bars/passport";
import { Reads } from "@/server/services/reads/market-reads";
import { keptWorkspace } from "@/server/web/kept-workspace";
import { answerRead, readDoor } from "@/server/web/read-door";
import { restAnswers } from "@/server/web/rest-answers";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { DeskPart } from "./desk";
import type { LatestPart } from "./latest";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Quality } from "./quality";
import type { Series } from "./series";
import type { Writers } from "./writers";

/** Long answers made at once, and those that wait for their turn: a bar per 50 ms goes before history. */
const LONG_AT_ONCE = 2;
const LONG_WAITING = 32;
/** Instrument searches, a tenth of a second each with a long list. */
const SEARCHES_AT_ONCE = 2;
const SEARCHES_WAITING = 64;

export const createReads = (
  { clock, wall, log, store, unreadable }: Base,
  { table, calendar, instruments, feedNumbers, firstInstrument }: Market,
  { live }: Cores,
  { writer, recorder, bookRecorder }: Writers,
  { latest }: LatestPart,
  { bars }: Series,
  { collectors }: Collecting,
  { desk, indicators }: DeskPart,
  { quality }: Quality,
) => {
  const movers = new Movers({ live, desk, latest, clock: wall });
  const reads = new Reads({
    desk,
    bars,
    live,
    calendar,
    clock,
    ticks: store.ticks,
    books: store.books,
    feedAt: (collector) => feedNumbers.feedAt(collector),
    tokenOf: (instrument) => instruments.anyTokenOf(instrument),
    settleTicks: () => recorder?.settle() ?? Promise.resolve(),
    settleBooks: (instrument) => bookRecorder?.settle(instrument) ?? Promise.resolve(),
    completeness: quality.completeness,
    passports: new Passports({
      bars,
      store: store.bars,
      compares: store.compares,
      gaps: store.gaps,
      recent: writer,
      live,
      calendar,
      collectorNames: () => collectors.truth().map((each) => each.collector),
    }),
  });
  const heavy = new Gate(LONG_AT_ONCE, LONG_WAITING);
  const lifecycle: Part[] = [{ name: "movers", start: () => movers.start(), stop: () => movers.stop() }];
  return {
    /** Where long answers wait for their turn, and the turns they are made in. */
    heavy,
    turns: (signal?: AbortSignal) => reads.turns(signal),
    /** What the routes of /api/v1 answer beside the reading views. */
    rest: restAnswers({
      quality,
      desk,
      clock,
      heavy,
      searches: new Gate(SEARCHES_AT_ONCE, SEARCHES_WAITING),
      turns: (signal) => reads.turns(signal),
      instruments,
      indicators,
      watchlists: store.watchlists,
      settings: store.settings,
    }),
    /** Any read view by its URL, and the door that handles the hot ones before Next. */
    answerRead: (url: string, signal?: AbortSignal) => answerRead({ reads, log, heavy }, url, signal),
    readDoor: readDoor({ reads, log, heavy }),
    /** The chart as it was left; null before the first save. */
    workspace: async () =>
      keptWorkspace(
        await store.settings.get("workspace"),
        firstInstrument(),
        (key) => table.indexOf(key) !== -1,
        unreadable,
      ),
    lifecycle,
  };
};
