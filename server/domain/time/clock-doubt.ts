/** Do a file's clocks show another zone than the one they were read in? */
import { type Calendar, DAY_MS, type HoursKey, IST_OFFSET_MS, istDay, istMidnight, type Session } from "./session";

/**
 * `utc`: UTC times read as IST. `clock`: IST times marked as UTC. `zone`: times of another zone, `offsetMs` from UTC.
 * `twelve`: 12-hour times without AM and PM. `outside`: too many rows are outside the session.
 */
export interface ClockDoubt {
  kind: "utc" | "clock" | "zone" | "twelve" | "outside";
  offsetMs: number;
  /** The first time that shows it. */
  first: number;
  /** Number of `total` rows outside the sessions' phases. */
  outside: number;
  total: number;
}

/** The rows of a trading date. */
interface ClockDay {
  session: Session;
  begins: number;
  ends: number;
  first: number;
  last: number;
  before: number;
  after: number;
  total: number;
}

/** A last label may name the end of the last bar. */
const SLACK_MS = 60_000;
const QUARTER_MS = 900_000;
/** A session until midnight may continue after it; those hours belong to the previous day. */
const LATE_MS = 3 * 3_600_000;

const clockDays = (times: Iterable<number>, calendar: Calendar, hours: HoursKey): ClockDay[] => {
  const days = new Map<number, ClockDay | null>();
  let known = Number.NaN;
  let now: ClockDay | null = null;
  for (const time of times) {
    const day = istDay(time);
    if (day !== known) {
      known = day;
      const found = days.get(day);
      if (found === undefined) {
        const session = calendar.on(hours, day);
        now =
          session === null
            ? null
            : {
                session,
                begins: session.phases[0]!.from,
                ends: session.phases.at(-1)!.to + SLACK_MS,
                first: time,
                last: time,
                before: 0,
                after: 0,
                total: 0,
              };
        days.set(day, now);
      } else now = found;
    }
    if (now === null || (time < istMidnight(day) + LATE_MS && isOpenAtMidnight(calendar, hours, day - 1))) continue;
    // A time at midnight is only a date.
    if (time === istMidnight(day)) continue;
    now.total++;
    if (time < now.begins) now.before++;
    else if (time > now.ends) now.after++;
    if (time < now.first) now.first = time;
    if (time > now.last) now.last = time;
  }
  return [...days.values()].filter((day) => day !== null && day.total > 0) as ClockDay[];
};

const isOpenAtMidnight = (calendar: Calendar, hours: HoursKey, day: number): boolean =>
  calendar.on(hours, day)?.phases.at(-1)?.to === istMidnight(day + 1);

/** Counts times outside the phases of their days' sessions, and all times that have a session. */
export const rowsOutside = (
  times: Iterable<number>,
  calendar: Calendar,
  hours: HoursKey,
): { outside: number; total: number } => sumOf(clockDays(times, calendar, hours));

const sumOf = (days: readonly ClockDay[]): { outside: number; total: number } =>
  days.reduce(
    (sum, { before, after, total }) => ({ outside: sum.outside + before + after, total: sum.total + total }),
    { outside: 0, total: 0 },
  );

/** Days that begin 5 h 30 min early, before anything trades, and fit the session with that added. */
const isUtc = ({ begins, ends, first, last }: ClockDay): boolean =>
  first < begins && first + IST_OFFSET_MS >= begins && last + IST_OFFSET_MS <= ends;
const isShiftedBack = ({ session, begins, ends, first, last }: ClockDay): boolean =>
  first < session.close && last > ends && first - IST_OFFSET_MS >= begins && last - IST_OFFSET_MS <= ends;

/** One stray row is no pattern; half a day, or hours of it, must be outside. */
const isPlain = ({ begins, ends, first, last, before, after, total }: ClockDay): boolean => {
  const outside = before + after;
  return outside >= 2 && (outside * 2 > total || first <= begins - 2 * 3_600_000 || last >= ends + 2 * 3_600_000);
};

/**
 * By how many quarter hours a day without gaps begins and ends too late, otherwise 0. Without this, an hour within the
 * post-close would go unnoticed.
 */
const displaced = ({ session, first, last, total }: ClockDay): number => {
  const step = (last - first) / (total - 1);
  const shift = Math.round((first - session.open) / QUARTER_MS) * QUARTER_MS;
  const fits = (time: number, place: number): boolean => Math.abs(time - place - shift) <= step;
  return total >= 10 && step <= QUARTER_MS / 3 && shift !== 0 && fits(first, session.open) && fits(last, session.close)
    ? shift
    : 0;
};

/** More than a few: three of fifty, and most of fewer. */
const isMany = (outside: number, total: number): boolean =>
  (outside >= 3 && outside * 50 > total) || outside * 2 > total;

/**
 * Null: the clocks are where they belong. One day that shows another zone is enough, and so are more than a few rows outside
 * all phases. `quotes`: ticks, which feeds also send before and after a session: there only a zone that fits is a doubt.
 */
