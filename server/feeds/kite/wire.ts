/**
 * Kite's binary frames. All integers are big-endian; every 32-bit field is unsigned except an index's `change`
 * (official clients disagree: the JavaScript one turns a volume of 3,000,000,000 negative).
 *
 *   frame    int16 packets, then per packet: int16 length, packet
 *   length   8 last price | 28 index | 32 index with time | 44 quote | 184 full; another length is skipped
 *
 * @see https://kite.trade/docs/connect/v3/websocket/#binary-market-data
 */
import { Book, LEVEL } from "@/server/domain/ticks/order-book";
import type { QuoteDetails } from "@/server/ports/feed";
import { Figure, type Framing, type RawBatch, rawBatch } from "@/server/domain/ticks/tick";

const LTP = 8;
const INDEX = 28;
const INDEX_TIMED = 32;
const QUOTE = 44;
const FULL = 184;
/** Length field and the shortest packet: bounds how many rows a frame can hold. */
const SHORTEST = 2 + LTP;

/** A packet's length stands in the two bytes in front of it. */
const framing: Framing = {
  prefix: 2,
  length: (frame, offset) => (frame[offset - 2]! << 8) | frame[offset - 1]!,
};

/** What became of one frame. Packets of unknown length are skipped; a bad frame ends before its last packet does. */
export interface FrameReport {
  packets: number;
  badPackets: number;
  bad: boolean;
  /** Bytes after the last packet: its packets are kept. */
  trailing: number;
}

/**
 * Decodes a frame into the batch's columns (sets `length`, `frame` and `framing`, leaves `collector` and `receivedTime` alone) and
 * grows them when the frame holds more rows. Never throws: what was decoded before a frame breaks off is kept.
 * `offset` of a row is where the packet's body begins.
 */
export const decodeFrame = (frame: Uint8Array, batch: RawBatch): FrameReport => {
  batch.length = 0;
  batch.frame = frame;
  batch.framing = framing;
  const size = frame.byteLength;
  // One byte is a heartbeat.
  if (size < 2) return { packets: 0, badPackets: 0, bad: false, trailing: 0 };
  const view = new DataView(frame.buffer, frame.byteOffset, size);
  const announced = view.getInt16(0);
  const most = Math.min(announced, Math.trunc((size - 2) / SHORTEST));
  if (most > batch.token.length) growBatch(batch, most);
  const { token, offset, figures } = batch;
  // The times come first.
  const prices = Figure.price * token.length;
  const volumes = Figure.volume * token.length;
  const interests = Figure.openInterest * token.length;
  let row = 0;
  let badPackets = 0;
  let at = 2;
  let packet = 0;
  for (; packet < announced; packet++) {
    if (at + 2 > size) break;
    const length = view.getUint16(at);
    const body = at + 2;
    at = body + length;
    if (at > size) break;
    switch (length) {
      case FULL:
        figures[volumes + row] = view.getUint32(body + 16);
        figures[interests + row] = view.getUint32(body + 48);
        figures[row] = view.getUint32(body + 60) * 1_000;
        break;
      case QUOTE:
        figures[volumes + row] = view.getUint32(body + 16);
        figures[interests + row] = -1;
        figures[row] = 0;
        break;
      case INDEX_TIMED:
        figures[volumes + row] = -1;
        figures[interests + row] = -1;
        figures[row] = view.getUint32(body + 28) * 1_000;
        break;
      case INDEX:
      case LTP:
        figures[volumes + row] = -1;
        figures[interests + row] = -1;
        figures[row] = 0;
        break;
      default:
        badPackets++;
        continue;
    }
    token[row] = view.getUint32(body);
    // Signed: a price of -1 is invalid, not forty million rupees.
    figures[prices + row] = view.getInt32(body + 4);
    offset[row] = body;
    row++;
  }
  batch.length = row;
  return { packets: row, badPackets, bad: packet !== announced, trailing: packet === announced ? size - at : 0 };
};

/** Replaces the columns by larger ones; their content is lost. */
const growBatch = (batch: RawBatch, rows: number): void => {
  const capacity = Math.max(rows, batch.token.length * 2);
  const { token, offset, exchangeTime, price, volume, openInterest, figures } = rawBatch(capacity);
  Object.assign(batch, { token, offset, exchangeTime, price, volume, openInterest, figures });
};

/** True for a packet of mode `full`, an index's too: it carries the exchange's time. */
export const isFullPacket = (frame: Uint8Array, offset: number): boolean => {
  const length = framing.length(frame, offset);
  return length === FULL || length === INDEX_TIMED;
};

