import type { CollectorRow, CollectorState, FeedState, FeedTruth, ListTruth } from "@/server/domain/ticks/collector";
import type { RawMessage } from "@/server/domain/ticks/tick";
import {
  type Calendar,
  DAY_MS,
  type HoursKey,
  istDay,
  isUnknown,
  istMidnight,
  phaseAt,
  type Session,
} from "@/server/domain/time/session";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { AppError, hasCode } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import type { ConnectOptions, FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { Renamed, SettingStore } from "@/server/ports/stores";
import { counted } from "@/server/domain/basics/counted";
import { DayList } from "./broker-lists";
import { BrokerSaid } from "./broker-said";
import type { FeedNumbers } from "./feed-numbers";
import { judge } from "./feed-truth";
import type { HistoryAccess } from "@/server/ports/history-source";
import type { Instruments } from "@/server/services/market/instruments";
import { keepLimits } from "./price-limits";
import { StampLag } from "./stamp-lag";

/** The part of `feeds/reconnect.ts` that this needs. */
export type KeepConnected = (options: {
  feed: Pick<FeedDefinition, "connect">;
  login: unknown;
  collector: number;
  subscriptions(): readonly { tokens: readonly number[]; mode: CollectorRow["mode"] }[];
  clock: Clock;
  random(): number;
  onMessage(message: RawMessage): void;
  onState(state: {
    phase: "connecting" | "live" | "reconnecting" | "failed";
    attempt: number;
    nextAttempt: number | null;
    reason: string;
    expired: boolean;
  }): void;
  onReject: ConnectOptions["onReject"];
  signal: AbortSignal;
}) => { refresh(): void; ended: Promise<void> };

interface Running {
  row: CollectorRow;
  feed: FeedDefinition;
  login: unknown;
  simulated: boolean;
  instruments: readonly number[];
  /** The same to be asked for one, and the hours they trade in. */
  wanted: ReadonlySet<number>;
  hours: readonly HoursKey[];
  /** Subscribed names that today's list does not have. */
  missing: string[];
  list: DayList;
  /** When the list is asked for again; null while it is being asked. */
  nextList: number | null;
  /** The maintained connection; `again` reconnects. Null before the first. */
  link: { refresh(): void; again(): void } | null;
  /** Aborts when the login is replaced, and is replaced then itself. */
  renewal: AbortController;
  lag: StampLag;
  said: BrokerSaid;
  phase: CollectorState;
  reason: string;
  expired: boolean;
  /** What a recording said at its end. */
  ended: string | null;
  attempt: number;
  nextAttempt: number | null;
  connects: number;
  connectedAt: number | null;
  /** When the feed went silent: the next fill begins there. */
  lostAt: number | null;
  /** The last tick before a silence the market does not explain; null while ticks come. */
  mutedFrom: number | null;
  lastTick: number | null;
  ticks: number;
  /** Five minutes of entries, newest last. */
  slots: Slot[];
  /** When the slot that is filled now began. */
  slotFrom: number;
  slotTicks: number;
  lastMinute: number;
  state: FeedState;
  since: number;
  stop: AbortController;
}

export interface CollectorEvents {
  /** A feed has sent nothing since `from`, its last tick: it is disconnected, or connected and silent. */
  onLost(collector: string, from: number, cause: "disconnect" | "silence", reason: string): void;
  /**
   * A feed is back after silence since `from`, or its market has closed during the silence. The first connect of a
   * start does not count.
   */
  onGap(collector: string, from: number, to: number): void;
  /** The first tick since the start. */
  onFirstTick(collector: string, at: number): void;
  onChange(collector: string, state: FeedState, reason: string): void;
  /** The broker calls instruments by other names from today on. */
  onRenamed(renamed: readonly Renamed[]): Promise<void>;
  /** A list read at run time contains instruments that were missing. */
  onAdded(collector: string, instruments: readonly number[]): void;
  /** Something a person should read, not a state. */
  onNote(collector: string, level: "info" | "warn", text: string): void;
}

interface Parts {
  /** Where a collector's feed gets its number. */
  numbers: FeedNumbers;
  instruments: Instruments;
  live: LiveMarket;
  calendar: Calendar;
  clock: Clock;
  log: Log;
  meter: Meter;
  settings: SettingStore;
  unreadable?: Unreadable | undefined;
  /** The last known prices of instruments, by dense number. */
  lastPrices?(instruments: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, { price: number }>>;
  keepConnected: KeepConnected;
  feedOf(id: string): FeedDefinition;
  events: CollectorEvents;
}

const MINUTE_MS = 60_000;
const SLOT_MS = 5_000;
/** How far back the usual pace of a feed is measured. */
const PACE_MS = 5 * MINUTE_MS;

/** Ticks of a stretch of market time. */
interface Slot {
  ticks: number;
  ms: number;
}
const ticksOf = (slots: readonly Slot[]): number => slots.reduce((sum, { ticks }) => sum + ticks, 0);
const lengthOf = (slots: readonly Slot[]): number => slots.reduce((sum, { ms }) => sum + ms, 0);
const perSecond = (slot: Slot | undefined): number => (slot === undefined ? 0 : slot.ticks / (slot.ms / 1_000));
/** Nothing comes in these, whatever the last slot held. */
const silent: ReadonlySet<FeedState> = new Set(["MUTE", "DOWN", "RECONNECTING", "AUTH_EXPIRED", "STOPPED"]);
const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value));
/** A new list is out by then: brokers make it before the market opens. */
const LIST_AT_MS = (8 * 60 + 20) * 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/**
 * Instruments missing from a good list may be in a later one. The list is requested again after this time, doubled each
 * time.
 */
