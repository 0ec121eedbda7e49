/**
 * What a person adds to the dated calendar while the server runs: a day closed at short notice, a session with hours of
 * its own, a halt. Each change is kept for ever with who made it and why; the edits in force follow from the changes.
 */
import {
  clockMs,
  istMidnight,
  type HoursKey,
  type Phase,
  type PhaseName,
  type Session,
  type AnnouncedKind,
} from "@/server/domain/time/session";

/** A phase as edited: IST clock times `HH:MM[:SS]`, null in both while none has been announced. */
export interface EditedPhase {
  phase: PhaseName;
  from: string | null;
  to: string | null;
}

interface OneDay {
  /** `YYYY-MM-DD`, IST. */
  date: string;
  /** The trading hours it concerns. */
  hours: readonly HoursKey[];
  name: string;
}

/** No trading on the day, regardless of the lists. */
export interface ClosedEdit extends OneDay {
  type: "closed";
}

/** Trading on the day, at these times: a special or muhurat session, or other hours on an ordinary day. */
export interface OpenEdit extends OneDay {
  type: "open";
  kind: AnnouncedKind;
  /** `regular`: the ordinary hours of that date. */
  phases: "regular" | readonly EditedPhase[];
}

/** A stop announced inside the session, IST clock times. */
export interface HaltEdit extends OneDay {
  type: "halt";
  from: string;
  /** When continuous trading resumes; null: not again that day, and without a closing auction. */
  to: string | null;
  /** The auction it ends with, inside the halt: pre_open, pre_open_matching, buffer. */
  reopening: readonly EditedPhase[];
}

export type DayEdit = ClosedEdit | OpenEdit | HaltEdit;
export type CalendarEdit = DayEdit & { id: number };

/** Who may change the calendar: the person at the screen, a REST client, the command line. */
export const editors = ["local user", "api", "cli"] as const;
export type Editor = (typeof editors)[number];

/** One line of the audit: `before` null is an addition, `after` null a withdrawal. */
export interface CalendarChange {
  id: number;
  /** The edit it concerns: the id of the change that added it. */
  edit: number;
  /** Epoch ms. */
  time: number;
  who: Editor;
  note: string;
  before: DayEdit | null;
  after: DayEdit | null;
}

/** The edits in force, ordered by last change; for the same day the last entry wins. */
export const editsAfter = (changes: readonly CalendarChange[]): CalendarEdit[] => {
  const inForce = new Map<number, CalendarEdit>();
  for (const { edit, after } of changes) {
    inForce.delete(edit);
    if (after !== null) inForce.set(edit, { ...after, id: edit });
  }
  return [...inForce.values()];
};

/** Phases that follow continuous trading and are not held when a halt ends the day. */
const closing: ReadonlySet<PhaseName> = new Set<PhaseName>(["transition", "closing_auction", "closing_matching"]);

/**
 * Returns the session's phases with a halt. Only continuous trading stops; a class without its own reopening phase
 * (`own` lists its phases) pauses meanwhile.
 */
export const halted = (session: Session, halt: HaltEdit, own: ReadonlySet<PhaseName>): Phase[] => {
  const midnight = istMidnight(session.day);
  const from = midnight + clockMs(halt.from);
  const to = halt.to === null ? session.close : midnight + clockMs(halt.to);
  const phases: Phase[] = [];
  for (const phase of session.phases) {
    if (phase.phase !== "continuous") {
      if (halt.to !== null || phase.from < from || !closing.has(phase.phase)) phases.push(phase);
      continue;
    }
    const [stop, resume] = [Math.max(phase.from, from), Math.min(phase.to, to)];
    if (stop >= resume) {
      phases.push(phase);
      continue;
    }
    if (phase.from < stop) phases.push({ ...phase, to: stop });
    let now = stop;
    for (const { phase: name, from: opens, to: ends } of halt.reopening) {
      if (opens === null || ends === null || !own.has(name)) continue;
      const step = {
        phase: name,
        from: Math.max(midnight + clockMs(opens), now),
        to: Math.min(midnight + clockMs(ends), resume),
      };
      if (step.from >= step.to) continue;
      if (now < step.from) phases.push({ phase: "halt", from: now, to: step.from });
      phases.push(step);
      now = step.to;
    }
    if (now < resume) phases.push({ phase: "halt", from: now, to: resume });
    if (resume < phase.to) phases.push({ ...phase, from: resume });
  }
  return phases;
};
