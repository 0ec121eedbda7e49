import { createCalendar } from "@/server/domain/calendar";
import { istDay, istMidnight } from "@/server/domain/session";

export type CalendarName = "SIM" | "NSE";

/** When the simulated exchange trades, and how activity and volatility spread over its day. */
export interface TradingCalendar {
  name: CalendarName;
  /** Minutes in a session. */
  minutes: number;
  /** True when the IST day number is a trading day. */
  trades(day: number): boolean;
  /** Epoch ms of the session's open. */
  open(day: number): number;
  /** Ms before the open at which pre-open values begin and end; null without a pre-open. */
  preOpen: { from: number; to: number } | null;
  /** Trading activity of each minute, mean 1. */
  activity: Float64Array;
  /** Share of the day's variance before each minute: 0 at the open, 1 at the close (minutes + 1 values). */
  elapsed: Float64Array;
  /** Share of the day's return that happens overnight at most. */
  gap: number;
}

const HOUR = 60;

const bump = (minute: number, centre: number, width: number): number => Math.exp(-(((minute - centre) / width) ** 2));

/** Busiest around Indian trading hours, a second life in the evening, never still. */
const roundTheClock = (minute: number): number =>
  0.45 + 0.7 * bump(minute, 9.6 * HOUR, 55) + 0.45 * bump(minute, 12.4 * HOUR, 190) + 0.8 * bump(minute, 15.1 * HOUR, 50) + 0.5 * bump(minute, 20.5 * HOUR, 130);

/** The U of a day session: a rush at the open, a lull at noon, a rush into the close. */
const uShape = (minutes: number) => (minute: number): number =>
  0.6 + 1.6 * Math.exp(-minute / 22) + 1.1 * Math.exp(-(minutes - 1 - minute) / 28);

const build = (calendar: Omit<TradingCalendar, "activity" | "elapsed">, shape: (minute: number) => number): TradingCalendar => {
  const { minutes } = calendar;
  const activity = Float64Array.from({ length: minutes }, (_, minute) => shape(minute));
  const mean = activity.reduce((sum, value) => sum + value, 0) / minutes;
  const elapsed = new Float64Array(minutes + 1);
  for (let minute = 0; minute < minutes; minute++) {
    activity[minute] = activity[minute]! / mean;
    elapsed[minute + 1] = elapsed[minute]! + activity[minute]! / minutes;
  }
  elapsed[minutes] = 1;
  return { ...calendar, activity, elapsed };
};

const sim = (): TradingCalendar =>
  build({ name: "SIM", minutes: 24 * HOUR, trades: () => true, open: istMidnight, preOpen: null, gap: 0 }, roundTheClock);

/**
 * NSE's hours for tests: 09:15 to 15:30, values of the pre-open from 09:00 to 09:08. Days with other hours (muhurat,
 * halts) are taken as closed.
 */
const nse = (): TradingCalendar => {
  const days = createCalendar();
  const minutes = 375;
  const open = (day: number): number => istMidnight(day) + 555 * 60_000;
  return build({
    name: "NSE", minutes, gap: 0.5, open, preOpen: { from: 15 * 60_000, to: 7 * 60_000 },
    trades: (day) => days.on("NSE", day)?.open === open(day),
  }, uShape(minutes));
};

export const tradingCalendar = (name: CalendarName): TradingCalendar => (name === "NSE" ? nse() : sim());

/** The last trading day before an IST day number. */
export const tradingDayBefore = (calendar: TradingCalendar, day: number): number => {
  let before = day - 1;
  while (!calendar.trades(before)) before -= 1;
  return before;
};

/** The first trading day after an IST day number. */
export const tradingDayAfter = (calendar: TradingCalendar, day: number): number => {
  let after = day + 1;
  while (!calendar.trades(after)) after += 1;
  return after;
};

/** Epoch ms at which the exchange begins to send on a trading day. */
export const feedStart = (calendar: TradingCalendar, day: number): number => calendar.open(day) - (calendar.preOpen?.from ?? 0);

/** Epoch ms of the session's end. */
export const closeOf = (calendar: TradingCalendar, day: number): number => calendar.open(day) + calendar.minutes * 60_000;

/** The trading day whose values stand at an instant: today's once its feed has begun, else the last one. */
export const tradingDayAt = (calendar: TradingCalendar, instant: number): number => {
  const day = istDay(instant);
  return calendar.trades(day) && instant >= feedStart(calendar, day) ? day : tradingDayBefore(calendar, day);
};
