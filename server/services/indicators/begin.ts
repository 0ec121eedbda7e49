import type { BarColumns } from "@/server/domain/bars/bar";
import { type Calendar, DAY_MS } from "@/server/domain/time/session";
import { type AnyTimeframe, timeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import type { ResolvedIndicator } from "@/server/indicators";
import type { LiveMarket } from "@/server/ports/live";
import type { Bars } from "@/server/services/bars/bars";

/** Where to start an indicator so that its values from a given bar on are correct. */
export interface Begin {
  /** Closed bars at or after this, epoch ms. */
  from: number;
  /** Minutes of earlier sessions, to be taken before them. */
  before?: BarColumns | undefined;
}

/** More bars than these are not read for one indicator. */
export const MOST_BARS = 100_000;

/**
 * Returns where to start an indicator. One that counts bars starts that many earlier. One that counts from a session's
 * open, or over days, starts at a session's open, because the bars of a day are too many to count. For second bars,
 * earlier sessions are read as minutes: a day's high, low, close and volume are the same, and history has no seconds.
 */
export class IndicatorBegin {
  constructor(private readonly parts: { bars: Pick<Bars, "read">; live: LiveMarket; calendar: Calendar }) {}

  /** Days an indicator counts over on intraday bars, 1 for the session alone; 0 when it counts bars. */
  days({ definition, params }: ResolvedIndicator, timeframe: AnyTimeframe, first: number): number {
    if (timeframe.kind !== "intraday") return 0;
    const seconds = definition.settle(params, 1_000, first);
    return seconds === definition.settle(params, 60_000, first) ? 0 : (seconds * 1_000) / DAY_MS;
  }

  /** Number of closed bars after which a value from `first` on no longer depends on the start. */
  settle({ definition, params }: ResolvedIndicator, timeframe: AnyTimeframe, first: number): number {
    return Math.min(MOST_BARS, definition.settle(params, timeframe.lengthMs, first));
  }

  /** The beginning for values from the bar at `first` on. */
  async at(
    instrument: number,
    timeframe: AnyTimeframe,
    resolved: ResolvedIndicator,
    first: number,
    asOf?: number,
  ): Promise<Begin> {
    const { bars } = this.parts;
    const days = this.days(resolved, timeframe, first);
    if (days > 0) return this.sessions(instrument, timeframe, days, first, asOf);
    const settle = this.settle(resolved, timeframe, first);
    if (settle === 0) return { from: first };
    const { closed } = await bars.read({
      instrument,
      timeframe,
      to: first,
      limit: settle,
      ...(asOf === undefined ? {} : { asOf }),
    });
    return { from: closed.length === 0 ? first : closed.time[0]! };
  }

  private async sessions(
    instrument: number,
    timeframe: AnyTimeframe,
    days: number,
    first: number,
    asOf: number | undefined,
  ): Promise<Begin> {
    const { bars, live, calendar } = this.parts;
    const hours = live.table.hours(instrument);
    const own = calendar.previous(hours, first);
    if (own === null) return { from: first };
    // Whole days are counted in sessions, the own one among them; part of one leads to an instant, and over it.
    const reach = first - (Number.isInteger(days) ? days - 1 : days) * DAY_MS;
    const from = Math.min(own.open, calendar.previous(hours, reach)?.open ?? own.open);
    if (timeframe.from !== "1s" || from === own.open) return { from };
    const { closed } = await bars.read({
      instrument,
      timeframe: timeframeNamed("1m"),
      from,
      to: own.open,
      limit: MOST_BARS,
      ...(asOf === undefined ? {} : { asOf }),
    });
    return { from: own.open, before: closed };
  }
}
