/** Data the feed did not deliver: brokers' histories and backfills. */
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import { History } from "@/server/services/history/catch-up";
import { RequestPaces } from "@/server/services/history/request-pace";
import { recordHealed } from "@/server/services/quality/compare";
import { awayStretches } from "@/server/services/quality/gap-away";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { DeskPart } from "./desk";
import type { Market } from "./market";
import type { Rooms } from "./rooms";
import type { Writers } from "./writers";

export type HistoryPart = ReturnType<typeof createHistory>;

export const createHistory = (
  { clock, wall, log, metrics, events, eventLog, unreadable, store, ending }: Base,
  { table, calendar }: Market,
  { live }: Cores,
  { writer }: Writers,
  { collectors, access }: Collecting,
  { desk }: DeskPart,
  { hub }: Rooms,
) => {
  const paces = new RequestPaces(wall);
  const barsChanged = (instrument: number, from: number, to: number): void =>
    events.emit("barsChanged", { instrument, from, to });
  /** Stretches during which an instrument's feed sent nothing, whether filled since or not. */
  const away = (instrument: number, from: number, to: number): ReturnType<typeof awayStretches> => {
    const whose = { id: table.at(instrument).id, collectors: collectors.bringing(instrument) };
    return awayStretches(store.gaps, whose, from, to, clock.now());
  };
  /** Rows of a broker's history that can be no bars: counted by reason, named where a person looks. */
  const refused = (instrument: number, rows: RefusedRows): void => {
    for (const [fault, count] of rows.counts) metrics.count(`history.refused.${fault}`, count);
    if (rows.faulty === 0) return;
    metrics.reject("bad_history_row", rows.faulty);
    const { key } = table.at(instrument);
    const why = [...rows.counts].map(([fault, count]) => `${count} ${fault.replaceAll("_", " ")}`).join(", ");
    log.warn("history rows were rejected", { instrument: key, why, first: rows.first });
    if (rows.hidesAny) eventLog.add("warn", key, `history: rows rejected (${why}); the first: ${rows.first}`);
  };
  const history = new History({
    paces,
    store: store.bars,
    settings: store.settings,
    recent: writer,
    live,
    calendar,
    clock,
    log,
    meter: metrics,
    warm: (instrument) => desk.warm(instrument),
    watched: (instrument) => hub.watched(instrument),
    unreadable,
    changed: barsChanged,
    answered: (instrument, timeframe, from, to, bars) =>
      events.emitAndWait("historyAnswered", { instrument, timeframe, from, to, bars }),
    away,
    differed: recordHealed({ store: store.compares, live, clock, meter: metrics }),
    refused,
  });
  events.on("instrumentsAdded", async ({ collector, instruments }) => {
    const source = access.get(collector);
    if (source === undefined) return;
    try {
      await history.catchUp(source, instruments, ending.signal);
    } catch (cause) {
      if (!ending.signal.aborted)
        log.error("could not fetch history of added instruments", { collector, cause: String(cause) });
    }
  });
  return {
    history,
    paces,
    away,
    refused,
    barsChanged,
    /** Nothing is being asked of a broker, and little waits for the store. */
    isQuiet: () =>
      writer.waiting < 5_000 &&
      [...access.values()].every(
        ({ definition, login }) => paces.of(login, definition.requestsPerSecond).asking === 0,
      ) &&
      history.jobs.every(({ finished }) => finished),
  };
};