const MISSING_RETRY_MS = 60_000;
const MISSING_RETRIES = 6;
/** A feed does not wait longer for the store's last prices. */
const PRICES_MS = 10_000;
/** Number of missing instruments that are named. */
const MOST_NAMES = 50;

/** Runs broker logins: connects them, and derives each one's state from its data, with evidence. */
export class Collectors {
  private readonly running = new Map<string, Running>();
  private readonly byIndex: (Running | undefined)[] = [];
  private emit: ((message: RawMessage) => void) | null = null;
  private stopTimer: (() => void) | null = null;

  constructor(private readonly parts: Parts) {}

  /** Entrance of the pipeline table. */
  open(emit: (message: RawMessage) => void): void {
    this.emit = emit;
  }
  close(): void {
    this.emit = null;
  }

  /** Reads the broker's list of the day and connects. Resolves when the connection is being kept, not when it is up. */
  async start(
    row: CollectorRow,
    login: Record<string, string>,
    simulated: boolean,
    signal: AbortSignal,
  ): Promise<HistoryAccess> {
    const { log } = this.parts;
    const feed = this.parts.feedOf(row.feed);
    const parsed = parsedLogin(feed, row.name, login);
    const index = this.parts.numbers.enter(feed);
    const running = this.place(row, feed, parsed, simulated, "connecting", "reading the instrument list");
    this.byIndex[index] = running;
    const { instruments } = this.parts;
    // Yesterday's list until today's is here: a tab that comes back while we start must not take its chart for history.
    const keys = new Set(row.subscriptions);
    this.hold(
      running,
      instruments.listedBy(row.feed).filter((each) => keys.has("*") || keys.has(this.parts.live.table.at(each).key)),
    );
    const until = AbortSignal.any([signal, running.stop.signal]);
    await this.firstList(running, until);
    this.subscribe(running);
    await this.expectPrices(running.instruments, until);
    this.connect(running, index, until);
    for (const keep of [
      this.keepList(running, until),
      keepLimits(
        this.parts,
        { feed, login: () => running.login, collector: row.name, instruments: () => running.instruments },
        until,
      ),
    ]) {
      keep.catch((cause: unknown) => {
        if (!until.aborted)
          log.error("a collector's upkeep failed", {
            collector: row.name,
            cause: cause instanceof Error ? cause.stack : String(cause),
          });
      });
    }
    return {
      feed: row.feed,
      definition: feed.history as HistoryAccess["definition"],
      get login() {
        return running.login;
      },
      token: (instrument) => instruments.tokenOf(row.feed, instrument),
    };
  }

