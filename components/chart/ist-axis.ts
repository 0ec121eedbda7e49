import { defaultHorzScaleBehavior, TickMarkType, type Time } from "lightweight-charts";
import { clockText, crosshairText, dateText, dayText, timeText } from "@/components/format/times";
import { IST_OFFSET_MS } from "@/server/domain/time/session";

const IST_OFFSET_S = IST_OFFSET_MS / 1_000;
const DAY_S = 86_400;

/** Weights the library knows: the heavier a point, the sooner it gets a label. */
const DAY = 50;
const MONTH = 60;
const YEAR = 70;
/** Longest first: the first border crossed between two points decides. */
const borders: readonly (readonly [seconds: number, weight: number])[] = [
  [43_200, 33],
  [21_600, 32],
  [10_800, 31],
  [3_600, 30],
  [1_800, 22],
  [300, 21],
  [60, 20],
  [1, 10],
];

/** How much of a landmark a point is on an IST clock, given the point before it. Both in epoch seconds. */
export const istWeight = (seconds: number, before: number): number => {
  const now = seconds + IST_OFFSET_S;
  const then = before + IST_OFFSET_S;
  if (Math.floor(now / DAY_S) !== Math.floor(then / DAY_S)) {
    const a = new Date(now * 1_000);
    const b = new Date(then * 1_000);
    if (a.getUTCFullYear() !== b.getUTCFullYear()) return YEAR;
    return a.getUTCMonth() === b.getUTCMonth() ? DAY : MONTH;
  }
  for (const [length, weight] of borders) if (Math.floor(now / length) !== Math.floor(then / length)) return weight;
  return 0;
};

const Behavior = defaultHorzScaleBehavior();
type Points = Parameters<InstanceType<typeof Behavior>["fillWeightsForPoints"]>[0];

/**
 * The library places its tick marks on UTC hours. Times stay true UTC seconds; only the weights are counted in IST,
 * so that labels fall on 10:30 and 12:00 and days begin at Indian midnight.
 */
export class IstBehavior extends Behavior {
  /** True where a label would reach over an end of the axis: `:00` says nothing, so it gets none. Set once the chart is there. */
  isCut: (time: Time) => boolean = () => false;

  /** The library caches labels by this; a label that moves to an end of the axis is a different one. */
  override cacheKey(...[item]: Parameters<InstanceType<typeof Behavior>["cacheKey"]>): number {
    const key = super.cacheKey(item);
    return this.isCut(this.key(item) as unknown as Time) ? -1 - key : key;
  }

  override formatTickmark(...[mark, options]: Parameters<InstanceType<typeof Behavior>["formatTickmark"]>): string {
    return this.isCut(this.key(mark.time) as unknown as Time) ? "" : super.formatTickmark(mark, options);
  }

  override fillWeightsForPoints(points: Points, start: number): void {
    for (let index = start; index < points.length; index++) {
      const point = points[index]!;
      const now = Number(this.key(point.time));
      const before = index === 0 ? now - DAY_S : Number(this.key(points[index - 1]!.time));
      // The typings keep the library's nominal number type to themselves.
      (point as { timeWeight: number }).timeWeight = istWeight(now, before);
    }
  }
}

/** Axis label of a landmark: `2026`, `Nov`, `18 Nov`, `10:15`, `10:15:05`. */
export const tickMarkLabel = (time: Time, type: TickMarkType): string => {
  const instant = Number(time) * 1_000;
  switch (type) {
    case TickMarkType.Year:
      return dateText(instant).split(" ")[2]!;
    case TickMarkType.Month:
      return dateText(instant).split(" ")[1]!;
    case TickMarkType.DayOfMonth:
      return dayText(instant);
    case TickMarkType.Time:
      return timeText(instant);
    case TickMarkType.TimeWithSeconds:
      return clockText(instant);
  }
};

/** Crosshair label of an instant: `Wed 18 Nov '26 10:05 IST`; whole-day bars have no clock. */
export const crosshairLabel = (time: Time, precision: "seconds" | "minutes" | "days"): string => {
  const text = crosshairText(Number(time) * 1_000, "IST", precision === "seconds");
  return precision === "days" ? text.replace(/ \d\d:\d\d$/, "") : `${text} IST`;
};
