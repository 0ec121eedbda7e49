/** The server's status, and the sockets that serve it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Gate } from "@/server/domain/basics/gate";
import { coverageState } from "@/server/domain/calendar/calendar-coverage";
import { istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { createExposition } from "@/server/observe/prometheus";
import { Rate } from "@/server/observe/metrics";
import { Markets } from "@/server/services/upkeep/markets";
import { readiness } from "@/server/services/upkeep/readiness";
import { SocketIo } from "@/server/web/socket-io";
import { stageViews } from "@/server/web/stage-views";
import { Status } from "@/server/web/status";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import type { Cores } from "./cores";
import type { DeskPart } from "./desk";
import type { HistoryPart } from "./history";
import type { LatestPart } from "./latest";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Quality } from "./quality";
import type { Rooms } from "./rooms";
import type { Writers } from "./writers";

/** Concurrent responses for charts, and those that wait their turn: bars with indicators, a page of the past. */
const CHARTS_AT_ONCE = 4;
const CHARTS_WAITING = 2_000;

const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }).version;

export type Doors = ReturnType<typeof createDoors>;

export const createDoors = (
  base: Base,
  { table, calendar, instruments }: Market,
  { indicators, rejects }: Cores,
  { writer }: Writers,
  { latest }: LatestPart,
  { collectors }: Collecting,
  { desk }: DeskPart,
  { peers, hub, board }: Rooms,
  { history }: HistoryPart,
  { quality, backfill }: Quality,
) => {
  const { config, clock, wall, log, metrics, eventLog, unreadables, recording, store, dataDir } = base;
  const rates = new Map<string, Rate>();
  const marketsInUse = new Markets(table, calendar);
  const status = new Status({
    clock,
    wall,
    clockRate: () => recording?.clock.rate() ?? 1,
    store,
    dataDir,
    version: versionOf(config.root),
    truth: () => collectors.truth(),
    jobs: () => [...backfill.list(), ...history.jobs],
    markets: (now) => marketsInUse.at(now),
    mute: (most) =>
      quality.truths
        .mutes(most)
        .map(({ instrument, since, reason }) => ({ key: table.at(instrument).key, since, reason })),
    coverage: (hours, now) => coverageState(hours, calendar.coverage(hours), istDay(now)),
    stages: (now) =>
      stageViews(now, rates, metrics, {
        waiting: writer.waiting,
        publishing: latest.state().queued,
        forming: table.size,
        instances: indicators.size,
        clients: peers.clients,
        rooms: hub.size,
      }),
    rejects,
    counters: () => Object.fromEntries(metrics.counters),
    percentiles: (name, bucketMs) => metrics.percentiles(name, bucketMs),
    events: () => eventLog.events,
    note: (...event) => eventLog.add(...event),
    instruments: () => table.size,
    writer: () => ({
      waiting: writer.waiting,
      spooled: writer.spooled,
      failingSince: writer.failingSince,
      refused: writer.refused,
      refusedAt: writer.refusedAt,
    }),
    sockets: () => ({ clients: peers.clients, conflated: peers.conflated, dropped: peers.dropped }),
    bus: () => {
      const { kind, ok, since, detail, queued } = latest.state();
      if (kind === "memory") return { kind: "in process", ok: true, detail: "no Redis configured" };
      return { kind: "Redis", ok, detail: ok ? detail : `${detail}, since ${istText(since)}, ${queued} wait` };
    },
    clockSkew: () => collectors.clockSkew(),
    lists: () => collectors.lists(),
    unusable: () => [...instruments.leftOut(), ...unreadables.list()],
  });
  const sockets = new SocketIo({
    charts: new Gate(CHARTS_AT_ONCE, CHARTS_WAITING),
    peers,
    hub,
    board,
    status,
    desk,
    clock,
    wall,
    log,
    meter: metrics,
  });
  // The http server, which carries the sockets, is stopped before any part (`main.ts`).
  const lifecycle: Part[] = [{ name: "status", start: () => status.start(), stop: () => status.stop() }];
  return {
    status,
    sockets,
    /** What `/metrics` answers. */
    exposition: createExposition(metrics, rejects),
    readiness: () => readiness(collectors.truth(), status.storeOk()),
    /** Own time of a stage on one message, in ms: for /status. */
    timed(stage: string, rows: number, ms: number): void {
      metrics.record(`stage.${stage}`, ms);
      let rate = rates.get(stage);
      if (rate === undefined) rates.set(stage, (rate = new Rate()));
      rate.add(wall.now(), rows);
    },
    lifecycle,
  };
};
