/**
 * An exchange's trading hours on one day. Every session lies within one IST calendar date (the longest, MCX, ends
 * 23:55; SIM trades 00:00 to 24:00), so a date identifies a session. IST is UTC+05:30 without daylight saving; only
 * this file and the screen know it.
 */

export const IST_OFFSET_MS = 19_800_000;
export const DAY_MS = 86_400_000;

/** Days since 1970-01-01 in IST: the number of a trading date. */
export const istDay = (instant: number): number => Math.floor((instant + IST_OFFSET_MS) / DAY_MS);

/** The instant at which an IST day begins. */
export const istMidnight = (day: number): number => day * DAY_MS - IST_OFFSET_MS;

/** Days a calendar knows anything of: no exchange here has electronic records from before, or plans for after. */
export const FIRST_DAY = 0;
/** 2100-01-01. */
export const LAST_DAY = 47_482;

/** `YYYY-MM-DD` of an IST day number. */
export const istDate = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** IST day number of `YYYY-MM-DD`; NaN when it is not a date. */
export const dayOfDate = (date: string): number => {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) || istDate(ms / DAY_MS) !== date ? Number.NaN : ms / DAY_MS;
};

/** Ms since midnight of a clock time, `HH:MM` or `HH:MM:SS`, `24:00` included. */
export const clockMs = (clock: string): number =>
  (Number(clock.slice(0, 2)) * 3_600 + Number(clock.slice(3, 5)) * 60 + Number(clock.slice(6, 8))) * 1_000;

export const phaseNames = [
  "pre_open", // orders collected; an equilibrium price forms
  "pre_open_matching",
  "buffer", // no trades between the auction and the open
  "continuous",
  "halt", // announced stop inside the continuous session
  "transition", // closing auction: reference price is computed, no trades
  "closing_auction",
  "closing_matching",
  "post_close", // trades at the closing price
] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface Phase {
  phase: PhaseName;
  /** Epoch ms, `to` exclusive. A day with unknown times has no `Session`: see `TradingDay`. */
  from: number;
  to: number;
}

export const announcedKinds = ["regular", "special", "muhurat", "partial"] as const;
/** Announced or recorded. */
export type AnnouncedKind = (typeof announcedKinds)[number];
/**
 * `unknown`: a weekday without a holiday list. Its session has the regular hours so that its bars can be read; whether
 * the exchange trades on it is unknown.
 */
export type SessionKind = AnnouncedKind | "unknown";

export interface Session {
  /** Key of the trading hours (`hoursOf`), not always an exchange: NSE has stocks with and without a closing auction. */
  hours: HoursKey;
  /** IST day number of the trading date. */
  day: number;
  kind: SessionKind;
  name: string;
  /** In time order, without overlap. */
  phases: readonly Phase[];
  /** Start of the first continuous phase: every intraday bar is anchored here. */
  open: number;
  /** End of the last continuous phase: the last bar of the day may be short. */
  close: number;
}

/** Names a set of trading hours: `NSE`, `NSE_CAS`, `NSE_INDEX`, `NFO`, `CDS`, `MCX`, `SIM` … */
export type HoursKey = string;

/** The exchange that hours belong to, as people know it: `NSE_CAS` is of NSE; indices are an exchange of their own. */
export const exchangeOfHours = (hours: HoursKey): string => hours.replace(/_(CAS|OPTIONS|AGRI)$/, "");

/** Sessions of all exchanges. Pure: the rows behind it are given when it is built. */
export interface Calendar {
  /** The session of a trading date, or null when the exchange is closed that day. */
  on(hours: HoursKey, day: number): Session | null;
  /** The next session whose close is after the instant (the running one included). */
  next(hours: HoursKey, instant: number): Session | null;
  /** The last session whose open is at or before the instant (the running one included). */
  previous(hours: HoursKey, instant: number): Session | null;
}

/** True where no data say whether the exchange trades that day: such a day lacks nothing as long as it has no bar at all. */
export const isUnknown = (session: Pick<Session, "kind">): boolean => session.kind === "unknown";

/** The phase an instant falls in, or null outside all phases. */
export const phaseAt = (session: Session, instant: number): Phase | null =>
  session.phases.find((phase) => phase.from <= instant && instant < phase.to) ?? null;

/** True inside a continuous phase: only then may a tick enter a bar. */
export const isContinuous = (session: Session, instant: number): boolean => {
  if (instant < session.open || instant >= session.close) return false;
  return phaseAt(session, instant)?.phase === "continuous";
};

/**
 * The session to display: today's while it or one of its phases runs (an auction, the post-close), otherwise the next
 * one, or the last one if none follows.
 */
export const runningOrNext = (calendar: Calendar, hours: HoursKey, instant: number): Session | null => {
  const today = calendar.on(hours, istDay(instant));
  if (today !== null && phaseAt(today, instant) !== null) return today;
  return calendar.next(hours, instant) ?? calendar.previous(hours, instant);
};
