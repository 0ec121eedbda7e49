import type { BarColumns } from "@/server/domain/bars/bar";
import { within } from "@/server/domain/bars/bar-rows";
import type { Stretch } from "@/server/domain/bars/completeness";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { hasVolume } from "@/server/domain/instruments/instrument";
import { type Calendar, istDate, istDay, istMidnight, type Session } from "@/server/domain/time/session";
import {
  type AuctionConvention,
  classOf,
  conventionOf,
  settledFrom,
  volumeVerdict,
} from "@/server/domain/instruments/source-conventions";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun, CompareStore, Difference } from "@/server/ports/gap-stores";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Meter } from "@/server/ports/observe";
import type { BarStore } from "@/server/ports/stores";
import { mergeBars } from "@/server/services/history/merge";
import type { Verdict } from "@/server/services/history/bar-rules";
import { startsOf, type ToldBars } from "@/server/services/history/catch-up";
import { putMerged, storedAndWaiting } from "@/server/services/history/put-merged";
import { openingsOf } from "@/server/services/history/read-openings";

interface Parts {
  store: CompareStore;
  bars: BarStore;
  recent: RecentBars;
  live: Pick<LiveMarket, "table">;
  calendar: Calendar;
  clock: Clock;
  meter: Meter;
  /** History's bars of a span; null if no broker provides them. */
  history(
    instrument: number,
    timeframe: "1m" | "1d",
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<ToldBars | null>;
  /** Stretches during which the feed sent nothing for an instrument. */
  away(instrument: number, from: number, to: number): Promise<readonly Stretch[]>;
  /** Called with the span history has covered, after its corrections are stored. */
  answered(instrument: number, timeframe: "1m" | "1d", from: number, to: number, bars: BarColumns): Promise<void>;
  /** The broker whose candles history returns, which decides how auctions are printed; `unknown` if none is asked. */
  source(instrument: number): string;
  /** Called for a day whose minutes have more volume than its day bar, which no broker's data should have. */
  odd?(instrument: number, day: number, intraday: number, whole: number): void;
  /** Called when bars have changed. */
  changed(instrument: number, from: number, to: number): Promise<void>;
}

/** The broker may still be writing its newest minutes. */
const SETTLE_MS = 120_000;
/** Name of the finder for differences recorded while history fills missing bars. */
export const HEALING = "healing";

/** Compares the day's bars with the broker's. Differences are recorded, and corrected where the broker knows more. */
export class Compare {
  constructor(private readonly parts: Parts) {}

  /** Compares minutes and, if the day is over, the day bar. For a running day it compares its completed part. */
  async day(instrument: number, day: number, by: string, signal: AbortSignal): Promise<CompareRun> {
    const { store, live, calendar, clock, meter } = this.parts;
    const session = calendar.on(live.table.hours(instrument), day);
    const now = clock.now();
    if (session === null) throw badInput("date", istDate(day), "a trading day of its exchange");
    const until = Math.min(session.close, Math.floor((now - SETTLE_MS) / 60_000) * 60_000);
    if (until <= session.open) throw badInput("date", istDate(day), "a day with some completed minutes");
    const results = [await this.minutes(instrument, session, until, signal)];
    // A day bar of this evening is the sum of the broker's candles, not the day: it is read the next morning.
    const ended =
      dayEnd(session) + SETTLE_MS <= now &&
      (dayEnd(session) === session.close || this.settledAt(instrument, day) <= now);
    if (ended) results.push(await this.whole(instrument, session, signal));
    const verdicts = results.flatMap((each) => each.verdicts);
    const run = countsOf(verdicts);
    if (run.corrected > 0) await this.parts.changed(instrument, session.open, until);
    count(meter, run);
    return store.save(
      { instrument: live.table.at(instrument).id, day, at: clock.now(), by, ...run },
      results.flatMap((each) => each.differences),
    );
  }

  /** Epoch ms from which on the broker's day bar is its last word. */
  settledAt(instrument: number, day: number): number {
    return settledFrom(this.convention(instrument, day), day);
  }

  /** Reads a day's bar again once the exchange's file is in it, and holds the day's minutes against it. */
  async settle(instrument: number, day: number, by: string, signal: AbortSignal): Promise<CompareRun | null> {
    const { store, bars, live, calendar, clock, meter } = this.parts;
    const session = calendar.on(live.table.hours(instrument), day);
    if (session === null) return null;
    const { id, segment } = live.table.at(instrument);
    const { verdicts, differences } = await this.whole(instrument, session, signal);
    const run = countsOf(verdicts);
    if (run.corrected > 0) await this.parts.changed(instrument, session.open, session.close);
    count(meter, run);
    const whole = verdicts[0]?.theirs?.volume ?? 0;
    const minutes = await bars.read({ instrumentId: id, timeframe: "1m", from: session.open, to: session.close });
    let intraday = 0;
    for (let row = 0; row < minutes.length; row++) intraday += minutes.volume[row]!;
    if (hasVolume(segment) && volumeVerdict(intraday, whole) === "too_much") {
      meter.count("compare.intradayAboveDay");
      this.parts.odd?.(instrument, day, intraday, whole);
    }
    return verdicts.length === 0 ? null : store.save({ instrument: id, day, at: clock.now(), by, ...run }, differences);
  }

  private source(instrument: number): string {
    return this.parts.source(instrument);
  }
  private convention(instrument: number, day: number): AuctionConvention {
    return conventionOf(this.source(instrument), classOf(this.parts.live.table.at(instrument)), day);
  }

