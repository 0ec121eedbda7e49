import { dayOfDate } from "@/server/domain/time/session";
import { bitsAt, fatTailed, gaussianOf, keyed } from "./hash";
import type { TradingCalendar } from "./calendar";

/** A source of price moves: the market, a sector, or the instrument's own. Values are natural logarithms. */
export interface Stream {
  id: number;
  /** Standard deviation of one day's move. */
  sigma: number;
  /** What is left of a level after a day: below 1 it is drawn back to 0, so that prices stay realistic for years. */
  memory: number;
}

/** The record begins here: no bar is older. */
export const FIRST_DAY = dayOfDate("2018-01-01");

const LEVEL_SALT = 0x11;
const BRIDGE_SALT = 0x22;
/** Bridges kept: about 8 MB at 1,440 minutes. */
const KEPT_BRIDGES = 600;

export interface Streams {
  /** The stream's level at the end of a day. */
  level(stream: Stream, day: number): number;
  /** The path inside a day on top of the straight line between two levels: 0 at both ends, minutes + 1 values. Read only. */
  bridge(stream: Stream, day: number): Float64Array;
}

export const streams = (seed: number, calendar: TradingCalendar): Streams => {
  const levels = new Map<number, number[]>();
  const bridges = new Map<number, Float64Array>();
  const { minutes, activity, elapsed } = calendar;
  const stepDeviation = activity.map((value) => Math.sqrt(value / minutes));

  const level = (stream: Stream, day: number): number => {
    let known = levels.get(stream.id);
    if (known === undefined) levels.set(stream.id, (known = [0]));
    const key = keyed(seed, stream.id, LEVEL_SALT);
    while (known.length <= day - FIRST_DAY) {
      const move = Math.max(-3.5, Math.min(3.5, 0.9 * fatTailed(bitsAt(key, known.length))));
      known.push(known[known.length - 1]! * stream.memory + move * stream.sigma);
    }
    return known[Math.max(0, day - FIRST_DAY)]!;
  };

  const draw = (stream: Stream, day: number): Float64Array => {
    const path = new Float64Array(minutes + 1);
    const key = keyed(keyed(seed, stream.id, BRIDGE_SALT), day);
    // Some days are calm, some are wild.
    const scale = stream.sigma * 0.9 * Math.exp(0.3 * gaussianOf(bitsAt(key, -1)));
    let sum = 0;
    for (let minute = 0; minute < minutes; minute++) {
      sum += fatTailed(bitsAt(key, minute)) * stepDeviation[minute]! * scale;
      path[minute + 1] = sum;
    }
    for (let minute = 0; minute <= minutes; minute++) path[minute] = path[minute]! - sum * elapsed[minute]!;
    return path;
  };

  const bridge = (stream: Stream, day: number): Float64Array => {
    const name = stream.id * 100_000 + day;
    let path = bridges.get(name);
    if (path === undefined) {
      path = draw(stream, day);
      bridges.set(name, path);
      if (bridges.size > KEPT_BRIDGES) bridges.delete(bridges.keys().next().value!);
    }
    return path;
  };

  return { level, bridge };
};
