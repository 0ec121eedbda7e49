import { badInput } from "@/server/domain/basics/errors";
import { spanAt } from "@/server/domain/bars/resample";
import type { Calendar } from "@/server/domain/time/session";
import { timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import { indicatorCatalogue, type IndicatorView, indicators as registry } from "@/server/indicators";
import type { Clock } from "@/server/ports/clock";
import type { IndicatorDesk } from "@/server/ports/desk";
import type { LiveMarket } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { SnapshotStore } from "@/server/ports/snapshots";
import { byName, entryText, readRows, readStored, type Unreadable } from "@/server/ports/stored";
import type { SettingStore } from "@/server/ports/stores";
import type { Bars } from "@/server/services/bars/bars";
import { IndicatorBegin } from "./begin";
import {
  type ConfiguredIndicator,
  MOST_CONFIGURED,
  parseIndicatorConfigs,
  parseIndicatorList,
  parseTimeframes,
} from "./configs";
import { indicatorDesk } from "./desk";
import { IndicatorReads } from "./values";
import { IndicatorSet } from "./active-set";
import { IndicatorSnapshots } from "./snapshots";
import { IndicatorUpkeep } from "./upkeep";
import type { RunningIndicators } from "./running";

/** `INDICATOR_CONFIGS` and `INDICATOR_TIMEFRAMES` as written. */
export interface IndicatorConfiguration {
  configs: string;
  timeframes: string;
}

interface Parts {
  running: RunningIndicators;
  bars: Pick<Bars, "read" | "committed">;
  live: LiveMarket;
  calendar: Calendar;
  clock: Clock;
  wall: Clock;
  log: Log;
  meter: Meter;
  snapshots: SnapshotStore;
  settings: SettingStore;
  unreadable?: Unreadable | undefined;
  /** Instruments that running collectors subscribe, dense numbers. */
  liveInstruments(): Iterable<number>;
  /** The configuration at start, and as it changes later. */
  configuration: IndicatorConfiguration;
  reread(): IndicatorConfiguration;
}

/** What runs on every live instrument. */
export interface ActiveIndicators {
  /** `settings`: chosen at run time; `configuration`: from INDICATOR_CONFIGS. */
  source: "configuration" | "settings";
  indicators: {
    text: string;
    id: string;
    label: string;
    params: Record<string, number | string>;
    timeframe: TimeframeName;
  }[];
  instruments: number;
  /** Running instances, those of readers included. */
  instances: number;
  /** Bar series whose instances wait for their history. */
  unseeded: number;
}

export interface IndicatorValuesQuery {
  instrument: number;
  timeframe: TimeframeName;
  spec: string;
  /** The newest so many bars, what forms among them. */
  limit: number;
  /** Bars with from <= time < to. */
  from?: number | undefined;
  to?: number | undefined;
  /** Over the bars as they were known at that instant. */
  asOf?: number | undefined;
  signal?: AbortSignal | undefined;
}
export interface IndicatorValuesView {
  label: string;
  plots: readonly { id: string; title: string; unit: "price" | "value" }[];
  /** Oldest first; prices in minor units, null while warming up. `live`: of a bar that is still forming. */
  values: { time: number; live: boolean; values: (number | null)[] }[];
}

interface Chosen {
  indicators: string[];
  timeframes: string[];
}
const SETTING = "indicators.active";

/** The indicators that run: the configured set, what readers hold, their upkeep and their kept states. */
export class IndicatorService {
  readonly desk: IndicatorDesk;
  private readonly snapshots: IndicatorSnapshots;
  private readonly upkeep: IndicatorUpkeep;
  private readonly set: IndicatorSet;
  private source: ActiveIndicators["source"] = "configuration";

  /** Throws `bad_input` where the configuration is wrong. */
  constructor(private readonly parts: Parts) {
    const { running, bars, live, calendar, clock, wall, log, meter } = parts;
    configured(parts.configuration);
    this.snapshots = new IndicatorSnapshots({ running, store: parts.snapshots, table: live.table, wall, log, meter });
    const kept = (instance: Parameters<IndicatorSnapshots["keptOf"]>[0]) => this.snapshots.keptOf(instance);
    const begin = new IndicatorBegin({ bars, live, calendar });
    this.upkeep = new IndicatorUpkeep({ running, begin, bars, live, calendar, clock, wall, log, meter, kept });
    this.set = new IndicatorSet({
      running,
      live: parts.liveInstruments,
      wall,
      seedSoon: (instrument, timeframe) => this.upkeep.seedSoon(instrument, timeframe),
    });
    this.desk = indicatorDesk(running, new IndicatorReads({ bars, begin, running, clock, kept }));
  }

  /** The store must be open. Saved state is read before any indicator starts. */
  async start(): Promise<void> {
    await this.snapshots
      .restore()
      .catch((cause: unknown) => this.parts.log.warn("could not read indicator snapshots", { cause: String(cause) }));
    const chosen = await this.chosenBefore();
    this.source = chosen === null ? "configuration" : "settings";
    const wanted = chosen ?? configured(this.parts.configuration);
    this.upkeep.start();
    this.snapshots.start();
    this.set.start();
    await this.set.replace(wanted);
  }

  /** Returns the chosen set without entries that are no longer valid; null if none was chosen or none is left. */
  private async chosenBefore(): Promise<ConfiguredIndicator[] | null> {
    const { settings, unreadable } = this.parts;
    const what = `setting ${SETTING}`;
    const kept = readStored(what, await settings.get(SETTING), byName, unreadable);
    if (kept === null) return null;
    const timeframes = readRows(
      `${what}, timeframes`,
      kept["timeframes"],
      (row) => parseTimeframes("timeframes", entryText.parse(row)),
      unreadable,
    ).flat();
    const running = timeframes.length > 0 ? timeframes : parseTimeframes("timeframes", "1m");
    const indicators = readRows(
      `${what}, indicators`,
      kept["indicators"],
      (row) => parseIndicatorConfigs("indicators", entryText.parse(row), running),
      unreadable,
    ).flat();
    // An empty choice is a choice; one without any valid entry is not.
    if (indicators.length === 0 && !(Array.isArray(kept["indicators"]) && kept["indicators"].length === 0)) return null;
    const each = new Map(indicators.map((indicator) => [indicator.text, indicator]));
    return [...each.values()].slice(0, MOST_CONFIGURED);
  }

  /** Ends the work and keeps the last states; the store must still be open. */
  async stop(): Promise<void> {
    await this.set.stop();
    await this.upkeep.stop();
    await this.snapshots.stop();
  }

  /** Instruments have come or gone. */
  refresh(): Promise<void> {
    return this.set.refresh();
  }
  /** History has changed bars that end after `from`. */
  changed(instrument: number, from: number): void {
    this.upkeep.changed(instrument, from);
  }

  active(): ActiveIndicators {
    return {
      source: this.source,
      instruments: this.set.instruments,
      instances: this.parts.running.size,
      unseeded: this.upkeep.unseeded,
      indicators: this.set.entries.map(({ text, resolved, timeframe }) => ({
        text,
        id: resolved.definition.id,
        label: resolved.label,
        params: resolved.params,
        timeframe: timeframe.name,
      })),
    };
  }

  /**
   * Runs another set from now on and after the next start. Indicators in both sets continue undisturbed. Throws
   * `bad_input`.
   */
  async choose(chosen: Chosen): Promise<ActiveIndicators> {
    const wanted = parseChosen(chosen);
    this.set.check(wanted);
    await this.parts.settings.set(SETTING, chosen);
    this.source = "settings";
    await this.set.replace(wanted);
    return this.active();
  }

  /** Runs the current configuration and discards the chosen set. Throws `bad_input`. */
  async reload(): Promise<ActiveIndicators> {
    const wanted = configured(this.parts.reread());
    this.set.check(wanted);
    await this.parts.settings.set(SETTING, null);
    this.source = "configuration";
    await this.set.replace(wanted);
    return this.active();
  }

  /** Every indicator with its parameters; `warmUp` is that of the defaults. */
  catalogue(): (IndicatorView & { warmUp: number })[] {
    return indicatorCatalogue().map((view) => {
      const definition = registry.find((each) => each.id === view.id)!;
      return { ...view, warmUp: definition.warmUp(definition.params.parse({})) };
    });
  }

  /** Values over the newest bars, closed and forming: a chart's own numbers. A closed bar's does not depend on how many are asked for. */
  async values({
    instrument,
    timeframe: name,
    spec,
    limit,
    from,
    to,
    asOf: asked,
    signal,
  }: IndicatorValuesQuery): Promise<IndicatorValuesView> {
    if (from !== undefined && to !== undefined && from >= to) throw badInput("from", from, "an instant before `to`");
    const [wish, more] = parseIndicatorList("spec", spec);
    if (wish === undefined || more !== undefined)
      throw badInput("spec", spec, "one indicator, as in EMA:20 or MACD:12:26:9");
    const timeframe = timeframeNamed(name);
    const held = this.desk.describe({ id: wish.resolved.definition.id, params: wish.resolved.params });
    const { live, calendar, clock } = this.parts;
    const hours = live.table.hours(instrument);
    // For a time in the future, the answer is what is known now.
    const asOf = asked === undefined || asked >= clock.now() ? undefined : asked;
    const { closed, forming, first, values } = await this.desk.read(
      {
        instrument,
        timeframe,
        bars: limit,
        withForming: true,
        signal,
        ...(from === undefined ? {} : { since: from }),
        ...(to === undefined ? {} : { to }),
        ...(asOf === undefined ? {} : { asOf }),
      },
      [{ instance: 0, ...held }],
    );
    const rows = closed.length - first;
    const all = rows + forming.length;
    const timeAt = (row: number): number => (row < rows ? closed.time[first + row]! : forming.time[row - rows]!);
    // Bars that were forming then are returned as closed if they have ended since.
    const formed = (time: number): boolean =>
      asOf !== undefined &&
      (timeframe.from === "1s" && timeframe.lengthMs === 1_000
        ? time + 1_000
        : (spanAt(calendar, hours, timeframe, time)?.end ?? 0)) > asOf;
    const shown = Array.from({ length: all }, (_, row) => row)
      .filter((row) => from === undefined || timeAt(row) >= from)
      .slice(-limit);
    const valuesAt = (row: number): (number | null)[] =>
      values[0]!.map((plot) => (Number.isNaN(plot[row]!) ? null : plot[row]!));
    return {
      label: held.label,
      plots: held.plots.map(({ id, title, unit }) => ({ id, title, unit })),
      values: shown.map((row) => ({
        time: timeAt(row),
        live: row >= rows || formed(timeAt(row)),
        values: valuesAt(row),
      })),
    };
  }
}

const configured = ({ configs, timeframes }: IndicatorConfiguration): ConfiguredIndicator[] =>
  parseIndicatorConfigs("INDICATOR_CONFIGS", configs, parseTimeframes("INDICATOR_TIMEFRAMES", timeframes));
const parseChosen = ({ indicators, timeframes }: Chosen): ConfiguredIndicator[] =>
  parseIndicatorConfigs("indicators", indicators.join(), parseTimeframes("timeframes", timeframes.join()));
