/** Broker logins and their feeds, each run by one instance at a time. */
import type { Base } from "./base";
import type { Cores } from "./cores";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Series } from "./series";
import { keepConnected } from "@/server/feeds/reconnect";
import type { HistoryAccess } from "@/server/ports/history-source";
import { Collectors } from "@/server/services/collecting/collectors";
import { Leases } from "@/server/services/collecting/lease";
import { Logins } from "@/server/services/collecting/logins";
import { renameEverywhere } from "@/server/services/collecting/renamed-lists";
import { isDead, thisInstance } from "@/server/store/leases-process";
import { fingerprint } from "@/server/store/vault";

export type Collecting = ReturnType<typeof createCollecting>;

export const createCollecting = (
  base: Base,
  { calendar, instruments, feedNumbers, feedOf }: Market,
  { live }: Cores,
  { lastPrices }: Series,
) => {
  const { config, wall, clock, log, metrics, events, eventLog, unreadable, store, warn, ending } = base;
  events.on("feedChanged", ({ collector, state, reason }) => {
    const isFine = state === "LIVE" || state === "CLOSED" || state === "STARTING";
    eventLog.add(isFine ? "info" : "warn", collector, `${state}: ${reason}`);
    log.info("a feed changed", { collector, state, reason });
    if (state === "AUTH_EXPIRED")
      warn?.(
        `${collector} is not logged in: ${reason}. Provide a new access token with: npm run -s candela -- login ${collector}`,
      );
  });
  const collectors = new Collectors({
    numbers: feedNumbers,
    instruments,
    live,
    calendar,
    clock,
    log,
    meter: metrics,
    settings: store.settings,
    unreadable,
    lastPrices: (some, until) => lastPrices.read(some, until),
    keepConnected,
    feedOf,
    events: {
      onLost(collector, from, cause, reason) {
        // The line that ends with the server is no loss.
        if (!ending.signal.aborted) events.emit("feedLost", { collector, from, cause, reason });
      },
      onGap: (collector, _, to) => events.emit("feedBack", { collector, to }),
      onFirstTick: (collector, at) => events.emit("feedStarted", { collector, at }),
      onChange: (collector, state, reason) => events.emit("feedChanged", { collector, state, reason }),
      onRenamed: renameEverywhere(store),
      onAdded: (collector, added) => events.emit("instrumentsAdded", { collector, instruments: added }),
      onNote: (name, level, text) => eventLog.add(level, name, text),
    },
  });
  const logins = new Logins({
    store: store.collectors,
    feedOf,
    renew: (name, login) => collectors.renew(name, login),
    fingerprint,
    log,
  });
  // An embedded database has one process, which holds its folder's lock: a lease in it that is another's was left there, or copied.
  const isAlone = base.isScratch || config.databaseUrl === undefined;
  const leases = new Leases({
    store: store.leases,
    self: thisInstance(),
    wall,
    log,
    isDead: (holder) => isAlone || isDead(holder),
    tookOver: ({ pid, host }) =>
      eventLog.add(
        "info",
        "start",
        `took over the login from process ${pid} on ${host}, which no longer runs or used this folder before it was copied`,
      ),
  });
  const lifecycle: Part[] = [{ name: "leases", stop: () => leases.stop() }];
  return {
    collectors,
    logins,
    leases,
    /** Brokers' histories that can be asked now, by the name of the collector whose login it is. */
    access: new Map<string, HistoryAccess>(),
    lifecycle,
  };
};
