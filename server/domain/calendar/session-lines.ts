/** Trading days as printed by the command line and REST: one line per day, none for days without trading. */
import { exchanges, hoursOf, type TradingCalendar } from "./calendar";
import { hasClosingAuction } from "@/server/domain/instruments/closing-auction-stocks";
import { badInput } from "@/server/domain/basics/errors";
import type { Segment } from "@/server/domain/instruments/instrument";
import { segmentOf } from "@/server/domain/instruments/segments";
import { dayOfDate, istDate, type HoursKey, type SessionKind } from "@/server/domain/time/session";
import type { AnnouncedPhase } from "./trading-day";

/** One trading day with times in epoch ms, null if unknown; `note` then says so. */
export interface SessionLine {
  date: string;
  exchange: string;
  kind: SessionKind;
  name: string;
  /** Key of the trading hours that answered: NFO for NSE's futures, NSE_CAS for a stock with a closing auction. */
  hours: HoursKey;
  phases: readonly AnnouncedPhase[];
  note?: string;
  /** Ids of the calendar edits that changed the day; absent if there were none. */
  edits?: readonly number[];
}

/** Whose hours are asked for. */
export interface HoursQuestion {
  exchange: string;
  segment?: string | undefined;
  symbol?: string | undefined;
}

/** Exchanges and the segments they trade; segments not listed are not traded, as far as the calendar knows. */
const venues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  NSE: { equity: "NSE", derivatives: "NFO", currency: "CDS" },
  BSE: { equity: "BSE", derivatives: "BFO", currency: "BCD" },
  NSE_INDEX: { equity: "NSE_INDEX" },
  BSE_INDEX: { equity: "BSE_INDEX" },
  NFO: { derivatives: "NFO" },
  BFO: { derivatives: "BFO" },
  CDS: { currency: "CDS" },
  BCD: { currency: "BCD" },
  MCX: { commodity: "MCX" },
  NCO: { commodity: "NCO" },
  NSEIX: { equity: "NSEIX", derivatives: "NSEIX" },
  SIM: { equity: "SIM", derivatives: "SIM" },
};
export const segmentNames = ["equity", "derivatives", "currency", "commodity"] as const;

const INDEX = /^(NIFTY( ?\d+| [A-Z0-9 &/-]+)?|INDIA ?VIX|SENSEX|BANKEX)$/;
const OPTION = /\d(CE|PE)$/;

/**
 * Resolves the trading hours of a request; `listed` returns those of an instrument by its key. Throws `bad_input` for
 * an unknown exchange or segment.
 */
export const hoursFor = (question: HoursQuestion, listed: (key: string) => HoursKey | null = () => null): HoursKey => {
  const exchange = question.exchange.toUpperCase();
  const { segment } = question;
  const symbol = (question.symbol ?? "").toUpperCase();
  const traded = venues[exchange];
  if (traded === undefined) throw badInput("exchange", question.exchange, exchanges.join(", "));
  if (segment !== undefined && !(segmentNames as readonly string[]).includes(segment))
    throw badInput("segment", segment, segmentNames.join(", "));
  const venue = segment === undefined ? exchange : traded[segment];
  if (venue === undefined) throw badInput("segment", segment, `${Object.keys(traded).join(", ")} on ${exchange}`);
  return (
    listed(`${venue}:${symbol}`) ??
    listed(`${venue}_INDEX:${symbol}`) ??
    hoursOf({ exchange: venue, segment: kindOf(venue, symbol), symbol }, { closingAuction: hasClosingAuction })
  );
};

const kindOf = (venue: string, symbol: string): Segment => {
  switch (venue) {
    case "NSE":
    case "BSE":
      return INDEX.test(symbol) ? "index" : "equity";
    case "NFO":
    case "BFO":
      return OPTION.test(symbol) ? "options" : "futures";
    default:
      return segmentOf(venue)?.kind ?? "equity";
  }
};

/** IST day number of `YYYY-MM-DD`; throws `bad_input` under the field's name. */
export const dayFrom = (field: string, date: string): number => {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(date) ? dayOfDate(date) : Number.NaN;
  if (Number.isNaN(day)) throw badInput(field, date, "a date as YYYY-MM-DD");
  return day;
};

/** The line of one day, or null when these hours do not trade on it. */
export const sessionLine = (
  calendar: TradingCalendar,
  exchange: string,
  hours: HoursKey,
  day: number,
): SessionLine | null => {
  const found = calendar.dayOf(hours, day);
  if (found === null) return null;
  return {
    date: istDate(day),
    exchange,
    kind: found.kind,
    name: found.name,
    hours,
    phases: found.phases,
    ...(found.note === null ? {} : { note: found.note }),
    ...(found.edits.length === 0 ? {} : { edits: found.edits }),
  };
};

/** The trading days from one IST day number to another, both included. */
export function* sessionLines(
  calendar: TradingCalendar,
  exchange: string,
  hours: HoursKey,
  first: number,
  last: number,
): Generator<SessionLine> {
  for (let day = first; day <= last; day++) {
    const line = sessionLine(calendar, exchange, hours, day);
    if (line !== null) yield line;
  }
}
