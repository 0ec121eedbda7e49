import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectedBars } from "@/server/domain/bars/bar-time";
import { createCalendar, type EditableCalendar } from "./calendar";
import type { CalendarEdit } from "./calendar-edits";
import { checkedEdit, type EditRequest, type PhaseInput } from "./calendar-edit-rules";
import { hasCode } from "@/server/domain/basics/errors";
import { marketStatus } from "./market-status";
import {
  DAY_MS,
  isContinuous,
  istDate,
  istDay,
  istMidnight,
  phaseAt,
  phaseNames,
  type Session,
} from "@/server/domain/time/session";
import { timeframe } from "@/server/domain/time/timeframe";
import { tradingHours } from "./trading-hours";

const allHours = [...new Set(tradingHours.map((row) => row.hours))];
const FIRST = istDay(Date.parse("2026-07-27T12:00:00Z"));
const DAYS = 56; // over 2026-08-03 and 2026-09-07

const minute = fc.integer({ min: 0, max: 1_440 });
const clock = minute.map((of) => `${String(Math.floor(of / 60)).padStart(2, "0")}:${String(of % 60).padStart(2, "0")}`);
const hours = fc.constantFrom(...allHours);
const date = fc.integer({ min: 0, max: DAYS - 1 }).map((day) => istDate(FIRST + day));
/** Any number of phases in order, touching or apart. */
const phases: fc.Arbitrary<PhaseInput[]> = fc
  .tuple(
    fc.uniqueArray(clock, { minLength: 2, maxLength: 10 }),
    fc.array(fc.constantFrom(...phaseNames), { minLength: 10, maxLength: 10 }),
  )
  .map(([times, names]) =>
    times
      .toSorted()
      .flatMap((time, at, all) => (at === 0 ? [] : [{ phase: names[at - 1]!, from: all[at - 1]!, to: time }])),
  );
const one = { exchanges: fc.uniqueArray(hours, { minLength: 1, maxLength: 4 }), date, name: fc.constant("a day") };
const request: fc.Arbitrary<EditRequest> = fc.oneof(
  fc.record({ type: fc.constant("closed" as const), ...one }),
  fc.record({
    type: fc.constant("open" as const),
    ...one,
    kind: fc.constant("special" as const),
    phases: fc.oneof(fc.constant("regular" as const), phases),
  }),
  fc.record({
    type: fc.constant("halt" as const),
    ...one,
    from: clock,
    to: fc.option(clock),
    reopening: fc.oneof(fc.constant([]), phases),
  }),
);

/** The calendar with those of the requests that are accepted; the others must be refused as bad input. */
const withEdits = (requests: readonly EditRequest[]): EditableCalendar => {
  const calendar = createCalendar();
  const edits: CalendarEdit[] = [];
  for (const each of requests) {
    try {
      edits.push({ ...checkedEdit(each, calendar), id: edits.length + 1 });
      calendar.setEdits([...edits]);
    } catch (error) {
      if (!hasCode(error, "bad_input")) throw error;
    }
  }
  return calendar;
};
const calendars = fc.array(request, { maxLength: 12 }).map(withEdits);
const instant = fc.integer({ min: istMidnight(FIRST), max: istMidnight(FIRST + DAYS) });

const minutesTraded = (session: Session): number => {
  let count = 0;
  for (let start = session.open; start < session.close; start += 60_000) {
    if (session.phases.some(({ phase, from, to }) => phase === "continuous" && from < start + 60_000 && to > start))
      count++;
  }
  return count;
};

describe("whatever is edited", () => {
  it("phases never overlap, lie in one IST date, and open and close agree with them", () => {
    fc.assert(
      fc.property(calendars, hours, (calendar, key) => {
        for (let day = FIRST; day < FIRST + DAYS; day++) {
          const session = calendar.on(key, day);
          if (session === null) continue;
          let last = istMidnight(day);
          for (const { from, to } of session.phases) {
            expect(from).toBeGreaterThanOrEqual(last);
            expect(to).toBeGreaterThan(from);
            last = to;
          }
          expect(last).toBeLessThanOrEqual(istMidnight(day) + DAY_MS);
          const continuous = session.phases.filter(({ phase }) => phase === "continuous");
          expect([session.open, session.close]).toEqual([continuous[0]!.from, continuous.at(-1)!.to]);
          expect(expectedBars(session, timeframe("1m"))).toBe(minutesTraded(session));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("next and previous are monotone, hold or enclose the instant, and meet in a running session", () => {
    fc.assert(
      fc.property(calendars, hours, instant, instant, (calendar, key, a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)];
        const next = calendar.next(key, early)!;
        const previous = calendar.previous(key, late)!;
        expect(next.close).toBeGreaterThan(early);
        expect(previous.open).toBeLessThanOrEqual(late);
        expect(calendar.next(key, late)!.day).toBeGreaterThanOrEqual(next.day);
        expect(calendar.previous(key, early)!.day).toBeLessThanOrEqual(previous.day);
        const running = next.open <= early;
        expect(running).toBe(calendar.previous(key, early) === next);
      }),
      { numRuns: 500 },
    );
  });

  it("the status agrees with the sessions and always looks ahead", () => {
    fc.assert(
      fc.property(calendars, hours, instant, (calendar, key, time) => {
        // Where no holiday list speaks, the phase is unknown.
        fc.pre(calendar.coverage(key).length > 0);
        const status = marketStatus(calendar, key, time);
        const today = calendar.on(key, istDay(time));
        expect(status.phase).toBe((today === null ? null : phaseAt(today, time))?.phase ?? "closed");
        expect(status.until).toBeGreaterThan(time);
        expect(status.nextOpen).toBeGreaterThan(time);
        expect(status.nextClose).toBeGreaterThan(time);
        const trading = today !== null && isContinuous(today, time);
        expect(trading ? status.nextClose! <= status.nextOpen! : status.nextOpen! < status.nextClose!).toBe(true);
        const opening = calendar.on(key, istDay(status.nextOpen!))!;
        expect(isContinuous(opening, status.nextOpen!)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
