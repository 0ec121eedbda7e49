import { z } from "zod";
import type { IndicatorBar } from "@/server/domain/indicator";
import { exponential, exponentialSettle, type Smoothed } from "./averages";
import { Composed, Numbers } from "./composed";
import { defineIndicator } from "./define";

const period = z.number().int().min(2).max(1_000);
const params = z.object({ fast: period.default(12), slow: period.default(26), signal: z.number().int().min(1).max(1_000).default(9) });

class Macd extends Composed {
  private readonly fast: Smoothed;
  private readonly slow: Smoothed;
  private readonly signal: Smoothed;
  /** Bars taken. */
  private readonly count = new Numbers(1);
  /** The fast average begins so many bars late, so that both are seeded at the same bar. */
  private readonly late: number;
  protected readonly parts;

  constructor(fast: number, slow: number, signal: number) {
    super();
    this.fast = exponential(Math.min(fast, slow));
    this.slow = exponential(Math.max(fast, slow));
    this.signal = exponential(signal);
    this.late = Math.abs(slow - fast);
    this.parts = [this.fast, this.slow, this.signal, this.count];
  }

  protected write(bar: IndicatorBar, out: Float64Array, at: number, keep: boolean): void {
    const count = this.count.at[0]!;
    const fast = count < this.late ? Number.NaN : this.fast.take(bar.close, keep);
    const macd = fast - this.slow.take(bar.close, keep);
    const signal = this.signal.take(macd, keep);
    if (keep) this.count.at[0] = count + 1;
    out[at] = Number.isNaN(signal) ? Number.NaN : macd;
    out[at + 1] = signal;
    out[at + 2] = macd - signal;
  }
}

export const macd = defineIndicator({
  id: "MACD",
  title: "Moving average convergence divergence",
  group: "momentum",
  pane: "own",
  guides: [0],
  plots: [
    { id: "macd", title: "MACD", kind: "line", unit: "price" },
    { id: "signal", title: "Signal", kind: "line", unit: "price" },
    { id: "histogram", title: "Histogram", kind: "histogram", unit: "price" },
  ],
  params,
  order: ["fast", "slow", "signal"],
  warmUp: ({ fast, slow, signal }) => Math.max(fast, slow) - 1 + signal - 1,
  settle: ({ fast, slow, signal }) => Math.max(fast, slow) + signal + exponentialSettle(Math.max(fast, slow)) + exponentialSettle(signal),
  create: ({ fast, slow, signal }) => new Macd(fast, slow, signal),
  source: "Fast minus slow EMA, both seeded at bar `slow` (the fast one by the closes just before it), signal seeded by its first n; all three lines begin together; the shorter period is the fast one (TA-Lib MACD)",
});
