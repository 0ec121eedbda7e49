import { type Gap, isClosed } from "@/server/domain/bars/gap";
import { istClock } from "@/server/domain/time/ist-text";
import { istDate, istDay, istMidnight } from "@/server/domain/time/session";
import type { Stretch } from "@/server/domain/bars/completeness";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Log, Meter } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { Store } from "@/server/ports/stores";
import { counted } from "@/server/domain/basics/counted";
import type { Bars } from "@/server/services/bars/bars";
import type { Collectors } from "@/server/services/collecting/collectors";
import { Compare, HEALING } from "./compare";
import { CompletenessDays } from "./completeness";
import { Gaps } from "./gaps";
import type { EventLog } from "@/server/services/upkeep/events";
import type { HistoryAccess } from "@/server/ports/history-source";
import type { History, ToldBars } from "@/server/services/history/catch-up";
import { InstrumentTruths } from "./instrument-truth";
import { DayQuality } from "./day-quality";

interface Parts {
  store: Pick<Store, "bars" | "gaps" | "compares" | "settings">;
  recent: RecentBars;
  bars: Bars;
  live: LiveMarket;
  calendar: TradingCalendar;
  clock: Clock;
  log: Log;
  meter: Meter;
  events: EventLog;
  collectors: Collectors;
  history: Pick<History, "heal" | "read" | "jobs">;
  /** The login by which a collector's broker is asked for history; undefined when there is none. */
  access(collector: string): HistoryAccess | undefined;
  /** Stretches during which an instrument's feed sent nothing, whether filled since or not. */
  away(this: void, instrument: number, from: number, to: number): Promise<readonly Stretch[]>;
  warm(instrument: number): Promise<void>;
  changed(instrument: number, from: number, to: number): void;
  unreadable?: Unreadable | undefined;
}

