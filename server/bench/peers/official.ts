import { noSums, type Contender, type Sums } from "../contender";
import type { MarketShape } from "../market";

/** The part of the official client's ticks that one-second bars need. */
interface KiteTick {
  instrument_token: number;
  last_price: number;
  volume_traded: number;
  exchange_timestamp?: Date | null;
}

interface Bar {
  second: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** kiteconnect's own decoder, then the plainest one-second bars. Prices come as rupees and go back to paise. */
export const official = async (
  _shape: MarketShape,
): Promise<Contender<{ receivedTime: number; message: ArrayBuffer }[]>> => {
  const { KiteTicker } = await import("kiteconnect");
  const ticker = new KiteTicker({ api_key: "bench", access_token: "bench" }) as unknown as {
    parseBinary(message: ArrayBuffer): KiteTick[];
  };
  const forming = new Map<number, Bar>();
  const bases = new Map<number, number>();
  const sums: Sums = noSums();
  const close = (bar: Bar): void => {
    sums.bars++;
    sums.close += bar.close;
    sums.volume += bar.volume;
  };
  const onTick = (tick: KiteTick, receivedTime: number): void => {
    const token = tick.instrument_token;
    const second = Math.floor((tick.exchange_timestamp?.getTime() ?? receivedTime) / 1_000);
    const price = Math.round(tick.last_price * 100);
    const step = tick.volume_traded - (bases.get(token) ?? tick.volume_traded);
    bases.set(token, tick.volume_traded);
    const bar = forming.get(token);
    if (bar !== undefined && bar.second === second) {
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
      bar.close = price;
      bar.volume += step;
      return;
    }
    if (bar !== undefined) close(bar);
    forming.set(token, { second, open: price, high: price, low: price, close: price, volume: step });
  };
  return {
    // The client's socket hands its parser an ArrayBuffer a message.
    prepare: (second) =>
      second.frames.map(({ receivedTime, bytes }) => ({ receivedTime, message: bytes.slice().buffer })),
    run(messages) {
      for (const { receivedTime, message } of messages)
        for (const tick of ticker.parseBinary(message)) onTick(tick, receivedTime);
    },
    finish() {
      for (const bar of forming.values()) close(bar);
      return { "1s": sums };
    },
  };
};
