import { eachSlot, joinStretches, type Stretch } from "@/server/domain/bars/completeness";
import { minutesTouched } from "@/server/domain/bars/gap";
import { type Calendar, type HoursKey, istDay, isUnknown } from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import type { AnsweredSpan, GapStore } from "@/server/ports/gap-stores";
import type { LiveMarket, RecentBars } from "@/server/ports/live";

/** Minutes of continuous trading over the instruments of a gap. */
export interface GapCount {
  expected: number;
  /** With a bar that is not marked incomplete. */
  whole: number;
  /** Neither there whole nor proved to have had no trade. */
  remaining: number;
  /** Store ids of the instruments those belong to. */
  remainingIn: number[];
}

interface Parts {
  store: GapStore;
  recent: Pick<RecentBars, "settled">;
  live: Pick<LiveMarket, "table" | "board">;
  calendar: Calendar;
}

/** Starts of a day's minutes that a span touches. */
interface DaySlots {
  starts: number[];
  /** No holiday list covers the day. */
  unknown: boolean;
}

const MINUTE = timeframe("1m");
/** Instruments asked for in one query. */
const CHUNK = 500;

/**
 * Counts what a gap lacks, for one instrument or nine thousand, without reading a bar, from a tally by instrument and
 * day and the spans history has covered.
 */
export class GapCounter {
  constructor(private readonly parts: Parts) {}

  /** Minutes that should be there whole, when the span has ended; of days the calendar does not know only where something came. */
  expected(instruments: readonly number[], from: number, to: number): number {
    const slots = this.slotsByHours(from, to);
    return instruments.reduce((sum, instrument) => {
      for (const [day, { starts, unknown }] of slots(this.parts.live.table.hours(instrument)))
        if (!unknown || this.seen(instrument, day)) sum += starts.length;
      return sum;
    }, 0);
  }

  /** True if part of the span lies in the regular hours of a day without a known holiday list. */
  reachesUnknown(instruments: readonly number[], from: number, to: number): boolean {
    const slots = this.slotsByHours(from, to);
    return instruments.some((instrument) =>
      [...slots(this.parts.live.table.hours(instrument)).values()].some(({ unknown }) => unknown),
    );
  }

  async count(instruments: readonly number[], from: number, to: number): Promise<GapCount> {
    const { store, recent, live } = this.parts;
    const span = minutesTouched(from, to);
    const slots = this.slotsByHours(from, to);
    const count: GapCount = { expected: 0, whole: 0, remaining: 0, remainingIn: [] };
    await recent.settled();
    for (let first = 0; first < instruments.length; first += CHUNK) {
      const chunk = instruments.slice(first, first + CHUNK);
      const ids = chunk.map((instrument) => live.table.at(instrument).id);
      const [tallies, answers] = await Promise.all([
        store.tally("1m", ids, span.from, span.to),
        store.answers("1m", ids, span.from, span.to),
      ]);
      const tallyOf = new Map(tallies.map((tally) => [`${tally.instrument} ${tally.day}`, tally]));
      const answersOf = new Map<number, AnsweredSpan[]>(ids.map((id) => [id, []]));
      for (const answer of answers) answersOf.get(answer.instrument)!.push(answer);
      const remaining = new Map<number, number>();
      const add = (id: number, minutes: number): void => {
        if (minutes > 0) remaining.set(id, (remaining.get(id) ?? 0) + minutes);
      };
      const silences = new Silences();
      for (const instrument of chunk) {
        const { id } = live.table.at(instrument);
        const told = joinStretches(answersOf.get(id)!);
        for (const [day, { starts, unknown }] of slots(live.table.hours(instrument))) {
          const tally = tallyOf.get(`${id} ${day}`);
          if (unknown && (tally?.all ?? 0) === 0 && !this.seen(instrument, day)) continue;
          const [whole, incomplete] = [tally?.whole ?? 0, tally?.incomplete ?? 0];
          const absent = starts.length - whole - incomplete;
          count.expected += starts.length;
          count.whole += whole;
          add(id, incomplete);
          if (absent <= 0) continue;
          // History that has nothing for a day on which no feed saw the instrument proves nothing.
          if (!this.seen(instrument, day) && (tally?.all ?? 0) === 0) add(id, absent);
          else silences.take(id, starts, told);
        }
      }
      // The part outside history's coverage is counted separately, because most instruments share it.
      for (const { ids: silent, from: start, to: end, slots: length } of silences.stretches()) {
        const there = new Map(
          (await store.tally("1m", silent, start, end)).map((tally) => [
            tally.instrument,
            tally.whole + tally.incomplete,
          ]),
        );
        for (const id of silent) add(id, length - (there.get(id) ?? 0));
      }
      for (const [id, minutes] of remaining) {
        count.remaining += minutes;
        count.remainingIn.push(id);
      }
    }
    return count;
  }

  /** True if a feed delivered the instrument on that day, as far as this process knows. */
  private seen(instrument: number, day: number): boolean {
    const { board } = this.parts.live;
    return instrument < board.capacity && istDay(board.received(instrument)) === day;
  }

  /** Starts of the minutes a span touches, by day, worked out once for all instruments of the same hours. */
  private slotsByHours(from: number, to: number): (hours: HoursKey) => Map<number, DaySlots> {
    const known = new Map<HoursKey, Map<number, DaySlots>>();
    const span = minutesTouched(from, to);
    return (hours) => {
      let days = known.get(hours);
      if (days !== undefined) return days;
      known.set(hours, (days = new Map()));
      for (let day = istDay(span.from); day <= istDay(span.to - 1); day++) {
        const session = this.parts.calendar.on(hours, day);
        if (session === null) continue;
        const starts: number[] = [];
        eachSlot(session, MINUTE, (start, end) => {
          if (end > span.from && start < span.to) starts.push(start);
        });
        if (starts.length > 0) days.set(day, { starts, unknown: isUnknown(session) });
      }
      return days;
    };
  }
}

/** Stretches of minutes that history has not answered for, with the instruments they are the same of. */
class Silences {
  private readonly byStretch = new Map<string, Stretch & { slots: number; ids: number[] }>();

  take(id: number, starts: readonly number[], told: readonly Stretch[]): void {
    let from = 0;
    let slots = 0;
    const end = (to: number): void => {
      if (slots === 0) return;
      const key = `${from} ${to}`;
      const same = this.byStretch.get(key);
      if (same === undefined) this.byStretch.set(key, { from, to, slots, ids: [id] });
      else same.ids.push(id);
      slots = 0;
    };
    let last = 0;
    for (const start of starts) {
      const isTold = told.some((each) => each.from <= start && start + MINUTE.lengthMs <= each.to);
      if (isTold) end(last + MINUTE.lengthMs);
      else if (slots++ === 0) from = start;
      last = start;
    }
    end(last + MINUTE.lengthMs);
  }

  stretches(): Iterable<Stretch & { slots: number; ids: number[] }> {
    return this.byStretch.values();
  }
}