/** One packet with everything it carries: wire integers, epoch ms; a field the packet does not carry is absent. */
export interface KitePacket extends QuoteDetails {
  token: number;
  mode: "ltp" | "index" | "quote" | "full";
  lastPrice: number;
  volume?: number;
  /** Null when the broker sent 0. */
  exchangeTime?: number | null;
  openInterest?: number;
  openInterestHigh?: number;
  openInterestLow?: number;
}

/** The packet whose body begins at `offset`, or null when its length is none we know. For cold paths. */
export const packetAt = (frame: Uint8Array, offset: number): KitePacket | null => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const length = view.getUint16(offset - 2);
  const at = (field: number): number => view.getUint32(offset + field);
  const price = (field: number): number => Math.max(0, view.getInt32(offset + field));
  const time = (field: number): number | null => (at(field) === 0 ? null : at(field) * 1_000);
  const last = { token: at(0), lastPrice: view.getInt32(offset + 4) };
  switch (length) {
    case LTP:
      return { ...last, mode: "ltp" };
    case INDEX:
    case INDEX_TIMED:
      // High, low, open here; open, high, low in a quote.
      return {
        ...last,
        mode: "index",
        high: price(8),
        low: price(12),
        open: price(16),
        close: price(20),
        ...(length === INDEX_TIMED ? { exchangeTime: time(28) } : {}),
      };
    case QUOTE:
    case FULL: {
      const quote = {
        ...last,
        lastQuantity: at(8),
        averagePrice: price(12),
        volume: at(16),
        buyQuantity: at(20),
        sellQuantity: at(24),
        open: price(28),
        high: price(32),
        low: price(36),
        close: price(40),
      };
      if (length === QUOTE) return { ...quote, mode: "quote" };
      const levels = (side: number) =>
        Array.from({ length: 5 }, (_, level) => {
          const row = side + level * 12;
          return { price: price(row + 4), quantity: at(row), orders: view.getUint16(offset + row + 8) };
        });
      return {
        ...quote,
        mode: "full",
        lastTradeTime: time(44),
        openInterest: at(48),
        openInterestHigh: at(52),
        openInterestLow: at(56),
        exchangeTime: time(60),
        depth: { buy: levels(64), sell: levels(124) },
      };
    }
    default:
      return null;
  }
};

/** Bytes per level, and where the first is in a full packet: five buy levels, then five sell levels. */
const LEVEL_BYTES = 12;
const DEPTH = 64;
/** Ten levels side by side, as in a row of `Book`. */
const LEVEL_ROWS = (Book.size - Book.bids) / LEVEL;

/** Order book of a full packet into a row of `Book`; false for any other packet. Makes no objects. */
export const bookAt = (frame: Uint8Array, offset: number, into: Float64Array): boolean => {
  if (frame[offset - 2]! * 256 + frame[offset - 1]! !== FULL) return false;
  into[Book.lastPrice] = priceAt(frame, offset + 4);
  into[Book.buyQuantity] = uint32(frame, offset + 20);
  into[Book.sellQuantity] = uint32(frame, offset + 24);
  for (let level = 0; level < LEVEL_ROWS; level++) {
    const from = offset + DEPTH + level * LEVEL_BYTES;
    const to = Book.bids + level * LEVEL;
    into[to] = priceAt(frame, from + 4);
    into[to + 1] = uint32(frame, from);
    into[to + 2] = frame[from + 8]! * 256 + frame[from + 9]!;
  }
  return true;
};

/** Signed on the wire; a negative one is none. */
const priceAt = (frame: Uint8Array, at: number): number =>
  Math.max(0, (frame[at]! << 24) | (frame[at + 1]! << 16) | (frame[at + 2]! << 8) | frame[at + 3]!);

const uint32 = (frame: Uint8Array, at: number): number =>
  frame[at]! * 0x100_0000 + ((frame[at + 1]! << 16) | (frame[at + 2]! << 8) | frame[at + 3]!);

/** Where each packet of a frame begins and how long it is, and why the walk ended early if it did. For cold paths. */
export const packetsOf = (
  frame: Uint8Array,
): { packets: { offset: number; length: number }[]; broken: string | null } => {
  const packets: { offset: number; length: number }[] = [];
  if (frame.byteLength < 2) return { packets, broken: null };
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const announced = view.getInt16(0);
  if (announced < 0) return { packets, broken: `packet count ${announced}` };
  let at = 2;
  for (let packet = 1; packet <= announced; packet++) {
    const length = at + 2 <= frame.byteLength ? view.getUint16(at) : Number.NaN;
    if (!(at + 2 + length <= frame.byteLength))
      return { packets, broken: `frame ends inside packet ${packet} of ${announced}` };
    packets.push({ offset: at + 2, length });
    at += 2 + length;
  }
  const rest = frame.byteLength - at;
  return { packets, broken: rest === 0 ? null : `${rest} bytes after the last packet` };
};