  /**
   * Last known price of each instrument before its first tick; a price far from it needs a second packet to confirm it.
   */
  private async expectPrices(instruments: readonly number[], signal: AbortSignal): Promise<void> {
    const {
      lastPrices,
      live: { table },
      clock,
      log,
    } = this.parts;
    if (lastPrices === undefined || instruments.length === 0) return;
    const limit = new AbortController();
    try {
      const prices = await Promise.race([
        lastPrices(instruments, AbortSignal.any([signal, limit.signal])),
        clock.sleep(PRICES_MS, AbortSignal.any([signal, limit.signal])).then(() => {
          throw new Error(`not read within ${PRICES_MS} ms`);
        }),
      ]);
      for (const [instrument, { price }] of prices) table.setReference(instrument, price);
    } catch (cause) {
      signal.throwIfAborted();
      log.warn("could not read last prices; first prices are accepted unchecked", { cause: String(cause) });
    } finally {
      limit.abort();
    }
  }

  private connect(running: Running, index: number, until: AbortSignal): void {
    const { row, feed } = running;
    const { instruments, clock, log } = this.parts;
    const stop = new AbortController();
    const link = this.parts.keepConnected({
      // Every connection reads the login again, because it may have been replaced.
      feed: { connect: (_login, options) => feed.connect(running.login, options) },
      login: null,
      collector: index,
      clock,
      random: Math.random,
      subscriptions: () => [
        { tokens: running.instruments.flatMap((each) => instruments.tokenOf(row.feed, each) ?? []), mode: row.mode },
      ],
      onMessage: (message) => this.receive(running, message),
      onState: (state) => this.linkState(running, state),
      onReject: (reason, count) => this.parts.meter.reject(reason, count),
      signal: AbortSignal.any([until, stop.signal]),
    });
    running.link = {
      refresh: () => link.refresh(),
      again: () => {
        stop.abort(new Error("new access token received"));
        running.expired = false;
        this.connect(running, index, until);
      },
    };
    link.ended.catch((cause: unknown) =>
      log.error("a collector failed", { collector: row.name, cause: String(cause) }),
    );
  }

  /**
   * Replaces a login for the rest of the run. A feed that waits for a login connects at once; a live one uses it after
   * its next disconnect. Throws `not_found`, or `bad_input` naming the field.
   */
  renew(name: string, login: Record<string, string>): void {
    const running = this.running.get(name);
    if (running === undefined)
      throw new AppError(
        "not_found",
        `no collector ${JSON.stringify(name)} is running; available: ${[...this.running.keys()].join(", ") || "none"}`,
        { details: { field: "collector", value: name } },
      );
    running.login = parsedLogin(running.feed, name, login);
    const { renewal } = running;
    running.renewal = new AbortController();
    renewal.abort(new Error("new access token received"));
    if (running.phase !== "live" && !running.stop.signal.aborted) running.link?.again();
  }

  private hold(running: Running, instruments: readonly number[]): void {
    running.instruments = instruments;
    running.wanted = new Set(instruments);
    running.hours = [...new Set(instruments.map((each) => this.parts.live.table.hours(each)))];
  }

  /** What is subscribed, by today's list: names that are not in it are missing and stop nothing. */
  private subscribe(running: Running): void {
    const { instruments } = this.parts;
    const { row, list } = running;
    const isListed = (index: number): boolean => list.has(instruments.tokenOf(row.feed, index) ?? -1) ?? true;
    const found = new Set<number>();
    const missing: string[] = [];
    for (const key of row.subscriptions) {
      if (key === "*") {
        for (const index of instruments.tradedBy(row.feed)) if (isListed(index)) found.add(index);
        continue;
      }
      // Nothing near is looked for: among a hundred thousand names that takes milliseconds for each that is missing.
      const index = instruments.find(key);
      if (index !== -1) found.add(index);
      if (index === -1 || !isListed(index) || instruments.tokenOf(row.feed, index) === undefined) missing.push(key);
    }
    this.hold(running, [...found]);
    // Before any list could be read nothing is known to be missing from it.
    running.missing = list.readAt === null && found.size === 0 ? [] : missing;
    if (running.missing.length > 0)
      this.parts.log.warn("subscribed instruments are missing from the broker's list", {
        collector: row.name,
        missing,
      });
  }

