import type { CollectorRow, CollectorState, FeedState, FeedTruth } from "@/server/domain/collector";
import type { RawMessage } from "@/server/domain/tick";
import { type Calendar, istDay, isUnknown, istMidnight, phaseAt, type Session } from "@/server/domain/session";
import { acceptedBy } from "@/server/domain/accepted";
import { AppError } from "@/server/domain/errors";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import { judge } from "./feed-truth";
import type { HistoryAccess } from "./history";
import type { Instruments } from "./instruments";

/** What keeps a connection alive (`feeds/reconnect.ts`), as much of it as is needed here. */
export type KeepConnected = (options: {
  feed: Pick<FeedDefinition, "connect">;
  login: unknown;
  collector: number;
  subscriptions(): readonly { tokens: readonly number[]; mode: CollectorRow["mode"] }[];
  clock: Clock;
  random(): number;
  onMessage(message: RawMessage): void;
  onState(state: { phase: "connecting" | "live" | "reconnecting" | "failed"; attempt: number; nextAttempt: number | null; reason: string; expired: boolean }): void;
  onReject(reason: "bad_packet" | "bad_frame", count: number): void;
  signal: AbortSignal;
}) => { refresh(): void; ended: Promise<void> };

interface Running {
  row: CollectorRow;
  feed: FeedDefinition;
  login: unknown;
  simulated: boolean;
  instruments: number[];
  phase: CollectorState;
  reason: string;
  expired: boolean;
  attempt: number;
  nextAttempt: number | null;
  connects: number;
  connectedAt: number | null;
  /** Since when the feed has brought nothing: where the next heal begins. */
  lostAt: number | null;
  /** The last tick before a silence the market does not explain; null while ticks come. */
  mutedFrom: number | null;
  lastTick: number | null;
  ticks: number;
  /** Ticks per 5 s, newest last, at most five minutes. */
  slots: number[];
  slotTicks: number;
  lastMinute: number;
  state: FeedState;
  since: number;
  stop: AbortController;
}

export interface CollectorEvents {
  /** A feed has brought nothing since `from`, its last tick: its line is lost, or it is up and says nothing. */
  onLost(collector: string, from: number, cause: "disconnect" | "silence", reason: string): void;
  /** A feed is back after it brought nothing since `from`, or the market has closed over its silence; the first connect of a start is not one. */
  onGap(collector: string, from: number, to: number): void;
  /** The first tick since the start. */
  onFirstTick(collector: string, at: number): void;
  onChange(collector: string, state: FeedState, reason: string): void;
}

interface Parts {
  instruments: Instruments;
  live: LiveMarket;
  calendar: Calendar;
  clock: Clock;
  log: Log;
  meter: Meter;
  keepConnected: KeepConnected;
  feedOf(id: string): FeedDefinition;
  events: CollectorEvents;
}

const LIMITS_EVERY_MS = 3_600_000;
const SLOT_MS = 5_000;
const SLOTS = 60;

/** Broker logins at work: connects them, knows what the data say about each, answers with evidence. */
export class Collectors {
  private readonly running = new Map<string, Running>();
  private readonly byIndex: (Running | undefined)[] = [];
  private emit: ((message: RawMessage) => void) | null = null;
  private seconds = 0;
  private stopTimer: (() => void) | null = null;

  constructor(private readonly parts: Parts) {}

  /** Entrance of the pipeline table. */
  open(emit: (message: RawMessage) => void): void { this.emit = emit; }
  close(): void { this.emit = null; }

