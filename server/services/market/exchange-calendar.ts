import { createCalendar, type EditableCalendar, type TradingCalendar } from "@/server/domain/calendar/calendar";
import type { CoveredSpan } from "@/server/domain/calendar/calendar-coverage";
import {
  type CalendarChange,
  type CalendarEdit,
  type DayEdit,
  type Editor,
  editsAfter,
} from "@/server/domain/calendar/calendar-edits";
import { checkedEdit, type EditRequest } from "@/server/domain/calendar/calendar-edit-rules";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { type MarketStatus, marketStatus } from "@/server/domain/calendar/market-status";
import { dayOfDate, exchangeOfHours, istDay, type HoursKey, type Session } from "@/server/domain/time/session";
import {
  dayFrom,
  type HoursQuestion,
  hoursFor,
  type SessionLine,
  sessionLine,
  sessionLines,
} from "@/server/domain/calendar/session-lines";
import type { TradingDay } from "@/server/domain/calendar/trading-day";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { CalendarEditStore } from "@/server/ports/stores";

/** Who changes the calendar, and why. */
export interface Signed {
  by: Editor;
  note: string;
}

/** A change in effect, and the resulting days (closed days have no line). */
export interface Changed {
  change: CalendarChange;
  sessions: SessionLine[];
}

interface Parts {
  store: CalendarEditStore;
  /** Real time: when a change was made. */
  wall: Clock;
  /** Market time: what "now" and "today" mean in a question. */
  clock: Clock;
  /** The hours of an instrument the server knows, by its key; null for any other. */
  hoursOf(key: string): HoursKey | null;
  /** Called after a change takes effect, to clear caches of these hours. */
  changed(change: CalendarChange, hours: readonly HoursKey[]): void;
}

/** A question may span this many days: ten years. */
const MOST_DAYS = 3_660;

/**
 * The exchange calendar of the running server: the built-in dated data plus edits. A change is stored first, takes
 * effect at once, and stays in the audit log.
 */
export class ExchangeCalendar implements TradingCalendar {
  private readonly calendar: EditableCalendar = createCalendar();
  private changes: CalendarChange[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: Parts) {}

  /** Puts stored edits in force: once, after the store has started and before anything trades. */
  async load(): Promise<void> {
    this.changes = await this.parts.store.list();
    this.calendar.setEdits(editsAfter(this.changes));
  }

  dayOf(hours: HoursKey, day: number): TradingDay | null {
    return this.calendar.dayOf(hours, day);
  }
  coverage(hours: HoursKey): readonly CoveredSpan[] {
    return this.calendar.coverage(hours);
  }
  on(hours: HoursKey, day: number): Session | null {
    return this.calendar.on(hours, day);
  }
  next(hours: HoursKey, instant: number): Session | null {
    return this.calendar.next(hours, instant);
  }
  previous(hours: HoursKey, instant: number): Session | null {
    return this.calendar.previous(hours, instant);
  }

  /** The trading days of a question, `from` today and `to` the same day unless given. */
  async sessions(
    question: HoursQuestion & { from?: string | undefined; to?: string | undefined },
    signal?: AbortSignal,
  ): Promise<SessionLine[]> {
    const first = question.from === undefined ? istDay(this.parts.clock.now()) : dayFrom("from", question.from);
    const last = question.to === undefined ? first : dayFrom("to", question.to);
    if (last < first) throw badInput("to", question.to, `a date on or after ${question.from ?? "today"}`);
    if (last - first >= MOST_DAYS)
      throw badInput("to", question.to, `a date less than ${MOST_DAYS} days after ${question.from ?? "today"}`);
    const turns = new Turns(() => this.parts.wall.sleep(0, signal));
    const lines: SessionLine[] = [];
    for (const line of sessionLines(
      this.calendar,
      question.exchange.toUpperCase(),
      this.hours(question),
      first,
      last,
    )) {
      lines.push(line);
      await turns.take(30);
    }
    return lines;
  }

  /** The dates for which the holidays of a question's hours are known. */
  covered(question: HoursQuestion): readonly CoveredSpan[] {
    return this.calendar.coverage(this.hours(question));
  }

  /** The phase, the next open and the next close as seen from an instant (now unless given). */
  status(question: HoursQuestion & { at?: number | undefined }): MarketStatus & { exchange: string } {
    return {
      exchange: question.exchange.toUpperCase(),
      ...marketStatus(this.calendar, this.hours(question), question.at ?? Math.round(this.parts.clock.now())),
    };
  }

  /** Edits in force, the newest last. */
  edits(): CalendarEdit[] {
    return editsAfter(this.changes);
  }

  /** Every change there ever was, the newest first. */
  audit({
    limit = 100,
    before = Number.POSITIVE_INFINITY,
  }: { limit?: number | undefined; before?: number | undefined } = {}): CalendarChange[] {
    return this.changes
      .filter((change) => change.id < before)
      .slice(-limit)
      .reverse();
  }

  /** Adds an edit, or puts it in the place of another. Throws `bad_input` (field, value, accepted) and changes nothing. */
  save(request: EditRequest & { replaces?: number | undefined }, signed: Signed): Promise<Changed> {
    return this.alone(async () => {
      const replaced = request.replaces === undefined ? null : this.find("replaces", request.replaces);
      const others = this.edits().filter((edit) => edit.id !== request.replaces);
      const after = checkedEdit(request, createCalendar({ edits: others }));
      return this.append(
        { edit: replaced?.id ?? null, before: replaced === null ? null : dayEdit(replaced), after },
        signed,
      );
    });
  }

  /** Reverts an edit: the day again follows the data and the other edits. */
  withdraw(id: number, signed: Signed): Promise<Changed> {
    return this.alone(() => this.append({ edit: id, before: dayEdit(this.find("id", id)), after: null }, signed));
  }

  private hours(question: HoursQuestion): HoursKey {
    return hoursFor(question, (key) => this.parts.hoursOf(key));
  }

  private find(field: string, id: number): CalendarEdit {
    const edits = this.edits();
    const found = edits.find((edit) => edit.id === id);
    if (found !== undefined) return found;
    const inForce = edits.map((edit) => edit.id).join(", ");
    throw new AppError(
      "not_found",
      `no calendar edit ${id} is in force${inForce === "" ? "" : `; in force: ${inForce}`}`,
      { details: { field, value: id, accepted: inForce === "" ? "none is in force" : inForce } },
    );
  }

  private async append(
    what: { edit: number | null; before: DayEdit | null; after: DayEdit | null },
    { by, note }: Signed,
  ): Promise<Changed> {
    const change = await this.parts.store.append({ ...what, time: Math.round(this.parts.wall.now()), who: by, note });
    this.changes = [...this.changes, change];
    this.calendar.setEdits(this.edits());
    const touched = [change.before, change.after].flatMap((edit) => (edit === null ? [] : [edit]));
    this.parts.changed(change, [...new Set(touched.flatMap((edit) => edit.hours))]);
    const days = new Map(
      touched.flatMap((edit) =>
        edit.hours.map((hours) => [`${edit.date} ${hours}`, { hours, day: dayOfDate(edit.date) }] as const),
      ),
    );
    return {
      change,
      sessions: [...days.values()].flatMap(
        ({ hours, day }) => sessionLine(this.calendar, exchangeOfHours(hours), hours, day) ?? [],
      ),
    };
  }

  /** Changes run one after the other, because each is checked against the result of the previous one. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

const dayEdit = ({ id: _, ...edit }: CalendarEdit): DayEdit => edit;