  /** Shows a collector that another instance runs, and why it does not run here; if it did, it ends. */
  standBy(row: CollectorRow, simulated: boolean, reason: string): void {
    this.place(row, this.parts.feedOf(row.feed), null, simulated, "idle", reason);
  }

  /** Replaces the collector of the same name, which is stopped. */
  private place(
    row: CollectorRow,
    feed: FeedDefinition,
    login: unknown,
    simulated: boolean,
    phase: CollectorState,
    reason: string,
  ): Running {
    const { clock } = this.parts;
    this.running.get(row.name)?.stop.abort(new Error(reason));
    const { instruments, settings, unreadable } = this.parts;
    const running: Running = {
      row,
      feed,
      login,
      simulated,
      instruments: [],
      wanted: new Set(),
      hours: [],
      missing: [],
      nextList: null,
      link: null,
      renewal: new AbortController(),
      lag: new StampLag(),
      said: new BrokerSaid(),
      list: new DayList({ instruments, settings, clock, unreadable, name: row.name, feed, login: () => running.login }),
      phase,
      reason,
      expired: false,
      ended: null,
      attempt: 0,
      nextAttempt: null,
      connects: 0,
      connectedAt: null,
      lostAt: null,
      mutedFrom: null,
      lastTick: null,
      ticks: 0,
      slots: [],
      slotFrom: clock.now(),
      slotTicks: 0,
      lastMinute: 0,
      state: "STARTING",
      since: clock.now(),
      stop: new AbortController(),
    };
    this.running.set(row.name, running);
    this.stopTimer ??= clock.every(1_000, () => this.watch());
    this.settle(running, clock.now());
    return running;
  }

  async stop(): Promise<void> {
    this.stopTimer?.();
    for (const running of this.running.values()) {
      running.phase = "stopping";
      running.stop.abort(new Error("stopped"));
    }
  }

  /**
   * True for instruments that any collector subscribes, even if it currently sends nothing; the feed's state shows
   * that. True for all until the first collector is set up.
   */
  isLive(instrument: number): boolean {
    return this.running.size === 0 || [...this.running.values()].some((each) => each.wanted.has(instrument));
  }
  isSimulated(instrument: number): boolean {
    return this.parts.live.table.at(instrument).exchange === "SIM";
  }
  /** Instruments that collectors subscribe, each once. A collector whose login has expired still counts. */
  subscribed(): Set<number> {
    return new Set([...this.running.values()].flatMap((each) => each.instruments));
  }
  instrumentsOf(name: string): readonly number[] {
    return this.running.get(name)?.instruments ?? [];
  }
  /** Names of the collectors that subscribe an instrument. */
  bringing(instrument: number): string[] {
    return [...this.running.values()].filter((each) => each.wanted.has(instrument)).map((each) => each.row.name);
  }
  nameAt(index: number): string {
    return this.byIndex[index]?.row.name ?? "";
  }

  /** The lights, each with its evidence. */
  truth(): FeedTruth[] {
    const now = this.parts.clock.now();
    return [...this.running.values()].map((each) => ({
      collector: each.row.name,
      feed: each.row.feed,
      state: each.state,
      simulated: each.simulated,
      daily: each.feed.loginFields.flatMap(({ field, title, env, daily }) =>
        daily === true ? { field, title, env } : [],
      ),
      reason: each.reason,
      since: each.since,
      lastTick: each.lastTick,
      ticksLastMinute: each.lastMinute,
      expectedPerMinute: rounded(this.expected(each)),
      missing: { count: each.missing.length, names: each.missing.slice(0, MOST_NAMES) },
      lagMs: lagOf(each, now),
      said: each.said.last,
      ticksPerSecond: silent.has(each.state) ? 0 : perSecond(each.slots.at(-1)),
      subscribed: each.instruments.length,
      reconnects: Math.max(0, each.connects - 1),
      nextAttempt: each.nextAttempt !== null && each.nextAttempt > now ? each.nextAttempt : null,
      attempt: each.attempt,
    }));
  }

