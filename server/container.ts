import { badInput } from "@/server/domain/basics/errors";
import type { Config } from "./config";
import { createBase, type Say } from "./parts/base";
import { createCollecting } from "./parts/collecting";
import { createCores } from "./parts/cores";
import { createDeskPart } from "./parts/desk";
import { createDoors } from "./parts/doors";
import { createGoingLive } from "./parts/going-live";
import { createHistory } from "./parts/history";
import { createLatestPart } from "./parts/latest";
import { createLifecycle } from "./parts/lifecycle";
import { createMarket } from "./parts/market";
import { createQuality } from "./parts/quality";
import { createReads } from "./parts/reads";
import { createRooms } from "./parts/rooms";
import { createSeries } from "./parts/series";
import { createStages } from "./parts/stages";
import { createUpkeep } from "./parts/upkeep";
import { createWriters } from "./parts/writers";
import type { Clock } from "./ports/clock";

export type Container = Awaited<ReturnType<typeof createContainer>>;

/**
 * Builds every part once, each from those above it. Nothing works before `start`; `stop` undoes it in reverse order.
 * `warn` receives a sentence about anything the person at the terminal must do. `market` replaces the machine's clock as the
 * source of market time, for tests.
 */
export const createContainer = async (config: Config, say: Say, options: { market?: Clock; warn?: Say } = {}) => {
  const base = await createBase(config, say, options);
  const market = createMarket(base);
  const cores = createCores(base, market);
  const writers = createWriters(base, market, cores);
  const latest = createLatestPart(base, cores);
  const series = createSeries(base, market, cores, writers);
  const collecting = createCollecting(base, market, cores, series);
  const desk = createDeskPart(base, market, cores, writers, series, collecting);
  const rooms = createRooms(base, desk);
  const history = createHistory(base, market, cores, writers, collecting, desk, rooms);
  const quality = createQuality(base, market, cores, writers, series, collecting, desk, history);
  const reads = createReads(base, market, cores, writers, latest, series, collecting, desk, quality);
  const upkeep = createUpkeep(base);
  const doors = createDoors(base, market, cores, writers, latest, collecting, desk, rooms, history, quality);
  const stages = createStages(base, cores, writers, latest, series, collecting, rooms, doors);
  const goingLive = createGoingLive(base, market, writers, collecting, desk, history, quality);

  // The order of the start; its reverse is the order of the stop: no new ticks, close what the clock has closed, write what
  // waits, then what that needed.
  const lifecycle = createLifecycle(
    [
      ...base.lifecycle,
      ...market.lifecycle,
      ...goingLive.exchange,
      ...doors.lifecycle,
      ...collecting.lifecycle,
      ...writers.lifecycle,
      ...upkeep.lifecycle,
      ...quality.lifecycle,
      ...series.lifecycle,
      ...desk.lifecycle,
      ...latest.lifecycle,
      ...reads.lifecycle,
      ...stages.lifecycle,
      ...rooms.lifecycle,
      ...goingLive.lifecycle,
    ],
    base.log,
  );

  return {
    config,
    clock: base.clock,
    log: base.log,
    metrics: base.metrics,
    store: base.store,
    calendar: market.calendar,
    instruments: market.instruments,
    firstInstrument: market.firstInstrument,
    rejects: cores.rejects,
    collectors: collecting.collectors,
    /** A new access token for a running collector. */
    handOver: (name: string, login: Record<string, string>) => collecting.logins.handOver(name, login),
    desk: desk.desk,
    indicators: desk.indicators,
    peers: rooms.peers,
    isQuiet: history.isQuiet,
    quality: quality.quality,
    backfill: quality.backfill,
    verify: quality.verify,
    storage: upkeep.storage,
    answerRead: reads.answerRead,
    readDoor: reads.readDoor,
    heavy: reads.heavy,
    turns: reads.turns,
    rest: reads.rest,
    workspace: reads.workspace,
    status: doors.status,
    sockets: doors.sockets,
    readiness: doors.readiness,
    exposition: doors.exposition,
    /** For routes: they build no errors with Next's own copy of the code. */
    badInput,
    /** Names of the parts in the order in which they start. */
    parts: lifecycle.names,
    start: (signal: AbortSignal) => lifecycle.start(signal),
    stop: () => lifecycle.stop(),
  };
};
