import type { NormalizedData, Trade, TradeBar } from "tardis-dev";
import { rawBatch } from "@/server/domain/ticks/tick";
import { decodeFrame } from "@/server/feeds/kite/wire";
import { noSums, type Contender } from "../contender";
import { SESSION_OPEN, type MarketShape } from "../market";

/**
 * tardis-dev's trade bars of one second. It decodes nothing: the trades are made for it, untimed, and its bars ride in
 * the same async stream as its input, as its interface wants.
 */
export const tardis = async ({ packet }: MarketShape): Promise<Contender<Trade[]>> => {
  const { compute, computeTradeBars } = await import("tardis-dev");
  const raw = rawBatch(256);
  const volumes = new Map<number, number>();
  const sums = noSums();

  // One endless stream, fed a second at a time: a new one would forget its open bars.
  let waiting: (trades: Trade[] | null) => void = () => {};
  let hungry: () => void = () => {};
  const source = async function* (): AsyncGenerator<Trade> {
    for (;;) {
      const trades = await new Promise<Trade[] | null>((feed) => {
        waiting = feed;
        hungry();
      });
      if (trades === null) return;
      yield* trades;
    }
  };
  const feed = (trades: Trade[] | null): Promise<void> =>
    new Promise((eaten) => {
      hungry = eaten;
      waiting(trades);
    });
  const reading = new Promise<void>((ready) => {
    hungry = ready;
  });
  const end = (async () => {
    for await (const message of compute(
      source() as AsyncIterableIterator<NormalizedData>,
      computeTradeBars({ kind: "time", interval: 1_000 }),
    )) {
      if (message.type !== "trade_bar") continue;
      const bar = message as TradeBar;
      sums.bars++;
      sums.close += bar.close;
      sums.volume += bar.volume;
    }
  })();
  await reading;

  const trade = (symbol: string, price: number, amount: number, time: number): Trade => {
    const timestamp = new Date(time);
    return {
      type: "trade",
      symbol,
      exchange: "deribit",
      id: undefined,
      price,
      amount,
      side: "buy",
      timestamp,
      localTimestamp: timestamp,
    };
  };
  return {
    prepare(second) {
      const trades: Trade[] = [];
      for (const { receivedTime, bytes } of second.frames) {
        decodeFrame(bytes, raw);
        for (let row = 0; row < raw.length; row++) {
          const token = raw.token[row]!;
          const volume = raw.volume[row]!;
          const amount = volume - (volumes.get(token) ?? volume);
          volumes.set(token, volume);
          trades.push(
            trade(String(token), raw.price[row]!, amount, packet === "full" ? raw.exchangeTime[row]! : receivedTime),
          );
        }
      }
      return trades;
    },
    run: feed,
    async finish() {
      // It closes a bar only when a later trade comes: one a day later for each symbol.
      await feed([...volumes.keys()].map((token) => trade(String(token), 1, 0, SESSION_OPEN + 86_400_000)));
      waiting(null);
      await end;
      return { "1s": sums };
    },
  };
};