  /** The brokers' lists in use. */
  lists(): ListTruth[] {
    return [...this.running.values()]
      .filter(({ phase }) => phase !== "idle")
      .map(({ row, list, nextList }) => ({
        collector: row.name,
        readAt: list.readAt,
        rows: list.rows,
        leftOut: list.leftOut,
        problem: list.problem,
        nextAttempt: nextList,
      }));
  }

  /** Exchange clock minus ours, from the fresher feeds, and its error; null while no feed knows. */
  clockSkew(): { ms: number; errorMs: number } | null {
    const now = this.parts.clock.now();
    const readings = [...this.running.values()]
      .flatMap(({ lag }) => lag.read(now) ?? [])
      .sort((a, b) => Math.abs(a.skewMs) - Math.abs(b.skewMs));
    return readings.length === 0 ? null : { ms: readings[0]!.skewMs, errorMs: readings[0]!.errorMs };
  }

  /** Waits for a usable list: today's, or one from an earlier run until the broker responds. */
  private async firstList(running: Running, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    for (let attempt = 1; ; attempt++) {
      if ((await this.readList(running, signal)) !== null) break;
      this.subscribe(running);
      if (running.instruments.length > 0) break;
      running.reason = `no instrument list available: ${running.list.problem}`;
      running.attempt = attempt;
      running.nextAttempt = clock.now() + retryMs(attempt);
      if (running.expired) {
        running.phase = "failed";
        running.nextAttempt = null;
        running.reason = running.list.problem ?? "";
        this.settle(running, clock.now());
        await aborted(AbortSignal.any([signal, running.renewal.signal]));
        signal.throwIfAborted();
        running.phase = "connecting";
        running.expired = false;
        running.reason = "reading the instrument list";
        attempt = 0;
        continue;
      }
      await this.pause(running, running.nextAttempt - clock.now(), signal);
    }
    running.expired = false;
    running.attempt = 0;
    running.nextAttempt = null;
  }

  /**
   * Requests the list again: soon if the last one was unusable or lacks subscribed instruments, otherwise when the next
   * day's list is published.
   */
  private async keepList(running: Running, signal: AbortSignal): Promise<void> {
    const { clock, events } = this.parts;
    let failures = 0;
    let missed = 0;
    while (!signal.aborted) {
      if (running.expired) {
        await aborted(AbortSignal.any([signal, running.renewal.signal]));
        signal.throwIfAborted();
      }
      const now = clock.now();
      const morning = istMidnight(istDay(now)) + LIST_AT_MS;
      const next =
        running.list.problem !== null
          ? now + retryMs(++failures)
          : running.missing.length > 0 && missed < MISSING_RETRIES
            ? now + MISSING_RETRY_MS * 2 ** missed++
            : morning > now
              ? morning
              : morning + DAY_MS;
      running.nextList = next;
      await this.pause(running, next - now, signal);
      if (signal.aborted) return;
      running.nextList = null;
      if ((await this.readList(running, signal)) === null) continue;
      failures = 0;
      if (running.missing.length === 0) missed = 0;
      const before = new Set(running.instruments);
      this.subscribe(running);
      const added = running.instruments.filter((each) => !before.has(each));
      await this.expectPrices(added, signal);
      running.link?.refresh();
      if (added.length > 0) events.onAdded(running.row.name, added);
    }
  }