  /** Reads the broker's list of the day and connects. Resolves when the connection is being kept, not when it is up. */
  async start(row: CollectorRow, login: Record<string, string>, simulated: boolean, signal: AbortSignal): Promise<HistoryAccess> {
    const { clock, log } = this.parts;
    const feed = this.parts.feedOf(row.feed);
    const parsed = feed.login.safeParse(login, { error: acceptedBy });
    if (!parsed.success) throw new AppError("bad_input", `collector ${row.name}: ${String(parsed.error.issues[0]?.path[0])}: use ${parsed.error.issues[0]?.message}`, { details: { field: String(parsed.error.issues[0]?.path[0]) } });
    const index = this.byIndex.length;
    const running = this.place(row, feed, parsed.data, simulated, "connecting", "reading the instrument list");
    const { stop } = running;
    this.byIndex[index] = running;
    const { instruments } = this.parts;
    // Yesterday's list until today's is here: a tab that comes back while we start must not take its chart for history.
    running.instruments = instruments.listedBy(row.feed).filter((each) => row.subscriptions.includes("*") || row.subscriptions.includes(this.parts.live.table.at(each).key));
    await this.list(running, AbortSignal.any([signal, stop.signal]));
    running.instruments = row.subscriptions.includes("*") ? instruments.listedBy(row.feed) : row.subscriptions.map((key) => instruments.resolve(key));
    const link = this.parts.keepConnected({
      feed, login: running.login, collector: index, clock, random: Math.random,
      subscriptions: () => [{ tokens: running.instruments.flatMap((each) => instruments.tokenOf(row.feed, each) ?? []), mode: row.mode }],
      onMessage: (message) => this.receive(running, message),
      onState: (state) => this.linkState(running, state),
      onReject: (reason, count) => this.parts.meter.reject(reason, count),
      signal: AbortSignal.any([signal, stop.signal]),
    });
    void this.keepLimits(running, AbortSignal.any([signal, stop.signal]));
    link.ended.catch((cause: unknown) => log.error("a collector ended by a fault of ours", { collector: row.name, cause: String(cause) }));
    return { definition: feed.history as HistoryAccess["definition"], login: running.login, token: (instrument) => instruments.tokenOf(row.feed, instrument) };
  }

  /** Shows a collector that another instance runs, and why it does not run here; if it did, it ends. */
  standBy(row: CollectorRow, simulated: boolean, reason: string): void {
    this.place(row, this.parts.feedOf(row.feed), null, simulated, "idle", reason);
  }

  /** In place of the one of its name, which ends. */
  private place(row: CollectorRow, feed: FeedDefinition, login: unknown, simulated: boolean, phase: CollectorState, reason: string): Running {
    const { clock } = this.parts;
    this.running.get(row.name)?.stop.abort(new Error(reason));
    const running: Running = {
      row, feed, login, simulated, instruments: [], phase, reason, expired: false, attempt: 0, nextAttempt: null,
      connects: 0, connectedAt: null, lostAt: null, mutedFrom: null, lastTick: null, ticks: 0, slots: [], slotTicks: 0, lastMinute: 0, state: "STARTING", since: clock.now(), stop: new AbortController(),
    };
    this.running.set(row.name, running);
    this.stopTimer ??= clock.every(1_000, () => this.watch());
    this.settle(running, clock.now());
    return running;
  }

  async stop(): Promise<void> {
    this.stopTimer?.();
    for (const running of this.running.values()) { running.phase = "stopping"; running.stop.abort(new Error("stopped")); }
  }

  /** Vendor of a collector's tokens, for the normaliser. */
  vendor(index: number): string | undefined { return this.byIndex[index]?.row.feed; }
  feedAt(index: number): FeedDefinition | undefined { return this.byIndex[index]?.feed; }
  /** Instruments any collector subscribes. */
  isLive(instrument: number): boolean { return [...this.running.values()].some((each) => each.phase !== "failed" && each.instruments.includes(instrument)); }
  isSimulated(instrument: number): boolean { return this.parts.live.table.at(instrument).exchange === "SIM"; }
  /** Instruments that collectors subscribe, each once; one that has lost its login still wants its own. */
  subscribed(): Set<number> { return new Set([...this.running.values()].flatMap((each) => each.instruments)); }
  instrumentsOf(name: string): readonly number[] { return this.running.get(name)?.instruments ?? []; }
  /** Names of the collectors that subscribe an instrument. */
  bringing(instrument: number): string[] { return [...this.running.values()].filter((each) => each.instruments.includes(instrument)).map((each) => each.row.name); }
  nameAt(index: number): string { return this.byIndex[index]?.row.name ?? ""; }

