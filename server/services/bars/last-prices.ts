import { timeframe } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { BarStore } from "@/server/ports/stores";

/** Instruments read in one question: some milliseconds, then whoever waits goes first. */
const AT_ONCE = 200;

export interface LastPrice {
  /** Minor units. */
  price: number;
  /** Epoch ms of the end of the bar whose close it is. */
  time: number;
}

/** The last price of instruments that have no tick: the close of the newest minute or day that is stored, or is on its way there. */
export class LastPrices {
  constructor(
    private readonly parts: {
      store: Pick<BarStore, "lastCloses">;
      recent: Pick<RecentBars, "recent">;
      live: Pick<LiveMarket, "table" | "bars">;
      clock: Clock;
    },
  ) {}

  /** By dense number; an instrument without a bar is not in it. Ends when the one it is for has gone. */
  async read(instruments: readonly number[], signal?: AbortSignal): Promise<Map<number, LastPrice>> {
    const { store, recent, live, clock } = this.parts;
    const found = new Map<number, LastPrice>();
    for (let from = 0; from < instruments.length; from += AT_ONCE) {
      signal?.throwIfAborted();
      const some = instruments.slice(from, from + AT_ONCE);
      const ids = some.map((instrument) => live.table.at(instrument).id);
      const [minutes, days] = await Promise.all([store.lastCloses("1m", ids), store.lastCloses("1d", ids)]);
      const now = clock.now();
      for (const [at, instrument] of some.entries()) {
        const id = ids[at]!;
        const [minute, day] = [minutes.get(id), days.get(id)];
        const queued = recent.recent(id, "1m", minute?.time ?? 0, Number.MAX_SAFE_INTEGER).at(-1);
        const newest = queued ?? minute;
        const isDay = newest === undefined || (day !== undefined && day.time > newest.time);
        const last = isDay ? day : newest;
        if (last !== undefined)
          found.set(instrument, {
            price: last.close,
            time: Math.min(now, live.bars.endOf(instrument, timeframe(isDay ? "1d" : "1m"), last.time)),
          });
      }
    }
    signal?.throwIfAborted();
    return found;
  }
}
