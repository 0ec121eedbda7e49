/** Random trading for property tests: bursts and silences over some sessions, ticks that overtake one another. */
import fc from "fast-check";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import { type HoursKey, istDay } from "@/server/domain/time/session";
import type { OracleTick } from "./bar-oracle";

export interface ArrivingTick extends OracleTick {
  /** Seconds after its own at which it arrives. */
  delay: number;
}

/** Time since the previous tick: mostly within the second, sometimes minutes, rarely in another session. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 900 }) },
  { weight: 4, arbitrary: fc.integer({ min: 1_000, max: 20_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 60_000, max: 900_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3 * 3_600_000, max: 40 * 3_600_000 }) },
);
const move = fc.record({
  step,
  price: fc.integer({ min: -300, max: 300 }),
  traded: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 5_000 }) },
  ),
  delay: fc.integer({ min: 0, max: 2 }),
});

/** Ticks in order of arrival, each no later than the watermark of two seconds, all inside sessions. */
export const randomTrading = (
  calendar: TradingCalendar,
  hours: HoursKey,
  start: number,
): fc.Arbitrary<ArrivingTick[]> =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 20 * 3_600_000 }),
      fc.integer({ min: 0, max: 9_000 }),
      fc.oneof(
        fc.array(move, { minLength: 1, maxLength: 12 }),
        fc.array(move, { minLength: 60, maxLength: 120, size: "max" }),
      ),
    )
    .map(([offset, before, moves]) => {
      let time = inside(calendar, hours, start + offset);
      let price = 150_000;
      let volume = before;
      const ticks = moves.map((each): ArrivingTick => {
        const next = inside(calendar, hours, time + each.step);
        if (istDay(next) !== istDay(time)) volume = 0;
        time = next;
        price = Math.max(5, price + each.price);
        volume += each.traded;
        return { time, price, volume, delay: each.delay };
      });
      return ticks
        .map((tick, place) => ({ tick, place, arrives: Math.floor(tick.time / 1_000) + tick.delay }))
        .sort((a, b) => a.arrives - b.arrives || a.place - b.place)
        .map(({ tick }) => tick);
    });

/** The instant, or the open of the session after it. */
const inside = (calendar: TradingCalendar, hours: HoursKey, instant: number): number =>
  Math.max(instant, calendar.next(hours, instant)!.open);