  /** The lights, each with its evidence. */
  truth(): FeedTruth[] {
    const now = this.parts.clock.now();
    return [...this.running.values()].map((each) => ({
      collector: each.row.name, feed: each.row.feed, state: each.state, simulated: each.simulated, reason: each.reason, since: each.since,
      lastTick: each.lastTick, ticksLastMinute: each.lastMinute, expectedPerMinute: this.expected(each),
      ticksPerSecond: (each.slots[each.slots.length - 1] ?? 0) / (SLOT_MS / 1_000), subscribed: each.instruments.length,
      reconnects: Math.max(0, each.connects - 1), nextAttempt: each.nextAttempt !== null && each.nextAttempt > now ? each.nextAttempt : null, attempt: each.attempt,
    }));
  }

  /** The day's circuit limits, read at the start and every hour: bands are widened during the day. Without them nothing is refused for its price. */
  private async keepLimits(running: Running, signal: AbortSignal): Promise<void> {
    const { clock, live, log } = this.parts;
    const { feed, login } = running;
    while (feed.priceLimits !== undefined && !signal.aborted) {
      const asked = running.instruments.flatMap((index) => {
        const { key, decimals, segment } = live.table.at(index);
        return segment === "index" ? [] : [{ index, name: key, decimals }];
      });
      try {
        const limits = await feed.priceLimits(login, asked, (ms) => clock.sleep(ms, signal), signal);
        for (const { index, name } of asked) live.table.setLimits(index, limits.get(name)?.lower ?? 0, limits.get(name)?.upper ?? 0);
      } catch (cause) {
        if (signal.aborted) return;
        for (const { index } of asked) live.table.setLimits(index, 0, 0);
        log.warn("circuit limits could not be read", { collector: running.row.name, cause: String(cause) });
      }
      // A new date has new limits: those of the old one must not stand in its way.
      const midnight = istMidnight(istDay(clock.now()) + 1) - clock.now();
      await clock.sleep(Math.min(LIMITS_EVERY_MS, midnight), signal).catch(() => undefined);
      if (!signal.aborted && midnight <= LIMITS_EVERY_MS) for (const { index } of asked) live.table.setLimits(index, 0, 0);
    }
  }

  /** Tries until the broker answers; an expired login ends it. */
  private async list(running: Running, signal: AbortSignal): Promise<void> {
    const { instruments, clock, log } = this.parts;
    for (let attempt = 1; ; attempt++) {
      try {
        await instruments.take(running.row.feed, await running.feed.instruments(running.login, signal));
        return;
      } catch (cause) {
        if (signal.aborted) throw cause;
        const known = instruments.listedBy(running.row.feed).length > 0;
        log.warn("the instrument list could not be read", { collector: running.row.name, cause: String(cause), known });
        if (known) return; // yesterday's list will do until the broker answers
        running.reason = (cause as Error).message;
        running.attempt = attempt;
        running.nextAttempt = clock.now() + Math.min(30_000, 1_000 * 2 ** (attempt - 1));
        await clock.sleep(running.nextAttempt - clock.now(), signal);
      }
    }
  }

