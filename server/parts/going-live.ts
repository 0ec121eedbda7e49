/** The last step of a start: a login, its lease, the broker's list, the connection, then what history owes. */
import type { CollectorRow } from "@/server/domain/ticks/collector";
import { firstWatchlists } from "@/server/services/market/watchlist-seeds";
import type { Base } from "./base";
import type { Collecting } from "./collecting";
import { configuredCollector } from "./configured-collector";
import type { DeskPart } from "./desk";
import { createExchange } from "./exchange";
import type { HistoryPart } from "./history";
import type { Part } from "./lifecycle";
import type { Market } from "./market";
import type { Quality } from "./quality";
import type { Writers } from "./writers";

/** Longest a first start waits for the broker's list before it opens without one. */
const FIRST_LIST_MS = 10_000;

export const createGoingLive = (
  base: Base,
  { table }: Market,
  { spoolEmptied }: Writers,
  { collectors, leases, logins, access }: Collecting,
  { warmWatched }: DeskPart,
  { history }: HistoryPart,
  { quality, backfill }: Quality,
) => {
  const { wall, log, say, eventLog, store, ending } = base;
  const exchange = createExchange(base);

  /** The chart waits for no history. `known` is called once subscriptions are known. */
  const collect = async (
    row: CollectorRow,
    login: Record<string, string>,
    simulated: boolean,
    signal: AbortSignal,
    known: () => void,
  ): Promise<void> => {
    quality.gaps.connecting(row.name);
    const starting = collectors.start(row, login, simulated, signal);
    void warmWatched();
    if (table.size > 0) known(); // instruments listed before count as subscribed from here on
    const source = await starting;
    void warmWatched();
    if ((await store.watchlists.list()).length === 0)
      for (const list of firstWatchlists(table.all().filter((_, index) => collectors.isLive(index))))
        await store.watchlists.save(list);
    known();
    if (Object.keys(source.definition.daysPerRequest).length === 0) return;
    access.set(row.name, source);
    await backfill.recover();
    // Bars still to be written are not missing.
    await spoolEmptied();
    // What is missing up to now; the span to the first tick, and the minute the feed comes in the middle of, heal with it.
    const listed = collectors.instrumentsOf(row.name);
    await quality.gaps.starting(row.name, () => history.catchUp(source, listed, signal));
  };

  /** Collects while this instance holds the login's lease, and is on standby while another one does. */
  const goLive = async (signal: AbortSignal, known: () => void): Promise<void> => {
    const { row, login, simulated } = await configuredCollector(base, logins, exchange);
    await leases.keep(
      `collector ${row.name}`,
      {
        held: (own) => collect(row, login, simulated, own, known),
        waiting: (reason) => {
          collectors.standBy(row, simulated, reason);
          void warmWatched();
          known();
        },
      },
      signal,
    );
  };

  const start = async (signal: AbortSignal): Promise<void> => {
    const known = new Promise<void>((resolve) => {
      goLive(AbortSignal.any([signal, ending.signal]), resolve).catch((cause: unknown) => {
        resolve();
        if (signal.aborted || ending.signal.aborted) return;
        eventLog.add("error", "start", (cause as Error).message);
        log.error("the feed did not start", { cause: cause instanceof Error ? cause.stack : String(cause) });
        say(`The feed did not start: ${(cause as Error).message}`);
      });
    });
    // Before subscriptions are known, a page would show "no such instrument" on a first start and "historical only" on
    // another.
    await Promise.race([known, wall.sleep(FIRST_LIST_MS, signal).catch(() => undefined)]);
  };

  const lifecycle: Part[] = [
    { name: "feeds", start, stop: () => collectors.stop() },
    { name: "work under way", stop: () => ending.abort(new Error("the server stops")) },
  ];
  return { exchange: exchange.lifecycle, lifecycle };
};
