import type { BarColumns } from "@/server/domain/bars/bar";
import type { ResolvedIndicator } from "@/server/indicators";

/** A running indicator, shared by all who hold it. */
export interface RunningInstance {
  readonly id: number;
  readonly instrument: number;
  /** Position in `timeframes`, or of a derived one. */
  readonly timeframe: number;
  readonly resolved: ResolvedIndicator;
  readonly plots: number;
  /** Time of the last closed bar it has taken; 0 before it was seeded. */
  readonly lastTime: number;
  readonly references: number;
}

/** An indicator's state after the bar at `time`: its `snapshot()` as JSON. */
export interface IndicatorState {
  time: number;
  state: string;
}

/**
 * How an instance starts: `ticket` as it was before the bars were read, `before` bars that precede the series, `tell`
 * for its last value.
 */
export interface Beginning {
  ticket?: number;
  before?: BarColumns | undefined;
  tell?: boolean;
}

/** The part of the running indicators (`pipeline/indicate.ts`) that the services need. */
export interface RunningIndicators {
  acquire(instrument: number, timeframe: number, resolved: ResolvedIndicator): RunningInstance;
  release(instance: RunningInstance): void;
  find(instrument: number, timeframe: number, resolved: ResolvedIndicator): RunningInstance | undefined;
  get(id: number): RunningInstance | undefined;
  of(instrument: number, timeframe: number): readonly RunningInstance[];
  /** Positions of the timeframes on which any runs. */
  timeframes(): readonly number[];
  all(): IterableIterator<RunningInstance>;
  readonly size: number;
  readonly taken: number;
  isStale(instance: RunningInstance): boolean;
  outdate(instrument: number, timeframe: number, from: number): void;
  takeOutdated(): RunningInstance[];
  beginHealing(instance: RunningInstance): { from: number; after: number | null } | null;
  heal(instance: RunningInstance, closed: BarColumns, before?: BarColumns): void;
  postpone(instance: RunningInstance): void;
  ticket(instance: RunningInstance): number;
  seed(instance: RunningInstance, closed: BarColumns, how?: Beginning): void;
  resume(instance: RunningInstance, kept: IndicatorState, closed: BarColumns, how?: Omit<Beginning, "before">): boolean;
  stateBefore(instance: RunningInstance, instant: number): IndicatorState | null;
  kept(instance: RunningInstance): IndicatorState | null;
  peek(instance: RunningInstance, forming: BarColumns, out: Float64Array): void;
}
