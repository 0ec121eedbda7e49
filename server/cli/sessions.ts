/** `candela sessions NSE 2026-11-08 [--to DATE] [--segment …] [--symbol …] [--server URL] [--json]`: when an exchange trades. */
import type { Command } from "commander";
import { createCalendar, exchanges } from "@/server/domain/calendar/calendar";
import { AppError, badInput, type ErrorCode } from "@/server/domain/basics/errors";
import { spanOf } from "@/server/domain/calendar/calendar-coverage";
import { dayOfDate, istDate, istMidnight } from "@/server/domain/time/session";
import {
  dayFrom,
  hoursFor,
  type HoursQuestion,
  segmentNames,
  type SessionLine,
  sessionLines,
} from "@/server/domain/calendar/session-lines";
import type { AnnouncedPhase } from "@/server/domain/calendar/trading-day";

export interface SessionsRequest extends HoursQuestion {
  date: string;
  to?: string | undefined;
}

const daysOf = ({ date, to }: SessionsRequest): [first: number, last: number] => {
  const first = dayFrom("date", date);
  const last = to === undefined ? first : dayFrom("to", to);
  if (last < first) throw badInput("to", to, `a date on or after ${date}`);
  return [first, last];
};

/** The trading days as the dated data state them. */
export const datedLines = (request: SessionsRequest): Iterable<SessionLine> =>
  sessionLines(createCalendar(), request.exchange.toUpperCase(), hoursFor(request), ...daysOf(request));

/**
 * For Saturdays and Sundays outside all holiday lists it is unknown whether they had a special session; null if there
 * are none.
 */
export const weekendNote = (request: SessionsRequest): string | null => {
  const calendar = createCalendar();
  const hours = hoursFor(request);
  const [first, last] = daysOf(request);
  const spans = calendar.coverage(hours);
  const unknown: number[] = [];
  for (let day = first; day <= last; day++)
    if (spanOf(spans, day) === null && calendar.dayOf(hours, day) === null) unknown.push(day);
  if (unknown.length === 0) return null;
  const dates =
    unknown.length <= 2
      ? unknown.map(istDate).join(", ")
      : `${istDate(unknown[0]!)} and ${unknown.length - 1} more Saturdays and Sundays`;
  return `${dates}: unknown: no holiday list of ${hours} covers ${unknown.length === 1 ? "it" : "them"}; some had special sessions`;
};

/** The trading days as a running server has them: with the edits made there. */
const serverLines = async (server: string, request: SessionsRequest): Promise<SessionLine[]> => {
  daysOf(request);
  const { exchange, date, to, segment, symbol } = request;
  const query = new URLSearchParams(
    Object.entries({ exchange, from: date, to: to ?? date, segment, symbol }).filter(
      (each): each is [string, string] => each[1] !== undefined,
    ),
  );
  const answer = await asked(server, `/api/v1/calendar?${query}`);
  const body = (await answer.json().catch(() => null)) as {
    data?: SessionLine[];
    error?: { code: ErrorCode; message: string; details?: Record<string, unknown> };
  } | null;
  if (body?.error !== undefined)
    throw new AppError(body.error.code, body.error.message, { details: body.error.details ?? {} });
  if (!Array.isArray(body?.data))
    throw badInput("server", server, "the address of a running Candela, such as http://localhost:8080");
  return body.data;
};

const asked = async (server: string, path: string): Promise<Response> => {
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw badInput("server", server, "an address such as http://localhost:8080");
  try {
    return await fetch(new URL(path, server), { signal: AbortSignal.timeout(30_000) });
  } catch (cause) {
    throw new AppError(
      "internal",
      `Nothing responds at ${server}. Is Candela running there? Without --server, only the built-in calendar is printed.`,
      { cause },
    );
  }
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
  const weekday = new Intl.DateTimeFormat("en-IN", { weekday: "short", timeZone: "UTC" }).format(
    new Date(`${line.date}T00:00:00Z`),
  );
  const heading = `${line.date} ${weekday}  ${line.hours}  ${line.kind}${line.kind === "regular" ? "" : `: ${line.name}`}`;
  const phases = line.phases.map(
    (phase) => `  ${clockSpan(line, phase).padEnd(13)} ${phase.phase.replaceAll("_", " ")}`,
  );
  return [heading, ...phases, ...(line.note === undefined ? [] : [`  note: ${line.note}`])].join("\n");
};

interface Options {
  to?: string;
  segment?: string;
  symbol?: string;
  server?: string;
  json?: boolean;
}

/** Registers `sessions` with the command line. Bad dates, exchanges and segments are thrown as `bad_input`. */
export const sessionsCommand = (program: Command): void => {
  program
    .command("sessions")
    .description("print an exchange's trading days and their phases; days without trading print nothing")
    .argument("<exchange>", exchanges.join(", "))
    .argument("<date>", "first date, YYYY-MM-DD (IST)")
    .option("--to <date>", "last date, inclusive")
    .option("--segment <segment>", segmentNames.join(", "))
    .option(
      "--symbol <symbol>",
      "hours of this instrument: with or without a closing auction, option or future, agricultural or not",
    )
    .option(
      "--server <url>",
      "ask a running server, which includes calendar edits; by default only the built-in calendar is used",
    )
    .option("--json", "print one JSON object per line, times in epoch milliseconds")
    .action(async (exchange: string, date: string, { json = false, server, ...rest }: Options) => {
      const request = { exchange, date, ...rest };
      let printed = 0;
      for (const line of server === undefined ? datedLines(request) : await serverLines(server, request)) {
        process.stdout.write(`${json ? JSON.stringify(line) : sessionText(line)}\n`);
        printed++;
      }
      const note = server === undefined ? weekendNote(request) : null;
      if (note !== null) (json || printed > 0 ? process.stderr : process.stdout).write(`${note}\n`);
    });
};
