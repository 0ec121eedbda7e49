/** One trading day of one set of hours, from the dated rows, the listed days and the edits since. */
import type { CalendarDays } from "./calendar-days";
import { type CalendarEdit, halted } from "./calendar-edits";
import type { ListedDay } from "./holiday-lists";
import {
  clockMs,
  dayOfDate,
  istDate,
  istMidnight,
  type HoursKey,
  type Phase,
  type PhaseName,
  type Session,
  type SessionKind,
} from "@/server/domain/time/session";
import type { HoursRow, PhaseRow, TradingHours } from "./trading-hours";

/** A phase as announced; null for a time no source gives. */
export interface AnnouncedPhase {
  phase: PhaseName;
  from: number | null;
  to: number | null;
}

/** All that is known of an open day; `session` is null while its times are unknown. */
export interface TradingDay {
  day: number;
  kind: SessionKind;
  name: string;
  phases: readonly AnnouncedPhase[];
  session: Session | null;
  note: string | null;
  /** Ids of the edits that changed it; empty if there were none. */
  edits: readonly number[];
}

/** Where MCX's morning session ends and its evening session begins. */
const EVENING = "17:00";

/**
 * Returns the day from the data and the edits; null if closed. Of several edits about whether and when it is open, the
 * last one counts; announced halts are added.
 */
export const tradingDay = (
  hours: HoursKey,
  day: number,
  rows: TradingHours,
  days: CalendarDays,
  edits: readonly CalendarEdit[] = [],
): TradingDay | null => {
  const row = rows.find((candidate) => candidate.hours === hours && inForce(candidate, day));
  if (row === undefined) return null;

  const date = istDate(day);
  const own = edits.filter((edit) => edit.date === date && edit.hours.includes(hours));
  const whole = own.findLast((edit) => edit.type !== "halt");
  let found = whole === undefined ? listedDay(row, day, days) : editedDay(row, day, whole);
  for (const edit of own) {
    if (edit.type !== "halt" || found === null || found.session === null) continue;
    // An announced halt implies that the exchange trades.
    const ordinary = found.kind === "regular" || found.kind === "unknown";
    const name = ordinary ? edit.name : found.name;
    const phases = joined(halted(found.session, edit, new Set(row.phases.map(([phase]) => phase))));
    const kind = ordinary ? "special" : found.kind;
    found = {
      ...found,
      kind,
      name,
      phases,
      note: found.kind === "unknown" ? null : found.note,
      session: sessionOf(hours, day, kind, name, phases),
      edits: [...found.edits, edit.id],
    };
  }
  return found;
};

const editedDay = (row: HoursRow, day: number, edit: Exclude<CalendarEdit, { type: "halt" }>): TradingDay | null => {
  if (edit.type === "closed") return null;
  const phases =
    edit.phases === "regular" ? edit.phases : edit.phases.map(({ phase, from, to }): PhaseRow => [phase, from, to]);
  const built = describe(row.hours, day, {
    kind: edit.kind,
    name: edit.name,
    phases: phasesFor(row, phases),
    note: null,
  });
  return built === null
    ? null
    : { ...built, note: built.session === null ? "no times have been announced yet" : null, edits: [edit.id] };
};

const listedDay = (row: HoursRow, day: number, days: CalendarDays): TradingDay | null => {
  const { hours } = row;
  const date = istDate(day);
  const special = days.specials.findLast((candidate) => candidate.date === date && candidate.hours.includes(hours));
  if (special !== undefined) {
    const phases = phasesFor(row, special.phases);
    return describe(hours, day, { kind: special.kind, name: special.name, phases, note: special.note ?? null });
  }

  const weekday = (day + 4) % 7; // 1970-01-01, day 0, was a Thursday: 0 is Sunday
  if (row.days === "weekdays" && (weekday === 0 || weekday === 6)) return null;

  const lists = days.lists.filter((list) => list.hours.includes(hours) && list.from <= date && date <= list.to);
  for (const list of lists) {
    if (listed(list.closed, date) !== undefined) return null;
    const morning = listed(list.morningClosed, date);
    if (morning !== undefined) {
      const evening = row.phases.flatMap((phase) => startingAt(phase, EVENING));
      return describe(hours, day, { kind: "partial", name: morning[1], phases: evening, note: null });
    }
    const evening = listed(list.eveningClosed, date);
    if (evening !== undefined) {
      const untilEvening = row.phases.flatMap((phase) => endingAt(phase, EVENING));
      return describe(hours, day, { kind: "partial", name: evening[1], phases: untilEvening, note: null });
    }
  }
  if (row.days === "every" || lists.length > 0)
    return describe(hours, day, { kind: "regular", name: "Regular session", phases: row.phases, note: null });
  return describe(hours, day, {
    kind: "unknown",
    name: "Not covered by a holiday list",
    phases: row.phases,
    note: `no holiday list of ${hours} covers ${date}: whether it trades is unknown; the hours shown are those of a regular weekday`,
  });
};

