import { durationText } from "@/server/domain/time/duration-text";
import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";
import { type Calendar, type HoursKey, istDay, isUnknown, phaseAt } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";
import { InstrumentPulse } from "./instrument-pulse";
import type { InstrumentTruth } from "@/server/ports/quality";

interface Parts {
  live: Pick<LiveMarket, "table" | "board">;
  calendar: Calendar;
  clock: Clock;
  collectors: {
    truth(): FeedTruth[];
    nameAt(index: number): string;
    /** Collectors that subscribe an instrument. */
    of(instrument: number): readonly string[];
  };
  onSilent(collector: string, instrument: number, from: number, reason: string): void;
  /** `untraded`: the day's volume is the same as before the silence. */
  onReturn(instrument: number, at: number, untraded: boolean): void;
}

const LOOK_MS = 5_000;
const alive = (state: FeedState): boolean => state === "LIVE" || state === "SLOW";

/**
 * Judges every instrument of a live feed by its own ticks, with one timer and a pass over typed arrays. An instrument
 * that is silent far longer than it ever was, while its session runs and its feed delivers others, is MUTE.
 */
export class InstrumentTruths {
  private readonly pulse = new InstrumentPulse();
  /** Instruments that are mute now, by dense number: their day volume when they fell silent. */
  private readonly mute = new Map<number, { volume: number; since: number }>();
  /** When each collector began to send ticks. */
  private readonly aliveSince = new Map<string, number>();
  private stopLooking: (() => void) | null = null;

  constructor(private readonly parts: Parts) {}

  start(): void {
    this.stopLooking = this.parts.clock.every(LOOK_MS, () => this.look());
  }
  stop(): void {
    this.stopLooking?.();
  }

  /** At most `most` of those that are mute now, with the receipt of their last tick or the start of the wait for one. */
  mutes(most: number): { instrument: number; since: number; reason: string }[] {
    const now = this.parts.clock.now();
    return [...this.mute]
      .slice(0, most)
      .map(([instrument, { since }]) => ({ instrument, since, reason: this.silenceOf(instrument, now - since) }));
  }

  /** How many instruments are mute now. */
  get silent(): number {
    return this.mute.size;
  }

  of(instrument: number): InstrumentTruth {
    const { live, collectors, clock } = this.parts;
    const { board } = live;
    const now = clock.now();
    const received = instrument < board.capacity ? board.received(instrument) : 0;
    const own = collectors.nameAt(instrument < board.capacity ? board.collector(instrument) : -1);
    const collector = own !== "" ? own : (collectors.of(instrument)[0] ?? null);
    const feed = collectors.truth().find((each) => each.collector === collector);
    const pulse = this.pulse.of(instrument);
    const evidence = {
      collector,
      lastTick: received === 0 ? null : Math.round(received),
      expectedPerMinute: pulse === null ? null : Math.round((60_000 / pulse.interval) * 10) / 10,
      longestMs: pulse === null ? null : Math.round(pulse.longest),
      patienceMs: pulse === null ? null : Math.round(pulse.patience),
    };
    const told = (state: FeedState, reason: string, since: number | null): InstrumentTruth => ({
      ...evidence,
      state,
      reason,
      since: since === null ? null : Math.round(since),
    });
    if (feed === undefined) return told("STOPPED", "no collector subscribes to it", null);
    if (feed.state === "RECONNECTING" || feed.state === "DOWN")
      return told("DOWN", `its feed is ${feed.state}: ${feed.reason}`, feed.since);
    if (!alive(feed.state) && feed.state !== "CLOSED")
      return told(feed.state, `its feed is ${feed.state}: ${feed.reason}`, feed.since);
    const open = this.openSince(live.table.hours(instrument), now);
    if (open === null) return told("CLOSED", "its exchange is not trading", null);
    if (open.unknown && istDay(received) !== istDay(now))
      return told("CLOSED", "it has no ticks today, and no holiday list says whether its exchange trades", null);
    const mute = this.mute.get(instrument);
    if (mute !== undefined) return told("MUTE", this.silenceOf(instrument, now - mute.since), mute.since);
    const quietSince = Math.max(received, open.since, this.aliveSince.get(feed.collector) ?? 0);
    const silence = now - quietSince;
    if (received === 0)
      return told(pulse === null && silence < 60_000 ? "STARTING" : "SLOW", "no tick received yet", quietSince);
    if (pulse !== null && silence > pulse.patience / 2)
      return told(
        "SLOW",
        `last tick ${durationText(now - received)} ago, usually every ${durationText(pulse.interval)}`,
        quietSince,
      );
    return told("LIVE", `last tick ${durationText(now - received)} ago`, null);
  }

