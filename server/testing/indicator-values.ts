/** Indicators in tests: from a short text, over bars as they are. */
import type { BarColumns } from "@/server/domain/bars/bar";
import { findIndicator, type ResolvedIndicator, resolveIndicator } from "@/server/indicators";
import { runOver } from "@/server/indicators/compute";

/** `EMA:20`, `RSI`, `MACD:12,26,9`, `AVWAP:2026-11-09T09:15`. */
export const indicatorOf = (text: string): ResolvedIndicator => {
  const [, id = "", list = ""] = /^([^:]*):?(.*)$/s.exec(text.trim())!;
  const order = findIndicator(id)?.order ?? [];
  const given = list === "" ? [] : list.split(",");
  if (given.length > order.length) throw new RangeError(`${text} has more parameters than ${order.join(", ")}`);
  return resolveIndicator({
    id,
    params: Object.fromEntries(
      given.map((value, place) => [order[place]!, Number.isNaN(Number(value)) ? value : Number(value)]),
    ),
  });
};

/** Values over all bars, one array per plot. */
export const valuesOf = (resolved: ResolvedIndicator, bars: BarColumns): Float64Array<ArrayBuffer>[] => {
  const plots = resolved.definition.plots.map(() => new Float64Array(bars.length));
  runOver(resolved.definition.create(resolved.params), bars, plots);
  return plots;
};
