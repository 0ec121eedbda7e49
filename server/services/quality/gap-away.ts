import type { Stretch } from "@/server/domain/bars/completeness";
import type { GapStore } from "@/server/ports/gap-stores";

/**
 * Stretches during which an instrument (store id) or its feed sent nothing while something traded. A bar that overlaps
 * one is not complete. Rows for incomplete bars found later do not count, because bars between their ends may be
 * complete.
 */
export const awayStretches = async (
  store: Pick<GapStore, "list">,
  instrument: { id: number; collectors: readonly string[] },
  from: number,
  to: number,
  now: number,
): Promise<Stretch[]> =>
  (await store.list({ instrument, from, to }))
    .filter((gap) => gap.cause !== "completeness" && gap.state !== "no_trade")
    .map((gap) => ({ from: gap.from, to: gap.to ?? now }));
