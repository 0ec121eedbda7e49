/** Sessions of every exchange, worked out from dated hours and listed days, and kept once worked out. */
import { type CoveredSpan, coverageOf } from "./calendar-coverage";
import { calendarDays, type CalendarDays } from "./calendar-days";
import type { CalendarEdit } from "./calendar-edits";
import { badInput } from "@/server/domain/basics/errors";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { RecentMap } from "@/server/domain/basics/recent-map";
import { exchanges, segmentOf } from "@/server/domain/instruments/segments";
import {
  dayOfDate,
  FIRST_DAY,
  istDay,
  LAST_DAY,
  type Calendar,
  type HoursKey,
  type Session,
} from "@/server/domain/time/session";
import { tradingDay, type TradingDay } from "./trading-day";
import { tradingHours, type TradingHours } from "./trading-hours";

export interface TradingCalendar extends Calendar {
  /** The trading day of a date, also when its times are unknown; null when the exchange is closed. */
  dayOf(hours: HoursKey, day: number): TradingDay | null;
  /** The dates the data speak for, oldest first. */
  coverage(hours: HoursKey): readonly CoveredSpan[];
}

/** A calendar whose edits may be changed while it is in use. */
export interface EditableCalendar extends TradingCalendar {
  /** From now on these edits are in force, in this order. Days they do not touch keep their session objects. */
  setEdits(edits: readonly CalendarEdit[]): void;
}

export { exchanges };

const AGRICULTURAL = /^(CARDAMOM|CASTORSEED|COTTON|COTTONCNDY|COTTONOIL|CPO|KAPAS|MENTHAOIL|RUBBER)(?![A-Z])/;

/** All the hours of an exchange, or the one set a key names (`NSE_CAS`, `MCX_AGRI`); null for neither. */
export const hoursNamed = (name: string): readonly HoursKey[] | null => {
  const ofExchange = segmentOf(name)?.hours ?? null;
  if (ofExchange !== null) return ofExchange;
  return tradingHours.some((row) => row.hours === name) ? [name] : null;
};

/**
 * Returns the trading hours of an instrument, or null if those of its exchange are unknown. NSE and BSE stocks with
 * derivatives have a closing auction since 2026-08-03; `closingAuction` decides by symbol, and without it no stock has
 * one.
 */
export const hoursIfKnown = (
  instrument: Pick<Instrument, "exchange" | "segment" | "symbol">,
  options: { closingAuction?: (symbol: string) => boolean } = {},
): HoursKey | null => {
  const { exchange, segment, symbol } = instrument;
  const known = segmentOf(exchange)?.hours ?? null;
  if (known === null) return null;
  // India VIX is worked out from options and moves through the closing auction of stocks: it keeps the hours of those without one.
  const special =
    symbol === "INDIA VIX"
      ? "NSE"
      : segment === "index"
        ? `${exchange}_INDEX`
        : segment === "options"
          ? `${exchange}_OPTIONS`
          : segment === "equity" && options.closingAuction?.(symbol) === true
            ? `${exchange}_CAS`
            : AGRICULTURAL.test(symbol)
              ? `${exchange}_AGRI`
              : exchange;
  return known.includes(special) ? special : known[0];
};

/** The same; throws `bad_input` for an exchange whose hours are not known. */
export const hoursOf = (...[instrument, options]: Parameters<typeof hoursIfKnown>): HoursKey => {
  const hours = hoursIfKnown(instrument, options);
  if (hours === null) throw badInput("exchange", instrument.exchange, exchanges.join(", "));
  return hours;
};

/** Searching for a neighbouring session gives up after this many days. */
const SEARCH_DAYS = 400;
/** Days kept of each set of hours, once to twice as many: about a kilobyte each. Others are worked out again. */
const KEPT_DAYS = 1_500;
/** Stands for a day without trading. */
const CLOSED = Symbol("closed");

/** Builds the calendar over the hours and days given, by default the project's own. */
export const createCalendar = (
  data: { hours?: TradingHours; days?: CalendarDays; edits?: readonly CalendarEdit[] } = {},
): EditableCalendar => {
  const rows = data.hours ?? tradingHours;
  const days = data.days ?? calendarDays;
  let edits = data.edits ?? [];
  const kept = new Map<HoursKey, RecentMap<number, TradingDay | typeof CLOSED>>(
    rows.map((row) => [row.hours, new RecentMap(KEPT_DAYS)]),
  );

  const covered = new Map<HoursKey, readonly CoveredSpan[]>(
    [...kept.keys()].map((hours) => [hours, coverageOf(hours, rows, days)]),
  );

  const dayOf = (hours: HoursKey, day: number): TradingDay | null => {
    const built = kept.get(hours);
    if (built === undefined) throw new RangeError(`no trading hours for ${hours}`);
    if (!(day >= FIRST_DAY && day <= LAST_DAY)) return null;
    let found = built.get(day);
    if (found === undefined) {
      found = tradingDay(hours, day, rows, days, edits) ?? CLOSED;
      built.set(day, found);
    }
    return found === CLOSED ? null : found;
  };
  const on = (hours: HoursKey, day: number): Session | null => dayOf(hours, day)?.session ?? null;

  const forget = ({ hours, date }: CalendarEdit): void => {
    for (const each of hours) kept.get(each)?.delete(dayOfDate(date));
  };

  return {
    dayOf,
    on,
    coverage: (hours) => covered.get(hours) ?? [],
    setEdits(given) {
      for (const edit of [...edits, ...given]) forget(edit);
      edits = given;
    },
    next(hours, instant) {
      const first = Math.max(istDay(instant), FIRST_DAY);
      for (let day = first; day <= Math.min(first + SEARCH_DAYS, LAST_DAY); day++) {
        const session = on(hours, day);
        if (session !== null && session.close > instant) return session;
      }
      return null;
    },
    previous(hours, instant) {
      const last = Math.min(istDay(instant), LAST_DAY);
      for (let day = last; day >= Math.max(last - SEARCH_DAYS, FIRST_DAY); day--) {
        const session = on(hours, day);
        if (session !== null && session.open <= instant) return session;
      }
      return null;
    },
  };
};
