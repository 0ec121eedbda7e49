/** Rules for a valid edit of the calendar, checked against the calendar without it. */
import { hoursNamed, type TradingCalendar, exchanges } from "./calendar";
import type { DayEdit, EditedPhase, HaltEdit } from "./calendar-edits";
import { badInput } from "@/server/domain/basics/errors";
import {
  clockMs,
  DAY_MS,
  istMidnight,
  type HoursKey,
  type PhaseName,
  type Session,
  type AnnouncedKind,
} from "@/server/domain/time/session";
import { dayFrom } from "./session-lines";

/** A time of the day: `HH:MM`, `HH:MM:SS` (IST), epoch ms, or ISO with a zone. */
export type ClockInput = string | number;

export interface PhaseInput {
  phase: PhaseName;
  /** Null in both: not announced. */
  from: ClockInput | null;
  to: ClockInput | null;
}

interface OneDay {
  /** Exchanges (all hours of each) or keys of trading hours. */
  exchanges: readonly string[];
  date: string;
  name: string;
}

export type EditRequest = OneDay &
  (
    | { type: "closed" }
    | { type: "open"; kind: AnnouncedKind; phases: "regular" | readonly PhaseInput[] }
    | { type: "halt"; from: ClockInput; to: ClockInput | null; reopening: readonly PhaseInput[] }
  );

/** Returns the edit of a request. Throws `bad_input` naming field, value and what is accepted. */
export const checkedEdit = (request: EditRequest, calendar: TradingCalendar): DayEdit => {
  const day = dayFrom("date", request.date);
  const hours = hoursOfAll(request.exchanges);
  const { date, name } = request;
  switch (request.type) {
    case "closed": {
      if (hours.every((each) => calendar.dayOf(each, day) === null))
        throw badInput(
          "date",
          date,
          `a day on which ${request.exchanges.join(", ")} would trade; this day is already closed`,
        );
      return { type: "closed", date, hours, name };
    }
    case "open": {
      const phases = request.phases === "regular" ? request.phases : phasesOf(request.phases, day, date);
      return { type: "open", date, hours, name, kind: request.kind, phases };
    }
    case "halt":
      return haltOf(request, hours, day, calendar);
  }
};

const hoursOfAll = (names: readonly string[]): HoursKey[] => {
  const all = names.flatMap((name, at) => {
    const found = hoursNamed(name.toUpperCase());
    if (found === null)
      throw badInput(
        `exchanges[${at}]`,
        name,
        `${exchanges.join(", ")}, or trading hours such as NSE_CAS, NFO_OPTIONS, MCX_AGRI`,
      );
    return found;
  });
  if (all.length === 0) throw badInput("exchanges", names, `at least one of ${exchanges.join(", ")}`);
  return [...new Set(all)];
};

/** Phases with clock times, in order and without overlap, at least one of them continuous. */
const phasesOf = (phases: readonly PhaseInput[], day: number, date: string): EditedPhase[] => {
  if (!phases.some(({ phase }) => phase === "continuous"))
    throw badInput(
      "phases",
      phases.map(({ phase }) => phase),
      'at least one phase "continuous"',
    );
  return clocked("phases", phases, day, date);
};

const clocked = (field: string, phases: readonly PhaseInput[], day: number, date: string): EditedPhase[] => {
  let last: { phase: string; to: string } | null = null;
  return phases.map(({ phase, from, to }, at): EditedPhase => {
    const here = `${field}[${at}]`;
    if (from === null && to === null) return { phase, from: null, to: null };
    if (from === null || to === null)
      throw badInput(
        `${here}.${from === null ? "from" : "to"}`,
        null,
        "a time, or null for both if none has been announced",
      );
    const begins = clockOf(`${here}.from`, from, day, date);
    const ends = clockOf(`${here}.to`, to, day, date);
    if (clockMs(ends) <= clockMs(begins))
      throw badInput(`${here}.to`, to, `a time after ${begins}, when ${phase} begins`);
    if (last !== null && clockMs(begins) < clockMs(last.to))
      throw badInput(
        `${here}.from`,
        from,
        `${last.to} or later, when ${last.phase} ends: phases must be in order and must not overlap`,
      );
    last = { phase, to: ends };
    return { phase, from: begins, to: ends };
  });
};

