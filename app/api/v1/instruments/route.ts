import { type InstrumentHit, instrumentsQuery } from "@/server/contract/rest";
import { route } from "@/app/api/_lib/route";

/** Instruments by anything a person may type, best first; or those of given keys. */
export const GET = route(
  instrumentsQuery,
  async ({ desk, instruments, searches, turns }, { q, limit, keys }, _, signal) => {
    const found =
      keys !== undefined
        ? keys
            .split(",")
            .map((key) => instruments.find(key))
            .filter((index) => index !== -1)
            .slice(0, limit)
        : await searches.run(() => instruments.search(q, limit, turns(signal)), signal);
    const data = found.map((index): InstrumentHit => {
      const { key, exchange, symbol, name, segment, expiry, lotSize, decimals } = desk.instrument(index);
      const quote = desk.quote(index);
      return {
        key,
        exchange,
        symbol,
        name,
        segment,
        expiry,
        lotSize,
        live: desk.isLive(index),
        simulated: desk.isSimulated(index),
        lastPrice: quote === null ? null : quote.price / 10 ** decimals,
        changePercent:
          quote === null || quote.previousClose === 0
            ? null
            : ((quote.price - quote.previousClose) / quote.previousClose) * 100,
      };
    });
    return { data, meta: { count: data.length, total: instruments.size } };
  },
);
