/**
 * Builds bars in the slow, obvious way: sort the ticks by time, group them by second, fold each group. The pipeline's
 * single pass over columns must give the same result.
 */
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import { DAY_MS, type HoursKey, istDay } from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

export interface OracleTick {
  /** Epoch ms. */
  time: number;
  price: number;
  /** Volume of the day so far. */
  volume: number;
}

export interface OracleBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  ticks: number;
}

/** Start of the bar an instant belongs to. */
export const oracleStart = (
  calendar: TradingCalendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  time: number,
): number => {
  const day = istDay(time);
  const session = calendar.on(hours, day)!;
  if (timeframe.kind === "intraday") {
    let start = session.open;
    while (start + timeframe.lengthMs <= time) start += timeframe.lengthMs;
    return start;
  }
  if (timeframe.kind === "day") return session.open;
  const samePeriod = (other: number): boolean => {
    const date = new Date(other * DAY_MS);
    const own = new Date(day * DAY_MS);
    if (timeframe.kind === "month") return date.getUTCMonth() === own.getUTCMonth();
    return day - other <= (own.getUTCDay() + 6) % 7;
  };
  let open = session.open;
  for (let other = day - 1; samePeriod(other); other--) open = calendar.on(hours, other)?.open ?? open;
  return open;
};

/** Ticks as they arrived, all inside sessions. The first tick's volume is where counting starts; a new date starts at 0. */
export const oracleBars = (
  ticks: readonly OracleTick[],
  calendar: TradingCalendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  base = ticks[0]?.volume ?? 0,
): OracleBar[] => {
  const bySecond = new Map<number, OracleTick[]>();
  for (const tick of ticks)
    bySecond.set(Math.floor(tick.time / 1_000), [...(bySecond.get(Math.floor(tick.time / 1_000)) ?? []), tick]);
  const bars = new Map<number, OracleBar>();
  let counted = base;
  let day = ticks.length === 0 ? 0 : Math.min(...ticks.map(({ time }) => istDay(time)));
  for (const [second, group] of [...bySecond].sort(([a], [b]) => a - b)) {
    const reached = Math.max(...group.map(({ volume }) => volume));
    // The very figure the old date ended with is still the old date's, repeated.
    if (istDay(second * 1_000) !== day && reached !== counted) {
      day = istDay(second * 1_000);
      counted = 0;
    }
    const volume = Math.max(0, reached - counted);
    counted = Math.max(counted, reached);
    const prices = [...group].sort((a, b) => a.time - b.time).map(({ price }) => price);
    const time = oracleStart(calendar, hours, timeframe, second * 1_000);
    const bar = bars.get(time);
    if (bar === undefined) {
      bars.set(time, {
        time,
        open: prices[0]!,
        high: Math.max(...prices),
        low: Math.min(...prices),
        close: prices.at(-1)!,
        volume,
        ticks: prices.length,
      });
    } else {
      bar.high = Math.max(bar.high, ...prices);
      bar.low = Math.min(bar.low, ...prices);
      bar.close = prices.at(-1)!;
      bar.volume += volume;
      bar.ticks += prices.length;
    }
  }
  return [...bars.values()];
};
