import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";
import type { Log } from "@/server/ports/observe";

export interface PriceParts {
  /** The last known prices of instruments, by dense number. */
  lastPrices?(
    this: void,
    instruments: readonly number[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, { price: number }>>;
  live: Pick<LiveMarket, "table">;
  clock: Clock;
  log: Log;
}

/** A feed does not wait longer for the store's last prices. */
const PRICES_MS = 10_000;

/**
 * Last known price of each instrument before its first tick; a price far from it needs a second packet to confirm it.
 */
export const expectPrices = async (
  { lastPrices, live: { table }, clock, log }: PriceParts,
  instruments: readonly number[],
  signal: AbortSignal,
): Promise<void> => {
  if (lastPrices === undefined || instruments.length === 0) return;
  const limit = new AbortController();
  try {
    const prices = await Promise.race([
      lastPrices(instruments, AbortSignal.any([signal, limit.signal])),
      clock.sleep(PRICES_MS, AbortSignal.any([signal, limit.signal])).then(() => {
        throw new Error(`not read within ${PRICES_MS} ms`);
      }),
    ]);
    for (const [instrument, { price }] of prices) table.setReference(instrument, price);
  } catch (cause) {
    signal.throwIfAborted();
    log.warn("could not read last prices; first prices are accepted unchecked", { cause: String(cause) });
  } finally {
    limit.abort();
  }
};
