import type { z } from "zod";
import type { Indicator, Plot } from "@/server/domain/bars/indicator";
import { DAY_MS } from "@/server/domain/time/session";

/**
 * An indicator is data plus one line in `index.ts`. The settings form, the legend and the REST catalogue follow
 * from it, and server and browser run the same file.
 */
export interface IndicatorDefinition<Params = Record<string, unknown>> {
  id: string;
  title: string;
  group: "trend" | "momentum" | "volatility" | "volume" | "levels";
  /** Where it is drawn: over the candles or in a pane of its own. */
  pane: "price" | "own";
  /** Horizontal lines of an own pane (RSI 30 and 70). */
  guides: readonly number[];
  plots: readonly Plot[];
  /** Defaults, limits and units of each parameter. */
  params: z.ZodType<Params>;
  /** The parameters in the order they are written: `EMA:20`, `MACD:12,26,9`. */
  order: readonly (keyof Params & string)[];
  /** Closed bars before the first value; of levels of the day before, on daily bars. */
  warmUp(params: Params): number;
  /**
   * Closed bars after which a value no longer depends (to 1e-9 of the price) on where the series began. Averages with
   * infinite memory start this far back, so that a chart, a page of its past and REST show the same number. `lengthMs`
   * is the bars' length: an indicator that counts from the session's open starts before it. `at` (epoch ms) is the
   * first bar whose values are wanted: an indicator that counts from a time starts there, and without it as far back as
   * bars are stored.
   */
  settle(params: Params, lengthMs: number, at?: number): number;
  create(params: Params): Indicator;
  /** The published definition the values follow. */
  source: string;
}

export const defineIndicator = <Params>(definition: IndicatorDefinition<Params>): IndicatorDefinition<Params> =>
  definition;

/** Bars that surely reach back over so many sessions, of the longest there is (24 hours). */
export const barsOfDays = (days: number, lengthMs: number): number =>
  Math.ceil((days * DAY_MS) / Math.min(lengthMs, DAY_MS));
