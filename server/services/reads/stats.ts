import type { BarColumns } from "@/server/domain/bars/bar";
import { merge } from "@/server/domain/bars/bar-rows";
import type { SpanStats } from "@/server/ports/market-reads";

/**
 * Figures of a span's bars and auctions, both oldest first. A bar's value is that of its ticks. History has no value,
 * so typical price times volume is used and counted as an estimate.
 */
export const spanStats = (bars: BarColumns, auctions: BarColumns, previousClose: number): SpanStats => {
  const rows = merge(auctions, bars);
  const stats: SpanStats = {
    bars: bars.length,
    auctions: auctions.length,
    open: 0,
    high: 0,
    low: 0,
    close: 0,
    volume: 0,
    ticks: 0,
    value: 0,
    estimatedVolume: 0,
    firstTime: 0,
    lastTime: 0,
    openInterest: -1,
    previousClose,
  };
  for (let row = 0; row < rows.length; row++) {
    const volume = rows.volume[row]!;
    if (row === 0) {
      stats.open = rows.open[0]!;
      stats.high = rows.high[0]!;
      stats.low = rows.low[0]!;
      stats.firstTime = rows.time[0]!;
    }
    stats.high = Math.max(stats.high, rows.high[row]!);
    stats.low = Math.min(stats.low, rows.low[row]!);
    stats.close = rows.close[row]!;
    stats.volume += volume;
    stats.ticks += rows.ticks[row]!;
    stats.lastTime = rows.time[row]!;
    if (rows.openInterest[row]! >= 0) stats.openInterest = rows.openInterest[row]!;
    if (rows.value[row]! > 0) stats.value += rows.value[row]!;
    else if (volume > 0) {
      stats.value += ((rows.high[row]! + rows.low[row]! + rows.close[row]!) / 3) * volume;
      stats.estimatedVolume += volume;
    }
  }
  return stats;
};