export const clockDoubt = (
  times: ArrayLike<number> & Iterable<number>,
  calendar: Calendar,
  hours: HoursKey,
  quotes = false,
): ClockDoubt | null => {
  const days = clockDays(times, calendar, hours);
  const sum = sumOf(days);
  for (const [kind, shows, offsetMs] of [
    ["utc", isUtc, 0],
    ["clock", isShiftedBack, 2 * IST_OFFSET_MS],
  ] as const) {
    const showing = days.filter(shows);
    const day = showing.find(isPlain) ?? (showing.length * 2 > days.length ? showing[0] : undefined);
    if (day !== undefined) return { kind, offsetMs, first: day.first, ...sum };
  }
  for (const day of days) {
    const late = displaced(day);
    if (late !== 0) return { kind: "zone", offsetMs: IST_OFFSET_MS + late, first: day.first, ...sum };
  }
  // One row a date are days, whatever their clock.
  if (days.every(({ total }) => total === 1)) return null;
  // A day by itself counts where its hours are the exchange's ordinary ones.
  const odd = days.find(
    ({ session, before, after, total }) =>
      total >= 10 && (before + after) * 4 > total && (session.kind === "regular" || session.kind === "unknown"),
  );
  if (!isMany(sum.outside, sum.total) && odd === undefined) return null;
  const all = sample(times);
  const ofOdd = odd === undefined ? [] : sample(Array.from(times).filter((time) => istDay(time) === odd.session.day));
  const first = (odd ?? days.find(({ before, after }) => before + after > 0)!).first;
  const fit = fittingShift(all, calendar, hours) ?? (odd === undefined ? null : fittingShift(ofOdd, calendar, hours));
  if (fit !== null) {
    const offsetMs = IST_OFFSET_MS - fit;
    return { kind: fit === IST_OFFSET_MS ? "utc" : fit === -IST_OFFSET_MS ? "clock" : "zone", offsetMs, first, ...sum };
  }
  if (quotes) return null;
  return { kind: isOfTwelve(all, calendar, hours) ? "twelve" : "outside", offsetMs: IST_OFFSET_MS, first, ...sum };
};

const LOOKED_AT = 20_000;
const sample = (times: ArrayLike<number>): number[] => {
  const step = Math.max(1, Math.ceil(times.length / LOOKED_AT));
  return Array.from({ length: Math.ceil(times.length / step) }, (_, at) => times[at * step]!);
};

const isTrading = (calendar: Calendar, hours: HoursKey) => {
  const sessions = new Map<number, Session | null>();
  return (time: number): boolean => {
    const day = istDay(time);
    let session = sessions.get(day);
    if (session === undefined) sessions.set(day, (session = calendar.on(hours, day)));
    return session !== null && time >= session.open && time <= session.close;
  };
};

/** Nearly all rows must fall within the session. */
const FITS = 0.98;

/**
 * The only shift by quarter hours that moves the rows into continuous trading; null if there is none, or several
 * without India's among them.
 */
const fittingShift = (times: readonly number[], calendar: Calendar, hours: HoursKey): number | null => {
  const trades = isTrading(calendar, hours);
  const fitting: number[] = [];
  for (let shift = -14 * 4 * QUARTER_MS; shift <= 14 * 4 * QUARTER_MS; shift += QUARTER_MS) {
    if (shift !== 0 && times.filter((time) => trades(time + shift)).length >= times.length * FITS) fitting.push(shift);
  }
  if (fitting.length === 1) return fitting[0]!;
  return [IST_OFFSET_MS, -IST_OFFSET_MS].find((shift) => fitting.includes(shift)) ?? null;
};

/** Are afternoons written as 01:00 to 03:30? */
const isOfTwelve = (times: readonly number[], calendar: Calendar, hours: HoursKey): boolean => {
  const trades = isTrading(calendar, hours);
  const outside = times.filter((time) => !trades(time));
  return (
    outside.length > 0 &&
    outside.filter((time) => time - istMidnight(istDay(time)) >= DAY_MS / 24 && trades(time + DAY_MS / 2)).length >=
      outside.length * FITS
  );
};

/** What is wrong, and the option that settles it. `zoned`: the file writes its zones, so that none can be given to it. */
export const clockWords = (
  { kind, offsetMs, outside, total }: ClockDoubt,
  what: "bar" | "tick",
  zoned: boolean,
): { why: string; option: string } => {
  const share = `${outside} of ${total} ${what}s are outside the session`;
  const ist = "--zone IST";
  if (kind === "clock")
    return {
      why: `the ${what}s are 5 h 30 min behind the session: Indian times seem to be marked as UTC (${share})`,
      option: `--zone clock (or ${ist})`,
    };
  if (kind === "twelve")
    return {
      why: `afternoons seem to use a 12-hour clock without AM and PM (${share})`,
      option: `24-hour times in the file (or ${ist}, which skips them)`,
    };
  if (kind === "outside")
    return {
      why: `${share}: the times may be in another zone`,
      option: `--zone ZONE (or ${ist}, which skips them)`,
    };
  const written = zoned
    ? `${ist}, if they are correct as written,`
    : `--zone ${kind === "utc" ? "UTC" : offsetText(offsetMs)} (or ${ist})`;
  if (kind === "utc")
    return {
      why: `the first ${what} is 5 h 30 min before the open: the times seem to be UTC (${share})`,
      option: written,
    };
  return { why: `the times seem to be in UTC${offsetText(offsetMs)} (${share})`, option: written };
};

const offsetText = (ms: number): string => {
  const minutes = Math.abs(ms) / 60_000;
  return `${ms < 0 ? "-" : "+"}${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};
