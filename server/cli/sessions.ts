/** `candela sessions NSE 2026-11-08 [--to DATE] [--segment …] [--symbol …] [--json]`: when an exchange trades. */
import type { Command } from "commander";
import { createCalendar, exchanges, hoursOf, type TradingCalendar } from "@/server/domain/calendar";
import { hasClosingAuction } from "@/server/domain/closing-auction-stocks";
import { badInput } from "@/server/domain/errors";
import type { Segment } from "@/server/domain/instrument";
import { dayOfDate, istDate, istMidnight, type HoursKey, type SessionKind } from "@/server/domain/session";
import type { AnnouncedPhase } from "@/server/domain/trading-day";

/** One trading day as printed: times in epoch ms, null where no source tells, and then `note` says so. */
export interface SessionLine {
  date: string;
  exchange: string;
  kind: SessionKind;
  name: string;
  /** Key of the trading hours that answered: NFO for NSE's derivatives, NSE_CAS for a stock with a closing auction. */
  hours: HoursKey;
  phases: readonly AnnouncedPhase[];
  note?: string;
}

interface SessionsRequest {
  exchange: string;
  date: string;
  to?: string;
  segment?: string;
  symbol?: string;
}

/** Where each exchange trades a segment; what is missing it does not trade, as far as the calendar knows. */
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
  SIM: { equity: "SIM", derivatives: "SIM" },
};
const segments = ["equity", "derivatives", "currency", "commodity"];

/** The trading days from `date` to `to`, both included; days without trading give no line. */
export function* sessionLines(calendar: TradingCalendar, request: SessionsRequest): Generator<SessionLine> {
  const exchange = request.exchange.toUpperCase();
  const hours = hoursFor(exchange, request.segment, request.symbol);
  const first = parseDate("date", request.date);
  const last = request.to === undefined ? first : parseDate("to", request.to);
  if (last < first) throw badInput("to", request.to, `a date on or after ${request.date}`);
  for (let day = first; day <= last; day++) {
    const found = calendar.dayOf(hours, day);
    if (found === null) continue;
    yield {
      date: istDate(day), exchange, kind: found.kind, name: found.name, hours, phases: found.phases,
      ...(found.note === null ? {} : { note: found.note }),
    };
  }
}

const hoursFor = (exchange: string, segment: string | undefined, symbol: string | undefined): HoursKey => {
  const traded = venues[exchange];
  if (traded === undefined) throw badInput("exchange", exchange, exchanges.join(", "));
  if (segment !== undefined && !segments.includes(segment)) throw badInput("segment", segment, segments.join(", "));
  const venue = segment === undefined ? exchange : traded[segment];
  if (venue === undefined) throw badInput("segment", segment, `${Object.keys(traded).join(", ")} on ${exchange}`);
  const kind: Segment = venue === "MCX" ? "commodity" : "equity";
  return hoursOf({ exchange: venue, segment: kind, symbol: (symbol ?? "").toUpperCase() }, { closingAuction: hasClosingAuction });
};

const parseDate = (field: string, date: string): number => {
  const day = dayOfDate(date);
  if (Number.isNaN(day) || !/^\d{4}-\d{2}-\d{2}$/.test(date)) throw badInput(field, date, "a date as YYYY-MM-DD");
  return day;
};

/** `09:15-15:30`, in IST; `24:00` where a phase ends with the day. */
const clockSpan = (line: SessionLine, { from, to }: AnnouncedPhase): string => {
  const midnight = istMidnight(dayOfDate(line.date));
  const clock = (instant: number): string => {
    const minutes = Math.round((instant - midnight) / 60_000);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  };
  return from === null || to === null ? "time unknown" : `${clock(from)}-${clock(to)}`;
};

/** A day for people: a heading, then one phase a line. */
export const sessionText = (line: SessionLine): string => {
  const weekday = new Intl.DateTimeFormat("en-IN", { weekday: "short", timeZone: "UTC" }).format(new Date(`${line.date}T00:00:00Z`));
  const heading = `${line.date} ${weekday}  ${line.hours}  ${line.kind}${line.kind === "regular" ? "" : `: ${line.name}`}`;
  const phases = line.phases.map((phase) => `  ${clockSpan(line, phase).padEnd(13)} ${phase.phase.replaceAll("_", " ")}`);
  return [heading, ...phases, ...(line.note === undefined ? [] : [`  note: ${line.note}`])].join("\n");
};

/** Registers `sessions` with the command line. Bad dates, exchanges and segments are thrown as `bad_input`. */
export const sessionsCommand = (program: Command): void => {
  program
    .command("sessions")
    .description("trading days of an exchange and their phases; days without trading print nothing")
    .argument("<exchange>", exchanges.join(", "))
    .argument("<date>", "first date, YYYY-MM-DD (IST)")
    .option("--to <date>", "last date, included")
    .option("--segment <segment>", segments.join(", "))
    .option("--symbol <symbol>", "hours of this instrument: with a closing auction or without, agricultural or not")
    .option("--json", "one JSON object a line, times in epoch milliseconds")
    .action((exchange: string, date: string, options: { to?: string; segment?: string; symbol?: string; json?: boolean }) => {
      const { json = false, ...rest } = options;
      for (const line of sessionLines(createCalendar(), { exchange, date, ...rest })) {
        process.stdout.write(`${json ? JSON.stringify(line) : sessionText(line)}\n`);
      }
    });
};
