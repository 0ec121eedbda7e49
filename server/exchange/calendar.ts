import { createCalendar } from "@/server/domain/calendar/calendar";
import { istDay, istMidnight, type PhaseName } from "@/server/domain/time/session";

export type CalendarName = "SIM" | "NSE";

/** What keeps hours of its own: stocks have both auctions, indices show their values, India VIX and futures trade through. */
export type Kind = "stock" | "index" | "volatility" | "future";

/** A kind's phases of the day beside the continuous minutes, epoch ms; null for those it lacks. */
export interface DayHours {
  /** Minutes of continuous trading after the open. */
  minutes: number;
  /** Orders are collected until `matching`; the price forms in the last minute before. */
  preOpen: { from: number; matching: number; to: number } | null;
  closing: { from: number; matching: number; to: number } | null;
  postClose: { from: number; to: number } | null;
}

/** When the simulated exchange trades, and how activity and volatility are spread over its day. */
export interface TradingCalendar {
  name: CalendarName;
  /** Minutes in the longest session of any kind. */
  minutes: number;
  /** The hours of a kind on a trading day. */
  hours(kind: Kind, day: number): DayHours;
  /** True when the IST day number is a trading day. */
  trades(day: number): boolean;
  /** Epoch ms of the session's open. */
  open(day: number): number;
  /** Ms before the open at which the feed begins; null without a pre-open. */
  preOpen: { from: number } | null;
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
  0.45 +
  0.7 * bump(minute, 9.6 * HOUR, 55) +
  0.45 * bump(minute, 12.4 * HOUR, 190) +
  0.8 * bump(minute, 15.1 * HOUR, 50) +
  0.5 * bump(minute, 20.5 * HOUR, 130);

/** The U of a day session: a rush at the open, a lull at noon, a rush into the close. */
const uShape =
  (minutes: number) =>
  (minute: number): number =>
    0.6 + 1.6 * Math.exp(-minute / 22) + 1.1 * Math.exp(-(minutes - 1 - minute) / 28);

const build = (
  calendar: Omit<TradingCalendar, "activity" | "elapsed">,
  shape: (minute: number) => number,
): TradingCalendar => {
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

const ALWAYS: DayHours = { minutes: 24 * HOUR, preOpen: null, closing: null, postClose: null };

const sim = (): TradingCalendar =>
  build(
    {
      name: "SIM",
      minutes: 24 * HOUR,
      hours: () => ALWAYS,
      trades: () => true,
      open: istMidnight,
      preOpen: null,
      gap: 0,
    },
    roundTheClock,
  );

const KEYS: Record<Kind, string> = { stock: "NSE_CAS", index: "NSE_INDEX", volatility: "NSE", future: "NFO" };

/**
 * NSE's hours for tests: pre-open from 09:00, stocks and indices to 15:15 and their closing auction (to 15:30 before it
 * existed), futures to 15:40, post-close. Days with other hours (muhurat, halts) are taken as closed.
 */
const nse = (): TradingCalendar => {
  const days = createCalendar();
  const minutes = 385;
  const open = (day: number): number => istMidnight(day) + 555 * 60_000;
  const known = new Map<string, DayHours>();
  const work = (kind: Kind, day: number): DayHours => {
    const session = days.on(KEYS[kind], day)!;
    const phase = (name: PhaseName) => session.phases.find((each) => each.phase === name) ?? null;
    const collected = kind === "future" ? null : phase("pre_open");
    const auction = kind === "future" || kind === "volatility" ? null : phase("closing_auction");
    return {
      minutes: (session.close - session.open) / 60_000,
      preOpen: collected === null ? null : { from: collected.from, matching: collected.to, to: session.open },
      closing:
        auction === null ? null : { from: session.close, matching: auction.to, to: phase("closing_matching")!.to },
      postClose: kind === "stock" ? phase("post_close") : null,
    };
  };
  return build(
    {
      name: "NSE",
      minutes,
      gap: 0.5,
      open,
      preOpen: { from: 15 * 60_000 },
      trades: (day) => days.on("NSE", day)?.open === open(day),
      hours(kind, day) {
        const name = `${kind} ${day}`;
        let hours = known.get(name);
        if (hours === undefined) known.set(name, (hours = work(kind, day)));
        return hours;
      },
    },
    uShape(minutes),
  );
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
export const feedStart = (calendar: TradingCalendar, day: number): number =>
  calendar.open(day) - (calendar.preOpen?.from ?? 0);

/** Epoch ms at which continuous trading has ended for every kind. */
export const closeOf = (calendar: TradingCalendar, day: number): number =>
  calendar.open(day) + calendar.minutes * 60_000;

/** The trading day whose values apply at a given time: today's once its feed has begun, otherwise the last one. */
export const tradingDayAt = (calendar: TradingCalendar, instant: number): number => {
  const day = istDay(instant);
  return calendar.trades(day) && instant >= feedStart(calendar, day) ? day : tradingDayBefore(calendar, day);
};
