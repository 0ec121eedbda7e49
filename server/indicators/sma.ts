import { z } from "zod";
import type { Indicator } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(20) });

/** Ring buffer and a running sum. Closes are integers (minor units), so the sum is exact and never drifts. */
const create = ({ period }: z.infer<typeof params>): Indicator => {
  let ring = new Float64Array(period);
  let count = 0;
  let sum = 0;
  return {
    next(bar, out, at) {
      const place = count % period;
      if (count >= period) sum -= ring[place]!;
      ring[place] = bar.close;
      sum += bar.close;
      count++;
      out[at] = count >= period ? sum / period : Number.NaN;
    },
    peek(bar, out, at) {
      const full = count + 1 >= period;
      const leaving = count >= period ? ring[count % period]! : 0;
      out[at] = full ? (sum - leaving + bar.close) / period : Number.NaN;
    },
    snapshot: () => ({ ring: Array.from(ring), count, sum }),
    restore(snapshot) {
      const state = snapshot as { ring: number[]; count: number; sum: number };
      ring = Float64Array.from(state.ring);
      count = state.count;
      sum = state.sum;
    },
  };
};

export const sma = defineIndicator({
  id: "SMA",
  title: "Simple moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "SMA", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  settle: ({ period }) => period - 1,
  create,
  source: "Mean of the last n closes (TA-Lib SMA)",
});
