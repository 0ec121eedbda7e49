import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { Indicator, IndicatorBar } from "@/server/domain/bars/indicator";
import { isNothing, wilderSettle } from "./averages";
import { defineIndicator } from "./define";
import { bars } from "./params";
import { exactPriceOf, exactPricesOf, type PriceSource, sourceParam } from "./price-source";

const params = z.object({ period: bars(14, 2), source: sourceParam() });

/** A share of movement: the scale of the price falls out. A price that never moved reads 0, as in TA-Lib; others say 50 or 100. */
const share = (up: number, down: number): number => (isNothing(up + down) ? 0 : (100 * up) / (up + down));

/** State in fields: a number captured by closures would be a new object at every bar. */
class Rsi implements Indicator {
  /** Changes seen; -1 before the first price. */
  private count = -1;
  private previous = 0;
  /** Sums until seeded, then Wilder's averages. */
  private gain = 0;
  private loss = 0;

  constructor(
    private readonly period: number,
    private readonly source: PriceSource,
  ) {}

  next(bar: IndicatorBar, out: Float64Array, at: number): void {
    out[at] = this.take(exactPriceOf(bar, this.source));
  }
  peek(bar: IndicatorBar, out: Float64Array, at: number): void {
    const { period, count } = this;
    if (count + 1 < period) {
      out[at] = Number.NaN;
      return;
    }
    const change = exactPriceOf(bar, this.source) - this.previous;
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    // Until seeded, gain and loss are sums.
    const weight = count + 1 === period ? 1 : period - 1;
    out[at] = share((this.gain * weight + up) / period, (this.loss * weight + down) / period);
  }
  over(columns: BarColumns, [plot]: readonly [Float64Array]): void {
    const prices = exactPricesOf(columns, this.source);
    for (let row = 0; row < columns.length; row++) plot[row] = this.take(prices[row]!);
  }
  snapshot(): unknown {
    return { count: this.count, previous: this.previous, gain: this.gain, loss: this.loss };
  }
  restore(snapshot: unknown): void {
    const state = snapshot as { count: number; previous: number; gain: number; loss: number };
    this.count = state.count;
    this.previous = state.previous;
    this.gain = state.gain;
    this.loss = state.loss;
  }

  private take(price: number): number {
    const { period } = this;
    const change = price - this.previous;
    this.previous = price;
    this.count++;
    if (this.count === 0) return Number.NaN;
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    if (this.count <= period) {
      this.gain += up;
      this.loss += down;
      if (this.count < period) return Number.NaN;
      this.gain /= period;
      this.loss /= period;
    } else {
      this.gain = (this.gain * (period - 1) + up) / period;
      this.loss = (this.loss * (period - 1) + down) / period;
    }
    return share(this.gain, this.loss);
  }
}

export const rsi = defineIndicator({
  id: "RSI",
  title: "Relative strength index",
  group: "momentum",
  pane: "own",
  guides: [30, 70],
  plots: [{ id: "value", title: "RSI", kind: "line", unit: "value" }],
  params,
  order: ["period", "source"],
  warmUp: ({ period }) => period,
  settle: ({ period }) => period + wilderSettle(period),
  create: ({ period, source }) => new Rsi(period, source),
  source:
    "Wilder's smoothing, seeded by the mean of the first n changes; a price that never moved reads 0 (TA-Lib RSI)",
});
