import type { CollectorRow, CollectorState, FeedState, FeedTruth, ListTruth } from "@/server/domain/ticks/collector";
import type { RawMessage } from "@/server/domain/ticks/tick";
import { type Calendar } from "@/server/domain/time/session";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { AppError } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import type { ConnectOptions, FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { Meter } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { SettingStore } from "@/server/ports/stores";
import { DayList } from "./broker-lists";
import { BrokerSaid } from "./broker-said";
import type { FeedNumbers } from "./feed-numbers";
import { expectPrices, type PriceParts } from "./expected-prices";
import { isUnknownDay, openSince } from "./feed-hours";
import { FeedPace } from "./feed-pace";
import { judge } from "./feed-truth";
import { type ListEvents, ListKeeper, MOST_NAMES } from "./list-keeper";
import type { Running } from "./running";
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

export interface CollectorEvents extends ListEvents {
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
}

interface Parts extends PriceParts {
  /** Where a collector's feed gets its number. */
  numbers: FeedNumbers;
  instruments: Instruments;
  live: LiveMarket;
  calendar: Calendar;
  meter: Meter;
  settings: SettingStore;
  unreadable?: Unreadable | undefined;
  keepConnected: KeepConnected;
  feedOf(id: string): FeedDefinition;
  events: CollectorEvents;
}

/** States in which no tick arrives, whatever the last slot contained. */
const silent: ReadonlySet<FeedState> = new Set(["MUTE", "DOWN", "RECONNECTING", "AUTH_EXPIRED", "STOPPED"]);
const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value));

/** Runs broker logins: connects them, and derives each one's state from its data, with evidence. */
export class Collectors {
  private readonly running = new Map<string, Running>();
  private readonly byIndex: (Running | undefined)[] = [];
  private emit: ((message: RawMessage) => void) | null = null;
  private stopTimer: (() => void) | null = null;
  private readonly listKeeper: ListKeeper;

  constructor(private readonly parts: Parts) {
    this.listKeeper = new ListKeeper({ ...parts, settle: (running) => this.settle(running, parts.clock.now()) });
  }

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
    this.listKeeper.hold(
      running,
      instruments.listedBy(row.feed).filter((each) => keys.has("*") || keys.has(this.parts.live.table.at(each).key)),
    );
    const until = AbortSignal.any([signal, running.stop.signal]);
    await this.listKeeper.first(running, until);
    this.listKeeper.subscribe(running);
    await expectPrices(this.parts, running.instruments, until);
    this.connect(running, index, until);
    for (const keep of [
      this.listKeeper.keep(running, until),
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
      pace: new FeedPace(clock.now()),
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

  /** Each feed's state, with its evidence. */
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
      ticksLastMinute: each.pace.lastMinute,
      expectedPerMinute: rounded(each.pace.perMinute),
      missing: { count: each.missing.length, names: each.missing.slice(0, MOST_NAMES) },
      lagMs: lagOf(each, now),
      said: each.said.last,
      ticksPerSecond: silent.has(each.state) ? 0 : each.pace.perSecond,
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
      running.pace.saw(message.length);
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
      running.pace.at(now, openSince(this.parts.calendar, running, now));
      this.settle(running, now);
    }
  }

  private settle(running: Running, now: number): void {
    const expected = running.pace.perMinute;
    const open = openSince(this.parts.calendar, running, now);
    // A tick that came over an earlier connection says nothing about this one.
    const lastTick =
      running.lastTick !== null && running.lastTick < (running.connectedAt ?? 0) ? null : running.lastTick;
    const judged = judge({
      now,
      phase: running.phase,
      expired: running.expired,
      reason: running.reason,
      ended: running.ended,
      openSince: open,
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
      state === "CLOSED" && isUnknownDay(this.parts.calendar, running, now)
        ? "no tick today, and no holiday list says whether its exchanges trade"
        : judged.reason;
    if (running.phase === "live") running.reason = reason;
    if (state === running.state) return;
    running.state = state;
    running.since = now;
    if (state === "MUTE") {
      // Open bars have a gap from the last tick on, whatever comes next.
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
}

const lagOf = ({ lag }: Running, now: number): number | null => {
  const reading = lag.read(now);
  return reading === null ? null : Math.max(0, reading.lagMs);
};

/** Throws `bad_input` naming the collector and the field, never its value: it may be a secret. */
const parsedLogin = (feed: FeedDefinition, name: string, login: Record<string, string>): unknown => {
  const parsed = feed.login.safeParse(login, { error: acceptedBy });
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path[0]);
  throw new AppError("bad_input", `collector ${name}: ${field}: use ${parsed.error.issues[0]?.message}`, {
    details: { field },
  });
};
