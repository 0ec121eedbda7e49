import { eachSlot, joinStretches, type Stretch } from "@/server/domain/completeness";
import { minutesTouched } from "@/server/domain/gap";
import { type Calendar, type HoursKey, istDay } from "@/server/domain/session";
import { timeframe } from "@/server/domain/timeframe";
import type { AnsweredSpan, DayTally, GapStore } from "@/server/ports/gaps";
import type { LiveMarket, RecentBars } from "@/server/ports/live";

/** Minutes of continuous trading over the instruments of a gap. */
export interface GapCount {
  expected: number;
  /** With a bar that has no hole. */
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

const MINUTE = timeframe("1m");
/** Instruments asked for in one query. */
const CHUNK = 500;

/**
 * Counts what a gap lacks, for one instrument or nine thousand, without reading a bar: a tally by instrument and day,
 * and the spans history has answered for. Where only a part of a day is answered for, it says rather too much than too little.
 */
export class GapCounter {
  constructor(private readonly parts: Parts) {}

  /** Minutes that should be there whole, when the span has ended. */
  expected(instruments: readonly number[], from: number, to: number): number {
    const slots = this.slotsByHours(from, to);
    return instruments.reduce((sum, instrument) => sum + sumOf(slots(this.parts.live.table.hours(instrument))), 0);
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
      const [tallies, answers] = await Promise.all([store.tally("1m", ids, span.from, span.to), store.answers("1m", ids, span.from, span.to)]);
      const tallyOf = new Map(tallies.map((tally) => [`${tally.instrument} ${tally.day}`, tally]));
      const answersOf = new Map<number, AnsweredSpan[]>(ids.map((id) => [id, []]));
      for (const answer of answers) answersOf.get(answer.instrument)!.push(answer);
      for (const instrument of chunk) {
        const { id } = live.table.at(instrument);
        let remaining = 0;
        for (const [day, starts] of slots(live.table.hours(instrument))) {
          const tally = tallyOf.get(`${id} ${day}`);
          count.expected += starts.length;
          count.whole += tally?.whole ?? 0;
          remaining += lacking(starts, tally, answersOf.get(id) ?? [], this.seen(instrument, day));
        }
        if (remaining === 0) continue;
        count.remaining += remaining;
        count.remainingIn.push(id);
      }
    }
    return count;
  }

  /** True when a feed brought the instrument on that day, as far as this process knows. */
  private seen(instrument: number, day: number): boolean {
    const { board } = this.parts.live;
    return instrument < board.capacity && istDay(board.received(instrument)) === day;
  }

  /** Starts of the minutes a span touches, by day, worked out once for all instruments of the same hours. */
  private slotsByHours(from: number, to: number): (hours: HoursKey) => Map<number, number[]> {
    const known = new Map<HoursKey, Map<number, number[]>>();
    const span = minutesTouched(from, to);
    return (hours) => {
      let days = known.get(hours);
      if (days !== undefined) return days;
      known.set(hours, days = new Map());
      for (let day = istDay(span.from); day <= istDay(span.to - 1); day++) {
        const session = this.parts.calendar.on(hours, day);
        if (session === null) continue;
        const starts: number[] = [];
        eachSlot(session, MINUTE, (start, end) => { if (end > span.from && start < span.to) starts.push(start); });
        if (starts.length > 0) days.set(day, starts);
      }
      return days;
    };
  }
}

const sumOf = (days: ReadonlyMap<number, readonly number[]>): number => [...days.values()].reduce((sum, starts) => sum + starts.length, 0);

const lacking = (starts: readonly number[], tally: DayTally | undefined, answers: readonly AnsweredSpan[], seen: boolean): number => {
  const incomplete = tally?.incomplete ?? 0;
  const absent = starts.length - (tally?.whole ?? 0) - incomplete;
  if (absent <= 0) return incomplete;
  // History that has nothing at all to say of a day on which nobody saw the instrument proves nothing.
  if (!seen && (tally?.all ?? 0) === 0) return incomplete + absent;
  const told: Stretch[] = joinStretches(answers);
  const unanswered = starts.filter((start) => !told.some(({ from, to }) => from <= start && start + MINUTE.lengthMs <= to)).length;
  return incomplete + Math.min(absent, unanswered);
};
