import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { WindowSum } from "./windows";

const params = z.object({ period: bars(14, 2) });

class Mfi extends Composed {
  private readonly rises: WindowSum;
  private readonly falls: WindowSum;
  /** Three times the last typical price; 0 before the first bar. */
  private readonly last = new Numbers(1);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.rises = new WindowSum(period);
    this.falls = new WindowSum(period);
    this.parts = [this.rises, this.falls, this.last];
  }

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, true);
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    this.write(bar, out, at, false);
  }

  private write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const before = this.last.at[0]!;
    const typical = bar.high + bar.low + bar.close;
    if (keep) this.last.at[0] = typical;
    out[at] = Number.NaN;
    if (before === 0) return;
    const flow = typical * bar.volume;
    const rises = this.rises.take(typical > before ? flow : 0, keep);
    const falls = this.falls.take(typical < before ? flow : 0, keep);
    out[at] = rises + falls === 0 ? 0 : (100 * rises) / (rises + falls);
  }
}

export const mfi = defineIndicator({
  id: "MFI",
  title: "Money flow index",
  group: "volume",
  pane: "own",
  guides: [20, 80],
  plots: [{ id: "value", title: "MFI", kind: "line", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period,
  create: ({ period }) => new Mfi(period),
  source: "Share of typical price times volume that rose, over the last n steps; 0 where nothing flowed (TA-Lib MFI)",
});