  private receive(running: Running, message: RawMessage): void {
    if (message.kind === "ticks") {
      const mutedFrom = running.mutedFrom;
      if (mutedFrom !== null) {
        running.mutedFrom = null;
        this.parts.events.onGap(running.row.name, mutedFrom, message.receivedTime);
      }
      const isFirst = running.lastTick === null;
      running.lastTick = message.receivedTime;
      if (isFirst) this.parts.events.onFirstTick(running.row.name, message.receivedTime);
      running.ticks += message.length;
      running.slotTicks += message.length;
    } else if (message.kind === "connected") {
      const from = running.lostAt;
      running.connects++;
      running.connectedAt = message.receivedTime;
      running.lostAt = null;
      this.emit?.(message);
      if (from !== null) this.parts.events.onGap(running.row.name, from, message.receivedTime);
      return;
    } else if (message.kind === "disconnected") {
      running.lostAt ??= running.mutedFrom ?? running.lastTick ?? message.receivedTime;
      running.mutedFrom = null;
      this.parts.events.onLost(running.row.name, running.lostAt, "disconnect", message.detail);
    }
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
    const slotEnds = ++this.seconds % (SLOT_MS / 1_000) === 0;
    for (const running of this.running.values()) {
      if (slotEnds) {
        running.slots.push(running.slotTicks);
        if (running.slots.length > SLOTS) running.slots.shift();
        running.slotTicks = 0;
        running.lastMinute = running.slots.slice(-12).reduce((sum, each) => sum + each, 0);
      }
      this.settle(running, now);
    }
  }

  private settle(running: Running, now: number): void {
    const expected = this.expected(running);
    const openSince = this.openSince(running, now);
    // A tick that came over an earlier line says nothing of this one.
    const lastTick = running.lastTick !== null && running.lastTick < (running.connectedAt ?? 0) ? null : running.lastTick;
    const judged = judge({
      now, phase: running.phase, expired: running.expired, reason: running.reason, openSince, nextOpen: null,
      connectedAt: running.connectedAt, lastTick, interval: expected === null || expected === 0 ? null : 60_000 / expected, lagMs: Number.NaN,
    });
    const { state } = judged;
    const reason = state === "CLOSED" && this.isUnknownDay(running, now) ? "no tick has come today, and no holiday list says whether its exchanges trade" : judged.reason;
    if (running.phase === "live") running.reason = reason;
    if (state === running.state) return;
    running.state = state;
    running.since = now;
    if (state === "MUTE") {
      // Bars that are open have a hole from the last tick on, whatever comes next.
      running.mutedFrom = lastTick ?? running.connectedAt ?? now;
      this.emit?.({ kind: "silent", collector: this.byIndex.indexOf(running), receivedTime: running.mutedFrom, detail: reason });
      this.parts.events.onLost(running.row.name, running.mutedFrom, "silence", reason);
    } else if (state === "CLOSED" && running.mutedFrom !== null) {
      this.parts.events.onGap(running.row.name, running.mutedFrom, now);
      running.mutedFrom = null;
    }
    this.parts.events.onChange(running.row.name, state, reason);
  }

  /** Ticks a minute over the last five minutes, once one has passed. */
  private expected(running: Running): number | null {
    if (running.slots.length < 12) return null;
    return Math.round(running.slots.reduce((sum, each) => sum + each, 0) / (running.slots.length / 12));
  }

  private isUnknownDay(running: Running, now: number): boolean {
    const { live, calendar } = this.parts;
    return running.instruments.some((each) => {
      const session = calendar.on(live.table.hours(each), istDay(now));
      return session !== null && isUnknown(session) && session.open <= now && now < session.close;
    });
  }

  /** Since when any exchange of its instruments has been trading; null while none is. */
  private openSince(running: Running, now: number): number | null {
    const { live, calendar } = this.parts;
    let since: number | null = null;
    for (const hours of new Set(running.instruments.map((each) => live.table.hours(each)))) {
      const session = calendar.on(hours, istDay(now));
      if (session !== null && isUnknown(session) && !ticked(running, session)) continue;
      // Silence in an announced halt, or between the two sessions of a drill, is no fault of the feed.
      const phase = session === null ? null : phaseAt(session, now);
      if (phase?.phase === "continuous" && (since === null || phase.from < since)) since = phase.from;
    }
    return since;
  }
}

/** A broker sends what it last knew right after a connect, on holidays too: what comes later is trading. */
const FIRST_PACKETS_MS = 10_000;
/** True when the feed brought ticks of a session on a day of which nobody has said whether it trades. */
const ticked = ({ lastTick, connectedAt }: Running, session: Session): boolean =>
  lastTick !== null && lastTick >= session.open && lastTick > (connectedAt ?? 0) + FIRST_PACKETS_MS;
