import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { isNothing, wilder, WilderSum, wilderSettle } from "./averages";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { TrueRange } from "./true-range";

const params = z.object({ period: bars(14, 2) });

const KNOWN = 0;
const HIGH = 1;
const LOW = 2;
/** The last index: held where nothing moved. */
const INDEX = 3;
const SEEN = 4;

class Adx extends Composed {
  private readonly range = new TrueRange();
  private readonly ranges;
  private readonly rises;
  private readonly falls;
  private readonly average;
  private readonly state = new Numbers(5);
  protected readonly parts;

  constructor(private readonly period: number) {
    super();
    this.ranges = new WilderSum(period);
    this.rises = new WilderSum(period);
    this.falls = new WilderSum(period);
    this.average = wilder(period);
    this.parts = [this.range, this.ranges, this.rises, this.falls, this.average, this.state];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { at: state } = this.state;
    out[at] = Number.NaN;
    out[at + 1] = Number.NaN;
    out[at + 2] = Number.NaN;
    const range = this.range.take(bar, keep);
    const known = state[KNOWN] === 1;
    const up = bar.high - state[HIGH]!;
    const down = state[LOW]! - bar.low;
    if (keep) { state[KNOWN] = 1; state[HIGH] = bar.high; state[LOW] = bar.low; }
    if (!known) return;
    const ranges = this.ranges.take(range, keep);
    const rises = this.rises.take(up > 0 && up > down ? up : 0, keep);
    const falls = this.falls.take(down > 0 && down > up ? down : 0, keep);
    if (Number.isNaN(ranges)) return;
    const still = isNothing(ranges);
    const plus = still ? 0 : (100 * rises) / ranges;
    const minus = still ? 0 : (100 * falls) / ranges;
    const index = this.index(plus, minus, keep);
    if (Number.isNaN(index)) return;
    out[at] = index;
    out[at + 1] = plus;
    out[at + 2] = minus;
  }

  /** Where neither side moved there is no movement to average: 0 while seeding, later the index stays. */
  private index(plus: number, minus: number, keep: boolean): number {
    const { at: state } = this.state;
    const moved = !isNothing(plus + minus);
    const seeded = state[SEEN]! >= this.period;
    const index = seeded && !moved ? state[INDEX]! : this.average.take(moved ? (100 * Math.abs(plus - minus)) / (plus + minus) : 0, keep);
    if (keep) {
      if (!seeded) state[SEEN] = state[SEEN]! + 1;
      state[INDEX] = Number.isNaN(index) ? 0 : index;
    }
    return index;
  }
}

export const adx = defineIndicator({
  id: "ADX",
  title: "Average directional index",
  group: "trend",
  pane: "own",
  guides: [25],
  plots: [
    { id: "adx", title: "ADX", kind: "line", unit: "value" },
    { id: "plus", title: "+DI", kind: "line", unit: "value" },
    { id: "minus", title: "−DI", kind: "line", unit: "value" },
  ],
  params,
  order: ["period"],
  warmUp: ({ period }) => 2 * period - 1,
  // One forgetting average feeds another: a little longer than the sum of both.
  settle: ({ period }) => 2 * period + Math.ceil(1.3 * wilderSettle(period)),
  create: ({ period }) => new Adx(period),
  source: "Wilder's directional movement over n: running sums begun with n - 1 bars, ADX seeded by the mean of the first n indices (TA-Lib ADX, PLUS_DI, MINUS_DI); all three lines begin with ADX",
});
