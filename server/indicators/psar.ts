import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";

const params = z.object({
  step: z.number().min(0.001).max(1).default(0.02),
  maximum: z.number().min(0.001).max(1).default(0.2),
});

const BARS = 0;
/** 1 while the stop is below the price, -1 while above. */
const SIDE = 1;
/** The stop for the coming bar. */
const STOP = 2;
/** The furthest price of the running move. */
const EXTREME = 3;
const FACTOR = 4;
const HIGH = 5;
const LOW = 6;

class ParabolicSar extends Composed {
  private readonly state = new Numbers(7);
  protected readonly parts = [this.state];

  constructor(
    private readonly step: number,
    private readonly maximum: number,
  ) {
    super();
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const { at: state } = this.state;
    const bars = state[BARS]!;
    out[at] = Number.NaN;
    if (bars > 0) this.follow(bar, out, at, keep, bars === 1);
    if (keep) {
      state[BARS] = bars + 1;
      state[HIGH] = bar.high;
      state[LOW] = bar.low;
    }
  }

  private follow(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean, first: boolean): void {
    const { at: state } = this.state;
    const [highBefore, lowBefore] = [state[HIGH]!, state[LOW]!];
    const down = lowBefore - bar.low;
    // Short at first only when the second bar moved down more than up.
    let side = first ? (down > 0 && down > bar.high - highBefore ? -1 : 1) : state[SIDE]!;
    let stop = first ? (side === 1 ? lowBefore : highBefore) : state[STOP]!;
    let extreme = first ? (side === 1 ? bar.high : bar.low) : state[EXTREME]!;
    let factor = first ? Math.min(this.step, this.maximum) : state[FACTOR]!;
    // TA-Lib compares the second bar with itself, not with the first.
    const lowFence = first ? bar.low : Math.min(lowBefore, bar.low);
    const highFence = first ? bar.high : Math.max(highBefore, bar.high);
    const turns = side === 1 ? bar.low <= stop : bar.high >= stop;
    if (turns) {
      stop = side === 1 ? Math.max(extreme, highFence) : Math.min(extreme, lowFence);
      side = -side;
      factor = Math.min(this.step, this.maximum);
      extreme = side === 1 ? bar.high : bar.low;
      out[at] = stop;
    } else {
      out[at] = stop;
      const further = side === 1 ? bar.high > extreme : bar.low < extreme;
      if (further) {
        extreme = side === 1 ? bar.high : bar.low;
        factor = Math.min(factor + this.step, this.maximum);
      }
    }
    stop += factor * (extreme - stop);
    stop = side === 1 ? Math.min(stop, lowFence) : Math.max(stop, highFence);
    if (keep) {
      state[SIDE] = side;
      state[STOP] = stop;
      state[EXTREME] = extreme;
      state[FACTOR] = factor;
    }
  }
}

export const parabolicSar = defineIndicator({
  id: "PSAR",
  title: "Parabolic stop and reverse",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "SAR", kind: "line", unit: "price" }],
  params,
  order: ["step", "maximum"],
  warmUp: () => 1,
  // Two runs agree once both have turned at the same bar; a smaller step turns more seldom.
  settle: ({ step }) => Math.ceil(Math.max(400, 10 / step)),
  create: ({ step, maximum }) => new ParabolicSar(step, maximum),
  source:
    "Wilder's parabolic stop: begun at the second bar on the side of its directional movement, never inside the ranges of the last two bars (TA-Lib SAR)",
});
