import { z } from "zod";
import type { BarColumns } from "@/server/domain/bars/bar";
import type { IndicatorBar } from "@/server/domain/bars/indicator";

/** Which price of a bar an indicator is made of; the names are TradingView's. */
export const priceSources = ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"] as const;
export type PriceSource = (typeof priceSources)[number];

/** The parameter `source`: written last, and left out of labels at its default. */
export const sourceParam = (byDefault: PriceSource = "close") => z.enum(priceSources).default(byDefault);

export const priceOf = (bar: IndicatorBar, source: PriceSource): number =>
  source === "hlc3" ? (bar.high + bar.low + bar.close) / 3 : exactPriceOf(bar, source);

/** `exactPriceOf` answers so many times the price: thirds are no exact numbers, their triples are. */
export const scaleOf = (source: PriceSource): number => (source === "hlc3" ? 3 : 1);

/** The price times `scaleOf(source)`: of whole prices a number that sums exactly (halves and quarters do). */
export const exactPriceOf = (bar: IndicatorBar, source: PriceSource): number => {
  if (source === "close") return bar.close;
  switch (source) {
    case "open":
      return bar.open;
    case "high":
      return bar.high;
    case "low":
      return bar.low;
    case "hl2":
      return (bar.high + bar.low) / 2;
    case "hlc3":
      return bar.high + bar.low + bar.close;
    case "ohlc4":
      return (bar.open + bar.high + bar.low + bar.close) / 4;
  }
};

/** `exactPriceOf` of all rows; of a price that is a column, the column itself. */
export const exactPricesOf = (bars: BarColumns, source: PriceSource): Float64Array => {
  const { length, open, high, low, close } = bars;
  const row = (formula: (at: number) => number): Float64Array => Float64Array.from({ length }, (_, at) => formula(at));
  switch (source) {
    case "close":
      return close;
    case "open":
      return open;
    case "high":
      return high;
    case "low":
      return low;
    case "hl2":
      return row((at) => (high[at]! + low[at]!) / 2);
    case "hlc3":
      return row((at) => high[at]! + low[at]! + close[at]!);
    case "ohlc4":
      return row((at) => (open[at]! + high[at]! + low[at]! + close[at]!) / 4);
  }
};

/** `priceOf` of all rows. */
export const pricesOf = (bars: BarColumns, source: PriceSource): Float64Array => {
  const prices = exactPricesOf(bars, source);
  return source === "hlc3" ? prices.map((price) => price / 3) : prices;
};
