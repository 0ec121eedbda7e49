import path from "node:path";
import { hoursIfKnown } from "@/server/domain/calendar/calendar";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { createBackfill } from "@/server/parts/backfill";
import type { Config } from "@/server/config";
import { startSimulated } from "@/server/parts/exchange";
import type { ExchangeChild } from "@/server/parts/exchange-child";
import { feedOf, feeds } from "@/server/feeds";
import { systemClock } from "@/server/observe/clock";
import { createLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { BarWriter } from "@/server/pipeline/persist";
import type { Store } from "@/server/ports/stores";
import type { Backfill } from "@/server/services/history/jobs";
import type { BackfillOrder } from "@/server/services/history/order";
import type { HistoryAccess } from "@/server/ports/history-source";
import { Instruments } from "@/server/services/market/instruments";
import { awayStretches } from "@/server/services/quality/gap-away";
import { RequestPaces } from "@/server/services/history/request-pace";
import { ExchangeCalendar } from "@/server/services/market/exchange-calendar";
import { createStore } from "@/server/store";
import { lockFolder } from "@/server/store/folder-lock";

export interface LocalBackfill {
  backfill: Backfill;
  /** Stops what runs (it stays to be gone on with), writes what waits, closes the store. */
  close(): Promise<void>;
}

/** A source as it is written in a request (without one: the configured broker's), or the id of the job that is to go on. */
export type Wanted = { source?: string | undefined } | { job: string };

/**
 * The parts of the server that a backfill needs, without the server: store, calendar, instruments, the broker's login.
 * Rejects with `locked` while a server owns the data folder. A simulated exchange is started where the configuration
 * has one and the source is a broker.
 */
export const openBackfill = async (
  config: Config,
  wanted: Wanted,
  say: (step: string) => void,
): Promise<LocalBackfill> => {
  const wall = systemClock();
  const log = createLog(config.logLevel);
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    closing.push(await lockFolder(config.dataDir, path.join(config.dataDir, "candela.lock"), wall.now()));
    const store = createStore({
      databaseUrl: config.databaseUrl,
      dataDir: config.dataDir,
      workerFile: path.join(config.root, "server/store/pglite-worker.mjs"),
      migrationsDir: path.join(config.root, "prisma/migrations"),
      templateFile: path.join(config.root, ".build/pglite-template.tar"),
      log,
      clock: wall,
    });
    await store.start(new AbortController().signal);
    closing.push(() => store.stop());
    say(`Database open: ${store.describe().version}, ${store.describe().location}`);

    const table = new InstrumentTable();
    const calendar = new ExchangeCalendar({
      store: store.calendarEdits,
      wall,
      clock: wall,
      changed: () => {},
      hoursOf: (key) => {
        const index = table.indexOf(key);
        return index === -1 ? null : table.hours(index);
      },
    });
    await calendar.load();
    const instruments = new Instruments({
      store: store.instruments,
      table,
      clock: wall,
      hoursOf: (instrument, closingAuction) => hoursIfKnown(instrument, { closingAuction }),
      brokers: feeds,
    });
    await instruments.load();
    const writer = new BarWriter(store.bars, table, wall, log, new Metrics());
    writer.start();
    closing.push(() => writer.stop());

    const source = "job" in wanted ? await sourceOfJob(store, wanted.job) : (wanted.source ?? null);
    const access = source?.includes(":")
      ? undefined
      : await login(config, source, instruments, (exchange) => closing.push(() => exchange.stop()), say);
    const backfill = createBackfill({
      store,
      recent: writer,
      table,
      instruments,
      calendar,
      clock: wall,
      wall,
      log,
      paces: new RequestPaces(wall),
      login: (feed) => (feed === access?.feed ? access : undefined),
      changed: () => Promise.resolve(),
      // A server that starts looks at every gap that is open.
      review: () => Promise.resolve(),
      refused: (instrument, rows) =>
        say(`${table.at(instrument).key}: ${rows.total} history rows were rejected; the first: ${rows.first}`),
      away: async (instrument, from, to) =>
        awayStretches(
          store.gaps,
          { id: table.at(instrument).id, collectors: (await store.collectors.list()).map(({ name }) => name) },
          from,
          to,
          wall.now(),
        ),
    });
    await backfill.start();
    closing.push(() => backfill.stop());
    return { backfill, close };
  } catch (cause) {
    await close();
    throw cause;
  }
};

const sourceOfJob = async (store: Store, id: string): Promise<string> => {
  const row = await store.jobs.get(Number(/^backfill-(\d{1,9})$/.exec(id)?.[1] ?? 0));
  if (row === null)
    throw new AppError("not_found", `no job ${JSON.stringify(id)}`, {
      details: {
        field: "resume",
        value: id,
        accepted:
          (await store.jobs.list(5)).map((each) => `backfill-${each.id}`).join(", ") || "no backfill job exists yet",
      },
    });
  return (row.request as BackfillOrder).source;
};

/** The login the configuration names, with the broker's list of the day taken in. */
const login = async (
  config: Config,
  source: string | null,
  instruments: Instruments,
  started: (exchange: ExchangeChild) => void,
  say: (step: string) => void,
): Promise<HistoryAccess> => {
  const { feed } = config;
  if (feed.kind === "replay")
    throw badInput("source", source, "csv:FILE or parquet:FILE: the feed is a recording and has no history");
  let credentials: { feed: string; login: Record<string, string> };
  if (feed.kind === "broker") credentials = feed;
  else {
    const { child, ...simulated } = await startSimulated(config, feed, createLog(config.logLevel), say, () => {});
    started(child);
    credentials = simulated;
  }
  const broker = feedOf(credentials.feed);
  const parsed = broker.login.safeParse(credentials.login, { error: acceptedBy });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new AppError("bad_input", `the login of ${broker.id}: ${issue.path.join(".")}: use ${issue.message}`, {
      details: { field: issue.path.join(".") },
    });
  }
  try {
    await instruments.take(broker.id, await broker.instruments(parsed.data, AbortSignal.timeout(60_000)));
  } catch (cause) {
    // Without today's list the numbers of an earlier day serve, where there are any.
    if ((cause as { code?: string }).code === "login_expired" || instruments.listedBy(broker.id).length === 0)
      throw cause;
  }
  return {
    feed: broker.id,
    definition: broker.history as HistoryAccess["definition"],
    login: parsed.data,
    token: (instrument) => instruments.tokenOf(broker.id, instrument),
  };
};