/** What the server knows of the quality of its data: gaps, completeness, the truth about each instrument, the day's compare. */
export interface QualityDesk {
  gaps: Gaps;
  truths: InstrumentTruths;
  completeness: CompletenessDays;
  compare: Compare;
  days: DayQuality;
  /** Names of the collectors that deliver an instrument (by dense number). */
  collectorsOf(instrument: number): readonly string[];
  /** By store id, listed or not. */
  keyOf(id: number): string;
  decimalsOf(id: number): number;
  /** IST day number of now, and a date's text: routes have no calendar of their own. */
  today(): number;
  /** IST day number of an instant. */
  dayOf(instant: number): number;
  dateOf(day: number): string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const createQualityDesk = (parts: Parts): QualityDesk => {
  const { store, recent, bars, live, calendar, clock, log, meter, events, collectors } = parts;
  const collectorsOf = (instrument: number): string[] => collectors.bringing(instrument);
  const brokerOf = (instrument: number): HistoryAccess | undefined => {
    for (const name of collectorsOf(instrument)) {
      const access = parts.access(name);
      if (access !== undefined) return access;
    }
    return undefined;
  };

  const known = (id: number): Instrument | undefined => {
    const index = live.table.indexOfId(id);
    return index === -1 ? undefined : live.table.at(index);
  };

  const tell = (gap: Gap): void => {
    const whose = gap.instrument !== null ? (known(gap.instrument)?.key ?? "") : (gap.collector ?? "");
    const span = `${istClock(gap.from)} to ${gap.to === null ? "now" : istClock(gap.to)}`;
    if (gap.state === "open" && gap.to === null && gap.missing === null)
      events.add("warn", whose, `gap ${gap.id}: no data since ${istClock(gap.from)} (${gap.cause})`);
    else if (gap.state === "open" && gap.remaining !== null)
      events.add("warn", whose, `gap ${gap.id}, ${span}: ${gap.remaining} of ${gap.missing} minutes are still missing`);
    else if (isClosed(gap.state))
      events.add(
        "info",
        whose,
        `gap ${gap.id}, ${span}: ${gap.state === "no_trade" ? "nothing traded" : gap.state === "ignored" ? `ignored by ${gap.healedBy}` : `${gap.filled} of ${gap.missing} minutes filled`}`,
      );
    if (
      gap.state === "no_trade" &&
      gap.cause === "silence" &&
      gap.instrument !== null &&
      known(gap.instrument) !== undefined
    )
      truths.learn(live.table.indexOfId(gap.instrument), gap.to! - gap.from);
  };

  const gaps = new Gaps({
    store: store.gaps,
    bars: store.bars,
    recent,
    live,
    calendar,
    clock,
    log,
    meter,
    collectorsOf,
    collectors: () => collectors.truth().map(({ collector }) => collector),
    instrumentsOf: (collector) => collectors.instrumentsOf(collector),
    changed: tell,
    healing: {
      source: (collector) =>
        parts.access(collector) === undefined
          ? null
          : (collectors.truth().find((each) => each.collector === collector)?.feed ?? collector),
      async heal(collector, instruments, from, to, signal) {
        const access = parts.access(collector);
        return access !== undefined && parts.history.heal(access, instruments, from, to, signal);
      },
    },
  });
  const truths: InstrumentTruths = new InstrumentTruths({
    live,
    calendar,
    clock,
    collectors: { truth: () => collectors.truth(), nameAt: (index) => collectors.nameAt(index), of: collectorsOf },
    onSilent: (collector, instrument, from, reason) => gaps.silent(collector, instrument, from, reason),
    onReturn: (instrument, at, untraded) => gaps.returned(instrument, at, untraded),
  });
  const completeness = new CompletenessDays({ bars, gaps: store.gaps, live, calendar, clock, collectorsOf });
  const compare = new Compare({
    store: store.compares,
    bars: store.bars,
    recent,
    live,
    calendar,
    clock,
    meter,
    away: parts.away,
    async history(instrument, timeframe, from, to, signal): Promise<ToldBars | null> {
      const access = brokerOf(instrument);
      return access === undefined ? null : parts.history.read(access, instrument, timeframe, from, to, signal);
    },
    answered: (...said) => gaps.answered(...said),
    source: (instrument) => brokerOf(instrument)?.feed ?? "unknown",
    odd: (instrument, day, intraday, whole) =>
      events.add(
        "warn",
        live.table.at(instrument).key,
        `the minute bars of ${istDate(day)} add up to ${intraday} units, but the day bar has ${whole}; minutes never exceed the day`,
      ),
    async changed(instrument, from, to) {
      await parts.warm(instrument);
      parts.changed(instrument, from, to);
    },
  });
  const days = new DayQuality({
    live,
    calendar,
    clock,
    log,
    settings: store.settings,
    unreadable: parts.unreadable,
    instruments: () => [...collectors.subscribed()].filter((instrument) => brokerOf(instrument) !== undefined),
    busy: () => parts.history.jobs.some((job) => !job.finished),
    holes: (instrument, day) => completeness.holes(instrument, day),
    missing: (instrument, holes, note) => gaps.missing(instrument, holes, note),
    streamed: async (instrument, day) =>
      (await store.gaps.tally("1m", [live.table.at(instrument).id], istMidnight(day), istMidnight(day + 1))).some(
        (tally) => tally.streamed > 0,
      ),
    lastCompare: async (instrument, day) =>
      (await compare.list({ instrument: live.table.at(instrument).id, fromDay: day, toDay: day })).find(
        ({ by }) => by !== HEALING,
      ) ?? null,
    compare: (instrument, day, signal) => compare.day(instrument, day, "after the close", signal),
    settledAt: (instrument, day) => compare.settledAt(instrument, day),
    settle: (instrument, day, signal) => compare.settle(instrument, day, "the settled day bar", signal),
    review: () => gaps.review("the day's compare"),
    done: (hours, date, { incomplete, compared, corrected, flagged, failed }) =>
      events.add(
        flagged + failed > 0 ? "warn" : "info",
        hours,
        `${date}: ${counted(incomplete, "instrument")} incomplete; ${compared} compared with the broker: ${counted(corrected, "bar")} corrected, ${flagged} marked for review${failed > 0 ? `, ${failed} could not be compared` : ""}`,
      ),
  });

  return {
    gaps,
    truths,
    completeness,
    compare,
    days,
    collectorsOf,
    keyOf: (id) => known(id)?.key ?? `#${id}`,
    decimalsOf: (id) => known(id)?.decimals ?? 2,
    today: () => istDay(clock.now()),
    dayOf: istDay,
    dateOf: istDate,
    async start() {
      await gaps.start();
      truths.start();
      days.start();
    },
    async stop() {
      truths.stop();
      gaps.stop();
      await days.stop();
    },
  };
};
