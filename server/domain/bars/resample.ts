import { Accumulators } from "./accumulators";
import { type BarColumns, barColumns, CLOSED, FORMING } from "./bar";
import { barEnd, barStart, periodSpan } from "./bar-time";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { type Calendar, type HoursKey, istDay } from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

/** Start and end of the bar of a timeframe that an instant belongs to, or null outside any session. */
export const spanAt = (
  calendar: Calendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  instant: number,
): { start: number; end: number } | null => {
  if (timeframe.kind === "week" || timeframe.kind === "month") return periodSpan(calendar, hours, timeframe, instant);
  const session = calendar.on(hours, istDay(instant));
  if (session === null || instant < session.open || instant >= session.close) return null;
  if (timeframe.kind === "day") return { start: session.open, end: dayEnd(session) };
  const start = barStart(session, timeframe, instant);
  return { start, end: barEnd(session, timeframe, start) };
};

/**
 * Bars of one instrument to bars of a longer timeframe, oldest first. Rows outside any session are left out and
 * counted in `outside`. The last bar is `forming` when `now` is before its end.
 */
export const resample = (
  bars: BarColumns,
  calendar: Calendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  now = Number.POSITIVE_INFINITY,
): { bars: BarColumns; outside: number } => {
  const out = barColumns(bars.length);
  const cell = new Accumulators(1);
  let start = 0;
  let end = 0;
  let outside = 0;
  let states = 0;
  const close = (): void => {
    if (cell.isEmpty(0)) return;
    cell.toColumns(0, out, end > now ? FORMING : CLOSED);
    // A bar of one stored state keeps it (backfilled all through); a mixture is simply closed.
    if (end <= now && states !== -1 && states !== FORMING) out.state[out.length - 1] = states;
    cell.clear(0);
  };
  for (let row = 0; row < bars.length; row++) {
    const time = bars.time[row]!;
    if (time < start || time >= end) {
      close();
      const span = spanAt(calendar, hours, timeframe, time);
      if (span === null) {
        outside++;
        start = 0;
        end = 0;
        continue;
      }
      start = span.start;
      end = span.end;
      states = bars.state[row]!;
    }
    if (bars.state[row] !== states) states = -1;
    cell.addRow(0, start, end, bars, row);
  }
  close();
  return { bars: out, outside };
};
