/** The indicator service over bars in memory, on a clock turned by hand. */
import {
  type BarBatch,
  barBatch,
  type BarColumns,
  barColumns,
  CLOSE,
  columnsOf,
  PATCH,
} from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { type AnyTimeframe, timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { Indicators } from "@/server/pipeline/indicate";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";
import type { Log } from "@/server/ports/observe";
import type { KeptSet, SnapshotSet, SnapshotStore } from "@/server/ports/snapshots";
import { type IndicatorConfiguration, IndicatorService } from "@/server/services/indicators/service";
import { testInstrument } from "./pipeline-rig";

export const columnsOfBars = (bars: readonly IndicatorBar[]): BarColumns =>
  columnsOf(bars.map((bar) => ({ value: 0, ticks: 1, rev: 1, state: "closed" as const, incomplete: false, ...bar })));

/** Sets in memory, each as the text it was kept as; `damage` makes one unreadable. */
class MemorySnapshots implements SnapshotStore {
  readonly sets: (SnapshotSet & { id: number; damaged: boolean })[] = [];
  async save(set: SnapshotSet): Promise<void> {
    this.sets.unshift({ ...set, id: this.sets.length + 1, damaged: false });
    this.sets.length = Math.min(10, this.sets.length);
  }
  async list(): Promise<KeptSet[]> {
    return this.sets;
  }
  async lines(id: number): Promise<string[]> {
    const set = this.sets.find((each) => each.id === id)!;
    if (set.damaged) throw new Error("incorrect data check");
    return set.pieces.join("\n").split("\n");
  }
}

interface Query {
  instrument: number;
  timeframe: AnyTimeframe;
  from?: number;
  to?: number;
  limit?: number;
  asOf?: number;
}

export class IndicatorRig {
  readonly table = new InstrumentTable();
  readonly calendar = createCalendar();
  readonly core = new Indicators();
  readonly meter = new Metrics();
  readonly warnings: string[] = [];
  /** The cause each warning names. */
  readonly reasons: unknown[] = [];
  /** Stored bars by instrument and timeframe, oldest first; forming ones apart. */
  readonly stored = new Map<string, IndicatorBar[]>();
  readonly forming = new Map<string, IndicatorBar[]>();
  /** What was read, and how many rows came. */
  readonly reads: (Query & { rows: number })[] = [];
  /** Sent values, by instance and bar. */
  readonly told = new Map<number, Map<number, number[]>>();
  now = 0;
  private timers: { every: number; due: number; run: () => void }[] = [];
  private elapsed = 0;
  service: IndicatorService;

  constructor(
    readonly options: { instruments?: number; configs?: string; timeframes?: string; hours?: string } = {},
    readonly snapshots = new MemorySnapshots(),
    readonly settings = new Map<string, unknown>(),
    public reread: IndicatorConfiguration = { configs: "", timeframes: "1m" },
  ) {
    for (let id = 1; id <= (options.instruments ?? 1); id++) this.table.put(testInstrument(id), options.hours ?? "NSE");
    this.service = this.build();
  }

  place(instrument: number, timeframe: string): string {
    return `${instrument}/${timeframe}`;
  }
  put(instrument: number, timeframe: string, bars: readonly IndicatorBar[]): void {
    this.stored.set(this.place(instrument, timeframe), [...bars]);
  }

  /** A bar closes: the store has it, the stage takes it. */
  close(instrument: number, timeframe: string, bar: IndicatorBar): void {
    const place = this.place(instrument, timeframe);
    this.stored.set(place, [...(this.stored.get(place) ?? []), bar]);
    this.core.on(this.batch(instrument, timeframe, bar, CLOSE), (points) => this.hear(points));
  }
  /** Changes a stored bar and notifies the stage. */
  patch(instrument: number, timeframe: string, bar: IndicatorBar): void {
    this.put(
      instrument,
      timeframe,
      (this.stored.get(this.place(instrument, timeframe)) ?? []).map((each) => (each.time === bar.time ? bar : each)),
    );
    this.core.on(this.batch(instrument, timeframe, bar, PATCH), (points) => this.hear(points));
  }
  /** Lets real time pass, and everything that it sets off happen. */
  async pass(ms: number): Promise<void> {
    const until = this.elapsed + ms;
    for (;;) {
      await this.settled();
      const next = this.timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.elapsed = Math.max(this.elapsed, next.due);
      if (next.every > 0) next.due += next.every;
      else this.timers = this.timers.filter((each) => each !== next);
      next.run();
      this.core.at(0, (points) => this.hear(points));
    }
    this.elapsed = until;
    this.core.at(0, (points) => this.hear(points));
  }

  private async settled(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  private hear({ length, instance, time, values, stride }: Parameters<Parameters<Indicators["at"]>[1]>[0]): void {
    for (let row = 0; row < length; row++) {
      const heard = this.told.get(instance[row]!) ?? new Map<number, number[]>();
      this.told.set(
        instance[row]!,
        heard.set(
          time[row]!,
          Array.from(values.subarray(row * stride, row * stride + (this.core.get(instance[row]!)?.plots ?? 1))),
        ),
      );
    }
  }

  private batch(instrument: number, timeframe: string, bar: IndicatorBar, event: number): BarBatch {
    const batch = barBatch(1);
    batch.length = 1;
    batch.event[0] = event;
    batch.instrument[0] = instrument;
    batch.timeframe[0] = timeframeNamed(timeframe as "1m").index;
    for (const name of ["time", "open", "high", "low", "close", "volume", "openInterest"] as const)
      batch[name][0] = bar[name];
    return batch;
  }

  private build(): IndicatorService {
    const wall: Clock = {
      now: () => this.elapsed,
      after: (delayMs, run) => this.timer(0, delayMs, run),
      every: (intervalMs, run) => this.timer(intervalMs, intervalMs, run),
      sleep: (delayMs) =>
        delayMs === 0
          ? new Promise((resolve) => setImmediate(resolve))
          : new Promise((resolve) => {
              this.timer(0, delayMs, resolve);
            }),
    };
    const log: Log = {
      ...silentLog(),
      warn: (message, fields) => {
        this.warnings.push(message);
        this.reasons.push(fields?.["cause"]);
      },
    };
    return new IndicatorService({
      running: this.core,
      live: { table: this.table } as LiveMarket,
      calendar: this.calendar,
      clock: { ...wall, now: () => this.now },
      wall,
      log,
      meter: this.meter,
      snapshots: this.snapshots,
      settings: {
        get: async (name) => this.settings.get(name) ?? null,
        set: async (name, value) => {
          this.settings.set(name, value);
        },
      },
      bars: { committed: async () => {}, read: async (query) => this.read(query) },
      liveInstruments: () => this.table.all().keys(),
      configuration: { configs: this.options.configs ?? "", timeframes: this.options.timeframes ?? "1m" },
      reread: () => this.reread,
    });
  }

  private timer(every: number, delayMs: number, run: () => void): () => void {
    const timer = { every, due: this.elapsed + delayMs, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  private read(query: Query): { closed: BarColumns; forming: BarColumns } {
    const { from = 0, to = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = query;
    const place = this.place(query.instrument, query.timeframe.name as TimeframeName);
    const inRange = ({ time }: IndicatorBar): boolean => time >= from && time < to;
    const rows = (this.stored.get(place) ?? []).filter(inRange);
    const open = query.asOf === undefined ? (this.forming.get(place) ?? []).filter(inRange) : [];
    // Like `Bars.read`: forming bars are among the newest ones.
    const forming = open.slice(Math.max(0, open.length - limit));
    const kept = rows.slice(Math.max(0, rows.length + forming.length - limit));
    this.reads.push({ ...query, rows: kept.length });
    return { closed: columnsOfBars(kept), forming: forming.length === 0 ? barColumns(0) : columnsOfBars(forming) };
  }
}
