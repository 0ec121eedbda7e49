import { z } from "zod";
import type { Indicator } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(2).max(1_000).default(14) });

const create = ({ period }: z.infer<typeof params>): Indicator => {
  let count = 0; // changes seen
  let previous = Number.NaN;
  /** Sums until the seed stands, Wilder's averages from then on. */
  let gain = 0;
  let loss = 0;
  const ratio = (up: number, down: number): number => (up + down === 0 ? 0 : (100 * up) / (up + down));
  return {
    next(bar, out, at) {
      if (Number.isNaN(previous)) { previous = bar.close; out[at] = Number.NaN; return; }
      const change = bar.close - previous;
      const up = change > 0 ? change : 0;
      const down = change < 0 ? -change : 0;
      previous = bar.close;
      count++;
      if (count <= period) {
        gain += up;
        loss += down;
        if (count < period) { out[at] = Number.NaN; return; }
        gain /= period;
        loss /= period;
      } else {
        gain = (gain * (period - 1) + up) / period;
        loss = (loss * (period - 1) + down) / period;
      }
      out[at] = ratio(gain, loss);
    },
    peek(bar, out, at) {
      if (Number.isNaN(previous) || count + 1 < period) { out[at] = Number.NaN; return; }
      const change = bar.close - previous;
      const up = change > 0 ? change : 0;
      const down = change < 0 ? -change : 0;
      const seeding = count + 1 === period;
      out[at] = ratio(
        seeding ? (gain + up) / period : (gain * (period - 1) + up) / period,
        seeding ? (loss + down) / period : (loss * (period - 1) + down) / period,
      );
    },
    snapshot: () => ({ count, previous: Number.isNaN(previous) ? null : previous, gain, loss }),
    restore(snapshot) {
      const state = snapshot as { count: number; previous: number | null; gain: number; loss: number };
      count = state.count;
      previous = state.previous ?? Number.NaN;
      gain = state.gain;
      loss = state.loss;
    },
  };
};

export const rsi = defineIndicator({
  id: "RSI",
  title: "Relative strength index",
  group: "momentum",
  pane: "own",
  guides: [30, 70],
  plots: [{ id: "value", title: "RSI", kind: "line", unit: "value" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period,
  // (1 - 1/n)^k < 1e-9 after about 20.8 n bars.
  settle: ({ period }) => period + Math.ceil(20.8 * period),
  create,
  source: "Wilder's smoothing, seeded by the mean of the first n changes; a price that never moved reads 0 (TA-Lib RSI)",
});
