/** What is in Kite's frames, for `candela decode kite`. */
import { toDecimalText } from "@/server/domain/basics/price";
import type { FrameReader } from "@/server/ports/feed";
import { segmentOfToken, wireDecimals } from "./segments";
import { type KitePacket, packetAt, packetsOf } from "./wire";

const PACKET_LENGTHS = [8, 28, 32, 44, 184];

/**
 * The lines of one frame: its packets in order, and what was skipped with the reason. A heartbeat (one byte) has none.
 */
function* describe(frame: Uint8Array): Generator<Record<string, unknown>> {
  const { packets, broken } = packetsOf(frame);
  for (const { offset, length } of packets) {
    const packet = packetAt(frame, offset);
    yield packet === null ? { skipped: `unknown packet length ${length}` } : describePacket(packet);
  }
  if (broken !== null) yield { skipped: broken };
}

export const frames: FrameReader = {
  about: "frames of Zerodha Kite's socket",
  describe,
  isWhole: (bytes) => bytes.length > 2 && packetsOf(bytes).broken === null,
  /**
   * Published samples are often one packet without the frame around it. Such bytes have a packet's length, a known segment
   * in the token's last byte, and do not begin as a frame would: a count, then a packet's length.
   */
  framed(bytes) {
    if (!PACKET_LENGTHS.includes(bytes.length) || packetsOf(bytes).broken === null) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (segmentOfToken(view.getUint8(3)) === null || PACKET_LENGTHS.includes(view.getUint16(2))) return bytes;
    return Buffer.concat([Uint8Array.of(0, 1, 0, bytes.length), bytes]);
  },
};

/** A price as exact decimals of the wire's scale, without zeros that its segment does not print. */
const wirePrice = (token: number, wire: number): string => {
  const printed = segmentOfToken(token)?.printed ?? 2;
  let decimals = wireDecimals(token);
  let digits = wire;
  for (; decimals > printed && digits % 10 === 0; decimals--) digits /= 10;
  return toDecimalText(digits, decimals);
};

/** Prices as exact decimals of the segment's own scale; a field the packet does not carry is undefined and so not printed. */
const describePacket = (packet: KitePacket): Record<string, unknown> => {
  const price = (wire: number | undefined): string | undefined =>
    wire === undefined ? undefined : wirePrice(packet.token, wire);
  const side = (levels: readonly { price: number; quantity: number; orders: number }[]) =>
    levels.map(({ price: wire, quantity, orders }) => ({ price: price(wire), quantity, orders }));
  return {
    token: packet.token,
    mode: packet.mode,
    lastPrice: price(packet.lastPrice),
    lastQuantity: packet.lastQuantity,
    averagePrice: price(packet.averagePrice),
    volume: packet.volume,
    buyQuantity: packet.buyQuantity,
    sellQuantity: packet.sellQuantity,
    open: price(packet.open),
    high: price(packet.high),
    low: price(packet.low),
    close: price(packet.close),
    lastTradeTime: packet.lastTradeTime,
    exchangeTime: packet.exchangeTime,
    openInterest: packet.openInterest,
    depth: packet.depth && { buy: side(packet.depth.buy), sell: side(packet.depth.sell) },
  };
};
