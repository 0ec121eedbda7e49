import { Accumulators } from "./accumulators";
import { type BarColumns, barColumns, CLOSED, FORMING } from "./bar";
import { copyRows } from "./bar-rows";
import { barEnd, barStart, periodSpan } from "./bar-time";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { type Calendar, type HoursKey, istDay, istMidnight, type Session } from "@/server/domain/time/session";
import { type AnyTimeframe, timeframe as namedTimeframe } from "@/server/domain/time/timeframe";

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

/** Room for bars that have fewer parts than they could have, before the columns grow. */
const SPARE_ROWS = 64;

/** Stored bars that a bar is made of, where every one is there. */
const partsOf = ({ kind, lengthMs, from }: AnyTimeframe): number =>
  kind === "intraday" ? Math.max(1, lengthMs / namedTimeframe(from).lengthMs) : 1;

const widened = (rows: BarColumns, capacity: number): BarColumns => {
  const wider = barColumns(capacity);
  copyRows(rows, 0, rows.length, wider);
  return wider;
};

/**
 * Bars of one instrument, in one piece or several, to bars of a longer timeframe, oldest first. Rows outside any session are left out and
 * counted in `outside`. The last bar is `forming` when `now` is before its end.
 */
export const resample = (
  bars: BarColumns | readonly BarColumns[],
  calendar: Calendar,
  hours: HoursKey,
  timeframe: AnyTimeframe,
  now = Number.POSITIVE_INFINITY,
): { bars: BarColumns; outside: number } => {
  const pieces = "time" in bars ? [bars] : bars;
  const most = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let out = barColumns(Math.min(most, Math.ceil(most / partsOf(timeframe)) + SPARE_ROWS));
  const cell = new Accumulators(1);
  let start = 0;
  let end = 0;
  let session: Session | null = null;
  /** End of the session, at most of its day. */
  let until = 0;
  let outside = 0;
  let states = 0;
  const close = (): void => {
    if (cell.isEmpty(0)) return;
    if (out.length === out.time.length) out = widened(out, Math.min(most, out.length * 2));
    cell.toColumns(0, out, end > now ? FORMING : CLOSED);
    // A bar of one stored state keeps it (backfilled all through); a mixture is simply closed.
    if (end <= now && states !== -1 && states !== FORMING) out.state[out.length - 1] = states;
    cell.clear(0);
  };
  for (const piece of pieces)
    for (let row = 0; row < piece.length; row++) {
      const time = piece.time[row]!;
      if (time < start || time >= end) {
        close();
        // Most piece lie in the session of the bar before them.
        if (session !== null && time >= session.open && time < until) {
          start = barStart(session, timeframe, time);
          end = barEnd(session, timeframe, start);
        } else {
          const span = spanAt(calendar, hours, timeframe, time);
          session = timeframe.kind === "intraday" ? calendar.on(hours, istDay(time)) : null;
          if (session !== null) until = Math.min(session.close, istMidnight(session.day + 1));
          if (span === null) {
            outside++;
            start = 0;
            end = 0;
            continue;
          }
          start = span.start;
          end = span.end;
        }
        states = piece.state[row]!;
      }
      if (piece.state[row] !== states) states = -1;
      cell.addRow(0, start, end, piece, row);
    }
  close();
  return { bars: out, outside };
};
