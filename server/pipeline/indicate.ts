import { type BarBatch, type BarColumns, CLOSE, PATCH } from "@/server/domain/bars/bar";
import type { PointBatch } from "@/server/domain/bars/indicator";
import type { ResolvedIndicator } from "@/server/indicators";
import { barOf, emptyBar, STRIDE } from "@/server/indicators/compute";
import { peekForming } from "@/server/indicators/forming";
import { create, type IndicatorInstance, Instances, NEVER, type Running } from "./indicate-instances";
import { type Mark, MARK_BARS } from "./indicate-marks";
import { POINT_ROWS, pointBatch, PointQueue, pointRow } from "./indicate-points";
import type { Core } from "./stage";

export type { IndicatorInstance } from "./indicate-instances";

/** A past state: an indicator's state after the bar at `time`, as JSON. */
export interface IndicatorState {
  time: number;
  state: string;
}

/** Number of bars whose corrected values are sent; older pages are read when scrolled to. */
const TOLD_BARS = 1_500;

/**
 * Closed bars to indicator values. Instances come and go with those who hold them; each costs the same per bar whatever
 * the history. A change of the past makes an instance stale until `heal` has undone it to the last mark before the
 * change and run the bars since then again.
 */
export class Indicators implements Core<BarBatch, PointBatch> {
  private readonly instances = new Instances();
  private readonly outdated = new Set<Running>();
  private readonly points = pointBatch();
  private readonly queue = new PointQueue();
  private readonly bar = emptyBar();
  private readonly scratch = new Float64Array(STRIDE);
  /** Bars processed since the start; shows whether there is something new to save. */
  taken = 0;

  on(batch: BarBatch, emit: (points: PointBatch) => void): void {
    if (this.instances.size === 0) return;
    for (let row = 0; row < batch.length; row++) {
      const running = this.instances.of(batch.instrument[row]!, batch.timeframe[row]!);
      if (running === undefined || (batch.event[row] !== CLOSE && batch.event[row] !== PATCH)) continue;
      const time = batch.time[row]!;
      for (const each of running) {
        const { instance } = each;
        // A bar before the last one is news of the past, whatever it is called; the last one once more is none.
        if (batch.event[row] === PATCH || time < instance.lastTime) {
          this.mark(each, time);
          continue;
        }
        if (instance.lastTime === 0 || time === instance.lastTime) continue;
        if (this.points.length === POINT_ROWS) this.flush(emit);
        this.take(each, batch, row, this.points.values, pointRow(this.points, instance, time));
      }
    }
    this.flush(emit);
  }

  /** Sends corrected values, and the first values of new instances to external readers. */
  at(_now: number, emit: (points: PointBatch) => void): void {
    this.queue.emit(emit);
  }

  /** The instance of an indicator on a bar series: an existing one, or a new one that must be seeded. */
  acquire(instrument: number, timeframe: number, resolved: ResolvedIndicator): IndicatorInstance {
    return this.instances.acquire(instrument, timeframe, resolved).instance;
  }
  release(instance: IndicatorInstance): void {
    const ended = this.instances.release(instance);
    if (ended !== null) this.outdated.delete(ended);
  }

  /** The running instance of an indicator on a bar series; asking does not hold it. */
  find(instrument: number, timeframe: number, resolved: ResolvedIndicator): IndicatorInstance | undefined {
    return this.instances.find(instrument, timeframe, resolved)?.instance;
  }
  get(id: number): IndicatorInstance | undefined {
    return this.instances.get(id)?.instance;
  }
  /** Running instances of a bar series. */
  of(instrument: number, timeframe: number): readonly IndicatorInstance[] {
    return (this.instances.of(instrument, timeframe) ?? []).map((each) => each.instance);
  }
  *all(): IterableIterator<IndicatorInstance> {
    for (const each of this.instances.all()) yield each.instance;
  }
  timeframes(): readonly number[] {
    return this.instances.timeframes();
  }
  get size(): number {
    return this.instances.size;
  }