const listed = (days: readonly ListedDay[] | undefined, date: string): ListedDay | undefined =>
  days?.find((day) => day[0] === date);

const inForce = (row: HoursRow, day: number): boolean => {
  const date = istDate(day);
  if ((row.from !== null && date < row.from) || (row.to !== null && date > row.to)) return false;
  return row.unitedStates === undefined || (row.unitedStates === "daylight-saving") === isUsDaylightSaving(day);
};

/** Second Sunday of March to the first Sunday of November (Energy Policy Act of 2005), as seen from an Indian evening. */
const isUsDaylightSaving = (day: number): boolean => {
  const year = istDate(day).slice(0, 4);
  const firstSundayFrom = (date: string): number => {
    const start = dayOfDate(date);
    return start + ((10 - (start % 7)) % 7); // day 3 was a Sunday
  };
  return firstSundayFrom(`${year}-03-08`) <= day && day < firstSundayFrom(`${year}-11-01`);
};

/**
 * A special day's phases as one instrument class has them: options have no pre-open, indices no post-close. A phase
 * left out in the middle of a halt (the auction it ends with) is part of the halt for that class.
 */
const phasesFor = (row: HoursRow, phases: "regular" | readonly PhaseRow[]): readonly PhaseRow[] => {
  if (phases === "regular") return row.phases;
  const own = new Set<PhaseName>([...row.phases.map(([phase]) => phase), "continuous", "halt"]);
  const out: PhaseRow[] = [];
  for (const phase of phases) {
    const before = out.at(-1);
    if (own.has(phase[0])) out.push(phase);
    else if (before !== undefined && before[0] === "halt" && before[2] === phase[1])
      out.push(["halt", phase[1], phase[2]]);
  }
  return out;
};

const startingAt = ([phase, from, to]: PhaseRow, clock: string): PhaseRow[] =>
  from === null || to === null || to <= clock ? [] : [[phase, from < clock ? clock : from, to]];

const endingAt = ([phase, from, to]: PhaseRow, clock: string): PhaseRow[] =>
  from === null || to === null || from >= clock ? [] : [[phase, from, to > clock ? clock : to]];

interface Description {
  kind: SessionKind;
  name: string;
  phases: readonly PhaseRow[];
  note: string | null;
}

const describe = (hours: HoursKey, day: number, { kind, name, phases: rows, note }: Description): TradingDay | null => {
  if (rows.length === 0) return null;
  const phases = joined(rows.map(([phase, from, to]) => ({ phase, from: at(day, from), to: at(day, to) })));
  return { day, kind, name, phases, session: sessionOf(hours, day, kind, name, phases), note, edits: [] };
};

const sessionOf = (
  hours: HoursKey,
  day: number,
  kind: SessionKind,
  name: string,
  announced: readonly AnnouncedPhase[],
): Session | null => {
  const phases = announced.filter((phase): phase is Phase => phase.from !== null && phase.to !== null);
  const open = phases.find(({ phase }) => phase === "continuous")?.from;
  const close = phases.findLast(({ phase }) => phase === "continuous")?.to;
  return open === undefined || close === undefined ? null : { hours, day, kind, name, phases, open, close };
};

/** Neighbours of one name become one phase. */
const joined = (phases: readonly AnnouncedPhase[]): readonly AnnouncedPhase[] => {
  const out: AnnouncedPhase[] = [];
  for (const phase of phases) {
    const before = out.at(-1);
    if (before !== undefined && before.phase === phase.phase && before.to !== null && before.to === phase.from)
      before.to = phase.to;
    else out.push({ ...phase });
  }
  return out;
};

const at = (day: number, clock: string | null): number | null =>
  clock === null ? null : istMidnight(day) + clockMs(clock);
