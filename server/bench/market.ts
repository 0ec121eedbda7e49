import { dayOfDate, istMidnight } from "@/server/domain/time/session";

/** What a synthetic market looks like. Every packet is a trade, so that each contender must build the same bars. */
export interface MarketShape {
  instruments: number;
  /** 44 bytes without a time, or 184 bytes with depth and the exchange's time. */
  packet: "quote" | "full";
  /** Ticks a second of each instrument, on average. */
  perSecond: number;
}

/** One message of the broker's socket and when it was read, epoch ms. */
export interface Frame {
  receivedTime: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** All frames of one second of the exchange's clock. Reused: the next second overwrites them. */
export interface MarketSecond {
  ticks: number;
  frames: readonly Frame[];
}

export const packetBytes = { quote: 44, full: 184 } as const;

/** A Monday's open on NSE: a session of 22,500 seconds begins here. */
export const SESSION_OPEN = istMidnight(dayOfDate("2026-02-02")) + (9 * 60 + 15) * 60_000;
const SESSION_SECONDS = 22_500;
/** How long a frame is on its way: the exchange's stamp is older than our receive time. */
const TRAVEL_MS = 30;
const PACKETS_A_FRAME = 200;
const LEAST_FRAMES = 10;

/** A repeatable stream of 32-bit numbers, with their sign (xorshift): unsigned ones would be garbage that contenders are charged with. */
const numbers = (seed: number): (() => number) => {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
};

/** Kite's tokens of a market: exchange numbers spread like NSE's, segment 1. */
export const tokensOf = (instruments: number): number[] =>
  Array.from({ length: instruments }, (_, at) => ((at * 7 + 1_000 + (at % 5)) << 8) | 1);

/**
 * Kite frames of a day, second by second: the same shape gives the same bytes in every process, so that contenders
 * which run in processes of their own read one market.
 */
export class SyntheticMarket {
  readonly tokens: readonly number[];
  private readonly price: Int32Array;
  private readonly volume: Uint32Array;
  private readonly next32 = numbers(0x9e3779b9);
  private readonly frames: { receivedTime: number; bytes: Uint8Array<ArrayBuffer>; view: DataView; packets: number }[] =
    [];
  private readonly ticks: number;
  private second = 0;

  constructor(private readonly shape: MarketShape) {
    const { instruments, perSecond, packet } = shape;
    this.tokens = tokensOf(instruments);
    this.price = Int32Array.from({ length: instruments }, () => 10_000 + ((this.next32() >>> 0) % 80_000) * 5);
    this.volume = Uint32Array.from({ length: instruments }, () => 1 + ((this.next32() >>> 0) % 1_000_000));
    this.ticks = instruments * perSecond;
    const count = Math.max(LEAST_FRAMES, Math.ceil(this.ticks / PACKETS_A_FRAME));
    for (let frame = 0; frame < count; frame++) {
      const packets = Math.floor(((frame + 1) * this.ticks) / count) - Math.floor((frame * this.ticks) / count);
      const bytes = new Uint8Array(2 + packets * (2 + packetBytes[packet]));
      this.frames.push({ receivedTime: 0, bytes, view: new DataView(bytes.buffer), packets });
    }
  }

  /** Writes the next second. Throws when the session is over. */
  next(): MarketSecond {
    if (this.second === SESSION_SECONDS) throw new RangeError(`the synthetic session has ${SESSION_SECONDS} seconds`);
    const start = SESSION_OPEN + this.second++ * 1_000;
    this.frames.forEach((frame, at) => {
      frame.receivedTime = start + TRAVEL_MS + Math.floor((at * (1_000 - TRAVEL_MS)) / this.frames.length);
      this.fill(frame.view, frame.packets, start / 1_000);
    });
    return { ticks: this.ticks, frames: this.frames };
  }

  private fill(view: DataView, packets: number, exchangeSecond: number): void {
    const length = packetBytes[this.shape.packet];
    view.setInt16(0, packets);
    for (let packet = 0; packet < packets; packet++) {
      const at = 2 + packet * (2 + length);
      const body = at + 2;
      const random = this.next32();
      const instrument = (random >>> 8) % this.shape.instruments;
      const quantity = 1 + (random & 63);
      const price = Math.max(5_000, this.price[instrument]! + (((random >>> 6) % 7) - 3) * 5);
      this.price[instrument] = price;
      this.volume[instrument]! += quantity;
      view.setUint16(at, length);
      view.setUint32(body, this.tokens[instrument]!);
      view.setInt32(body + 4, price);
      view.setInt32(body + 8, quantity);
      view.setInt32(body + 12, price);
      view.setUint32(body + 16, this.volume[instrument]!);
      view.setInt32(body + 40, price - 500);
      if (length === packetBytes.full) this.fillRest(view, body, price, exchangeSecond);
    }
  }

  private fillRest(view: DataView, body: number, price: number, exchangeSecond: number): void {
    view.setInt32(body + 44, exchangeSecond);
    view.setInt32(body + 60, exchangeSecond);
    for (let level = 0; level < 10; level++) {
      const row = body + 64 + level * 12;
      view.setUint32(row, 100 + level);
      view.setInt32(row + 4, level < 5 ? price - level * 5 : price + (level - 4) * 5);
      view.setUint16(row + 8, 1 + level);
    }
  }
}
