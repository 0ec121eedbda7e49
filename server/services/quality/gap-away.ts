import type { Stretch } from "@/server/domain/bars/completeness";
import type { GapStore } from "@/server/ports/gaps";

/**
 * Stretches in which an instrument (store id) or its feed brought nothing and something traded: what stands in a bar that
 * touches one is not all of it. Rows of holes found later do not count: between their ends bars may be whole.
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
