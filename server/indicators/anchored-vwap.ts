import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { type Anchor, anchorDays, anchorOf, anchorParam } from "./anchor";
import { Composed, Numbers } from "./composed";
import { barsOfDays, defineIndicator } from "./define";

const SEEN = 0;
const SPAN = 1;
/** 1 when the bars seen reach back to the anchor of their span. */
const WHOLE = 2;
/** Sums since the anchor: (high + low + close) x volume, and volume. */
const VALUE = 3;
const VOLUME = 4;

class AnchoredVwap extends Composed {
  private readonly state = new Numbers(5);
  protected readonly parts = [this.state];

  constructor(private readonly anchor: Anchor) {
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
    const { anchor } = this;
    const span = anchor.spanOf(bar.time);
    const goesOn = state[SEEN] === 1 && span === state[SPAN];
    const whole = goesOn ? state[WHOLE] === 1 : state[SEEN] === 1 || anchor.isAt(bar.time);
    const value = (goesOn ? state[VALUE]! : 0) + (bar.high + bar.low + bar.close) * bar.volume;
    const volume = (goesOn ? state[VOLUME]! : 0) + bar.volume;
    if (keep) {
      state[SEEN] = 1;
      state[SPAN] = span;
      state[WHOLE] = whole ? 1 : 0;
      state[VALUE] = value;
      state[VOLUME] = volume;
    }
    out[at] = whole && span >= anchor.first && volume > 0 ? value / (3 * volume) : Number.NaN;
  }
}

export const anchoredVwap = defineIndicator({
  id: "AVWAP",
  title: "Anchored VWAP",
  group: "volume",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "AVWAP", kind: "line", unit: "price" }],
  params: z.object({ anchor: anchorParam }),
  order: ["anchor"],
  // No warm-up of its own: the first value is at the anchor.
  warmUp: () => 0,
  settle: ({ anchor }, lengthMs, at) => barsOfDays(anchorDays(anchor, at), lengthMs),
  create: ({ anchor }) => new AnchoredVwap(anchorOf(anchor)),
  source:
    "Typical price (high + low + close) / 3 of each bar weighted by its volume, since the first bar at or after the anchor: an instant, or anew with each week, month, quarter or year. No value where the bars known do not reach back to the anchor",
});
