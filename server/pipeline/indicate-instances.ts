import type { Indicator } from "@/server/domain/bars/indicator";
import { TIMEFRAME_PLACES, timeframeAt } from "@/server/domain/time/timeframe";
import type { ResolvedIndicator } from "@/server/indicators";
import { type Mark, Marks } from "./indicate-marks";

/** One running indicator on one instrument and timeframe, shared by all who hold it. */
export interface IndicatorInstance {
  readonly id: number;
  readonly instrument: number;
  readonly timeframe: number;
  readonly resolved: ResolvedIndicator;
  readonly plots: number;
  /** Time of the last closed bar it has taken; 0 before it was seeded, 1 where there was no bar to seed it with. */
  lastTime: number;
  references: number;
}

export interface Running {
  readonly instance: IndicatorInstance;
  indicator: Indicator;
  /** Number of bars processed since it started. */
  taken: number;
  readonly marks: Marks;
  /** Changes of the past so far. */
  patches: number;
  /** Bars from here on have changed and no repair is running; `NEVER` if none. */
  patchedFrom: number;
  /** What is being healed. */
  healing: { from: number; mark: Mark | null } | null;
  /** The last healing found fewer bars than the instance had taken. */
  short: boolean;
}

/** Charts of seconds also start their indicators at a mark, so marks must reach back beyond what a chart shows. */
const MARKS = 7;
const MARKS_OF_SECONDS = 10;
export const NEVER = Number.POSITIVE_INFINITY;

/** The running instances by definition, by number and by bar series, each with a reference count. */
export class Instances {
  private readonly byHash = new Map<string, Running>();
  private readonly byId = new Map<number, Running>();
  private readonly byBar = new Map<number, Running[]>();
  /** Instances per timeframe; most bars are of a timeframe without any. */
  private readonly inUse = new Int32Array(TIMEFRAME_PLACES);
  private count = 0;

  get size(): number {
    return this.byId.size;
  }

  acquire(instrument: number, timeframe: number, resolved: ResolvedIndicator): Running {
    const hash = hashOf(instrument, timeframe, resolved);
    const known = this.byHash.get(hash);
    if (known !== undefined) {
      known.instance.references++;
      return known;
    }
    const running: Running = {
      instance: {
        id: ++this.count,
        instrument,
        timeframe,
        resolved,
        plots: resolved.definition.plots.length,
        lastTime: 0,
        references: 1,
      },
      indicator: create(resolved),
      taken: 0,
      marks: new Marks(timeframeAt(timeframe).from === "1s" ? MARKS_OF_SECONDS : MARKS),
      patches: 0,
      patchedFrom: NEVER,
      healing: null,
      short: false,
    };
    this.byHash.set(hash, running);
    this.byId.set(running.instance.id, running);
    this.inUse[timeframe]!++;
    const place = placeOf(instrument, timeframe);
    this.byBar.set(place, [...(this.byBar.get(place) ?? []), running]);
    return running;
  }

  /** The instance when this was its last holder: it has ended. */
  release({ id }: IndicatorInstance): Running | null {
    const running = this.byId.get(id);
    if (running === undefined) return null;
    const { instance } = running;
    if (--instance.references > 0) return null;
    this.byHash.delete(hashOf(instance.instrument, instance.timeframe, instance.resolved));
    this.byId.delete(id);
    this.inUse[instance.timeframe]!--;
    const place = placeOf(instance.instrument, instance.timeframe);
    const left = (this.byBar.get(place) ?? []).filter((each) => each !== running);
    if (left.length === 0) this.byBar.delete(place);
    else this.byBar.set(place, left);
    return running;
  }

  get(id: number): Running | undefined {
    return this.byId.get(id);
  }
  find(instrument: number, timeframe: number, resolved: ResolvedIndicator): Running | undefined {
    return this.byHash.get(hashOf(instrument, timeframe, resolved));
  }
  of(instrument: number, timeframe: number): readonly Running[] | undefined {
    return this.inUse[timeframe] === 0 ? undefined : this.byBar.get(placeOf(instrument, timeframe));
  }
  /** Positions of the timeframes on which any runs. */
  timeframes(): number[] {
    return [...this.inUse.keys()].filter((place) => this.inUse[place]! > 0);
  }
  all(): IterableIterator<Running> {
    return this.byId.values();
  }
}

export const create = ({ definition, params }: ResolvedIndicator): Indicator => definition.create(params);
const hashOf = (instrument: number, timeframe: number, resolved: ResolvedIndicator): string =>
  `${instrument}/${timeframe}/${resolved.hash}`;
const placeOf = (instrument: number, timeframe: number): number => instrument * TIMEFRAME_PLACES + timeframe;