  /** A silence that turned out to be normal; the instrument is given at least this long in future. */
  learn(instrument: number, silenceMs: number): void {
    this.pulse.learn(instrument, silenceMs);
  }

  private look(): void {
    const { live, clock, collectors } = this.parts;
    const { board } = live;
    const now = clock.now();
    this.follow(collectors.truth(), now);
    const opens = new Map<HoursKey, { since: number; unknown: boolean } | null>();
    const size = Math.min(live.table.size, board.capacity);
    for (let instrument = 0; instrument < size; instrument++) {
      const received = board.received(instrument);
      if (received === 0) continue;
      const hours = live.table.hours(instrument);
      let open = opens.get(hours);
      if (open === undefined) opens.set(hours, (open = this.openSince(hours, now)));
      // On a day no holiday list covers an instrument that has not ticked yet is not waited for.
      if (open === null || (open.unknown && istDay(received) !== istDay(now))) {
        this.close(instrument, now);
        continue;
      }
      const collector = collectors.nameAt(board.collector(instrument));
      const since = this.aliveSince.get(collector);
      // While the feed itself is away its gap is the feed's; an instrument that was mute before stays so.
      if (since === undefined) continue;
      const quietFrom = Math.max(open.since, since);
      const ticked = this.pulse.take(instrument, board.sequence(instrument), received, quietFrom);
      if (ticked) {
        this.wake(instrument, received);
        continue;
      }
      const patience = this.pulse.patience(instrument);
      if (patience === null || now - Math.max(received, quietFrom) <= patience || this.mute.has(instrument)) continue;
      const from = Math.max(received, quietFrom);
      this.mute.set(instrument, { volume: board.volume(instrument), since: from });
      this.parts.onSilent(collector, instrument, from, this.silenceOf(instrument, now - from));
    }
  }

  private silenceOf(instrument: number, silence: number): string {
    const pulse = this.pulse.of(instrument);
    return `no tick for ${durationText(silence)}${pulse === null ? "" : `, usually every ${durationText(pulse.interval)}, never longer than ${durationText(pulse.longest)}`}, while its feed delivers others`;
  }

  /** When each feed began to send ticks without a break. */
  private follow(feeds: readonly FeedTruth[], now: number): void {
    for (const feed of feeds) {
      if (!alive(feed.state)) this.aliveSince.delete(feed.collector);
      else if (!this.aliveSince.has(feed.collector)) this.aliveSince.set(feed.collector, now);
    }
  }

  private wake(instrument: number, received: number): void {
    const mute = this.mute.get(instrument);
    if (mute === undefined) return;
    this.mute.delete(instrument);
    const { board, table } = this.parts.live;
    // An index has values without trades, so a day volume of 0 does not show what it printed.
    const untraded =
      table.traded[instrument] === 1 && board.volume(instrument) >= 0 && board.volume(instrument) === mute.volume;
    this.parts.onReturn(instrument, received, untraded);
  }

  /** Its market has closed over its silence. */
  private close(instrument: number, now: number): void {
    if (!this.mute.delete(instrument)) return;
    this.parts.onReturn(instrument, now, false);
  }

  private openSince(hours: HoursKey, now: number): { since: number; unknown: boolean } | null {
    const session = this.parts.calendar.on(hours, istDay(now));
    const phase = session === null ? null : phaseAt(session, now);
    return session !== null && phase?.phase === "continuous"
      ? { since: phase.from, unknown: isUnknown(session) }
      : null;
  }
}