  /** Reads the list and follows its new names; null, with the reason in `list.problem`, when it is of no use. */
  private async readList(running: Running, signal: AbortSignal): Promise<readonly Renamed[] | null> {
    const { log, events } = this.parts;
    const { row, list } = running;
    const before = list.problem;
    try {
      const renamed = await list.read(signal);
      if (before !== null)
        events.onNote(row.name, "info", `instrument list loaded: ${counted(list.rows, "instrument")}`);
      if (renamed.length > 0) {
        const now = new Map<string, string>(renamed.map(({ from, to }) => [from, to]));
        row.subscriptions = row.subscriptions.map((key) => now.get(key) ?? key);
        await events
          .onRenamed(renamed)
          .catch((cause: unknown) =>
            log.error("could not rename instruments in watchlists", { collector: row.name, cause: String(cause) }),
          );
        for (const { from, to } of renamed.slice(0, MOST_NAMES))
          events.onNote(
            row.name,
            "info",
            `${from} is renamed to ${to} from today; its bars, subscriptions and watchlists continue`,
          );
      }
      if (list.leftOut.length > 0)
        log.warn("rows of the broker's list were skipped", { collector: row.name, leftOut: list.leftOut });
      return renamed;
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (running.link === null) running.expired = hasCode(cause, "login_expired");
      log.warn("could not read the instrument list", { collector: row.name, cause: String(cause) });
      if (list.problem !== before) events.onNote(row.name, "warn", `instrument list: ${list.problem}`);
      return null;
    }
  }

  /** Waits, but not longer than until another login is handed over. */
  private async pause(running: Running, ms: number, signal: AbortSignal): Promise<void> {
    await this.parts.clock.sleep(ms, AbortSignal.any([signal, running.renewal.signal])).catch(() => undefined);
    signal.throwIfAborted();
  }

  private hear(running: Running, text: string, now: number): void {
    const { log, events, meter } = this.parts;
    meter.count("broker.messages");
    if (!running.said.hear(text, now)) return;
    log.warn("broker message", { collector: running.row.name, text });
    events.onNote(running.row.name, "warn", `broker message: ${text}`);
  }

  private receive(running: Running, message: RawMessage): void {
    if (message.kind === "ticks") {
      const mutedFrom = running.mutedFrom;
      if (mutedFrom !== null) {
        running.mutedFrom = null;
        this.parts.events.onGap(running.row.name, mutedFrom, message.receivedTime);
      }
      running.lag.saw(message);
      const isFirst = running.lastTick === null;
      running.lastTick = message.receivedTime;
      if (isFirst) this.parts.events.onFirstTick(running.row.name, message.receivedTime);
      running.ticks += message.length;
      running.slotTicks += message.length;
    } else if (message.kind === "connected") {
      const from = running.lostAt;
      running.connects++;
      running.lag.connected(message.receivedTime);
      running.connectedAt = message.receivedTime;
      running.lostAt = null;
      this.emit?.(message);
      if (from !== null) this.parts.events.onGap(running.row.name, from, message.receivedTime);
      return;
    } else if (message.kind === "disconnected") {
      running.lostAt ??= running.mutedFrom ?? running.lastTick ?? message.receivedTime;
      running.mutedFrom = null;
      this.parts.events.onLost(running.row.name, running.lostAt, "disconnect", message.detail);
    } else if (message.kind === "message") this.hear(running, message.detail, message.receivedTime);
    else if (message.kind === "ended") running.ended = message.detail;
    this.emit?.(message);
  }

  private linkState(running: Running, state: Parameters<Parameters<KeepConnected>[0]["onState"]>[0]): void {
    running.phase = state.phase;
    running.reason = state.reason;
    running.expired = state.expired;
    running.attempt = state.attempt;
    running.nextAttempt = state.nextAttempt;
    this.settle(running, this.parts.clock.now());
  }

  private watch(): void {
    const now = this.parts.clock.now();
    for (const running of this.running.values()) {
      this.fillSlot(running, now);
      this.settle(running, now);
    }
  }

  /** Measured in market time, because a recording plays minutes in a second. Hours without trading do not count. */
  private fillSlot(running: Running, now: number): void {
    const ms = now - Math.max(running.slotFrom, this.openSince(running, now) ?? 0);
    if (ms < SLOT_MS) return;
    const { slots } = running;
    slots.push({ ticks: running.slotTicks, ms });
    while (slots.length > 1 && lengthOf(slots) - slots[0]!.ms >= PACE_MS) slots.shift();
    running.slotTicks = 0;
    running.slotFrom = now;
    let last = slots.length - 1;
    while (last > 0 && lengthOf(slots.slice(last)) < MINUTE_MS) last--;
    const minute = slots.slice(last);
    running.lastMinute = Math.round(ticksOf(minute) * Math.min(1, MINUTE_MS / lengthOf(minute)));
  }

