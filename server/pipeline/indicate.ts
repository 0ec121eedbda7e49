import { type BarBatch, type BarColumns, CLOSE, PATCH } from "@/server/domain/bar";
import type { Indicator, IndicatorBar, PointBatch } from "@/server/domain/indicator";
import { timeframes } from "@/server/domain/timeframe";
import type { ResolvedIndicator } from "@/server/indicators";
import { barOf, emptyBar, STRIDE } from "@/server/indicators/compute";
import type { Core } from "./stage";

/** One running indicator on one instrument and timeframe, shared by its readers. */
export interface IndicatorInstance {
  id: number;
  instrument: number;
  timeframe: number;
  resolved: ResolvedIndicator;
  plots: number;
  /** Time of the last closed bar it has taken; 0 before it was seeded. */
  lastTime: number;
  references: number;
}

/**
 * Closed bars to indicator values. Instances come and go with their readers; each costs the same per bar whatever the
 * history. A patched bar makes an instance `stale`: whoever reads it seeds it anew.
 */
export class Indicators implements Core<BarBatch, PointBatch> {
  private readonly byHash = new Map<string, Running>();
  private readonly byBar = new Map<number, Running[]>();
  private count = 0;
  private readonly points: PointBatch = {
    length: 0, stride: STRIDE, instance: new Int32Array(1_024), instrument: new Int32Array(1_024), timeframe: new Uint8Array(1_024),
    time: new Float64Array(1_024), values: new Float64Array(1_024 * STRIDE),
  };

  on(batch: BarBatch, emit: (points: PointBatch) => void): void {
    if (this.byBar.size === 0) return;
    for (let row = 0; row < batch.length; row++) {
      const running = this.byBar.get(batch.instrument[row]! * timeframes.length + batch.timeframe[row]!);
      if (running === undefined) continue;
      for (const each of running) {
        if (batch.event[row] === PATCH) { each.stale = true; continue; }
        if (batch.event[row] !== CLOSE || each.instance.lastTime === 0 || batch.time[row]! <= each.instance.lastTime) continue;
        if (this.points.length === 1_024) this.flush(emit);
        const at = this.points.length++;
        each.indicator.next(barOf(batch, row, each.bar), this.points.values, at * STRIDE);
        each.instance.lastTime = batch.time[row]!;
        this.points.instance[at] = each.instance.id;
        this.points.instrument[at] = batch.instrument[row]!;
        this.points.timeframe[at] = batch.timeframe[row]!;
        this.points.time[at] = batch.time[row]!;
      }
    }
    this.flush(emit);
  }

  /** The instance of an indicator on a bar series: a known one, or a new one that must be seeded. */
  acquire(instrument: number, timeframe: number, resolved: ResolvedIndicator): IndicatorInstance {
    const hash = `${instrument}/${timeframe}/${resolved.hash}`;
    const known = this.byHash.get(hash);
    if (known !== undefined) { known.instance.references++; return known.instance; }
    const instance: IndicatorInstance = { id: ++this.count, instrument, timeframe, resolved, plots: resolved.definition.plots.length, lastTime: 0, references: 1 };
    const running: Running = { instance, indicator: resolved.definition.create(resolved.params), stale: false, bar: emptyBar(), scratch: new Float64Array(STRIDE) };
    this.byHash.set(hash, running);
    const place = instrument * timeframes.length + timeframe;
    this.byBar.set(place, [...(this.byBar.get(place) ?? []), running]);
    return instance;
  }

  release(instance: IndicatorInstance): void {
    if (--instance.references > 0) return;
    const hash = `${instance.instrument}/${instance.timeframe}/${instance.resolved.hash}`;
    this.byHash.delete(hash);
    const place = instance.instrument * timeframes.length + instance.timeframe;
    const left = (this.byBar.get(place) ?? []).filter((each) => each.instance !== instance);
    if (left.length === 0) this.byBar.delete(place); else this.byBar.set(place, left);
  }

  /** Running instances of a bar series. */
  of(instrument: number, timeframe: number): readonly IndicatorInstance[] {
    return (this.byBar.get(instrument * timeframes.length + timeframe) ?? []).map((each) => each.instance);
  }

  /** True when a patch has made the instance's past wrong, or it has never been seeded. */
  isStale(instance: IndicatorInstance): boolean {
    const running = this.find(instance);
    return running === undefined || running.stale || instance.lastTime === 0;
  }

  /** Runs a fresh indicator over closed bars, oldest first, and leaves the instance standing after the last one. */
  seed(instance: IndicatorInstance, closed: BarColumns): void {
    const running = this.find(instance);
    if (running === undefined) return;
    running.indicator = instance.resolved.definition.create(instance.resolved.params);
    for (let row = 0; row < closed.length; row++) running.indicator.next(barOf(closed, row, running.bar), running.scratch, 0);
    instance.lastTime = closed.length === 0 ? 1 : closed.time[closed.length - 1]!;
    running.stale = false;
  }

  /**
   * Values on bars still forming, oldest first, changing nothing: `out` gets `plots` numbers a bar. With two bars
   * forming the first is taken as closed for the second, as it will be.
   */
  peek(instance: IndicatorInstance, forming: BarColumns, out: Float64Array): void {
    const running = this.find(instance);
    if (running === undefined || forming.length === 0) { out.fill(Number.NaN); return; }
    const before = forming.length > 1 ? running.indicator.snapshot() : undefined;
    for (let row = 0; row < forming.length; row++) {
      const bar = barOf(forming, row, running.bar);
      if (row < forming.length - 1) running.indicator.next(bar, running.scratch, 0);
      else running.indicator.peek(bar, running.scratch, 0);
      for (let plot = 0; plot < instance.plots; plot++) out[row * instance.plots + plot] = running.scratch[plot]!;
    }
    if (before !== undefined) running.indicator.restore(before);
  }

  get size(): number { return this.byHash.size; }

  private find(instance: IndicatorInstance): Running | undefined {
    return this.byHash.get(`${instance.instrument}/${instance.timeframe}/${instance.resolved.hash}`);
  }

  private flush(emit: (points: PointBatch) => void): void {
    if (this.points.length === 0) return;
    emit(this.points);
    this.points.length = 0;
  }
}

interface Running {
  instance: IndicatorInstance;
  indicator: Indicator;
  stale: boolean;
  bar: IndicatorBar;
  scratch: Float64Array;
}