  /** True when its past has changed and it has not been healed, or it has never been seeded. */
  isStale(instance: IndicatorInstance): boolean {
    const running = this.instances.get(instance.id);
    return (
      running === undefined || instance.lastTime === 0 || running.patchedFrom !== NEVER || running.healing !== null
    );
  }

  /** History has changed bars of a series from an instant on. */
  outdate(instrument: number, timeframe: number, from: number): void {
    for (const running of this.instances.of(instrument, timeframe) ?? []) this.mark(running, from);
  }

  /** Takes the instances of the next bar series to heal off the list; empty when all is well. */
  takeOutdated(): IndicatorInstance[] {
    const [first] = this.outdated;
    if (first === undefined) return [];
    const { instrument, timeframe } = first.instance;
    const series = (this.instances.of(instrument, timeframe) ?? []).filter((each) => this.outdated.delete(each));
    return series.map((each) => each.instance);
  }

  /**
   * Call before the bars are read. Bars from `from` on have changed, and closed bars after `after` are needed (null:
   * enough bars before `from` to seed). Later patches are for the next repair.
   */
  beginHealing(instance: IndicatorInstance): { from: number; after: number | null } | null {
    const running = this.instances.get(instance.id);
    if (running === undefined) return null;
    // A healing that failed is still owed.
    const from = Math.min(running.patchedFrom, running.healing?.from ?? NEVER);
    if (from === NEVER) return null;
    const mark = running.marks.before(from);
    running.patchedFrom = NEVER;
    running.healing = { from, mark };
    return { from, after: mark?.time ?? null };
  }

  /**
   * Returns to the mark that `beginHealing` found, processes the closed bars after it, and sends all values that may
   * have changed.
   */
  heal(instance: IndicatorInstance, closed: BarColumns, before?: BarColumns): void {
    const running = this.instances.get(instance.id);
    if (running === undefined || running.healing === null) return;
    const { from, mark } = running.healing;
    const reached = instance.lastTime;
    this.begin(running, mark);
    if (before !== undefined && mark === null) this.lead(running, before);
    const told = closed.length - TOLD_BARS;
    for (let row = 0; row < closed.length; row++) {
      const time = closed.time[row]!;
      if (mark !== null && time <= mark.time) continue;
      this.take(running, closed, row, this.scratch, 0);
      if (row >= told && time >= from) this.queue.push(instance, time, this.scratch);
    }
    running.healing = null;
    // Closed by an exchange whose clock is ahead of ours: a reader calls such a bar forming for a moment longer.
    running.short = instance.lastTime < reached && !running.short;
    if (running.short) this.mark(running, instance.lastTime + 1);
    else if (running.patchedFrom !== NEVER) this.outdated.add(running);
  }

  /** A healing that could not be done: its turn comes again. */
  postpone(instance: IndicatorInstance): void {
    const running = this.instances.get(instance.id);
    if (running !== undefined && running.healing !== null) this.outdated.add(running);
  }

  /** Call before the bars of a seed are read: returns a ticket of the present state, for `seed` and `resume`. */
  ticket(instance: IndicatorInstance): number {
    return this.instances.get(instance.id)?.patches ?? 0;
  }

  /**
   * Runs a new indicator over closed bars, oldest first (after those of `before`, which are not bars of the series),
   * and leaves it at the last one. Patches since the `ticket` are applied later; `tell` sends the last value.
   */
  seed(
    instance: IndicatorInstance,
    closed: BarColumns,
    { ticket, before, tell = false }: { ticket?: number; before?: BarColumns | undefined; tell?: boolean } = {},
  ): void {
    const running = this.instances.get(instance.id);
    if (running === undefined) return;
    this.begin(running, null);
    if (before !== undefined) this.lead(running, before);
    this.finish(running, closed, 0, ticket, tell);
  }

