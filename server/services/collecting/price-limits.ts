import { istDay, istMidnight } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { Log } from "@/server/ports/observe";

const EVERY_MS = 3_600_000;

interface Parts {
  clock: Clock;
  live: Pick<LiveMarket, "table">;
  log: Log;
}
interface Asked<Login> {
  feed: Pick<FeedDefinition<Login>, "priceLimits">;
  login(): Login;
  collector: string;
  instruments(): readonly number[];
}

/**
 * The day's circuit limits, read at the start and every hour: bands are widened during the day. Without them nothing is
 * refused for its price, so what an answer leaves out, or no answer at all, leaves those of today as they are.
 */
export const keepLimits = async <Login>(
  { clock, live, log }: Parts,
  { feed, login, collector, instruments }: Asked<Login>,
  signal: AbortSignal,
): Promise<void> => {
  while (feed.priceLimits !== undefined && !signal.aborted) {
    const asked = instruments().flatMap((index) => {
      const { key, decimals, segment } = live.table.at(index);
      return segment === "index" ? [] : [{ index, name: key, decimals }];
    });
    try {
      const limits = await feed.priceLimits(login(), asked, (ms) => clock.sleep(ms, signal), signal);
      for (const { index, name } of asked) {
        const limit = limits.get(name);
        if (limit !== undefined) live.table.setLimits(index, limit.lower, limit.upper);
      }
    } catch (cause) {
      if (signal.aborted) return;
      log.warn("could not read circuit limits; keeping today's known limits", { collector, cause: String(cause) });
    }
    // A new date has new limits; the old ones must not block prices.
    const midnight = istMidnight(istDay(clock.now()) + 1) - clock.now();
    await clock.sleep(Math.min(EVERY_MS, midnight), signal).catch(() => undefined);
    if (!signal.aborted && midnight <= EVERY_MS) for (const { index } of asked) live.table.setLimits(index, 0, 0);
  }
};