  private settle(running: Running, now: number): void {
    const expected = this.expected(running);
    const openSince = this.openSince(running, now);
    // A tick that came over an earlier line says nothing of this one.
    const lastTick =
      running.lastTick !== null && running.lastTick < (running.connectedAt ?? 0) ? null : running.lastTick;
    const judged = judge({
      now,
      phase: running.phase,
      expired: running.expired,
      reason: running.reason,
      ended: running.ended,
      openSince,
      nextOpen: null,
      connectedAt: running.connectedAt,
      lastTick,
      interval: expected === null || expected === 0 ? null : 60_000 / expected,
      lagMs: running.lag.read(now)?.lagMs ?? Number.NaN,
      subscribed: running.instruments.length,
      missing: { count: running.missing.length, names: running.missing },
    });
    const { state } = judged;
    const reason =
      state === "CLOSED" && this.isUnknownDay(running, now)
        ? "no tick today, and no holiday list says whether its exchanges trade"
        : judged.reason;
    if (running.phase === "live") running.reason = reason;
    if (state === running.state) return;
    running.state = state;
    running.since = now;
    if (state === "MUTE") {
      // Bars that are open have a hole from the last tick on, whatever comes next.
      running.mutedFrom = lastTick ?? running.connectedAt ?? now;
      this.emit?.({
        kind: "silent",
        collector: this.byIndex.indexOf(running),
        receivedTime: running.mutedFrom,
        detail: reason,
      });
      this.parts.events.onLost(running.row.name, running.mutedFrom, "silence", reason);
    } else if (state === "CLOSED" && running.mutedFrom !== null) {
      this.parts.events.onGap(running.row.name, running.mutedFrom, now);
      running.mutedFrom = null;
    }
    this.parts.events.onChange(running.row.name, state, reason);
  }

  /** Ticks a minute over the last five minutes, once one has passed. */
  private expected({ slots }: Running): number | null {
    const ms = lengthOf(slots);
    return ms < MINUTE_MS ? null : ticksOf(slots) / (ms / MINUTE_MS);
  }

  private isUnknownDay(running: Running, now: number): boolean {
    return running.hours.some((hours) => {
      const session = this.parts.calendar.on(hours, istDay(now));
      return session !== null && isUnknown(session) && session.open <= now && now < session.close;
    });
  }

  /** When the first of its exchanges began trading; null while none trades. */
  private openSince(running: Running, now: number): number | null {
    let since: number | null = null;
    for (const hours of running.hours) {
      const session = this.parts.calendar.on(hours, istDay(now));
      if (session !== null && isUnknown(session) && !ticked(running, session)) continue;
      // Silence in an announced halt, or between the two sessions of a drill, is no fault of the feed.
      const phase = session === null ? null : phaseAt(session, now);
      if (phase?.phase === "continuous" && (since === null || phase.from < since)) since = phase.from;
    }
    return since;
  }
}

/**
 * A broker sends its last known data right after a connect, even on holidays. Only later ticks show that the market
 * trades.
 */
const FIRST_PACKETS_MS = 10_000;
/** True if the feed sent session ticks on a day without a known holiday list. */
const ticked = ({ lastTick, connectedAt }: Running, session: Session): boolean =>
  lastTick !== null && lastTick >= session.open && lastTick > (connectedAt ?? 0) + FIRST_PACKETS_MS;

const lagOf = ({ lag }: Running, now: number): number | null => {
  const reading = lag.read(now);
  return reading === null ? null : Math.max(0, reading.lagMs);
};

const retryMs = (attempt: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20));

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Throws `bad_input` naming the collector and the field, never its value: it may be a secret. */
const parsedLogin = (feed: FeedDefinition, name: string, login: Record<string, string>): unknown => {
  const parsed = feed.login.safeParse(login, { error: acceptedBy });
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path[0]);
  throw new AppError("bad_input", `collector ${name}: ${field}: use ${parsed.error.issues[0]?.message}`, {
    details: { field },
  });
};
