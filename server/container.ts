import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hoursIfKnown, hoursOf } from "@/server/domain/calendar/calendar";
import { coverageState } from "@/server/domain/calendar/calendar-coverage";
import type { CalendarChange } from "@/server/domain/calendar/calendar-edits";
import { hasClosingAuction } from "@/server/domain/instruments/closing-auction-stocks";
import type { CollectorRow } from "@/server/domain/ticks/collector";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { timeframe } from "@/server/domain/time/timeframe";
import { Gate } from "./domain/basics/gate";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { nifty50 } from "@/server/domain/instruments/nifty50";
import { dayOfDate, istDay, istText } from "@/server/domain/time/session";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { createBackfill } from "./backfill-parts";
import { memoryBus } from "./bus/memory";
import { type Config, readIndicators } from "./config";
import { startExchange, type ExchangeChild } from "./exchange-child";
import { feedOf, feeds as brokers, simulatedLogin } from "./feeds";
import { keepConnected } from "./feeds/reconnect";
import { optionsFromText } from "./files/options";
import { recordedInstrument, replay, replayClock, startOfRecording } from "./feeds/replay";
import { createLatest } from "./latest";
import { PointPublisher } from "./latest/point-publisher";
import { LatestPublisher } from "./latest/publisher";
import { shiftedClock, systemClock } from "./observe/clock";
import { createLog } from "./observe/log";
import { createExposition } from "./observe/prometheus";
import { Metrics, Rate } from "./observe/metrics";
import { SecondBars } from "./pipeline/second-bars";
import { AuctionBars } from "./pipeline/auction";
import { pipeline, run } from "./pipeline";
import { Indicators } from "./pipeline/indicate";
import { Normaliser } from "./pipeline/normalise";
import { PrintedBars } from "./pipeline/print";
import { BarWriter, isBarRecord } from "./pipeline/persist";
import { TickReplay } from "./pipeline/rebuild";
import { BookRecorder, isBookRecord } from "./pipeline/record-books";
import { isTickRecord, TickRecorder } from "./pipeline/record-ticks";
import { TimeframeBars } from "./pipeline/resample";
import type { Role } from "./pipeline/stage";
import type { Clock } from "./ports/clock";
import type { FeedDefinition } from "./ports/feed";
import type { SetAside } from "./ports/spool";
import { Bars } from "./services/bars/bars";
import { brokerConvention } from "./services/history/broker-convention";
import { Collectors } from "./services/collecting/collectors";
import { createDesk } from "./services/reads/desk";
import { EventLog } from "./services/upkeep/events";
import { Markets } from "./services/upkeep/markets";
import { readiness } from "./services/upkeep/readiness";
import { History } from "./services/history/catch-up";
import type { HistoryAccess } from "./ports/history-source";
import { IndicatorService } from "./services/indicators/service";
import { Instruments } from "./services/market/instruments";
import { Passports } from "./services/bars/passport";
import { Reads } from "./services/reads/market-reads";
import { LastPrices } from "./services/bars/last-prices";
import { Leases } from "./services/collecting/lease";
import { Logins } from "./services/collecting/logins";
import { createQualityDesk } from "./services/quality/quality-desk";
import { keepAll, keepDays, Retention } from "./services/upkeep/retention";
import { Storage } from "./services/upkeep/storage";
import { UnreadableParts } from "./services/upkeep/unreadable";
import { Verify } from "./services/quality/verify";
import { RequestPaces } from "./services/history/request-pace";
import { ExchangeCalendar } from "./services/market/exchange-calendar";
import { Movers } from "./services/bars/movers";
import { Sparks } from "./services/bars/sparks";
import { firstWatchlists } from "./services/market/watchlist-seeds";
import { createStore } from "./store";
import { lockFolder } from "./store/folder-lock";
import { isDead, thisInstance } from "./store/leases-process";
import { openSpool } from "./store/spool";
import { fingerprint } from "./store/vault";
import { BoardLane } from "./web/board-lane";
import { Hub } from "./web/hub";
import { DerivedBars } from "./pipeline/derive";
import { DerivedSeries } from "./services/bars/derived-series";
import { answerRead, readDoor } from "./web/reads-door";
import { keptWorkspace } from "./web/kept-workspace";
import { SocketIo } from "./web/socket-io";
import { Status } from "./web/status";
import { stageViews } from "./web/stage-views";

