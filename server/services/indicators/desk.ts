import { type ResolvedIndicator, resolveIndicator } from "@/server/indicators";
import type { HeldIndicator, IndicatorDesk } from "@/server/ports/desk";
import type { IndicatorReads } from "./values";
import type { RunningIndicators } from "./running";

/** What readers ask of the indicators: holding instances, bars with values, values of what forms. */
export const indicatorDesk = (running: RunningIndicators, reads: Pick<IndicatorReads, "read">): IndicatorDesk => {
  let scratch = new Float64Array(256);
  const describe = (resolved: ResolvedIndicator): Omit<HeldIndicator, "instance"> => ({
    id: resolved.definition.id,
    label: resolved.label,
    params: resolved.params,
    pane: resolved.definition.pane,
    guides: resolved.definition.guides,
    plots: resolved.definition.plots,
  });
  return {
    describe: (spec) => describe(resolveIndicator(spec)),
    hold(instrument, timeframe, spec) {
      const resolved = resolveIndicator(spec);
      return { instance: running.acquire(instrument, timeframe.index, resolved).id, ...describe(resolved) };
    },
    drop(id) {
      const instance = running.get(id);
      if (instance !== undefined) running.release(instance);
    },
    read: (query, helds) => reads.read(query, helds),
    running: (instrument, timeframe) => running.of(instrument, timeframe.index).map((each) => each.id),
    isStale(id) {
      const instance = running.get(id);
      return instance === undefined || running.isStale(instance);
    },
    peek(id, forming) {
      const instance = running.get(id);
      const size = forming.length * (instance?.plots ?? 0);
      if (size > scratch.length) scratch = new Float64Array(size);
      const out = scratch.subarray(0, size);
      if (instance !== undefined) running.peek(instance, forming, out);
      return out;
    },
  };
};
