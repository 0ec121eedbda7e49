import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { barOf } from "./compute";

/**
 * Values on bars still forming, oldest first, leaving the indicator as it was: `out` gets `plots` numbers a bar. With
 * several bars forming all but the last are taken as closed for those after them, as they will be.
 */
export const peekForming = (
  indicator: Indicator,
  forming: BarColumns,
  plots: number,
  bar: IndicatorBar,
  scratch: Float64Array,
  out: Float64Array,
): void => {
  const before = forming.length > 1 ? indicator.snapshot() : undefined;
  for (let row = 0; row < forming.length; row++) {
    barOf(forming, row, bar);
    if (row < forming.length - 1) indicator.next(bar, scratch, 0);
    else indicator.peek(bar, scratch, 0);
    for (let plot = 0; plot < plots; plot++) out[row * plots + plot] = scratch[plot]!;
  }
  if (before !== undefined) indicator.restore(before);
};
