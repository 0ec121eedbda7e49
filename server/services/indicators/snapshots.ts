import { fnv1a } from "@/server/domain/basics/fnv";
import { timeframe as timeframeNamed, timeframeOf, timeframes } from "@/server/domain/time/timeframe";
import type { IndicatorDefinition } from "@/server/indicators/define";
import { indicators, SNAPSHOT_FORMAT } from "@/server/indicators";
import type { Clock } from "@/server/ports/clock";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Log, Meter } from "@/server/ports/observe";
import type { SnapshotStore } from "@/server/ports/snapshots";
import type { IndicatorState, RunningIndicators, RunningInstance } from "./running";

interface Parts {
  running: RunningIndicators;
  store: SnapshotStore;
  table: InstrumentTable;
  /** Real time. */
  wall: Clock;
  log: Log;
  meter: Meter;
}

const EVERY_MS = 30_000;
/** State that is not used this long after a start is discarded. */
const UNTOUCHED_MS = 600_000;
/** A turn of the event loop may be held so long. */
const TURN_MS = 2;

/** A line: instrument id, timeframe, indicator, its parameters' text, time and state. */
type Line = [instrument: number, timeframe: string, indicator: string, hash: string, time: number, state: unknown];

/**
 * Saves the state of all running instances every half minute, and provides the last run's state to new instances. The
 * saved state is a few bars old (`kept` of the stage); a start replays those bars, so late ticks just before a crash
 * are included.
 */
export class IndicatorSnapshots {
  private readonly left = new Map<string, { line: string; state: IndicatorState }>();
  private stopTimer: (() => void) | null = null;
  private forget: (() => void) | null = null;
  private saving: Promise<void> | null = null;
  private savedAt = 0;

  constructor(private readonly parts: Parts) {}

  /** Reads the newest readable set; unreadable ones are reported and skipped. */
  async restore(): Promise<void> {
    const { store, log, wall } = this.parts;
    const sets = await store.list();
    for (const { id, takenAt, version, instances } of sets) {
      try {
        if (version !== SNAPSHOT_FORMAT) throw new Error(`format ${version} is not ${SNAPSHOT_FORMAT}`);
        await this.take(await store.lines(id));
        log.info("indicator state loaded", { takenAt: new Date(takenAt).toISOString(), instances: this.left.size });
        break;
      } catch (cause) {
        this.left.clear();
        log.warn("cannot use an indicator snapshot; trying the previous one", {
          id,
          takenAt: new Date(takenAt).toISOString(),
          instances,
          cause: String(cause),
        });
      }
    }
    this.forget = wall.after(UNTOUCHED_MS, () => this.left.clear());
  }

  start(): void {
    this.stopTimer ??= this.parts.wall.every(EVERY_MS, () => void this.save());
  }

  /** Keeps the last states too. */
  async stop(): Promise<void> {
    this.stopTimer?.();
    this.forget?.();
    await this.save();
  }

  /** Returns the last run's state from which an instance may continue, once. */
  keptOf(instance: RunningInstance): IndicatorState | null {
    const timeframe = timeframes[instance.timeframe];
    if (timeframe === undefined) return null; // derived: not kept
    const name = nameOf(this.parts.table.at(instance.instrument).id, timeframe.name, instance.resolved.hash);
    const found = this.left.get(name);
    this.left.delete(name);
    return found?.state ?? null;
  }

  save(): Promise<void> {
    this.saving ??= this.write()
      .catch((cause: unknown) => {
        this.parts.meter.count("indicators.snapshotFailures");
        this.parts.log.warn("could not save indicator state", { cause: String(cause) });
      })
      .finally(() => {
        this.saving = null;
      });
    return this.saving;
  }

  private async write(): Promise<void> {
    const { running, store, table, wall, meter } = this.parts;
    if (running.taken === this.savedAt) return;
    const taken = running.taken;
    const began = wall.now();
    const pieces: string[] = [JSON.stringify({ version: SNAPSHOT_FORMAT, definitions: definitions() })];
    let lines: string[] = [];
    let count = 0;
    let turn = began;
    for (const instance of running.all()) {
      const timeframe = timeframes[instance.timeframe];
      const kept = timeframe === undefined ? null : running.kept(instance);
      if (timeframe === undefined || kept === null) continue;
      const { resolved } = instance;
      // The state is JSON already.
      lines.push(
        `[${table.at(instance.instrument).id},"${timeframe.name}","${resolved.definition.id}",${JSON.stringify(resolved.hash)},${kept.time},${kept.state}]`,
      );
      count++;
      if (wall.now() - turn < TURN_MS) continue;
      pieces.push(lines.join("\n"));
      lines = [];
      await wall.sleep(0);
      turn = wall.now();
    }
    for (const { line } of this.left.values()) {
      lines.push(line);
      count++;
    }
    if (count === 0) return;
    if (lines.length > 0) pieces.push(lines.join("\n"));
    await store.save({ takenAt: Math.round(began), version: SNAPSHOT_FORMAT, instances: count, pieces });
    this.savedAt = taken;
    meter.count("indicators.snapshots");
    meter.record("indicators.snapshot", wall.now() - began);
  }

  private async take(lines: readonly string[]): Promise<void> {
    const { wall } = this.parts;
    const [head = "", ...rest] = lines;
    const before = (JSON.parse(head) as { definitions: Record<string, string> }).definitions;
    const now = definitions();
    let turn = wall.now();
    for (const line of rest) {
      const [instrument, timeframe, indicator, hash, time, state] = JSON.parse(line) as Line;
      if (
        typeof instrument !== "number" ||
        typeof time !== "number" ||
        typeof hash !== "string" ||
        timeframeOf(timeframe) === undefined
      )
        throw new TypeError(`not a state: ${line.slice(0, 80)}`);
      // An indicator whose computation has changed starts again.
      if (before[indicator] === now[indicator])
        this.left.set(nameOf(instrument, timeframeNamed(timeframe as never).name, hash), {
          line,
          state: { time, state: JSON.stringify(state) },
        });
      if (wall.now() - turn < TURN_MS) continue;
      await wall.sleep(0);
      turn = wall.now();
    }
  }
}

const nameOf = (instrumentId: number, timeframe: string, hash: string): string =>
  `${instrumentId}/${timeframe}/${hash}`;

/** Identifies a version of an indicator by its definition and the shape of its state. */
const definitions = (): Record<string, string> =>
  Object.fromEntries(indicators.map((each) => [each.id, fingerprint(each)]));

const fingerprint = (definition: IndicatorDefinition): string => {
  const params = definition.params.parse({});
  const text = JSON.stringify([
    definition.source,
    definition.order,
    definition.plots.map(({ id }) => id),
    definition.warmUp(params),
    definition.create(params).snapshot(),
  ]);
  return fnv1a(text).toString(36);
};
