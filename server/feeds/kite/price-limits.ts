/** The day's circuit limits, from the quote. @see https://kite.trade/docs/connect/v3/market-quotes/ */
import { MOST_PRICE } from "@/server/domain/basics/bounds";
import { fromRupees } from "@/server/domain/basics/price";
import type { PriceLimits } from "@/server/ports/feed";
import type { KiteLogin } from "./login";
import { kiteRequest } from "./rest";

/** Instruments one request may name, and requests a second. */
const MOST = 500;
const EVERY_MS = 1_100;

/** By name (`NSE:INFY`). Whatever has none, as an index, is not known or cannot be read, is missing from the answer. */
export const priceLimits = async (
  login: KiteLogin,
  instruments: readonly { name: string; decimals: number }[],
  sleep: (ms: number) => Promise<void>,
  signal: AbortSignal,
): Promise<Map<string, PriceLimits>> => {
  const limits = new Map<string, PriceLimits>();
  const decimalsOf = new Map(instruments.map(({ name, decimals }) => [name, decimals]));
  for (let from = 0; from < instruments.length; from += MOST) {
    if (from > 0) await sleep(EVERY_MS);
    const query = instruments
      .slice(from, from + MOST)
      .map(({ name }) => `i=${encodeURIComponent(name)}`)
      .join("&");
    const data = await kiteRequest(login, { path: `/quote?${query}` }, signal);
    if (typeof data !== "object" || data === null) continue;
    for (const [name, quote] of Object.entries(data as Record<string, unknown>)) {
      const decimals = decimalsOf.get(name);
      const { lower_circuit_limit: lower, upper_circuit_limit: upper } = (quote ?? {}) as Record<string, unknown>;
      if (
        decimals === undefined ||
        typeof lower !== "number" ||
        typeof upper !== "number" ||
        !(lower >= 0 && upper > lower)
      )
        continue;
      const limit = { lower: fromRupees(lower, decimals), upper: fromRupees(upper, decimals) };
      if (limit.upper <= MOST_PRICE) limits.set(name, limit);
    }
  }
  return limits;
};