  /**
   * Continues from a saved state with the closed bars after its time. False if the state does not fit this indicator,
   * which must then be seeded.
   */
  resume(
    instance: IndicatorInstance,
    kept: IndicatorState,
    closed: BarColumns,
    { ticket, tell = false }: { ticket?: number; tell?: boolean } = {},
  ): boolean {
    const running = this.instances.get(instance.id);
    if (running === undefined) return false;
    const mark: Mark = { time: kept.time, state: kept.state, count: 0 };
    try {
      this.begin(running, mark);
      if (JSON.stringify(running.indicator.snapshot()) !== kept.state)
        throw new TypeError("received a different state");
    } catch {
      this.begin(running, null);
      instance.lastTime = 0;
      return false;
    }
    running.marks.add(mark);
    let first = 0;
    while (first < closed.length && closed.time[first]! <= kept.time) first++;
    this.finish(running, closed, first, ticket, tell);
    return true;
  }

  /** The last state before an instant, to run the bars after it from; null when none is known or it is not to be trusted now. */
  stateBefore(instance: IndicatorInstance, instant: number): IndicatorState | null {
    return this.isStale(instance) ? null : this.instances.get(instance.id)!.marks.before(instant);
  }

  /** The state to keep on disk: while bars of the past wait to be repaired, one from before them; null if there is none. */
  kept(instance: IndicatorInstance): IndicatorState | null {
    const running = this.instances.get(instance.id);
    if (running === undefined || instance.lastTime === 0) return null;
    const from = Math.min(running.patchedFrom, running.healing?.from ?? NEVER);
    const { kept } = running.marks;
    return kept === null || kept.time < from ? kept : running.marks.before(from);
  }

  /** Values on bars still forming (`peekForming`), changing nothing. */
  peek(instance: IndicatorInstance, forming: BarColumns, out: Float64Array): void {
    const running = this.instances.get(instance.id);
    if (running === undefined || forming.length === 0) {
      out.fill(Number.NaN);
      return;
    }
    peekForming(running.indicator, forming, instance.plots, this.bar, this.scratch, out);
  }

  private take(running: Running, bars: BarBatch | BarColumns, row: number, out: Float64Array, at: number): void {
    running.indicator.next(barOf(bars, row, this.bar), out, at);
    const time = bars.time[row]!;
    running.instance.lastTime = time;
    this.taken++;
    running.taken++;
    // Spread over time, not all in the same minute.
    if ((running.taken + running.instance.id) % MARK_BARS === 0)
      running.marks.add({ time, count: running.taken, state: JSON.stringify(running.indicator.snapshot()) });
  }

  private begin(running: Running, mark: Mark | null): void {
    running.indicator = create(running.instance.resolved);
    if (mark !== null) running.indicator.restore(JSON.parse(mark.state));
    running.marks.cutAfter(mark);
    running.taken = mark?.count ?? 0;
    running.instance.lastTime = mark?.time ?? 1;
  }

  private lead(running: Running, bars: BarColumns): void {
    for (let row = 0; row < bars.length; row++) running.indicator.next(barOf(bars, row, this.bar), this.scratch, 0);
  }

  private finish(running: Running, closed: BarColumns, first: number, ticket: number | undefined, tell: boolean): void {
    for (let row = first; row < closed.length; row++) this.take(running, closed, row, this.scratch, 0);
    if (tell && first < closed.length) this.queue.push(running.instance, running.instance.lastTime, this.scratch);
    running.healing = null;
    if (ticket === undefined || ticket === running.patches) {
      running.patchedFrom = NEVER;
      this.outdated.delete(running);
    } else this.outdated.add(running);
  }

  /** Records that bars from a time on differ from what the instance has processed. */
  private mark(running: Running, from: number): void {
    running.patches++;
    running.patchedFrom = Math.min(running.patchedFrom, from);
    if (running.instance.lastTime !== 0) this.outdated.add(running);
  }

  private flush(emit: (points: PointBatch) => void): void {
    if (this.points.length === 0) return;
    emit(this.points);
    this.points.length = 0;
  }
}