  list(query: Parameters<CompareStore["list"]>[0]): Promise<CompareRun[]> {
    return this.parts.store.list(query);
  }
  differences(run: number): Promise<Difference[]> {
    return this.parts.store.differences(run);
  }

  private async minutes(instrument: number, session: Session, until: number, signal: AbortSignal): Promise<Found> {
    const { bars, refused } = await this.ask(instrument, "1m", session.open, until, signal);
    const theirs = within(bars, session.open, until);
    const verdicts = await this.merge(
      instrument,
      "1m",
      session.open,
      until,
      { bars: theirs, refused },
      await this.parts.away(instrument, session.open, until),
    );
    for (const span of refused.spoken(session.open, until, 60_000))
      await this.parts.answered(instrument, "1m", span.from, span.to, within(theirs, span.from, span.to));
    return { verdicts, differences: differencesOf(verdicts, "1m") };
  }

  private async whole(instrument: number, session: Session, signal: AbortSignal): Promise<Found> {
    const [from, to] = [istMidnight(session.day), istMidnight(session.day + 1)];
    const theirs = await this.ask(instrument, "1d", from, to, signal);
    const verdicts = await this.merge(instrument, "1d", session.open, session.open + 1, theirs, []);
    if (!theirs.refused.hides(from, to)) await this.parts.answered(instrument, "1d", from, to, theirs.bars);
    return { verdicts, differences: differencesOf(verdicts, "1d") };
  }

  /**
   * Judges our bars of [from, to) against history and writes what the rules decide. Earlier versions stay as revisions.
   */
  private async merge(
    instrument: number,
    timeframe: "1m" | "1d",
    from: number,
    to: number,
    { bars: theirs, refused }: ToldBars,
    away: readonly Stretch[],
  ): Promise<Verdict[]> {
    const { bars, recent, live, calendar } = this.parts;
    const { id, segment } = live.table.at(instrument);
    // Late ticks that wait for the store are not read from the queue.
    await recent.settled();
    const held = await storedAndWaiting({ store: bars, recent }, { instrumentId: id, timeframe, from, to });
    const hours = live.table.hours(instrument);
    const told = new Set(theirs.time.subarray(0, theirs.length));
    // If a row was unreadable, history says nothing about its bar.
    const ours = held.filter(({ time }) => told.has(time) || !refused.hides(...startsOf(timeframe, time)));
    const openings =
      timeframe === "1d"
        ? []
        : await openingsOf(
            { store: bars, recent, calendar },
            { instrumentId: id, of: classOf({ segment }), hours, source: this.source(instrument), from, to },
          );
    const merged = mergeBars(ours, theirs, {
      instrumentId: id,
      timeframe,
      authority: "broker",
      traded: hasVolume(segment),
      whole: true,
      away,
      openings,
    });
    await putMerged({ store: bars, recent, calendar }, { instrumentId: id, hours, timeframe, held, until: to }, merged);
    return merged.verdicts;
  }

  private async ask(
    instrument: number,
    name: "1m" | "1d",
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<ToldBars> {
    const told = await this.parts.history(instrument, name, from, to, signal);
    if (told === null)
      throw new AppError(
        "unsupported",
        `no connected broker provides history for ${this.parts.live.table.at(instrument).key}`,
        {
          details: {
            field: "instrument",
            value: this.parts.live.table.at(instrument).key,
            accepted: "an instrument of a collector whose broker provides history",
          },
        },
      );
    return told;
  }
}

interface Found {
  verdicts: Verdict[];
  differences: Difference[];
}
type Counts = Pick<CompareRun, "bars" | "equal" | "kept" | "corrected" | "flagged">;

const countsOf = (verdicts: readonly Verdict[]): Counts => {
  const number = (...of: Verdict["verdict"][]): number => verdicts.filter(({ verdict }) => of.includes(verdict)).length;
  return {
    bars: verdicts.length,
    equal: number("equal"),
    kept: number("kept"),
    corrected: number("corrected", "added", "removed"),
    flagged: number("flagged"),
  };
};

const count = (meter: Meter, run: Counts): void => {
  for (const decision of ["kept", "corrected", "flagged"] as const)
    if (run[decision] > 0) meter.count(`compare.${decision}`, run[decision]);
};

/** A row a figure that differs, as it is recorded. */
export const differencesOf = (verdicts: readonly Verdict[], timeframe: "1m" | "1d"): Difference[] =>
  verdicts.flatMap(({ time, ours, theirs, verdict, rule, differs }) =>
    verdict === "equal"
      ? []
      : differs.map((field): Difference => ({
          timeframe,
          time,
          field,
          ours: ours?.[field] ?? null,
          theirs: theirs?.[field] ?? null,
          decision: verdict === "added" || verdict === "removed" ? "corrected" : verdict,
          why: rule,
        })),
  );

/** Puts on record what filling from history found to differ: a comparison a day, of those bars only. */
export const recordHealed =
  ({ store, live, clock, meter }: Pick<Parts, "live" | "clock" | "meter"> & { store: Pick<CompareStore, "save"> }) =>
  async (instrument: number, name: "1m" | "1d", verdicts: readonly Verdict[]): Promise<void> => {
    for (const day of new Set(verdicts.map(({ time }) => istDay(time)))) {
      const found = verdicts.filter(({ time }) => istDay(time) === day);
      const run = countsOf(found);
      count(meter, run);
      await store.save(
        { instrument: live.table.at(instrument).id, day, at: clock.now(), by: HEALING, ...run },
        differencesOf(found, name),
      );
    }
  };
