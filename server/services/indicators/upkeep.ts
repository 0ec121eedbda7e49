import { spanAt } from "@/server/domain/bars/resample";
import type { Calendar } from "@/server/domain/time/session";
import { type AnyTimeframe, TIMEFRAME_PLACES, timeframeAt } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Bars } from "@/server/services/bars/bars";
import type { IndicatorBegin } from "./begin";
import type { IndicatorState, RunningIndicators, RunningInstance } from "./running";

interface Parts {
  running: RunningIndicators;
  begin: IndicatorBegin;
  bars: Pick<Bars, "read" | "committed">;
  live: LiveMarket;
  calendar: Calendar;
  /** Market time. */
  clock: Clock;
  /** Real time: work is spaced by it. */
  wall: Clock;
  log: Log;
  meter: Meter;
  /** The last run's state from which the instance may continue. */
  kept(instance: RunningInstance): IndicatorState | null;
}

interface Unseeded {
  instance: RunningInstance;
  ticket: number;
}

const LOOK_MS = 250;
const RETRY_MS = 5_000;
/** A healed instance that is still behind an exchange whose clock is ahead of ours is looked at again after this long. */
const BEHIND_MS = 1_000;
/** Reading so many bars costs about as much as reading a few. */
const FEW_BARS = 400;

/**
 * Seeds configured indicators and repairs changed ones, one bar series after the other. One turn of the event loop
 * handles at most one series, and changed series come before new ones.
 */
export class IndicatorUpkeep {
  private readonly waiting = new Map<number, { instrument: number; timeframe: number }>();
  private readonly stopping = new AbortController();
  private stopTimer: (() => void) | null = null;
  private work: Promise<void> | null = null;
  /** Rejects when the work is to end, whatever it waits for. */
  private readonly ended: Promise<never>;

