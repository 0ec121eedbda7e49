import { bitsAt } from "./hash";
import type { Cursor } from "./cursor";
import type { FeedMode } from "@/server/domain/ticks/tick";

/** Bytes of a packet, by mode; of an index, by mode. @see https://kite.trade/docs/connect/v3/websocket/ */
const LENGTHS: Record<FeedMode, number> = { ltp: 8, quote: 44, full: 184 };
const INDEX_LENGTHS: Record<FeedMode, number> = { ltp: 8, quote: 28, full: 32 };
const LEVELS = 5;

/** The longest packet there is. */
export const MAX_PACKET = 184;

export interface DepthRow {
  price: number;
  quantity: number;
  orders: number;
}

/** The best bid of a cursor's book: the last trade hit the bid or the ask, and the spread is one or two ticks. */
const spreadOf = (cursor: Cursor): number =>
  cursor.listing.tick * (1 + (cursor.listing.activity < 0.3 ? bitsAt(cursor.bookKey, 0) % 3 : 0));
const bestBid = (cursor: Cursor, spread: number): number =>
  Math.max(cursor.listing.tick * LEVELS, cursor.price - ((bitsAt(cursor.bookKey, 1) & 1) === 0 ? 0 : spread));

/** Lots at one level at most: a share of what trades in a minute. */
const levelLots = (cursor: Cursor): number => Math.max(12, Math.floor(cursor.listing.lotsPerMinute / 6));
const quantityAt = (cursor: Cursor, row: number): number => {
  const part = (bitsAt(cursor.bookKey, 10 + row) >>> 12) / 1_048_576;
  return cursor.listing.lot * (1 + Math.floor(levelLots(cursor) * part * (0.4 + 0.15 * (row % LEVELS))));
};
const ordersAt = (cursor: Cursor, row: number): number => 1 + (bitsAt(cursor.bookKey, 30 + row) % 40);
/** All orders of a side, far more than the five levels shown. */
const totalAt = (cursor: Cursor, side: number): number =>
  cursor.listing.lot *
  Math.floor(levelLots(cursor) * (18 + 8 * ((bitsAt(cursor.bookKey, 50 + side) >>> 12) / 1_048_576)));

export const totalBuy = (cursor: Cursor): number => totalAt(cursor, 0);
export const totalSell = (cursor: Cursor): number => totalAt(cursor, 1);

/** Average traded price of the day in paise: inside the day's range always; 0 before the first trade. */
export const averagePrice = (cursor: Cursor): number =>
  cursor.volume === 0 ? 0 : Math.min(cursor.high, Math.max(cursor.low, Math.round(cursor.value / cursor.volume)));

/** Row 0 to 4 of a side, best first. */
export const depthRow = (cursor: Cursor, side: "buy" | "sell", level: number): DepthRow => {
  const spread = spreadOf(cursor);
  const bid = bestBid(cursor, spread);
  const row = side === "buy" ? level : LEVELS + level;
  const price = side === "buy" ? bid - level * cursor.listing.tick : bid + spread + level * cursor.listing.tick;
  return { price, quantity: quantityAt(cursor, row), orders: ordersAt(cursor, row) };
};

const seconds = (instant: number): number => Math.floor(instant / 1_000);

/** Writes the cursor's packet in a mode at an offset; returns its length. All integers are big-endian. */
export const writePacket = (view: DataView, at: number, cursor: Cursor, mode: FeedMode): number => {
  view.setInt32(at, cursor.listing.token);
  view.setInt32(at + 4, cursor.price);
  if (mode === "ltp") return LENGTHS.ltp;
  return cursor.listing.segment === "INDICES"
    ? writeIndex(view, at, cursor, mode)
    : writeTraded(view, at, cursor, mode);
};

const writeIndex = (view: DataView, at: number, cursor: Cursor, mode: "quote" | "full"): number => {
  view.setInt32(at + 8, cursor.high);
  view.setInt32(at + 12, cursor.low);
  view.setInt32(at + 16, cursor.open);
  view.setInt32(at + 20, cursor.previousClose);
  view.setInt32(at + 24, cursor.price - cursor.previousClose);
  if (mode === "full") view.setInt32(at + 28, seconds(cursor.time));
  return INDEX_LENGTHS[mode];
};

const writeTraded = (view: DataView, at: number, cursor: Cursor, mode: "quote" | "full"): number => {
  view.setInt32(at + 8, cursor.quantity);
  view.setInt32(at + 12, averagePrice(cursor));
  view.setUint32(at + 16, cursor.volume);
  view.setUint32(at + 20, totalBuy(cursor));
  view.setUint32(at + 24, totalSell(cursor));
  view.setInt32(at + 28, cursor.open);
  view.setInt32(at + 32, cursor.high);
  view.setInt32(at + 36, cursor.low);
  view.setInt32(at + 40, cursor.previousClose);
  if (mode === "quote") return LENGTHS.quote;
  view.setInt32(at + 44, seconds(cursor.lastTradeTime));
  view.setUint32(at + 48, cursor.openInterest);
  view.setUint32(at + 52, cursor.openInterestHigh);
  view.setUint32(at + 56, cursor.openInterestLow);
  view.setInt32(at + 60, seconds(cursor.time));
  const spread = spreadOf(cursor);
  const bid = bestBid(cursor, spread);
  const { tick } = cursor.listing;
  for (let row = 0; row < 2 * LEVELS; row++) {
    const to = at + 64 + row * 12;
    view.setUint32(to, quantityAt(cursor, row));
    view.setInt32(to + 4, row < LEVELS ? bid - row * tick : bid + spread + (row - LEVELS) * tick);
    view.setUint16(to + 8, ordersAt(cursor, row));
    view.setUint16(to + 10, 0);
  }
  return LENGTHS.full;
};
