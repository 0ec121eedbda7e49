import { z } from "zod";
import type { Indicator } from "@/server/domain/indicator";
import { defineIndicator } from "./define";

const params = z.object({ period: z.number().int().min(1).max(1_000).default(20) });

const create = ({ period }: z.infer<typeof params>): Indicator => {
  const weight = 2 / (period + 1);
  let count = 0;
  /** Sum of the closes until the seed stands, the average from then on. */
  let value = 0;
  return {
    next(bar, out, at) {
      count++;
      if (count < period) { value += bar.close; out[at] = Number.NaN; return; }
      value = count === period ? (value + bar.close) / period : value + (bar.close - value) * weight;
      out[at] = value;
    },
    peek(bar, out, at) {
      const then = count + 1;
      out[at] = then < period ? Number.NaN : then === period ? (value + bar.close) / period : value + (bar.close - value) * weight;
    },
    snapshot: () => ({ count, value }),
    restore(snapshot) {
      const state = snapshot as { count: number; value: number };
      count = state.count;
      value = state.value;
    },
  };
};

export const ema = defineIndicator({
  id: "EMA",
  title: "Exponential moving average",
  group: "trend",
  pane: "price",
  guides: [],
  plots: [{ id: "value", title: "EMA", kind: "line", unit: "price" }],
  params,
  order: ["period"],
  warmUp: ({ period }) => period - 1,
  // (1 - 2/(n+1))^k < 1e-9 after about 10.4 (n + 1) bars.
  settle: ({ period }) => period - 1 + Math.ceil(10.4 * (period + 1)),
  create,
  source: "Weight 2/(n+1), seeded by the mean of the first n closes (TA-Lib EMA, unstable period 0)",
});