  constructor(private readonly parts: Parts) {
    const { signal } = this.stopping;
    this.ended = new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    );
    this.ended.catch(() => undefined);
  }

  start(): void {
    this.stopTimer ??= this.parts.wall.every(LOOK_MS, () => this.wake());
  }

  async stop(): Promise<void> {
    this.stopTimer?.();
    this.stopping.abort(new Error("the server stops"));
    await this.work;
  }

  /** Bar series that wait for their seed. */
  get unseeded(): number {
    return this.waiting.size;
  }

  /** Seeds the unseeded instances of a bar series when their turn comes. */
  seedSoon(instrument: number, timeframe: number): void {
    this.waiting.set(instrument * TIMEFRAME_PLACES + timeframe, { instrument, timeframe });
    this.wake();
  }

  /** History has changed bars that end after `from`. */
  changed(instrument: number, from: number): void {
    const { running, live, calendar } = this.parts;
    for (const place of running.timeframes()) {
      if (running.of(instrument, place).length === 0) continue;
      const timeframe = timeframeAt(place);
      running.outdate(
        instrument,
        timeframe.index,
        spanAt(calendar, live.table.hours(instrument), timeframe, from)?.start ?? from,
      );
    }
    this.wake();
  }

  private wake(): void {
    if (this.work !== null || this.stopping.signal.aborted) return;
    this.work = this.run()
      .catch((cause: unknown) => {
        if (!this.stopping.signal.aborted)
          this.parts.log.error("indicators are not being updated", {
            cause: cause instanceof Error ? cause.stack : String(cause),
          });
      })
      .finally(() => {
        this.work = null;
      });
  }

  private async run(): Promise<void> {
    const { running, wall, log, meter } = this.parts;
    const { signal } = this.stopping;
    for (;;) {
      const outdated = running.takeOutdated();
      const next = outdated.length > 0 ? null : this.next();
      if (outdated.length === 0 && next === null) return;
      try {
        if (next === null) await this.heal(outdated);
        else await this.seed(next.instrument, next.timeframe);
      } catch (cause) {
        if (signal.aborted) return;
        meter.count("indicators.failures");
        log.warn("could not load indicators; retrying soon", { cause: String(cause) });
        for (const each of outdated) running.postpone(each);
        if (next !== null) this.waiting.set(next.instrument * TIMEFRAME_PLACES + next.timeframe, next);
        await wall.sleep(RETRY_MS, signal);
      }
      // Frames that have come meanwhile are read first.
      await wall.sleep(outdated.some((each) => running.isStale(each)) ? BEHIND_MS : 0, signal);
    }
  }

  private next(): { instrument: number; timeframe: number } | null {
    const [first] = this.waiting;
    if (first === undefined) return null;
    this.waiting.delete(first[0]);
    return first[1];
  }

  private async heal(instances: readonly RunningInstance[]): Promise<void> {
    const { running, begin, bars, meter } = this.parts;
    // A patch is a part of a bar; the complete bar can be read once the store has it.
    await Promise.race([bars.committed(), this.ended]);
    const { instrument, timeframe: place } = instances[0]!;
    const timeframe = timeframeAt(place);
    let from = Number.POSITIVE_INFINITY;
    const plans = [];
    for (const instance of instances) {
      const need = running.beginHealing(instance);
      if (need === null) continue;
      const beginning =
        need.after === null
          ? await begin.at(instrument, timeframe, instance.resolved, need.from)
          : { from: need.after + 1 };
      from = Math.min(from, beginning.from);
      plans.push({ instance, beginning });
    }
    if (plans.length === 0) return;
    const { closed } = await bars.read({ instrument, timeframe, from });
    for (const { instance, beginning } of plans) running.heal(instance, closed, beginning.before);
    meter.count("indicators.healed", plans.length);
  }

  private async seed(instrument: number, place: number): Promise<void> {
    const { running, begin, bars, clock, meter } = this.parts;
    const timeframe = timeframeAt(place);
    const now = clock.now();
    const unseeded = running
      .of(instrument, place)
      .filter((each) => each.lastTime === 0)
      .map((instance) => ({ instance, ticket: running.ticket(instance) }));
    const left = await this.resume(instrument, timeframe, unseeded);
    for (const { instance, ticket } of left.filter((each) => begin.days(each.instance.resolved, timeframe, now) > 0)) {
      const { from, before } = await begin.at(instrument, timeframe, instance.resolved, now);
      const { closed } = await bars.read({ instrument, timeframe, from });
      if (instance.lastTime === 0) running.seed(instance, closed, { ticket, before, tell: true });
    }
    const counted = left.filter((each) => begin.days(each.instance.resolved, timeframe, now) === 0);
    if (counted.length > 0) {
      // One more than `settle`, so the reported value is correct.
      const { closed } = await bars.read({
        instrument,
        timeframe,
        limit: 1 + Math.max(...counted.map(({ instance }) => begin.settle(instance.resolved, timeframe, now))),
      });
      for (const { instance, ticket } of counted)
        if (instance.lastTime === 0) running.seed(instance, closed, { ticket, tell: true });
    }
    meter.count("indicators.seeded", left.length);
  }

  /** Continues from the last run's state; returns the instances without a matching state. */
  private async resume(
    instrument: number,
    timeframe: AnyTimeframe,
    unseeded: readonly Unseeded[],
  ): Promise<readonly Unseeded[]> {
    const { running, bars, meter } = this.parts;
    const kept = unseeded.flatMap((each) => {
      const state = this.parts.kept(each.instance);
      return state !== null && this.isNear(each.instance, timeframe, state) ? [{ ...each, state }] : [];
    });
    if (kept.length === 0) return unseeded;
    const { closed } = await bars.read({
      instrument,
      timeframe,
      from: 1 + Math.min(...kept.map(({ state }) => state.time)),
    });
    const resumed = kept.filter(
      ({ instance, ticket, state }) =>
        instance.lastTime === 0 && running.resume(instance, state, closed, { ticket, tell: true }),
    );
    meter.count("indicators.resumed", resumed.length);
    return unseeded.filter(({ instance }) => instance.lastTime === 0);
  }

  /** State is useless if more bars follow it than a seed needs. */
  private isNear(instance: RunningInstance, timeframe: AnyTimeframe, kept: IndicatorState): boolean {
    const now = this.parts.clock.now();
    return (
      now - kept.time <=
      Math.max(FEW_BARS, this.parts.begin.settle(instance.resolved, timeframe, now)) * timeframe.lengthMs
    );
  }
}