export type Container = Awaited<ReturnType<typeof createContainer>>;

/** About 15 million bars of 500 bytes: three days of fifty instruments that trade every second. */
const SPOOL_LIMIT_BYTES = 8 * 1024 ** 3;
/** About a day of fifty instruments' order books. */
const BOOK_SPOOL_LIMIT_BYTES = 1024 ** 3;

/** Long answers made at once, and those that wait for their turn: a bar per 50 ms goes before history. */
const LONG_AT_ONCE = 2;
const LONG_WAITING = 32;
/** The same of what charts ask over their sockets: bars with indicators, a page of the past. */
const CHARTS_AT_ONCE = 4;
const CHARTS_WAITING = 2_000;
/** Searches for instruments, a tenth of a second each with a long list. */
const SEARCHES_AT_ONCE = 2;
const SEARCHES_WAITING = 64;

/** Steps of a start, said as they are done. */
export type Say = (step: string) => void;

/**
 * Builds every part once, from the configuration. Nothing works before `start`; `stop` undoes it in reverse.
 * `warn` receives a sentence about anything the person at the terminal must do. `market` replaces the machine's clock as the
 * source of market time, for tests.
 */
export const createContainer = async (
  config: Config,
  say: Say,
  { market, warn }: { market?: Clock; warn?: Say } = {},
) => {
  const wall = systemClock();
  const log = createLog(config.logLevel);
  const metrics = new Metrics();
  const calendar = new ExchangeCalendar({
    store: () => store.calendarEdits,
    wall,
    clock: () => clock,
    changed: (change, hours) => rescheduled(change, hours),
    hoursOf: (key) => {
      const index = table.indexOf(key);
      return index === -1 ? null : table.hours(index);
    },
  });
  const inSession =
    (hours: string) =>
    (time: number): boolean => {
      const session = calendar.on(hours, istDay(time));
      return session !== null && time >= session.open && time < session.close;
    };

  // A recording runs the whole process on its own time.
  const recorded = config.feed.kind === "replay" ? recordedInstrument(config.feed.instrument) : null;
  const recordedHours = recorded === null ? "" : hoursOf(recorded, { closingAuction: hasClosingAuction });
  const recording =
    config.feed.kind !== "replay" || recorded === null
      ? null
      : { file: config.feed.file, instrument: recorded, fileOptions: optionsFromText(config.feed.fileOptions) };
  const replaying =
    config.feed.kind === "replay" && recording !== null
      ? replayClock(wall, {
          start: await startOfRecording(recording, inSession(recordedHours)),
          speed: config.feed.speed,
        })
      : null;
  const clock = replaying ?? market ?? (config.testClock === undefined ? wall : shiftedClock(wall, config.testClock));
  const events = new EventLog(clock);
  const unreadables = new UnreadableParts({ events, log, meter: metrics });
  const unreadable = unreadables.tell;

  const buildDir = path.join(config.root, ".build");
  // A recording is watched, not kept: its bars must neither meet those of an earlier run nor the trader's own.
  const scratch = replaying === null ? null : mkdtempSync(path.join(tmpdir(), "candela-replay-"));
  const store = createStore({
    databaseUrl: scratch === null ? config.databaseUrl : undefined,
    dataDir: scratch ?? config.dataDir,
    workerFile: path.join(config.root, "server/store/pglite-worker.mjs"),
    migrationsDir: path.join(config.root, "prisma/migrations"),
    templateFile: path.join(buildDir, "pglite-template.tar"),
    log,
    clock: wall,
    unreadable,
  });
  const bus = memoryBus();
  const table = new InstrumentTable();
  const windows = new SessionWindows(calendar, table);
  const instruments = new Instruments({
    store: store.instruments,
    table,
    clock,
    hoursOf: (instrument, closingAuction) => hoursIfKnown(instrument, { closingAuction }),
    brokers,
    pause: () => wall.sleep(0),
  });

  const normaliser = new Normaliser({
    table,
    windows,
    tokens: (collector) => instruments.tokensOf(collectors.vendor(collector) ?? ""),
    maxSkewMs: 15_000,
    maxAgeMs: 12 * 3_600_000,
    // Microseconds since 1970: more than any tick of an earlier run has, and below 2^53 for two centuries.
    firstSequence: Math.floor(wall.now() * 1_000),
    closeBefore: (collector, frame, offset) =>
      frame === null ? null : (collectors.feedAt(collector)?.quote(frame, offset)?.close ?? null),
    tradedAt: (collector, frame, offset) =>
      frame === null ? null : (collectors.feedAt(collector)?.quote(frame, offset)?.lastTradeTime ?? null),
  });
  const seconds = new SecondBars();
  const auctions = new AuctionBars(windows, table, seconds);
  const timeframes = new TimeframeBars(calendar, table, seconds);
  const convention = brokerConvention({
    feedOf: (instrument) =>
      instrument < normaliser.board.capacity ? collectors.vendor(normaliser.board.collector(instrument)) : undefined,
    isListed: (broker, instrument) => instruments.tokenOf(broker, instrument) !== undefined,
    instrument: (instrument) => table.at(instrument),
    recorded: recording?.fileOptions.broker,
  });
  const printed = new PrintedBars(timeframes, calendar, table, convention);
  const derived = new DerivedBars(printed, calendar, table);
  const indicators = new Indicators();
  const writer = new BarWriter(store.bars, table, wall, log, metrics);
  const recorder = config.recordTicks ? new TickRecorder(store.ticks, table, wall, log, metrics) : null;
  const bookRecorder =
    config.depthSeconds === 0
      ? null
      : new BookRecorder({
          store: store.books,
          table,
          board: normaliser.board,
          everyMs: config.depthSeconds * 1_000,
          clock: wall,
          log,
          meter: metrics,
          feedAt: (collector) => collectors.feedAt(collector),
        });
  const live = { table, board: normaliser.board, bars: printed };
  const latest = createLatest({
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
    prefix: config.redisPrefix,
    ...(config.redisStreamLength === undefined ? {} : { streamLength: config.redisStreamLength }),
    clock: wall,
    log,
    meter: metrics,
  });
  const publisher = new LatestPublisher({ latest, table, board: normaliser.board, clock: wall });

  const pointPublisher = new PointPublisher({
    latest,
    table,
    clock: wall,
    source(instance) {
      const resolved = indicators.get(instance)?.resolved;
      return resolved === undefined
        ? null
        : { name: resolved.label.replaceAll(/[^\w.-]+/g, "_"), plots: resolved.definition.plots };
    },
  });

  const feeds: FeedDefinition[] =
    recording === null || replaying === null
      ? []
      : [
          replay({
            ...recording,
            clock: replaying,
            inSession: inSession(recordedHours),
            onMalformed: (line) => {
              metrics.reject("malformed_line");
              log.warn("invalid tick line", { ...line });
            },
          }),
        ];
  const collectors: Collectors = new Collectors({
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
    feedOf: (id) => feeds.find((feed) => feed.id === id) ?? feedOf(id),
    events: {
      onLost: (name, from, cause, reason) => {
        if (!ending.signal.aborted) quality.gaps.lost(name, from, cause, reason);
      },
      onGap: (name, _, to) => quality.gaps.back(name, to),
      onFirstTick: (name, at) => quality.gaps.firstTick(name, at),
      onChange: (name, state, reason) => {
        events.add(
          state === "LIVE" || state === "CLOSED" || state === "STARTING" ? "info" : "warn",
          name,
          `${state}: ${reason}`,
        );
        log.info("a feed changed", { collector: name, state, reason });
        if (state === "AUTH_EXPIRED")
          warn?.(
            `${name} is not logged in: ${reason}. Provide a new access token with: npm run -s candela -- login ${name}`,
          );
      },
      async onRenamed(renamed) {
        const now = new Map<string, string>(renamed.map(({ from, to }) => [from, to]));
        for (const list of await store.watchlists.list()) {
          if (list.rows.some(({ key }) => now.has(key)))
            await store.watchlists.save({
              ...list,
              rows: list.rows.map((row) => ({ ...row, key: now.get(row.key) ?? row.key })),
            });
        }
        for (const { name, subscriptions } of await store.collectors.list()) {
          if (subscriptions.some((key) => now.has(key)))
            await store.collectors.subscribe(
              name,
              subscriptions.map((key) => now.get(key) ?? key),
            );
        }
      },
      onAdded(name, added) {
        warmWatched();
        const source = access.get(name);
        if (source !== undefined)
          history.catchUp(source, added, ending.signal).catch((cause: unknown) => {
            if (!ending.signal.aborted)
              log.error("could not fetch history of added instruments", {
                collector: name,
                cause: String(cause),
              });
          });
      },
      onNote: (name, level, text) => events.add(level, name, text),
    },
  });
  const bars = new Bars({ store: store.bars, recent: writer, live, calendar, clock, convention });
  const lastPrices = new LastPrices({ store: store.bars, recent: writer, live, clock });
  const sparks = new Sparks({ bars, live, calendar, clock });
  const indicatorService = new IndicatorService({
    running: indicators,
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
  const derivedSeries = new DerivedSeries({ followed: derived, bars, clock, wall, log });
  const desk = createDesk({
    instruments,
    collectors,
    bars,
    sparks,
    lastPrices,
    live,
    store: store.bars,
    calendar,
    clock,
    indicators: indicatorService.desk,
    derived,
    follow: (instrument, of) => derivedSeries.follow(instrument, of),
  });
  const reads = new Reads({
    desk,
    bars,
    live,
    calendar,
    clock,
    ticks: store.ticks,
    books: store.books,
    feedAt: (collector) => collectors.feedAt(collector),
    tokenOf: (instrument) => instruments.anyTokenOf(instrument),
    settleTicks: () => recorder?.settle() ?? Promise.resolve(),
    settleBooks: (instrument) => bookRecorder?.settle(instrument) ?? Promise.resolve(),
    completeness: () => quality.completeness,
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

  const movers = new Movers({ live, desk, latest, clock: wall });
  const rates = new Map<string, Rate>();
  const marketsInUse = new Markets(table, calendar);
  const status = new Status({
    clock,
    wall,
    clockRate: () => replaying?.rate() ?? 1,
    store,
    dataDir: scratch ?? config.dataDir,
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
        clients: sockets.clients,
        rooms: hub.size,
      }),
    rejects: () => rejects(),
    counters: () => Object.fromEntries(metrics.counters),
    percentiles: (name, bucketMs) => metrics.percentiles(name, bucketMs),
    events: () => events.events,
    note: (...event) => events.add(...event),
    instruments: () => table.size,
    writer: () => ({
      waiting: writer.waiting,
      spooled: writer.spooled,
      failingSince: writer.failingSince,
      refused: writer.refused,
      refusedAt: writer.refusedAt,
    }),
    sockets: () => ({ clients: sockets.clients, conflated: sockets.conflated, dropped: sockets.dropped }),
    bus: () => {
      const { kind, ok, since, detail, queued } = latest.state();
      if (kind === "memory") return { kind: "in process", ok: true, detail: "no Redis configured" };
      return { kind: "Redis", ok, detail: ok ? detail : `${detail}, since ${istText(since)}, ${queued} wait` };
    },
    clockSkew: () => collectors.clockSkew(),
    lists: () => collectors.lists(),
    unusable: () => [...instruments.leftOut(), ...unreadables.list()],
  });
  /** Refusals of every stage, under one set of names. */
  const rejects = (): Record<string, number> => {
    const counted = metrics.rejects();
    for (const [reason, count] of Object.entries(normaliser.rejects)) counted[reason as keyof typeof counted] += count;
    counted.late += seconds.late;
    return counted;
  };
  const exposition = createExposition(metrics, rejects);
  const sockets: SocketIo = new SocketIo({
    charts: new Gate(CHARTS_AT_ONCE, CHARTS_WAITING),
    hub: () => hub,
    board: () => board,
    status,
    desk,
    clock,
    wall,
    log,
    meter: metrics,
  });
  const hub: Hub = new Hub({ desk, transport: sockets, clock, wall, meter: metrics });
  const board = new BoardLane({ desk, clock, wall, meter: metrics });
  const paces = new RequestPaces(wall);
  /** Rows of a broker's history that can be no bars: counted by reason, named where a person looks. */
  const tellRefused = (instrument: number, rows: RefusedRows): void => {
    for (const [fault, count] of rows.counts) metrics.count(`history.refused.${fault}`, count);
    if (rows.faulty === 0) return;
    metrics.reject("bad_history_row", rows.faulty);
    const { key } = table.at(instrument);
    const why = [...rows.counts].map(([fault, count]) => `${count} ${fault.replaceAll("_", " ")}`).join(", ");
    log.warn("history rows were rejected", { instrument: key, why, first: rows.first });
    if (rows.hidesAny) events.add("warn", key, `history: rows rejected (${why}); the first: ${rows.first}`);
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
    changed: (instrument, from, to) => barsChanged(instrument, from, to),
    answered: (...said) => quality.gaps.answered(...said),
    away: (...span) => quality.away(...span),
    differed: (...found) => quality.compare.healed(...found),
    refused: tellRefused,
  });
  const barsChanged = (instrument: number, from: number, to: number): void => {
    derived.changed(instrument);
    hub.changed(instrument, from, to);
    indicatorService.changed(instrument, from);
    sparks
      .renew(instrument)
      .catch((cause: unknown) => log.warn("could not read a sparkline", { cause: String(cause) }));
  };
  const quality = createQualityDesk({
    store,
    recent: writer,
    bars,
    live,
    calendar,
    clock,
    log,
    meter: metrics,
    events,
    collectors,
    history: () => history,
    access: (name) => access.get(name),
    warm: (instrument) => desk.warm(instrument),
    changed: barsChanged,
    unreadable,
  });

  const keep = replaying === null ? keepDays(config.retention) : keepAll;
  const retention = new Retention({
    ticks: store.ticks,
    books: store.books,
    upkeep: store.upkeep,
    settings: store.settings,
    clock,
    log,
    meter: metrics,
    keep,
  });
  const storage = new Storage({ upkeep: store.upkeep, keep, clock: wall });
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

  const stages = pipeline({
    collectors: { open: (emit) => collectors.open(emit), close: () => collectors.close() },
    normaliser,
    auctions,
    seconds,
    timeframes,
    printed,
    derived,
    indicators,
    writer,
    recorder,
    latest: publisher,
    latestPoints: pointPublisher,
    readers: {
      ticks: { on: (ticks) => hub.onTicks(ticks) },
      bars: {
        on: (batch) => {
          sparks.onBars(batch);
          hub.onBars(batch);
        },
      },
      derived: { on: (batch) => hub.onBars(batch) },
      auctions: { on: (batch) => hub.onAuctions(batch) },
      points: { on: (points) => hub.onPoints(points) },
    },
  });
  const roles: ReadonlySet<Role> = new Set<Role>(["ingest", "aggregate", "indicate", "store", "web"]);
  const access = new Map<string, HistoryAccess>();
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
    review: (by) => quality.gaps.review(by),
    away: (...span) => quality.away(...span),
    refused: tellRefused,
    unreadable,
  });
  /** Part of what waited on disk cannot be stored: counted and shown, with the file it is kept in. */
  const aside =
    (name: string) =>
    ({ file, bytes, reason }: SetAside): void => {
      metrics.count(`${name}.setAside`);
      events.add(
        "error",
        "spool",
        `${bytes} bytes of ${name} waiting on disk were damaged and moved to ${path.basename(path.dirname(file))}/${path.basename(file)}: ${reason}`,
      );
    };
  const ending = new AbortController();
  // An embedded database has one process, which holds its folder's lock: a lease in it that is another's was left there, or copied.
  const leases = new Leases({
    store: store.leases,
    self: thisInstance(),
    wall,
    log,
    isDead: (holder) => scratch !== null || config.databaseUrl === undefined || isDead(holder),
    tookOver: ({ pid, host }) => {
      const said = `took over the login from process ${pid} on ${host}, which no longer runs or used this folder before it was copied`;
      events.add("info", "start", said);
    },
  });
  let unlock: (() => Promise<void>) | null = null;
  /** Resolves when what an earlier run left on disk is in the store. */
  let spoolEmptied: Promise<void> = Promise.resolve();
  let exchange: ExchangeChild | null = null;
  let part: (() => void) | null = null;
  let stopping: Promise<void> | null = null;

  /** The calendar has been edited: nothing goes on by hours that are no longer in force. */
  const rescheduled = (change: CalendarChange, hours: readonly string[]): void => {
    windows.reset();
    timeframes.forgetSessions();
    const { date, name, type } = (change.after ?? change.before)!;
    events.add(
      "info",
      "calendar",
      `${change.after === null ? "withdrawn" : change.before === null ? "added" : "replaced"}: ${type}, ${name}, ${date} (${hours.join(", ")})`,
    );
    log.info("calendar edited", { change: change.id, edit: change.edit, who: change.who, note: change.note });
    if (Math.abs(dayOfDate(date) - istDay(clock.now())) > NEAR_DAYS) return;
    // Open bars were begun with the ends of the day as it was: they are made anew from what is stored.
    const touched = new Set(hours);
    const again = async (): Promise<void> => {
      for (let index = 0; index < table.size && !ending.signal.aborted; index++) {
        if (!touched.has(table.hours(index)) || !desk.isWarm(index)) continue;
        await desk.warm(index);
        await sparks.renew(index);
      }
    };
    again().catch((cause: unknown) => {
      if (ending.signal.aborted) return;
      events.add("error", "calendar", `bars could not be rebuilt: ${(cause as Error).message}`);
      log.error("could not rebuild bars after a calendar edit", { cause: String(cause) });
    });
  };

  /** Start is recovery: what is stored of today goes into the bars that form. What nobody subscribes or lists waits until somebody asks. */
  const warmWatched = (): void => {
    const work = async (): Promise<void> => {
      await spoolEmptied;
      const wanted = collectors.subscribed();
      for (const { rows } of await store.watchlists.list())
        for (const { key } of rows) wanted.add(instruments.find(key));
      for (const index of wanted)
        if (index !== -1 && !ending.signal.aborted && !desk.isWarm(index)) await desk.warm(index);
    };
    work().catch((cause: unknown) => {
      if (!ending.signal.aborted) log.error("could not load stored bars", { cause: String(cause) });
    });
  };

  const logins = new Logins({
    store: store.collectors,
    feedOf: (id) => feeds.find((feed) => feed.id === id) ?? feedOf(id),
    renew: (name, login) => collectors.renew(name, login),
    fingerprint,
    log,
  });

  /** The collector the configuration asks for, kept in the store like any other. */
  const collector = async (): Promise<{ row: CollectorRow; login: Record<string, string>; simulated: boolean }> => {
    const { feed } = config;
    const base = { autoStart: true, mode: "full" as const };
    if (feed.kind === "replay") {
      const row = { id: 0, name: "replay", feed: "replay", ...base, subscriptions: ["*"] };
      return { row, login: {}, simulated: false };
    }
    if (feed.kind === "simulated") {
      exchange = await startExchange(
        {
          file: path.join(config.root, config.development ? "server/exchange/main.ts" : ".build/exchange.js"),
          execArgv: config.development ? ["--import", "tsx"] : [],
          port: feed.port,
          seed: feed.seed,
          rate: feed.rate,
          stocks: feed.stocks,
          onExit: (code) => {
            events.add("error", "exchange", `the simulated exchange ended with code ${code}`);
            log.error("the simulated exchange ended", { code });
          },
        },
        log,
      );
      say(`Simulated exchange on http://127.0.0.1:${exchange.port}`);
      const { feed: id, login } = simulatedLogin(exchange.port);
      logins.configure("sim-1", login);
      return {
        row: await store.collectors.save({ name: "sim-1", feed: id, ...base, subscriptions: ["*"] }, login),
        login,
        simulated: true,
      };
    }
    const name = `${feed.feed}-1`;
    const known = (await store.collectors.list()).find((each) => each.name === name);
    const { login, said } = await logins.atStart(name, feedOf(feed.feed), feed.login);
    if (said !== null) {
      say(said);
      events.add("info", name, said);
    }
    const row = await store.collectors.save(
      {
        name,
        feed: feed.feed,
        ...base,
        subscriptions: known === undefined || known.subscriptions.length === 0 ? niftyKeys() : known.subscriptions,
      },
      login,
    );
    return { row, login, simulated: false };
  };

  /** Collects while this instance holds the login's lease, and stands by while another one does. */
  const goLive = async (signal: AbortSignal, known: () => void): Promise<void> => {
    const { row, login, simulated } = await collector();
    await leases.keep(
      `collector ${row.name}`,
      {
        held: (own) => collect(row, login, simulated, own, known),
        waiting: (reason) => {
          collectors.standBy(row, simulated, reason);
          warmWatched();
          known();
        },
      },
      signal,
    );
  };

  /** The broker's list, the lists of the first start, the connection, then what history owes. The chart waits for none of the history. */
  const collect = async (
    row: CollectorRow,
    login: Record<string, string>,
    simulated: boolean,
    signal: AbortSignal,
    known: () => void,
  ): Promise<void> => {
    quality.gaps.connecting(row.name);
    const starting = collectors.start(row, login, simulated, signal);
    warmWatched();
    if (table.size > 0) known(); // what was listed before counts as subscribed from here on
    const source = await starting;
    warmWatched();
    if ((await store.watchlists.list()).length === 0)
      for (const list of firstWatchlists(table.all().filter((_, index) => collectors.isLive(index))))
        await store.watchlists.save(list);
    known();
    if (Object.keys(source.definition.daysPerRequest).length === 0) return;
    access.set(row.name, source);
    await backfill.recover();
    // What is still to be written is not missing.
    await spoolEmptied;
    // What is missing up to now; the span to the first tick, and the minute the feed comes in the middle of, heal with it.
    const listed = collectors.instrumentsOf(row.name);
    await quality.gaps.starting(row.name, () => history.catchUp(source, listed, signal));
  };

  /** What a chart shows that nobody has chosen yet. */
  const firstInstrument = (): string | null => {
    for (const key of ["SIM:RELIANCE", "NSE:RELIANCE"]) if (table.indexOf(key) !== -1) return key;
    return table.size === 0 ? null : table.at(0).key;
  };

  return {
    config,
    clock,
    log,
    metrics,
    desk,
    status,
    sockets,
    store,
    calendar,
    instruments,
    hub,
    indicators: indicatorService,
    quality,
    backfill,
    verify,
    storage,
    collectors,
    /** Nothing is being asked of a broker, and little waits for the store. */
    isQuiet: () =>
      writer.waiting < 5_000 &&
      [...access.values()].every(
        ({ definition, login }) => paces.of(login, definition.requestsPerSecond).asking === 0,
      ) &&
      history.jobs.every(({ finished }) => finished),
    /** Any reading view by its URL, and the door that answers the hot ones before Next. */
    answerRead: (url: string, signal?: AbortSignal) => answerRead({ reads, log, heavy }, url, signal),
    readDoor: readDoor({ reads, log, heavy }),
    /** Where long answers wait for their turn, and the turns they are made in. */
    heavy,
    searches: new Gate(SEARCHES_AT_ONCE, SEARCHES_WAITING),
    turns: (signal?: AbortSignal) => reads.turns(signal),
    /** A new access token for a collector at work. */
    handOver: (name: string, login: Record<string, string>) => logins.handOver(name, login),
    /** For routes: Next's bundle must not build errors or look up timeframes with its own copy of the code. */
    timeframe,
    badInput,
    notFound: (what: string, name: string) =>
      new AppError("not_found", `no ${what} ${JSON.stringify(name)}`, { details: { field: what, value: name } }),
    firstInstrument,
    /** The chart as it was left; null before the first save. */
    workspace: async () =>
      keptWorkspace(
        await store.settings.get("workspace"),
        firstInstrument(),
        (key) => table.indexOf(key) !== -1,
        unreadable,
      ),
    readiness: () => readiness(collectors.truth(), status.storeOk()),
    rejects,
    /** What `/metrics` answers. */
    exposition,

    async start(signal: AbortSignal): Promise<void> {
      const began = wall.now();
      // With a external database too: what waits on disk has one owner.
      if (scratch === null) unlock = await lockFolder(config.dataDir, path.join(config.dataDir, "candela.lock"), began);
      await Promise.all([store.start(signal), latest.start(signal)]);
      const { version, location } = store.describe();
      say(`Database ready: ${version}, ${location} (${((wall.now() - began) / 1_000).toFixed(1)} s)`);
      await calendar.load();
      await instruments.load();
      await indicatorService.start();
      derivedSeries.start();
      await quality.start();
      // Only the owner of the data folder may touch what waits there.
      writer.start(
        await openSpool(path.join(scratch ?? config.dataDir, "spool/bars"), {
          limitBytes: SPOOL_LIMIT_BYTES,
          log,
          accepts: isBarRecord,
          onAside: aside("bars"),
        }),
      );
      if (writer.spooled > 0) spoolEmptied = writer.settled();
      recorder?.start(
        await openSpool(path.join(scratch ?? config.dataDir, "spool/ticks"), {
          limitBytes: SPOOL_LIMIT_BYTES,
          log,
          accepts: isTickRecord,
          onAside: aside("ticks"),
        }),
      );
      bookRecorder?.start(
        await openSpool(path.join(scratch ?? config.dataDir, "spool/books"), {
          limitBytes: BOOK_SPOOL_LIMIT_BYTES,
          log,
          accepts: isBookRecord,
          onAside: aside("books"),
        }),
      );
      await backfill.start();
      publisher.start();
      movers.start();
      if (replaying === null) retention.start();
      status.start();
      board.start();
      part = run(stages, roles, bus, clock, (stage, rows, ms) => {
        metrics.record(`stage.${stage}`, ms);
        let rate = rates.get(stage);
        if (rate === undefined) rates.set(stage, (rate = new Rate()));
        rate.add(wall.now(), rows);
      });
      const known = new Promise<void>((resolve) => {
        goLive(AbortSignal.any([signal, ending.signal]), resolve).catch((cause: unknown) => {
          resolve();
          if (signal.aborted || ending.signal.aborted) return;
          events.add("error", "start", (cause as Error).message);
          log.error("the feed did not start", { cause: cause instanceof Error ? cause.stack : String(cause) });
          say(`The feed did not start: ${(cause as Error).message}`);
        });
      });
      // Before it is known what is subscribed, a page would be told "no such instrument" on a first start, "historical only" on another.
      await Promise.race([known, wall.sleep(FIRST_LIST_MS, signal).catch(() => undefined)]);
    },

    /** Stops in order: no new ticks, close what the clock has closed, write what waits, then the parts. */
    stop(): Promise<void> {
      stopping ??= (async () => {
        ending.abort(new Error("the server stops"));
        await collectors.stop();
        hub.stop();
        board.stop();
        part?.();
        movers.stop();
        publisher.stop();
        pointPublisher.stop();
        await latest.stop();
        await indicatorService.stop();
        await derivedSeries.stop();
        await backfill.stop();
        await quality.stop();
        await retention.stop();
        await bookRecorder?.stop();
        await recorder?.stop();
        await writer.stop();
        await leases.stop();
        status.stop();
        await exchange?.stop();
        await bus.stop();
        await store.stop();
        await unlock?.();
        if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
      })();
      return stopping;
    },
  };
};

/** Bars that end within this time are in what forms now, which is loaded again when they change. */
const WARM_MS = 2 * 86_400_000;
/** Edits of days further away than this touch no bar that is open: the longest is a month. */
const NEAR_DAYS = 31;
/** Longest a first start waits for the broker's list before it opens without one. */
const FIRST_LIST_MS = 10_000;

const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }).version;

/** What a login subscribes at first: the index and its stocks. */
const niftyKeys = (): string[] => [
  "NSE_INDEX:NIFTY 50",
  "NSE_INDEX:NIFTY BANK",
  "NSE_INDEX:INDIA VIX",
  ...nifty50.map((symbol) => `NSE:${symbol}`),
];