const CLOCK = /^(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?|24:00(?::00)?)$/;

/** An instant of the IST date as a clock time, seconds left out when zero. */
const clockOf = (field: string, given: ClockInput, day: number, date: string): string => {
  const ms = typeof given === "string" && CLOCK.test(given) ? clockMs(given) : instantOf(given) - istMidnight(day);
  if (!(ms >= 0 && ms <= DAY_MS) || ms % 1_000 !== 0)
    throw badInput(field, given, `a time on ${date} in IST, to the second: HH:MM, HH:MM:SS or epoch milliseconds`);
  const part = (unit: number, size: number): string => String(Math.floor(ms / unit) % size).padStart(2, "0");
  const seconds = part(1_000, 60);
  return `${part(3_600_000, 100)}:${part(60_000, 60)}${seconds === "00" ? "" : `:${seconds}`}`;
};

const instantOf = (given: ClockInput): number => {
  if (typeof given === "number") return given;
  return /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(given) ? Date.parse(given) : Number.NaN;
};

const REOPENING: readonly PhaseName[] = ["pre_open", "pre_open_matching", "buffer"];

/** A halt concerns those of the hours named that trade when it begins. */
const haltOf = (
  request: Extract<EditRequest, { type: "halt" }>,
  named: readonly HoursKey[],
  day: number,
  calendar: TradingCalendar,
): HaltEdit => {
  const { date, name } = request;
  const sessions = named.flatMap((each) => calendar.on(each, day) ?? []);
  if (sessions.length === 0)
    throw badInput("date", date, `a day on which ${request.exchanges.join(", ")} trades at known times`);
  const from = clockOf("from", request.from, day, date);
  const start = istMidnight(day) + clockMs(from);
  const trading = (session: Session) =>
    session.phases.find((phase) => phase.phase === "continuous" && phase.from <= start && start < phase.to);
  const stopped = sessions.filter((session) => start > session.open && trading(session) !== undefined);
  if (stopped.length === 0) {
    const spans = [
      ...new Set(
        sessions.flatMap(({ phases }) =>
          phases.filter(({ phase }) => phase === "continuous").map((phase) => spanText(phase, day)),
        ),
      ),
    ];
    throw badInput(
      "from",
      request.from,
      `a time inside continuous trading and after its open (${spans.join(", ")}); for a later open, set the day's hours with type "open"`,
    );
  }
  const to = request.to === null ? null : clockOf("to", request.to, day, date);
  if (to === null) {
    if (request.reopening.length > 0)
      throw badInput(
        "reopening",
        request.reopening.map(({ phase }) => phase),
        "nothing when `to` is null, because trading does not resume that day",
      );
  } else {
    const end = istMidnight(day) + clockMs(to);
    if (end <= start) throw badInput("to", request.to, `a time after ${from}`);
    const close = Math.max(...stopped.map((session) => session.close));
    if (end >= close)
      throw badInput(
        "to",
        request.to,
        `a time before ${textOf(close, day)}, or null if trading does not resume that day`,
      );
    const before = stopped.find((session) => {
      const stop = trading(session)!.to;
      return stop < session.close && stop < end;
    });
    if (before !== undefined)
      throw badInput(
        "to",
        request.to,
        `${textOf(trading(before)!.to, day)} or earlier, because trading already stops then`,
      );
  }
  const reopening = clocked("reopening", request.reopening, day, date);
  reopening.forEach(({ phase, from: opens, to: ends }, at) => {
    if (!REOPENING.includes(phase)) throw badInput(`reopening[${at}].phase`, phase, REOPENING.join(", "));
    if (opens === null || ends === null) throw badInput(`reopening[${at}].from`, null, "a time inside the halt");
    if (clockMs(opens) < clockMs(from) || (to !== null && clockMs(ends) > clockMs(to)))
      throw badInput(`reopening[${at}]`, `${opens}-${ends}`, `times inside the halt, ${from}-${to}`);
  });
  return { type: "halt", date, hours: stopped.map((session) => session.hours), name, from, to, reopening };
};

const textOf = (instant: number, day: number): string => {
  const minutes = Math.floor((instant - istMidnight(day)) / 60_000);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};
const spanText = ({ from, to }: { from: number; to: number }, day: number): string =>
  `${textOf(from, day)}-${textOf(to, day)}`;
