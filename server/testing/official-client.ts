/** Kite's official client for JavaScript as a decoder: a second opinion on every frame. */
import { KiteTicker } from "kiteconnect";

/** A decoded packet in the client's words: rupees, and times as epoch seconds. */
export type OfficialTick = Record<string, unknown> & {
  ohlc?: Record<string, number>;
  depth?: Record<"buy" | "sell", Record<string, number>[]>;
};

/** `change` is recomputed by the clients and no field of ours. */
export const withoutChange = ({ change, ...tick }: OfficialTick): OfficialTick => tick;

/** A frame's packets. Its 32-bit fields are signed: ours above 2^31 - 1 come out lower by 2^32, before the division. */
export const officialTicks = (frame: Uint8Array): OfficialTick[] => {
  const ticker = new KiteTicker({ api_key: "key", access_token: "token" });
  const ticks = (ticker as unknown as { parseBinary(bytes: ArrayBuffer): OfficialTick[] }).parseBinary(
    Uint8Array.from(frame).buffer,
  );
  return ticks.map((tick) =>
    withoutChange({
      ...tick,
      ...Object.fromEntries(
        ["last_trade_time", "exchange_timestamp"]
          .filter((name) => tick[name] instanceof Date)
          .map((name) => [name, (tick[name] as Date).getTime() / 1_000]),
      ),
    }),
  );
};
